"""The test database is a copy of one that is kept: to migrate an empty one takes a second of CPU.

The kept one is named after a hash of all that it is made from. Whoever changes a migration gets a
new one, and those of other versions are dropped.
"""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

import django
import procrastinate
from django.apps import apps
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from torale.management.commands.migrate import alone
from torale.postgres.base import DatabaseWrapper

PREFIX = "torale_template_"
IMPORT = re.compile(r"^(?:import|from) (\w[\w.]*)", re.MULTILINE)


def copy_for_tests() -> None:
    """Have Django make the test database as a copy of the kept one, which is made if need be.

    Only on the embedded server, as a server of somebody else's should keep nothing of ours.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if not isinstance(database, DatabaseWrapper):
        return
    template = f"{PREFIX}{fingerprint(sources())}"
    with alone(database):  # the other workers of this run wait
        if template not in _kept(database):
            _make(database, template)
    database.settings_dict["TEST"].update(TEMPLATE=template, MIGRATE=False)


def sources() -> Iterator[Path]:
    """Find the files from which a database is made, but those of which the version is known."""
    for app in apps.get_app_configs():
        folder = Path(app.path)
        yield from folder.glob("models.py")  # permissions are made from models, not by migrations
        yield from folder.glob("models/*.py")
        for migration in folder.glob("migrations/*.py"):
            yield migration
            for module in IMPORT.findall(migration.read_text()):
                # Such as that of a field's class; a package's __init__.py only passes names on.
                path = settings.BASE_DIR / f"{module.replace('.', '/')}.py"
                if path.exists():
                    yield path


def fingerprint(files: Iterable[Path]) -> str:
    """Return a hash of `files`, their names, and the versions of the libraries that migrate."""
    digest = sha256(f"{django.__version__} {procrastinate.__version__}".encode())
    # Names as app/migrations/0001_initial.py: where the environment is makes no difference.
    named = sorted(("/".join(path.parts[-3:]), path) for path in set(files))
    for name, path in named:
        digest.update(f"\n{name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _kept(database: DatabaseWrapper) -> list[str]:
    with database._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return [name for (name,) in cursor.fetchall()]


def _make(database: DatabaseWrapper, template: str) -> None:
    """Migrate a new database and name it `template` once it is complete."""
    described = database.settings_dict
    usual, test = described["NAME"], described["TEST"]["NAME"]
    new = f"{PREFIX}new"
    described["TEST"]["NAME"] = new
    database.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    database.close()
    database.close_pool()
    described["NAME"] = settings.DATABASES[DEFAULT_DB_ALIAS]["NAME"] = usual
    described["TEST"]["NAME"] = test
    old = [name for name in _kept(database) if name != new]
    with database._nodb_cursor() as cursor:
        for name in old:
            cursor.execute(f"DROP DATABASE {name}")
        cursor.execute(f"ALTER DATABASE {new} RENAME TO {template}")
