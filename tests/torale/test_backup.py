"""`manage.py backup` and `restore`, on embedded servers of the tests' own."""

import re
import stat
import subprocess
from pathlib import Path

import pytest
from django.conf import settings

from tests.support.processes import environment, manage, python, sql
from torale.postgres.server import programs

pytestmark = pytest.mark.e2e

KEY = ("keys", "create", "admin@localhost", "--name", "test")


def done(*arguments: object, data: Path) -> str:
    """Run a command that must succeed, and return what it printed."""
    ended = manage(*map(str, arguments), TORALE_DATA_DIR=data)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout


def refused(*arguments: object, data: Path) -> str:
    """Run a command that must refuse, and return its sentence."""
    ended = manage(*map(str, arguments), TORALE_DATA_DIR=data)
    assert (ended.returncode, ended.stdout) == (1, "")
    return ended.stderr


#: Runs one command after another: most of the time goes into starting a process.
PROGRAM = """
import django
django.setup()
from django.core.management import call_command
for command in {commands}:
    call_command(*command)
"""


def program(*commands: tuple[str, ...], data: Path) -> str:
    ended = python(
        "-c",
        PROGRAM.format(commands=commands),
        TORALE_DATA_DIR=data,
        DJANGO_SETTINGS_MODULE="torale.settings",
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def installation(tmp_path_factory):
    """An installation with an admin, and its backup."""
    data = tmp_path_factory.mktemp("b") / "data"
    backup = data.parent / "torale.dump"
    program(
        ("migrate", "--verbosity=0"), ("create_first_admin",), ("backup", str(backup)), data=data
    )
    return data, backup


def test_a_backup_is_restored_into_a_new_installation(installation, tmp_path_factory):
    data, backup = installation
    new = tmp_path_factory.mktemp("n") / "data"

    done("restore", backup, data=new)

    password = "SELECT password FROM accounts_user"
    assert sql(new, password) == sql(data, password)
    assert "sk_" in program(("migrate", "--check"), KEY, data=new)


def test_a_backup_is_for_its_owners_eyes_only(installation):
    _, backup = installation

    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    assert [path.name for path in backup.parent.iterdir() if path != installation[0]] == [
        backup.name
    ]


def test_a_database_that_holds_users_is_not_replaced_unless_forced(installation):
    data, backup = installation
    sql(data, "UPDATE accounts_user SET first_name = 'Later'")

    said = refused("restore", backup, data=data)

    assert said == (
        "CommandError: The database holds users. Stop web and workers and add --force to replace "
        "everything in it.\n"
    )
    assert sql(data, "SELECT first_name FROM accounts_user") == "Later"
    done("restore", "--force", backup, data=data)
    assert sql(data, "SELECT first_name FROM accounts_user") == ""


def test_a_backup_of_an_earlier_version_replaces_what_later_ones_have_added(installation):
    data, backup = installation
    sql(data, "CREATE TABLE later (user_id uuid REFERENCES accounts_user)")

    done("restore", "--force", backup, data=data)

    assert sql(data, "SELECT to_regclass('later')") is None


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_file_that_is_no_whole_backup_changes_nothing(installation, tmp_path, damage):
    data, backup = installation
    damaged = tmp_path / "damaged.dump"
    whole = backup.read_bytes()
    damaged.write_bytes(whole[:-5000] if damage == "cut" else b"no dump")

    said = refused("restore", "--force", damaged, data=data)

    assert said.startswith("CommandError: Nothing was restored: pg_restore: error: ")
    assert sql(data, "SELECT count(*) FROM accounts_user") == 1


def test_a_backup_that_cannot_be_written_says_so_and_keeps_the_last_one(installation, tmp_path):
    data, _ = installation

    said = refused("backup", tmp_path / "nowhere" / "torale.dump", data=data)

    assert said.startswith("CommandError: No backup was made: pg_dump: error: could not open")


def test_postgresqls_own_tools_read_a_backup(installation):
    _, backup = installation

    listed = subprocess.run(
        [programs() / "pg_restore", "--list", backup], capture_output=True, text=True, check=True
    )

    assert "TABLE DATA public accounts_user" in listed.stdout


def test_the_commands_in_the_documentation_bring_everything_back(installation, tmp_path):
    data, _ = installation
    page = (settings.BASE_DIR / "docs" / "operating.md").read_text()
    section = page.partition("## Back up and restore")[2].partition("\n## ")[0]
    saving, restoring = re.findall(r"```bash\n(.*?)```", section, re.DOTALL)

    for block, place in ((saving, data), (restoring, tmp_path / "new")):
        moved = block.replace("/srv/backup", f"{tmp_path}/backup").replace("var", str(place))
        ended = subprocess.run(
            ["bash", "-euc", moved],
            cwd=settings.BASE_DIR,
            env=environment(TORALE_DATA_DIR=place),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, "")

    assert sql(tmp_path / "new", "SELECT count(*) FROM accounts_user") == 1
    for name in ("secret_key", "torale_field_keys"):
        assert (tmp_path / "new" / name).read_text() == (data / name).read_text()
