"""A newer version of Torale, for tests of upgrades: it has more migrations."""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent

from django.db.migrations.loader import MigrationLoader
from django.test import override_settings

from torale.schema import migrations_on_disk

#: The app that gets the migrations.
APP = "tasks"

MIGRATION = """
from django.db import migrations, models

from torale.postgres.operations import AddIndexConcurrently


class Migration(migrations.Migration):
    {attributes}
    dependencies = [("tasks", "{before}")]
    operations = [
{operations}
    ]
"""


class NewerVersion:
    """Has the migrations of this version and its own, which are written to `folder`."""

    def __init__(self, folder: Path) -> None:
        #: A name that no other test's has, because modules stay imported.
        self.module = f"{APP}_{folder.name}_{id(self)}"
        self.folder = folder
        [(_, self.last)] = MigrationLoader(None).graph.leaf_nodes(APP)
        package = folder / self.module
        package.mkdir()
        ours = Path(sys.modules[APP].__path__[0], "migrations")
        (package / "__init__.py").write_text(f"__path__.append({str(ours)!r})\n")

    def add(self, name: str, operations: str, *, attributes: str = "") -> tuple[str, str]:
        """Add a migration after the last one; return its app and name.

        Args:
            name: such as `9001_more`.
            operations: Python, as in the list `operations` of a migration.
            attributes: more of the class, such as `additive = True`.
        """
        text = MIGRATION.format(
            attributes=attributes, before=self.last, operations=indent(operations, " " * 8)
        )
        (self.folder / self.module / f"{name}.py").write_text(text)
        self.last = name
        return APP, name

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Let this process be of the newer version."""
        importlib.invalidate_caches()
        sys.path.insert(0, str(self.folder))
        try:
            with override_settings(MIGRATION_MODULES={APP: self.module}):
                migrations_on_disk.cache_clear()
                yield
        finally:
            sys.path.remove(str(self.folder))
            migrations_on_disk.cache_clear()
