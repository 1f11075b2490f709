"""Trouble of the database is 503 with Retry-After wherever it is met; a bug stays a 500."""

import json
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, close_old_connections, connection

from notifications.channels.email import unsubscribe
from tests.support.api_calls import QUESTION, TASKS
from tests.support.factories import refused_rows
from tests.support.processes import python
from torale.trouble import is_trouble

TOLD = {"detail": "The database is not available. Try again in a few seconds."}


def raised(code: str) -> str:
    """Return a statement for which PostgreSQL raises the error of that name."""
    return f"DO $$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{code}'; END $$"


TROUBLE = {
    "full disk": raised("disk_full"),
    "out of memory": raised("out_of_memory"),
    "too many connections": raised("too_many_connections"),
    "shutdown": raised("admin_shutdown"),
    "crash": raised("crash_shutdown"),
    "starting up": raised("cannot_connect_now"),
    "connection lost": raised("connection_failure"),
    "deadlock": raised("deadlock_detected"),
    "disk broken": raised("io_error"),
    "read-only after a failover": "SET TRANSACTION READ ONLY; CREATE TABLE nothing ()",
    "took too long": "SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)",
}
BUGS = {
    "value": "SELECT 1 / 0",
    "constraint": "INSERT INTO accounts_user (id) VALUES (NULL)",
    "statement": "SELECT nothing",
    "table": "SELECT FROM nowhere",
    "too complex": raised("statement_too_complex"),
    "failed transaction": raised("in_failed_sql_transaction"),
    "damaged data": raised("data_corrupted"),
}


@pytest.mark.django_db
@pytest.mark.parametrize("statement", TROUBLE.values(), ids=TROUBLE)
def test_what_passes_is_trouble(statement):
    with pytest.raises(DatabaseError) as caught, connection.cursor() as cursor:
        cursor.execute(statement)

    assert is_trouble(caught.value)


@pytest.mark.django_db
def test_a_job_that_cannot_be_queued_is_500_and_holds_no_thread_for_ever(owner, owner_client):
    with refused_rows("procrastinate_jobs", "true"):
        answer = owner_client.post(f"{TASKS}/preview", QUESTION, format="json")

    assert answer.status_code == 500


@pytest.mark.django_db
@pytest.mark.parametrize("statement", BUGS.values(), ids=BUGS)
def test_what_does_not_pass_is_a_bug(statement):
    with pytest.raises(DatabaseError) as caught, connection.cursor() as cursor:
        cursor.execute(statement)

    assert not is_trouble(caught.value)


def test_what_followed_from_trouble_is_trouble():
    def fail():
        try:
            raise psycopg.OperationalError("the connection is lost")
        except psycopg.Error as error:
            raise RuntimeError("no job was deferred") from error

    with pytest.raises(RuntimeError) as caught:
        fail()

    assert is_trouble(caught.value)


@pytest.fixture
def insert_fails(db):
    """Have each new task fail with the error of an SQLSTATE."""

    def fail(code: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS "
                f"$$ BEGIN RAISE EXCEPTION 'as told' USING ERRCODE = '{code}'; END $$;"
                "CREATE TRIGGER fail BEFORE INSERT ON tasks_task "
                "FOR EACH ROW EXECUTE FUNCTION fail()"
            )

    return fail


def test_a_full_disk_is_503_with_retry_after(owner_client, insert_fails):
    insert_fails("disk_full")

    answer = owner_client.post(TASKS, QUESTION, format="json")

    assert (answer.status_code, answer.json()) == (503, TOLD)
    assert answer.headers["Retry-After"] == "5"


def test_a_fault_of_our_own_statement_is_500(owner_client, insert_fails):
    insert_fails("division_by_zero")

    answer = owner_client.post(TASKS, QUESTION, format="json")

    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal server error"})
    assert "Retry-After" not in answer.headers


def another_connection() -> psycopg.Connection:
    """Connect to the tests' server, not by way of Django."""
    ours = connection.get_connection_params()
    address = {name: ours[name] for name in ("host", "port", "user", "dbname")}
    return psycopg.connect(**address, autocommit=True)


def lose_connection() -> None:
    """End the backend of Django's connection, as a restart of the server does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [pid] = cursor.fetchone()
    with another_connection() as other:
        assert other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid]).fetchone() == (True,)


@pytest.fixture
def _reconnected():
    """Let what comes after the test have a new connection."""
    yield
    connection.close()


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_reconnected")
@pytest.mark.parametrize(
    "path",
    [TASKS, "/api/v1/public/tasks", "/api/v1/notifications/sends.csv", "/metrics"],
    ids=["authentication", "without a key", "download", "metrics"],
)
def test_a_lost_connection_is_503_in_the_api_and_over_with_the_next_request(owner_client, path):
    expected = owner_client.get(path).status_code
    lose_connection()

    during = owner_client.get(path)
    close_old_connections()  # as between any two requests
    after = owner_client.get(path)

    assert (during.status_code, during.json()) == (503, TOLD)
    assert during.headers["Retry-After"] == "5"
    assert after.status_code == expected


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_reconnected")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", "/admin/"),
        ("get", "/admin/tasks/task/"),
        ("post", "/admin/login/"),
        ("get", "/api/v1/tasks"),
    ],
    ids=["session", "list", "log-in", "browsable API"],
)
def test_a_lost_connection_is_503_in_plain_words_for_a_browser(operator_client, method, path):
    operator_client.raise_request_exception = False
    lose_connection()

    page = getattr(operator_client, method)(
        path,
        {"username": "operator@example.com", "password": "a long password"},
        headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"},
    )

    assert page.status_code == 503
    assert f"<p>{TOLD['detail']}</p>" in page.text
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Retry-After"] == "5"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("_reconnected")
def test_a_lost_connection_is_503_for_a_mail_program_that_unsubscribes(client):
    client.raise_request_exception = False
    lose_connection()

    answer = client.post(urlsplit(unsubscribe.url_for(UUID(int=7))).path)

    assert (answer.status_code, answer.json()) == (503, TOLD)


# In a process of its own, as the tests' database is not to be taken away.
ASK = """
import json

import django
from django.conf import settings

settings.DATABASES["default"]["OPTIONS"]["pool"]["timeout"] = 0.5
settings.ALLOWED_HOSTS.append("testserver")
django.setup()

from django.db import connection
from django.test import Client

client = Client(raise_request_exception=False)
headers = {"Authorization": "Bearer sk_any", "Accept": "application/json"}
client.cookies["sessionid"] = "x" * 32
for path in ("/api/v1/tasks", "/api/v1/public/tasks", "/admin/", "/readyz"):
    answer = client.get(path, headers=headers)
    print(json.dumps([path, answer.status_code, answer.headers["Retry-After"], answer.json()]))
connection.close_pool()
"""


@pytest.fixture
def crowded_role(db):
    """A user of PostgreSQL's who may have no connection more."""
    # Roles are the server's, which several processes of these tests share.
    name = f"{connection.settings_dict['NAME']}_crowded"
    with another_connection() as other:
        other.execute(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT 0")
        yield name
        other.execute(f"DROP ROLE {name}")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("database", "is_crowded"),
    [("template0", False), ("postgres", True)],
    ids=["takes no connections", "has too many connections"],
)
def test_a_database_that_lets_nobody_in_is_503_everywhere(
    tmp_path, crowded_role, database, is_crowded
):
    parameters = connection.get_connection_params()

    ended = python(
        "-c",
        ASK,
        TORALE_DATA_DIR=tmp_path,
        DJANGO_SETTINGS_MODULE="torale.settings",
        DATABASE_URL=f"postgres:///{parameters['host']}/{database}",
        PGUSER=crowded_role if is_crowded else parameters["user"],
    )

    told = [json.loads(line) for line in ended.stdout.splitlines()]
    assert told == [
        *([path, 503, "5", TOLD] for path in ("/api/v1/tasks", "/api/v1/public/tasks", "/admin/")),
        ["/readyz", 503, "5", {"detail": "The database does not answer."}],
    ], ended.stderr
