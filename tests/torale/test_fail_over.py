"""PostgreSQL restarts, moves, or is read-only for a while: nothing is lost, and all goes on."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.support.processes import sql
from tests.support.programs import Programs, Shop
from tests.support.receivers import wait_for
from tests.support.relay import Relay, relay_to
from tests.support.standby import Standby, standby_of
from torale.postgres.base import embedded_server
from torale.postgres.server import DATABASE, PORT, ROLE

pytestmark = pytest.mark.e2e

TASKS = "/api/v1/tasks"
#: Seconds for which the database is away, and in which requests must be answered when it is back.
#: psycopg's pool would by itself try after 1, 3, 7, 15 and 31 seconds.
AWAY_S, SERVES_AFTER_S = 18, 7
#: Clients of the database other than the one that asks.
CLIENTS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


class Primary:
    """The server that a fail-over replaces."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.target = Path(embedded_server(folder).ensure_running()) / f".s.PGSQL.{PORT}"

    def sql(self, statement: str) -> Any:
        """Return the first value of a statement."""
        return sql(self._folder, statement)

    def become_read_only(self) -> None:
        """Refuse to write, but keep all connections."""
        host = str(embedded_server(self._folder).ensure_running())
        with psycopg.connect(
            host=host, port=PORT, user=ROLE, dbname=DATABASE, autocommit=True
        ) as database:
            database.execute("ALTER SYSTEM SET default_transaction_read_only = on")
            database.execute("SELECT pg_reload_conf()")


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.receiver.close()


@pytest.fixture(scope="module")
def primary(tmp_path_factory) -> Primary:
    return Primary(tmp_path_factory.mktemp("primary"))


@pytest.fixture(scope="module")
def address(primary) -> Iterator[Relay]:
    """The address that Torale knows."""
    with relay_to(primary.target) as relay:
        yield relay


@pytest.fixture(scope="module")
def programs(address, tmp_path_factory) -> Iterator[Programs]:
    url = f"postgres://{ROLE}@127.0.0.1:{address.port}/{DATABASE}"
    installation = Programs(tmp_path_factory.mktemp("programs"), DATABASE_URL=url)
    installation.make()
    installation.start("web")
    installation.start("worker")
    yield installation
    installation.kill()


@pytest.fixture(scope="module")
def standby(primary, programs) -> Iterator[Standby]:
    with standby_of(primary.target, user=ROLE, name=DATABASE) as server:
        yield server


def is_made(programs: Programs, shop: Shop, name: str) -> bool:
    """Make a task; if that is refused, it must be for a while."""
    answer = programs.call(TASKS, shop.task(name))
    assert answer.status == 200 or (answer.status, answer.headers["Retry-After"]) == (503, "5")
    return answer.status == 200


def told(standby: Standby, shop: Shop) -> dict[str, str]:
    """Return what became of the sends to a shop, by their addresses."""
    sends = "SELECT recipient, status FROM notifications_notificationsend WHERE recipient ^@ %s"
    with standby.connect() as database:
        return {
            recipient.rpartition("/")[2]: status
            for recipient, status in database.execute(sends, [shop.receiver.url])
        }


def names(programs: Programs) -> set[str]:
    """Return the names of the tasks, as each of many requests shows them."""
    with ThreadPoolExecutor(8) as clients:
        lists = [*clients.map(programs.call, [TASKS] * 24)]
    assert {answer.status for answer in lists} == {200}
    [shown] = {tuple(sorted(task["name"] for task in answer.json)) for answer in lists}
    return {*shown}


def finds_the_primary(programs: Programs, *servers: Path) -> bool:
    """Return whether a command can write that knows the addresses of several servers."""
    with ExitStack() as relays:
        ports = [relays.enter_context(relay_to(server)).port for server in servers]
        hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
        url = f"postgres://{ROLE}@{hosts}/{DATABASE}?target_session_attrs=read-write"
        key = ("keys", "create", "admin@localhost", "--name", "Laptop")
        return "sk_" in programs.manage(*key, DATABASE_URL=url).stdout


def test_a_database_that_is_away_for_a_while_loses_nothing(programs, address, shop):
    assert is_made(programs, shop, "before")
    target, address.target = address.target, None
    address.cut()

    assert not is_made(programs, shop, "refused")
    address.target = target

    wait_for(lambda: is_made(programs, shop, "after"))
    wait_for(lambda: shop.is_told("before"))
    wait_for(lambda: shop.is_told("after"))


def test_a_standby_takes_over_while_connections_to_the_old_primary_stay_open(
    programs, primary, standby, address, shop
):
    assert is_made(programs, shop, "first")
    wait_for(lambda: shop.is_told("first"))
    assert "first" in names(programs)  # and each thread of the web process has a connection now

    primary.become_read_only()
    wait_for(lambda: not is_made(programs, shop, "refused"))
    address.target = standby.target
    assert not is_made(programs, shop, "refused")
    standby.promote()

    wait_for(lambda: is_made(programs, shop, "last"))
    assert {"first", "last"} <= names(programs)
    wait_for(lambda: told(standby, shop) == {"first": "sent", "last": "sent"})
    # Each pool's connection for storing is tried when there is something to store. What it fails
    # to store is kept.
    wait_for(lambda: primary.sql(CLIENTS) <= len(("visits", "deliveries")))
    assert primary.sql(f"{CLIENTS} AND query ~ '^LISTEN'") == 0
    assert "refused" not in names(programs)
    assert finds_the_primary(programs, primary.target, standby.target)


@pytest.mark.slow
def test_a_database_that_was_away_for_longer_serves_again_at_once(programs, address, shop):
    target, address.target = address.target, None
    address.cut()
    ends = time.monotonic() + AWAY_S
    while time.monotonic() < ends:
        assert programs.call(TASKS).status == 503

    address.target = target
    back = time.monotonic()

    wait_for(lambda: programs.call(TASKS).status == 200)
    assert time.monotonic() - back < SERVES_AFTER_S
