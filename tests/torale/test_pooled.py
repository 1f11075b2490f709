"""Torale works behind pgbouncer, in session mode and in transaction mode."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.db.backends.postgresql.base import DatabaseWrapper

from tests.support.needed import needs
from tests.support.own_database import made_database, own
from tests.support.pgbouncer import PgBouncer, pgbouncer
from tests.support.processes import database_url, free_port, manage
from tests.support.programs import Programs, Shop
from tests.support.receivers import wait_for
from torale import environment
from torale.management.commands.migrate import LOCK, alone

pytestmark = [pytest.mark.e2e, needs("pgbouncer")]

#: How many connections to the server each mode may have. In transaction mode, fewer than a web
#: process has threads.
POOL_SIZES = {"transaction": 3, "session": 50}
#: With this, pools that are not told look for nothing as long as the test lasts. The queue has to
#: look now and then: procrastinate forgets what it is told while it looks.
NEVER_LOOK = {"torale.pool.POLL_S": 3600}

ONLY_TRANSACTION = pytest.mark.parametrize("pooler", ["transaction"], indirect=True)


@contextmanager
def pooler_of(name: str, mode: str) -> Iterator[PgBouncer]:
    address = connection.get_connection_params()
    server = Path(address["host"]) / f".s.PGSQL.{address['port']}"
    size = POOL_SIZES[mode]
    with pgbouncer(server, user=address["user"], name=name, mode=mode, pool_size=size) as running:
        yield running


@pytest.fixture(scope="module")
def installation(tmp_path_factory, django_db_setup) -> Iterator[Programs]:
    """An installation behind a pooler in transaction mode, which was made past it."""
    with made_database("pooled"), pooler_of(own("pooled"), "transaction") as pooler:
        made = Programs(tmp_path_factory.mktemp("pooled"), DATABASE_URL=pooler.url)
        made.make(DATABASE_DIRECT_URL=database_url(own("pooled")))
        yield made


@pytest.fixture(
    scope="module", params=["transaction", pytest.param("session", marks=pytest.mark.slow)]
)
def pooler(request, installation) -> Iterator[PgBouncer]:
    with pooler_of(own("pooled"), request.param) as running:
        yield running


@pytest.fixture(scope="module")
def web(installation, pooler) -> Iterator[Programs]:
    installation.values["DATABASE_URL"] = pooler.url
    installation.start("web")
    yield installation
    installation.kill()


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.receiver.close()


def stop_worker(web: Programs) -> list[str]:
    """Stop the worker, and return what it has logged that is more than a note."""
    web.stop("worker")
    logged = web.log("worker")
    (web.folder / "worker.log").unlink()
    # In Python's development mode, asyncio tells of each slow step.
    return [
        line["event"] for line in logged if line["level"] != "info" and line["logger"] != "asyncio"
    ]


def listeners(direct: str) -> Counter[str]:
    """Return how many connections listen to each channel; `queue` stands for those of jobs."""
    with psycopg.connect(direct) as database:
        listens = database.execute(
            "SELECT substring(query, 'torale_[a-z]+') FROM pg_stat_activity "
            "WHERE datname = current_database() AND query ~ '^LISTEN '"
        )
        return Counter(channel or "queue" for (channel,) in listens)


def is_tried(web: Programs, shop: Shop) -> bool:
    """Try a condition, which is a job of the queue."""
    tried = web.call("/api/v1/tasks/preview", shop.task("tried")).json
    path = f"/api/v1/tasks/preview/{tried['id']}"
    return bool(wait_for(lambda: web.call(path).json["status"] != "pending"))


def test_a_worker_with_a_direct_address_is_woken(web, pooler, shop):
    direct = database_url(pooler.name)
    web.start("worker", NEVER_LOOK, DATABASE_DIRECT_URL=direct)
    wait_for(lambda: listeners(direct) == {"torale_sends": 1, "torale_visits": 1, "queue": 2})
    made = web.call("/api/v1/tasks", shop.task("direct"))
    assert made.status == 200, made

    wait_for(lambda: shop.is_told("direct"))

    assert is_tried(web, shop)
    assert stop_worker(web) == []


def test_migrate_needs_an_address_past_the_pooler(web, pooler):
    refused = manage("migrate", **web.values)

    assert refused.returncode == 1
    assert refused.stderr == (
        "CommandError: A connection pooler is in front of the database. Set DATABASE_DIRECT_URL to "
        "an address of PostgreSQL itself, and migrate again.\n"
    )


#: What one client must not leave behind in a connection that others use, too.
OF_THE_SESSION = """
SELECT current_setting('enable_seqscan'), current_setting('synchronous_commit'),
    (SELECT count(*) FROM pg_listening_channels())
"""


def sessions(pooler: PgBouncer) -> set[Any]:
    """Return OF_THE_SESSION of the server's connections that clients share."""
    with ExitStack() as opened:
        clients = [opened.enter_context(pooler.connect()) for _ in range(POOL_SIZES["transaction"])]
        for client in clients:
            opened.enter_context(client.transaction())
        return {client.execute(OF_THE_SESSION).fetchone() for client in clients}


def test_a_worker_without_a_direct_address_looks_by_itself_and_says_so_once(web, pooler, shop):
    web.start("worker")
    web.call("/api/v1/tasks", shop.task("polled"))

    wait_for(lambda: shop.is_told("polled"))

    assert is_tried(web, shop)
    assert sessions(pooler) == {("on", "on", 0)}
    assert stop_worker(web) == ["not_woken"]


def test_requests_share_fewer_connections_than_there_are_threads(web, pooler, shop):
    web.start("worker")
    for number in range(3):
        assert web.call("/api/v1/tasks", shop.task(f"shared-{number}")).status == 200
    wait_for(lambda: all(shop.is_told(f"shared-{number}") for number in range(3)))
    stop_worker(web)

    paths = [
        "/api/v1/tasks",
        "/api/v1/notifications/sends",
        "/api/v1/notifications/sends?status=sent",
        "/api/v1/notifications/sends/stats",
        "/auth/me",
        "/readyz",
        "/metrics",
    ] * 8
    with ThreadPoolExecutor(8) as clients:
        answers = [*clients.map(web.call, paths)]
    file = web.call("/api/v1/notifications/sends.csv")

    assert {answer.status for answer in (*answers, file)} == {200}
    listed = answers[1].json
    lines = [*csv.DictReader(io.StringIO(file.body.decode()))]
    assert listed["total"] == len(lines) >= 3
    assert {line["status"] for line in lines} == {"sent"}
    pools = [pool for pool in pooler.command("SHOW POOLS") if pool["database"] == pooler.name]
    assert (
        sum(pool["sv_active"] + pool["sv_idle"] + pool["sv_used"] for pool in pools)
        <= POOL_SIZES[pools[0]["pool_mode"]]
    )


@ONLY_TRANSACTION
def test_a_restart_of_the_pooler_is_no_error_of_ours(web, pooler):
    assert web.call("/api/v1/tasks").status == 200

    pooler.stop()
    away = web.call("/api/v1/tasks")
    pooler.start()
    answers = [web.call("/api/v1/tasks") for _ in range(8)]

    assert (away.status, away.headers["Retry-After"]) == (503, "5")
    assert {answer.status for answer in answers} == {200}


# In session mode it would wait until all clients have left.
@ONLY_TRANSACTION
def test_a_pooler_that_pauses_makes_requests_wait(web, pooler):
    pooler.command("PAUSE")
    with ThreadPoolExecutor(1) as client:
        asked = client.submit(web.call, "/api/v1/tasks")
        wait_for(lambda: any(pool["cl_waiting"] for pool in pooler.command("SHOW POOLS")))
        pooler.command("RESUME")

    assert asked.result().status == 200


def examined(installation: Programs, **values: object) -> dict[str, str]:
    """Return what `doctor` finds about the direct address."""
    ended = manage("doctor", "--format=json", **{**installation.values, **values})
    [found] = [each for each in json.loads(ended.stdout) if each["name"] == "direct address"]
    return {"verdict": found["verdict"], "text": found["text"]}


@pytest.mark.slow
@ONLY_TRANSACTION
def test_doctor_says_whether_there_is_a_direct_address(web, pooler):
    assert examined(web) == {
        "verdict": "warning",
        "text": "A connection pooler answers at DATABASE_URL, so workers look for work once a "
        "second.",
    }
    assert examined(web, DATABASE_DIRECT_URL=database_url(pooler.name)) == {
        "verdict": "ok",
        "text": "DATABASE_DIRECT_URL leads to PostgreSQL itself.",
    }
    assert examined(web, DATABASE_DIRECT_URL=database_url("postgres")) == {
        "verdict": "problem",
        "text": "DATABASE_DIRECT_URL leads to another database than DATABASE_URL.",
    }
    away = examined(web, DATABASE_DIRECT_URL=f"postgres://olive@127.0.0.1:{free_port()}/torale")
    assert away["verdict"] == "problem"
    assert away["text"].startswith("DATABASE_DIRECT_URL cannot be reached: ")


@ONLY_TRANSACTION
def test_the_lock_of_migrations_holds_and_keeps_nobody_from_making_an_index(pooler):
    direct = environment.database(database_url(pooler.name))
    database = DatabaseWrapper({**connection.settings_dict, **direct})
    take = f"SELECT pg_try_advisory_xact_lock({LOCK})"
    with (
        pooler.connect() as client,
        psycopg.connect(
            database_url(pooler.name), autocommit=True, options="-c statement_timeout=20s"
        ) as migrating,
    ):
        with alone(database):
            assert client.execute(take).fetchone() == (False,)
            migrating.execute("CREATE INDEX CONCURRENTLY probe ON accounts_user (email)")
        migrating.execute("DROP INDEX probe")
        assert wait_for(lambda: client.execute(take).fetchone() == (True,))


@pytest.mark.slow
@ONLY_TRANSACTION
def test_commands_for_the_whole_database_go_by_the_direct_address(web, pooler, tmp_path):
    address = connection.get_connection_params()
    direct = f"postgres:///{address['host']}/{pooler.name}"
    values = {"DATABASE_DIRECT_URL": direct, "PGUSER": address["user"]}
    file = tmp_path / "dump"
    pid = "SELECT count(*) FROM pg_stat_activity WHERE client_addr IS NULL"
    pooler.command("PAUSE")  # whoever comes by it waits
    try:
        web.manage("migrate", "--verbosity", "0", **values)
        web.manage("backup", str(file), **values)
        shown = web.manage("dbshell", "--", "--tuples-only", f"--command={pid}", **values)
    finally:
        pooler.command("RESUME")

    assert file.read_bytes().startswith(b"PGDMP")
    assert int(shown.stdout) > 0
