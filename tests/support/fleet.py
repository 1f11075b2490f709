"""An installation of several machines: any of its processes can be killed, paused and replaced."""

import asyncio
import http.client
import json
import logging
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, suppress
from email import message_from_bytes
from pathlib import Path
from typing import Any, Final, Self

import psutil
import psycopg
from cryptography.fernet import Fernet
from django.conf import settings

from tests.support.pgbouncer import pgbouncer
from tests.support.processes import environment, free_port
from tests.support.receivers import DEADLINE_S, SMTPController, wait_for
from torale.postgres.base import embedded_server
from torale.postgres.server import DATABASE, PORT, ROLE

ROOT: Final = Path(settings.BASE_DIR)
#: Seconds within which a process ends after SIGTERM: twice what it may take on an idle machine.
END_S: Final = 40
#: How soon pgbouncer tries to reach a server that is back, and how long a query waits for that.
POOLER: Final = """
server_login_retry = 1
query_wait_timeout = 5
"""
#: The waits and leases of what is not done run out, as they do after some time. What somebody is
#: just changing is left alone: its lock may be held by a process that is paused. Attempts do not
#: count, because a slow machine may be visiting what is taken away here again and again.
LATER: Final = """
WITH visits AS (
    -- What is null stays null.
    UPDATE executions_execution
    SET leased_until = leased_until - (leased_until - now()) - interval '1 second',
        next_attempt_at = next_attempt_at - (next_attempt_at - now()),
        attempt_count = least(attempt_count, 1)
    WHERE id IN (
        SELECT id FROM executions_execution WHERE status IN ('pending', 'running', 'retrying')
        FOR UPDATE SKIP LOCKED
    )
), leases AS (
    UPDATE notifications_lease SET until = now() - interval '1 second'
    WHERE send_id IN (SELECT send_id FROM notifications_lease FOR UPDATE SKIP LOCKED)
)
UPDATE notifications_notificationsend SET next_attempt_at = now()
WHERE id IN (
    SELECT id FROM notifications_notificationsend WHERE status IN ('queued', 'retrying')
    FOR UPDATE SKIP LOCKED
)
"""


class World:
    """Everyone else's servers: the watched pages, the receivers of webhooks, and a mail server."""

    def __init__(self) -> None:
        #: (webhook-id, body) of each webhook that was accepted.
        self.webhooks: list[tuple[str, bytes]] = []
        #: Message-ID of each mail that was accepted.
        self.mails: list[str] = []
        #: How often each page was asked for.
        self.visits: Counter[str] = Counter()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = self._run(
            # Linux answers at each of 127.0.0.0/8 only if the socket is bound to no address.
            asyncio.start_server(self._serve, "0.0.0.0", 0, backlog=4096)
        )
        self.port = self._server.sockets[0].getsockname()[1]
        logging.getLogger("mail.log").setLevel(logging.WARNING)
        self._mail_server = SMTPController(self, hostname="127.0.0.1", port=0)
        self._mail_server.start()
        self.mail_port = self._mail_server.port

    def _run(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(DEADLINE_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            # A caller that is killed is what this is about.
            with suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                    request, *lines = head.strip().split("\r\n")
                    parts = (line.partition(": ") for line in lines)
                    headers = {name.lower(): value for name, _, value in parts}
                    body = await reader.readexactly(int(headers.get("content-length", 0)))
                    writer.write(await self._answer(request.split()[1], headers, body))
                    await writer.drain()
        finally:
            writer.transport.abort()

    async def _answer(self, path: str, headers: Mapping[str, str], body: bytes) -> bytes:
        await asyncio.sleep(0.05)  # so that there is always something under way
        if path == "/hook":
            # Noted first: an answer that does not get through must count as a delivery.
            self.webhooks.append((headers["webhook-id"], body))
            return b"HTTP/1.1 204 No Content\r\n\r\n"
        self.visits[path] += 1
        page = (
            f"<html><body><h1>Page {path}</h1><p>Croissants, 1.20 euro</p></body></html>".encode()
        )
        return b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (
            len(page),
            page,
        )

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        self.mails.append(message_from_bytes(envelope.content)["Message-ID"])
        return "250 Message accepted"

    def close(self) -> None:
        self._mail_server.stop()
        self._server.close()
        for task in asyncio.all_tasks(self._loop):
            self._loop.call_soon_threadsafe(task.cancel)
        self._run(asyncio.sleep(0.1))
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Database:
    """A PostgreSQL server, without the processes that would start it again by themselves."""

    def __init__(self, folder: Path) -> None:
        self._cluster = folder / "postgres" / "cluster"
        self._server = embedded_server(folder)
        self.start()

    @property
    def address(self) -> str:
        return f"postgres://{ROLE}@/{DATABASE}?host={self.host}&port={PORT}"

    def start(self) -> None:
        self.host = str(self._server.ensure_running())

    def _postmaster(self) -> psutil.Process:
        return psutil.Process(int((self._cluster / "postmaster.pid").read_text().split()[0]))

    def signal(self, number: int) -> None:
        """Send a signal to the first process, and if it is one that pauses, to all others, too."""
        first = self._postmaster()
        others = first.children() if number in {signal.SIGSTOP, signal.SIGCONT} else []
        for process in (first, *others):
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)

    def sql(self, statement: str, *values: Any) -> list[Any]:
        """Return the rows of a statement; try again while the server is away, up to a minute."""
        give_up_at = time.monotonic() + DEADLINE_S
        while True:
            try:
                with psycopg.connect(self.address, autocommit=True) as database:
                    cursor = database.execute(statement, values)
                    return cursor.fetchall() if cursor.description else []
            except psycopg.OperationalError:
                if time.monotonic() > give_up_at:
                    raise
                time.sleep(0.1)


class Machine:
    """A process of Torale with a folder of its own, as on a machine of its own."""

    def __init__(self, folder: Path, *command: str, tree: Path, env: Mapping[str, object]) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.command = folder, command
        #: The times, by the clock `time.monotonic`, at which it was told to end and served again.
        self.away_since: float | None = None
        self.away: list[tuple[float, float]] = []
        self.env = {**env, "TORALE_DATA_DIR": folder}
        self.log = folder / "log"
        self.start(tree)

    def start(self, tree: Path) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", *self.command],
                cwd=tree,
                env={**environment(**self.env), "PYTHONDEVMODE": ""},
                stdout=log,
                stderr=log,
            )

    def signal(self, number: int) -> None:
        if number in {signal.SIGKILL, signal.SIGTERM}:
            self.away_since = time.monotonic()
        self.process.send_signal(number)

    def back(self) -> None:
        """Note that it serves again."""
        if self.away_since is not None:
            self.away.append((self.away_since, time.monotonic()))
            self.away_since = None

    def replace(self, number: int, tree: Path) -> None:
        """End the process by a signal, and start one of the version in `tree`."""
        self.signal(number)
        self.process.wait(END_S)
        self.start(tree)

    def was_away(self, begun: float, ended: float) -> bool:
        """Return whether it was away at some moment between two times."""
        since = self.away_since
        return (since is not None and since <= ended) or any(
            left <= ended and begun <= returned for left, returned in [*self.away]
        )

    def logged(self) -> list[dict[str, Any]]:
        return [
            json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")
        ]


class Web(Machine):
    """A web server."""

    def __init__(self, folder: Path, *, tree: Path, env: Mapping[str, object]) -> None:
        self.port = free_port()
        super().__init__(
            folder, "web", tree=tree, env={**env, "TORALE_LISTEN": f"127.0.0.1:{self.port}"}
        )

    def call(self, method: str, path: str, *, key: str, body: object = None) -> tuple[int, Any]:
        """Make a request; return the status and the headers of the answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)
        try:
            headers = {"Authorization": f"Bearer {key}", "Host": "localhost"}
            if body is not None:
                headers["Content-Type"] = "application/json"
            connection.request(
                method, path, json.dumps(body) if body is not None else None, headers
            )
            answer = connection.getresponse()
            return answer.status, {**answer.headers, "": answer.read().decode()}
        finally:
            connection.close()

    def is_ready(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self.call("GET", "/readyz", key="")[0] == 200
        return False


class Caller:
    """Somebody who uses the API all the time, and notes whatever goes wrong."""

    def __init__(self, webs: list[Web], key: str, seed: int) -> None:
        self._webs, self._key, self._chance = webs, key, random.Random(seed)
        self._stop = threading.Event()
        #: What came of the calls.
        self.outcomes: Counter[str] = Counter()
        #: What must not happen.
        self.failures: list[str] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.wait(0.02):
            web = self._chance.choice(self._webs)
            method, path, body = self._chance.choice(
                [
                    ("GET", "/api/v1/notifications/sends?limit=20", None),
                    ("GET", "/api/v1/tasks?limit=20", None),
                    ("GET", "/api/v1/notifications/sends/stats", None),
                    ("PATCH", "/auth/me", {"first_name": "Olive"}),
                ]
            )
            begun = time.monotonic()
            try:
                status, headers = web.call(method, path, key=self._key, body=body)
            except (OSError, http.client.HTTPException) as error:
                outcome = "cut off"
                is_right = web.was_away(begun, time.monotonic())
                status, headers = 0, {"": repr(error)}
            else:
                outcome = str(status)
                is_right = status == 200 or (status == 503 and "Retry-After" in headers)
            self.outcomes[outcome] += 1
            if not is_right:
                self.failures.append(f"{method} {path} of {web.port}: {status} {headers['']}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()


class Fleet:
    """Two web servers and three workers, each with a folder of its own, and their database.

    Args:
        folder: where all of them have their folders.
        world: what they visit and call.
    """

    def __init__(self, folder: Path, world: World) -> None:
        self.folder = folder
        self.database = Database(folder / "database")
        self._open = ExitStack()
        self.pooler = self._open.enter_context(
            pgbouncer(
                Path(self.database.host, f".s.PGSQL.{PORT}"),
                user=ROLE,
                name=DATABASE,
                pool_size=12,
                more=POOLER,
            )
        )
        self.env: dict[str, object] = {
            "DATABASE_URL": self.pooler.url,
            "DATABASE_DIRECT_URL": self.database.address,
            "SECRET_KEY": "of all machines",
            "TORALE_FIELD_KEYS": Fernet.generate_key().decode(),
            "TORALE_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
            "TORALE_MAX_ACTIVE_TASKS": "1000000",
            "TORALE_SENDS_PER_DAY": "1000000",
            "TORALE_EMAILS_PER_HOUR": "1000000",
            "TORALE_REQUESTS_PER_MINUTE": "0",
            # Each page is visited once.
            "TORALE_PAGE_INTERVAL_MINUTES": "1440",
            "EMAIL_URL": f"smtp://127.0.0.1:{world.mail_port}",
            "DJANGO_SETTINGS_MODULE": "torale.settings",
        }
        #: The version that runs, and the next one.
        self.tree, self.next_tree = ROOT, folder / "next"
        self.webs: list[Web] = []
        self.workers: list[Machine] = []

    def run(self, *arguments: str) -> str:
        """Run a program of the version in `tree` to its end, and return what it printed."""
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.tree,
            env={
                **environment(**self.env, TORALE_DATA_DIR=self.folder / "operator"),
                "PYTHONDEVMODE": "",
                "PYTHONPATH": str(self.tree),
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        ).stdout.strip()

    def start(self) -> None:
        self.webs = [
            Web(self.folder / f"web-{number}", tree=self.tree, env=self.env) for number in (1, 2)
        ]
        self.workers = [
            Machine(self.folder / f"worker-{number}", "worker", tree=self.tree, env=self.env)
            for number in (1, 2, 3)
        ]
        for web in self.webs:
            wait_for(web.is_ready)

    def left(self) -> tuple[int, int]:
        """Return how many visits and how many sends have not ended."""
        [(visits, sends)] = self.database.sql(
            """
            SELECT (SELECT count(*) FROM tasks_task)
                 - (SELECT count(*) FROM executions_execution
                    WHERE status IN ('success', 'failed')),
                   (SELECT count(*) FROM notifications_notificationsend
                    WHERE status IN ('queued', 'retrying'))
            """
        )
        return visits, sends

    def make_next_version(self, migration: str) -> None:
        """Copy the version that runs, with another number and one more migration."""
        tracked = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True, text=True
        )
        for name in tracked.stdout.split("\0"):
            if name and (ROOT / name).is_file():
                (self.next_tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.next_tree / name)
        version = (ROOT / "VERSION").read_text().strip()
        (self.next_tree / "VERSION").write_text(f"{version}.next\n")
        (self.next_tree / "tasks" / "migrations" / "0999_next.py").write_text(migration)

    def upgrade(self) -> Iterator[Machine]:
        """Replace all processes by the next version, one after the other; yield each that is up.

        One worker of the new version is started first, and waits until the database is migrated.
        """
        self.tree = self.next_tree
        first, *others = self.workers
        first.replace(signal.SIGTERM, self.tree)
        wait_for(lambda: any(line["event"] == "database_awaited" for line in first.logged()))
        self.run("manage.py", "migrate", "-v0")
        yield first
        for web in self.webs:
            self.replace_web(web, signal.SIGTERM)
            yield web
        for worker in others:
            worker.replace(signal.SIGTERM, self.tree)
            yield worker

    def replace_web(self, web: Web, number: int) -> None:
        """End a web server by a signal; start it again and wait until it serves."""
        web.replace(number, self.tree)
        wait_for(web.is_ready)
        web.back()

    def close(self) -> None:
        for machine in (*self.webs, *self.workers):
            machine.process.kill()
            machine.process.wait()
        with suppress(OSError, psutil.NoSuchProcess, ValueError):
            self.database.signal(signal.SIGCONT)
        self._open.close()
