"""The cases, a file for each group."""

from importlib import import_module
from pkgutil import iter_modules

from benchmarks.monitors.case import Case

#: The cases by group, which is the name of their file.
CASES: dict[str, list[Case]] = {
    module.name: import_module(f"{__name__}.{module.name}").CASES
    for module in sorted(iter_modules(__path__), key=lambda module: module.name)
}
