"""How soon a worker sends another user's webhook while it runs ten hostile tasks."""

import argparse
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from uuid import uuid4

import django

django.setup()

from django.core.management import call_command
from django.utils import timezone

from accounts.models import User
from executions.models import Execution
from notifications.record import record_sends
from tasks.models import Task
from tasks.run import start

SIZE = 5 * 1024 * 1024
JSON, HTML, TEXT = "application/json", "text/html", "text/plain"
A_QUERY = """json("$[?search(@.a, '(a|a)*b')].a") < 1"""
#: For each task, the condition, the page's type and the page.
HOSTILE = [
    (A_QUERY, JSON, b'[{"a": "' + b"a" * 32 + b'"}]'),
    (A_QUERY.replace("search", "match"), JSON, b'[{"a": "' + b"a" * 32 + b'"}]'),
    ('css("#x") < 1', HTML, b"<p id=x>" + b"1 000 " * 10_000),
    (f'contains "{"a" * 250}b{"a" * 249}"', TEXT, b"a" * SIZE),
    ('css("p ~ p ~ zz") < 1', HTML, b"<p>" * 20_000),
    ('json("$..*..*..*.zz") < 1', JSON, b"[" * 80 + b"[1]," * 10_000 + b"1" + b"]" * 80),
    ('json("$..a") < 1', JSON, b"[" + b"[]," * (SIZE // 3 - 1) + b"0]"),
    ("changes", HTML, b"<p " + b" ".join(b"a%d=1" % n for n in range(40_000)) + b">x"),
    ("changes", HTML, b"<p>x" * (SIZE // 4)),
    ("changes", TEXT, b""),
]
#: The number of a task whose time grows with the cube of the page's length.
TOO_SLOW = 4
#: The number of the task whose page has two hundred similar lines, which change at each visit.
CHANGING = len(HOSTILE) - 1
#: Seconds between two webhooks.
PERIOD_S = 0.2


class Site:
    """Serves the pages and receives the webhooks; `arrivals` has their times by message id."""

    def __init__(self) -> None:
        self.arrivals: dict[str, float] = {}
        visits = count()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                number = self.path.strip("/")
                _, kind, body = HOSTILE[int(number)] if number.isdigit() else ("", TEXT, b"Bread")
                if number == str(CHANGING):
                    body = "\n".join([f"{'a' * 38}{next(visits)}"] * 200).encode()
                self.answer(200, kind, body)

            def do_POST(self) -> None:
                site.arrivals[self.headers["webhook-id"]] = time.monotonic()
                self.rfile.read(int(self.headers["content-length"]))
                self.answer(204, TEXT, b"")

            def answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status == 200:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Log nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


def make_task(email: str, page: str, condition: str, **fields: str) -> Task:
    """Create a task that this program starts itself."""
    return Task.objects.create(
        user=User.objects.get_or_create(email=email)[0],
        search_query=page,
        condition_description=condition,
        next_run_at=timezone.now() + timedelta(days=1),
        **fields,
    )


def record_each_period(
    site: Site, is_going_on: Callable[[], bool], limit_s: float
) -> dict[str, float]:
    """Record webhooks, each for another user, and return the time of each by its id."""
    recorded: dict[str, float] = {}
    begun = time.monotonic()
    while is_going_on() and time.monotonic() - begun < limit_s:
        now = timezone.now()
        task = make_task(f"{uuid4()}@example.com", site.url, "changes", webhook_url=site.url)
        execution = task.new_execution(
            now=now,
            status="success",
            completed_at=now,
            next_attempt_at=None,
            attempt_count=1,
            notification="It has come.",
            result={"evidence": "Seen.", "confidence": 100, "sources": [], "activity": []},
        )
        execution.save(force_insert=True)
        [send] = record_sends(task=task, execution=execution, now=now)
        recorded[str(send.pk)] = time.monotonic()
        time.sleep(max(0, begun + len(recorded) * PERIOD_S - time.monotonic()))
    return recorded


def waits(site: Site, recorded: dict[str, float]) -> list[float]:
    """Return the seconds from the record of each to its arrival, or until now if it is missing."""
    end = time.monotonic() + PERIOD_S
    while time.monotonic() < end and recorded.keys() - site.arrivals.keys():
        time.sleep(0.01)
    now = time.monotonic()
    return [site.arrivals.get(message, now) - begun for message, begun in recorded.items()]


def tell(name: str, seconds: list[float]) -> None:
    late = sum(second > 1 for second in seconds)
    print(
        f"{name:20}{len(seconds):4} webhooks   median {statistics.median(seconds):6.3f} s   "
        f"longest {max(seconds):6.3f} s   {late} later than a second"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--limit", type=float, default=60, help="how many seconds to watch at most")
    parser.add_argument("--quick", action="store_true", help="only check that it works")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    site = Site()
    worker = subprocess.Popen([sys.executable, "manage.py", "worker"])
    try:
        while not site.arrivals:  # until the worker has started
            record_each_period(site, lambda: True, PERIOD_S)
        print(f"Monitors: a webhook each {PERIOD_S} s by one worker, alone and while it asks")
        calm_s = 1 if options.quick else 10
        tell("alone", waits(site, record_each_period(site, lambda: True, calm_s)))
        if options.quick:
            compare(site, "beside three", [0, 1, 2], options.limit)
        else:
            compare(site, "beside ten", list(range(10)), options.limit)
            compare(site, "beside ten too slow", [TOO_SLOW] * 10, options.limit)
    finally:
        worker.kill()
        worker.wait()


def compare(site: Site, name: str, numbers: list[int], limit_s: float) -> None:
    """Run hostile tasks and then an honest one, and record webhooks until all have ended."""
    tasks = [
        make_task("hostile@example.com", f"{site.url}/{number}", HOSTILE[number][0])
        for number in numbers
    ]
    tasks.append(make_task("honest@example.com", site.url, "changes"))
    begun = timezone.now()
    ids = [start(task=task, now=begun).pk for task in tasks]

    def is_asking() -> bool:
        return Execution.objects.open().filter(pk__in=ids).exists()

    tell(name, waits(site, record_each_period(site, is_asking, limit_s)))
    for execution in Execution.objects.filter(pk__in=ids).select_related("task").order_by("pk"):
        took = ((execution.completed_at or timezone.now()) - begun).total_seconds()
        said = execution.error_message or (execution.result or {}).get("evidence", "")
        condition = f"{execution.task.condition_description[:30]:31}"
        print(f"{took:9.2f} s  {execution.status:8} {condition}{said.replace(site.url, '')[:100]}")


if __name__ == "__main__":
    main()
