"""Create the test database as a copy of a template: migrating takes a second of CPU time.

The template's name has a hash of everything it is made from. After a change to a migration, a new
template is created and those of other versions are dropped.
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

from torale import schema
from torale.management.commands import migrate
from torale.management.commands.migrate import alone
from torale.postgres.base import DatabaseWrapper

PREFIX = "torale_template_"
IMPORT = re.compile(r"^(?:import|from) (\w[\w.]*)", re.MULTILINE)


def copy_for_tests() -> None:
    """Make Django create the test database as a copy of the template, creating that if needed.

    This is done only on the embedded server, because nothing should be left on other servers.
    """
    database = connections[DEFAULT_DB_ALIAS]
    if not isinstance(database, DatabaseWrapper):
        return
    template = f"{PREFIX}{fingerprint(sources())}"
    with alone(database):  # the other workers of this run wait
        if template not in _kept(database):
            _make(database, template)
    database.settings_dict["TEST"].update(TEMPLATE=template, MIGRATE=False)
    # While Django copies the template, it makes believe that there are no migrations, and `migrate`
    # would take all that the template announces for those of a newer version.
    schema.migrations_on_disk()


def sources() -> Iterator[Path]:
    """Yield the files that determine the database, except those of libraries."""
    yield from (Path(migrate.__file__), Path(schema.__file__))  # they announce migrations
    for app in apps.get_app_configs():
        folder = Path(app.path)
        yield from folder.glob("models.py")  # permissions are made from models, not by migrations
        yield from folder.glob("models/*.py")
        for migration in folder.glob("migrations/*.py"):
            yield migration
            for module in IMPORT.findall(migration.read_text()):
                # Such as the module of a field's class. A package's __init__.py only re-exports.
                path = settings.BASE_DIR / f"{module.replace('.', '/')}.py"
                if path.exists():
                    yield path


def fingerprint(files: Iterable[Path]) -> str:
    """Return a hash of the names and contents of `files`, and of the libraries' versions."""
    digest = sha256(f"{django.__version__} {procrastinate.__version__}".encode())
    # Names such as app/migrations/0001_initial.py: the folder of the checkout does not matter.
    named = sorted(("/".join(path.parts[-3:]), path) for path in set(files))
    for name, path in named:
        digest.update(f"\n{name}\n".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _kept(database: DatabaseWrapper) -> list[str]:
    with database._nodb_cursor() as cursor:
        cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
        return [name for (name,) in cursor.fetchall()]


def _make(database: DatabaseWrapper, template: str) -> None:
    """Create and migrate a new database, and rename it to `template` once it is complete."""
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
