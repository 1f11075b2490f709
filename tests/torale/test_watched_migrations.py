"""What a migration may do to a database that is in use, and what it may call additive."""

from collections.abc import Iterator

import pytest

from tests.support.newer_version import NewerVersion
from tests.support.own_database import migrated_database
from tests.support.watched_migration import harm_done_by

FINE = {
    "a column that may be null": """
migrations.AddField("task", "nickname", models.TextField(null=True)),
""",
    "a column with a default of the database": """
migrations.AddField("task", "weight", models.IntegerField(default=1, db_default=1)),
""",
    "a table that refers to a large one": """
migrations.CreateModel("Label", [
    ("id", models.BigAutoField(primary_key=True)),
    ("task", models.ForeignKey("tasks.Task", models.CASCADE)),
]),
""",
    "a column that refers to another table": """
migrations.AddField(
    "task", "parent", models.ForeignKey("tasks.Task", models.CASCADE, null=True, db_index=False)
),
""",
    "a constraint that is validated later": """
migrations.RunSQL("ALTER TABLE tasks_task ADD CONSTRAINT named CHECK (name <> '') NOT VALID"),
""",
}

SCANNED = "tasks_task is read while nobody can write to tasks_task"

#: Never allowed, whatever the migration says of itself.
HARMFUL = {
    "an index": ('migrations.AddIndex("task", models.Index("name", name="named")),', SCANNED),
    "the index of a new relation": (
        """
migrations.AddField("task", "parent", models.ForeignKey("tasks.Task", models.CASCADE, null=True)),
""",
        SCANNED,
    ),
    "a constraint": (
        """
migrations.AddConstraint(
    "task", models.CheckConstraint(condition=~models.Q(name=""), name="named")
),
""",
        SCANNED,
    ),
    "a unique constraint": (
        """
migrations.AddConstraint("task", models.UniqueConstraint("user", "name", name="named")),
""",
        SCANNED,
    ),
    "a foreign key": (
        """
migrations.RunSQL("ALTER TABLE tasks_task ADD FOREIGN KEY (id) REFERENCES tasks_task"),
""",
        SCANNED,
    ),
    "a column that may no longer be null": (
        'migrations.RunSQL("ALTER TABLE tasks_task ALTER last_known_state SET NOT NULL"),',
        SCANNED,
    ),
    "another type": (
        'migrations.RunSQL("ALTER TABLE tasks_task ALTER name TYPE bytea USING name::bytea"),',
        "tasks_task is rewritten",
    ),
    "a default that differs from row to row": (
        """
migrations.AddField(
    "task", "token", models.UUIDField(db_default=models.Func(function="gen_random_uuid"))
),
""",
        "tasks_task is rewritten",
    ),
    "a look at all rows while a column is added": (
        """
migrations.AddField("task", "nickname", models.TextField(null=True)),
migrations.RunSQL("SELECT FROM tasks_task WHERE name = 'x'"),
""",
        SCANNED,
    ),
    "data": (
        """migrations.RunSQL("UPDATE tasks_task SET name = upper(name)"),""",
        "rows of tasks_task are changed in the migration's transaction",
    ),
}

#: Allowed only to a migration that does not call itself additive.
NOT_ADDITIVE = {
    "a column is removed": (
        'migrations.RemoveField("task", "context"),',
        "tasks_task.context is gone",
    ),
    "a column is renamed": (
        'migrations.RenameField("task", "context", "criterion"),',
        "tasks_task.context is gone",
    ),
    "a column without a default": (
        'migrations.AddField("task", "nickname", models.TextField(default="")),',
        "tasks_task.nickname has no default, so older versions cannot insert",
    ),
    "a wider type": (
        'migrations.RunSQL("ALTER TABLE torale_heartbeat ALTER name TYPE varchar(99)"),',
        "torale_heartbeat.name was character varying(50) and is character varying(99)",
    ),
    "a default is dropped": (
        'migrations.RunSQL("ALTER TABLE torale_schemachange ALTER id DROP IDENTITY"),',
        "torale_schemachange.id has no default any more",
    ),
    "a constraint on which ON CONFLICT relies": (
        """
migrations.RunSQL(
    "ALTER TABLE torale_schemachange DROP CONSTRAINT schema_change_of_one_migration"
),
""",
        "unique index schema_change_of_one_migration is gone",
    ),
    "a function is removed": (
        'migrations.RunSQL("DROP FUNCTION torale_now CASCADE"),',
        "function torale_now() is gone",
    ),
}


@pytest.fixture
def newer(tmp_path) -> NewerVersion:
    return NewerVersion(tmp_path)


@pytest.fixture
def _own_database(django_db_setup, django_db_blocker) -> Iterator[None]:
    """Use a database in which migrations can commit."""
    with django_db_blocker.unblock(), migrated_database("watched"):
        yield


@pytest.mark.django_db
@pytest.mark.parametrize("operations", FINE.values(), ids=FINE)
def test_it_may_make(newer, operations):
    key = newer.add("9001_more", operations, attributes="additive = True")

    with newer.installed():
        assert harm_done_by(key) == []


@pytest.mark.django_db
@pytest.mark.parametrize(("operations", "harm"), HARMFUL.values(), ids=HARMFUL)
def test_it_may_not_make(newer, operations, harm):
    key = newer.add("9001_more", operations, attributes="additive = False")

    with newer.installed():
        assert [seen.partition(": ")[0] for seen in harm_done_by(key)] == [harm]


@pytest.mark.django_db
@pytest.mark.parametrize(("operations", "missed"), NOT_ADDITIVE.values(), ids=NOT_ADDITIVE)
def test_it_is_not_additive_if(newer, operations, missed):
    additive = newer.add("9001_less", operations, attributes="additive = True")

    with newer.installed():
        assert harm_done_by(additive) == [missed]


@pytest.mark.django_db
def test_what_is_not_additive_may_say_so(newer):
    operations, _ = NOT_ADDITIVE["a column is removed"]
    honest = newer.add("9001_less", operations, attributes="additive = False")

    with newer.installed():
        assert harm_done_by(honest) == []


@pytest.mark.usefixtures("_own_database")
def test_what_reads_all_rows_can_be_done_in_steps(newer):
    sql = 'migrations.RunSQL("ALTER TABLE tasks_task {}"),'
    checked = newer.add(
        "9001_check", sql.format("ADD CONSTRAINT c CHECK (last_known_state IS NOT NULL) NOT VALID")
    )
    validated = newer.add("9002_validate", sql.format("VALIDATE CONSTRAINT c"))
    not_null = newer.add("9003_not_null", sql.format("ALTER last_known_state SET NOT NULL"))
    indexed = newer.add(
        "9004_index",
        'AddIndexConcurrently("task", models.Index("name", name="named")),',
        attributes="atomic = False",
    )
    filled = newer.add(
        "9005_fill",
        'migrations.RunSQL("UPDATE tasks_task SET name = upper(name) WHERE id IN (NULL)"),',
        attributes="atomic = False",
    )

    with newer.installed():
        assert [harm_done_by(key) for key in (checked, validated, not_null, indexed, filled)] == [
            *([],) * 5
        ]


@pytest.mark.usefixtures("_own_database")
def test_what_waits_for_a_lock_has_to_be_in_a_transaction(newer):
    key = newer.add(
        "9001_more",
        'migrations.AddField("task", "nickname", models.TextField(null=True)),',
        attributes="atomic = False",
    )

    with newer.installed():
        [seen] = harm_done_by(key)

    assert seen.startswith("may wait for a lock for ever, outside a transaction: ALTER TABLE")
