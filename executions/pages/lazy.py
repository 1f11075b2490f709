"""Import what few pages need when it is needed."""

import importlib.util
import sys
from types import ModuleType


def imported_when_used(name: str) -> ModuleType:
    """Return a module that is imported when its first attribute is read.

    For libraries that take long to import. Each child process that reads pages would import them,
    and few of them meet such a page.
    """
    spec = importlib.util.find_spec(name)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    spec.loader = importlib.util.LazyLoader(spec.loader)
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
