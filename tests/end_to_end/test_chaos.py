"""Nothing is lost, whatever is killed: workers, PostgreSQL and the receivers, at random."""

import gc
import json
import os
import random
import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.support import preloaded_python
from tests.support.processes import free_port
from tests.support.receivers import SMTPController

pytestmark = pytest.mark.e2e

ROOT = Path(settings.BASE_DIR)
#: What is done to an installation, in any order.
BLOWS = ["kill", "kill", "terminate", "database", "webhooks", "mails"]
#: Seconds in which at least one more send must end. How long all take is the machine's affair.
STANDSTILL_S = 30
#: Seconds in which no send ends, before time is let pass for those that are left: they wait for it,
#: or a killed worker has leased them. If leases ended sooner, a busy machine would attempt the same
#: sends again and again.
STILL_S = 3


class Webhooks:
    """An HTTP receiver on a port of its own that can be taken away and brought back."""

    def __init__(self) -> None:
        self.port = free_port()
        #: (webhook-id, body) of each request that was answered 204.
        self.accepted: list[tuple[str, bytes]] = []
        self.start()

    def start(self) -> None:
        accepted = self.accepted

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(0.2)  # so that there is always something in flight to be killed
                # Noted first: an answer that does not get through must count as a delivery.
                accepted.append((self.headers["webhook-id"], body))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False  # taken away, it has finished what it began
            request_queue_size = 512

            def handle_error(self, *_: object) -> None:
                """A caller that was killed is what this is about."""

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class Mails:
    """The same for SMTP."""

    def __init__(self) -> None:
        self.port = free_port()
        #: Message-ID of each mail that was accepted.
        self.accepted: list[str] = []
        self.start()

    async def handle_DATA(self, _server, _session, envelope) -> str:  # noqa: N802
        self.accepted.append(message_from_bytes(envelope.content)["Message-ID"])
        return "250 Message accepted"

    def start(self) -> None:
        self.controller = SMTPController(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self) -> None:
        self.controller.stop()


class Installation:
    """Workers, their database, and a process that settles executions."""

    def __init__(self, folder: Path, executions: int, webhooks: Webhooks, mails: Mails) -> None:
        self.folder = folder
        self.environment = {
            **os.environ,
            "TORALE_DATA_DIR": str(folder / "var"),
            "TORALE_WEBHOOK_ALLOW_PRIVATE": "127.0.0.0/8",
            "TORALE_SENDS_PER_DAY": "1000000",
            "TORALE_EMAILS_PER_HOUR": "1000000",
            "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}",
            "DJANGO_SETTINGS_MODULE": "torale.settings",
            "PYTHONDEVMODE": "",
        }
        self.log = (folder / "log").open("ab")
        self.settling = preloaded_python.start(
            *("tests/support/settling_process.py", str(executions)),
            f"http://127.0.0.1:{webhooks.port}/",
            environment=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
        )
        self.answer()
        self.workers = [self.start_worker() for _ in range(2)]

    def start_worker(self) -> preloaded_python.Program:
        return preloaded_python.start(
            *("manage.py", "worker"), environment=self.environment, stderr=self.log
        )

    def tell(self, command: str) -> None:
        assert self.settling.stdin
        self.settling.stdin.write(f"{command}\n")
        self.settling.stdin.flush()

    def answer(self) -> str:
        assert self.settling.stdout
        return str(self.settling.stdout.readline().strip())

    def kill_worker(self, signal_: int) -> None:
        worker = self.workers.pop(0)
        worker.send_signal(signal_)
        worker.wait(20)
        self.workers.append(self.start_worker())

    def kill_database(self) -> None:
        """Kill PostgreSQL's first process; the next connection starts it again."""
        with suppress(OSError, ValueError):
            pid_file = self.folder / "var" / "postgres" / "cluster" / "postmaster.pid"
            os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGKILL)

    def left(self) -> int:
        self.tell("left")
        return int(self.answer())

    def report(self) -> Any:
        self.tell("report")
        return json.loads(self.answer())

    def wrong_counts(self) -> int:
        self.tell("recount")
        return int(self.answer())

    def close(self) -> None:
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.settling.kill()
        self.settling.wait()
        for pipe in (self.settling.stdin, self.settling.stdout, self.log):
            pipe.close()


@pytest.fixture
def webhooks() -> Iterator[Webhooks]:
    receiver = Webhooks()
    yield receiver
    receiver.stop()


@pytest.fixture
def mails() -> Iterator[Mails]:
    receiver = Mails()
    yield receiver
    receiver.stop()
    gc.collect()  # or what its end leaves unclosed would be found in another test


@pytest.fixture
def installation(tmp_path, executions, webhooks, mails) -> Iterator[Installation]:
    made = Installation(tmp_path, executions, webhooks, mails)
    yield made
    made.close()


# A mail server that is taken away may leave a connection that it is just letting in unclosed.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
# Each execution is sent by webhook and by email.
@pytest.mark.parametrize(
    ("executions", "times"), [(240, 1), pytest.param(1000, 2, marks=pytest.mark.slow)]
)
def test_killing_anything_at_any_moment_loses_nothing(
    installation, webhooks, mails, executions, times
):
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    chance = random.Random(seed)

    blows = BLOWS * times
    chance.shuffle(blows)
    for blow in blows:
        installation.tell(f"settle {executions // len(blows)}")
        strike(blow, chance, installation, webhooks, mails)
        installation.answer()
    installation.tell(f"settle {executions % len(blows)}")
    installation.answer()
    sends = until_all_have_ended(installation, 2 * executions)

    assert len(sends) == 2 * executions
    assert Counter(send["status"] for send in sends) == {"sent": 2 * executions}
    delivered = Counter(message_id for message_id, _ in webhooks.accepted)
    delivered += Counter(mail.strip("<>").partition("@")[0] for mail in mails.accepted)
    for send in sends:
        numbers = [number for number, _ in send["attempts"]]
        succeeded = [status for _, status in send["attempts"]].count("succeeded")
        # Delivered at least once, and no outcome recorded that did not happen.
        assert delivered[send["id"]] >= succeeded == 1
        assert sorted(numbers) == [*range(1, send["attempt_count"] + 1)]
    # One send has one body, whose id is the message's; nothing else was ever delivered.
    bodies = dict(webhooks.accepted)
    assert len(set(webhooks.accepted)) == len(bodies) == executions
    assert all(json.loads(body)["id"] == message_id for message_id, body in bodies.items())
    assert len(delivered) == 2 * executions
    assert installation.wrong_counts() == 0
    gc.collect()  # or what is unclosed would be found in another test


def strike(blow: str, chance: random.Random, installation, webhooks, mails) -> None:
    """Do one thing that must not matter."""
    time.sleep(chance.uniform(0, 0.3))  # anywhere in a delivery
    if blow == "kill":
        installation.kill_worker(signal.SIGKILL)
    elif blow == "terminate":
        installation.kill_worker(signal.SIGTERM)
    elif blow == "database":
        installation.kill_database()
    else:
        receiver = webhooks if blow == "webhooks" else mails
        receiver.stop()
        time.sleep(chance.uniform(0, 0.3))
        receiver.start()


def until_all_have_ended(installation, sends: int) -> Any:
    """Let time pass whenever nothing happens, until no send is left, and return all sends."""
    fewest, last_ended = sends + 1, time.monotonic()
    last_passed = last_ended
    while left := installation.left():
        now = time.monotonic()
        if left < fewest:
            fewest, last_ended = left, now
        assert now - last_ended < STANDSTILL_S, installation.report()
        if now - max(last_ended, last_passed) > STILL_S:
            installation.tell("later")
            installation.answer()
            last_passed = now
        time.sleep(0.2)
    return installation.report()
