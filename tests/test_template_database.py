"""The test database is never a copy of one that was made from other migrations."""

import sys

from django.db.migrations.loader import MigrationLoader

from tests.support.template_database import fingerprint, sources


def test_every_migration_counts():
    loader = MigrationLoader(None)

    files = {str(path) for path in sources()}

    for app, name in loader.disk_migrations:
        module = sys.modules[loader.disk_migrations[app, name].__module__]
        assert module.__file__ in files


def test_what_a_column_is_made_from_counts(settings):
    assert {settings.BASE_DIR / "torale/fields.py", settings.BASE_DIR / "tasks/models.py"} <= {
        *sources()
    }


def test_a_changed_renamed_or_added_file_makes_a_difference(tmp_path):
    folder = tmp_path / "shop" / "migrations"
    folder.mkdir(parents=True)
    first, renamed, second = (folder / f"{name}.py" for name in ("0001", "0001_initial", "0002"))
    seen = []

    first.write_text("operations = []")
    seen.append(fingerprint([first]))
    first.write_text("operations = [CreateModel()]")
    seen.append(fingerprint([first]))
    first.rename(renamed)
    seen.append(fingerprint([renamed]))
    second.touch()
    seen.append(fingerprint([renamed, second]))

    assert len({*seen}) == 4
    assert fingerprint([second, renamed]) == seen[-1]
