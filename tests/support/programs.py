"""Web and worker of one installation, as programs of their own."""

import json
import subprocess
import urllib.request
from collections.abc import Mapping
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import HTTPError

from tests.support.processes import free_port, manage
from tests.support.receivers import DEADLINE_S, HTTPAnswer, HTTPReceiver, Request, wait_for
from tests.support.started import Started


class Answer(NamedTuple):
    """What the web process answered."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


class Programs:
    """An installation whose programs a test starts and stops."""

    def __init__(self, folder: Path, **values: object) -> None:
        port = free_port()
        self.folder = folder
        self.address = f"http://127.0.0.1:{port}"
        self.values = {
            "TORALE_DATA_DIR": folder / "data",
            "TORALE_LISTEN": f"127.0.0.1:{port}",
            "TORALE_URL": self.address,
            "TORALE_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
            "TORALE_CONFIRM_SECONDS": 0,
            "TORALE_REQUESTS_PER_MINUTE": 0,
            **values,
        }
        self.key = ""
        self._running: dict[str, Started] = {}

    def manage(self, *arguments: str, **values: object) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; it must succeed."""
        ended = manage(*arguments, **{**self.values, **values})
        assert ended.returncode == 0, ended
        return ended

    def make(self, **values: object) -> None:
        """Migrate, with these values in the environment, and make an admin with a key."""
        self.manage("migrate", "--verbosity", "0", **values)
        said = self.manage("create_first_admin").stdout
        self.key = said.partition("API key")[2].strip()

    def start(self, command: str, constants: Mapping[str, float] = {}, **values: object) -> None:
        """Start `web` or `worker`, whose log goes to a file, with these numbers in its modules."""
        self._running[command] = Started(
            self.folder / f"{command}.log",
            command,
            constants=constants,
            **{**self.values, **values},
        )
        if command == "web":
            wait_for(lambda: self._is_up(command))

    def _is_up(self, command: str) -> bool:
        self._running[command].has_ended()
        try:
            return self.call("/readyz").status == 200
        except OSError:
            return False

    def log(self, command: str) -> list[dict[str, Any]]:
        """Return what a program that runs, or has ended by itself, has logged."""
        lines = (self.folder / f"{command}.log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def stop(self, *commands: str) -> None:
        """End programs as SIGTERM does; by default all that run."""
        for command in commands or [*self._running]:
            program = self._running.pop(command)
            assert program.stop() == 0, program.said

    def kill(self) -> None:
        """End what still runs."""
        for program in self._running.values():
            program.process.kill()
            program.process.wait()

    def call(self, path: str, body: Any = None) -> Answer:
        """Call the API: POST if there is a body."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.headers, refused.read())


class Shop:
    """A page on which something is in stock, and a receiver of webhooks."""

    def __init__(self) -> None:
        self.receiver = HTTPReceiver()
        self.receiver.judge = self._judge

    def _judge(self, request: Request) -> HTTPAnswer:
        if request.path.startswith("/hook"):
            return HTTPAnswer()
        return HTTPAnswer(200, b"<p>In stock</p>", {"Content-Type": "text/html"})

    def task(self, name: str) -> dict[str, Any]:
        """Return the body of a new task, which tells `/hook/{name}`."""
        return {
            "name": name,
            "search_query": f"{self.receiver.url}/{name}",
            "condition_description": 'contains "In stock"',
            "notifications": [{"type": "webhook", "url": f"{self.receiver.url}/hook/{name}"}],
        }

    def is_told(self, name: str) -> bool:
        """Return whether the webhook of that task has arrived."""
        return any(request.path == f"/hook/{name}" for request in self.receiver.requests)
