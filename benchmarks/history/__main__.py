"""What reading the history costs, compared with the baseline (benchmarks.baseline)."""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.models import User
from benchmarks.cpu_time import postgres_cpu_s
from benchmarks.delivery import Receivers
from benchmarks.history import fill, rows
from benchmarks.history.measure import (
    SLOW_S,
    VERY_SLOW_S,
    Call,
    Server,
    Spent,
    check_wrk,
    get,
    once,
    spend,
)
from notifications.models import WebhookConfig, WebhookEndpoint

#: No key may reach its limit of requests a minute, so many keys take turns.
KEYS = 200
#: Deliveries a second while the list is read.
RATE = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the table; None where a column does not apply."""

    name: str
    web_ms: float | None = None
    postgres_ms: float | None = None
    #: CPU time of web and PostgreSQL together, the baseline's being 1.
    ratio: float | None = None
    #: Until the answer was complete.
    seconds: float | None = None
    note: str = ""

    def __str__(self) -> str:
        cells = [f"{self.name:36}"]
        for value, unit in ((self.web_ms, " ms"), (self.postgres_ms, " ms"), (self.ratio, "")):
            cells.append(f"{value:10.2f}{unit}" if value is not None else " " * (10 + len(unit)))
        if self.seconds is not None:
            cells.append(f"{self.seconds:9.3f} s")
        return " ".join([*cells, self.note]).rstrip()


@dataclass
class Bench:
    """Measures with two servers, the product's and the baseline's, over one database."""

    product: Server
    baseline: Server
    rounds: int
    seconds: float
    quick: bool
    only: str
    as_json: bool
    lines: list[Line] = field(default_factory=list)

    def say(self, line: Line) -> None:
        """Print a line, or keep it for the JSON."""
        self.lines.append(line)
        if not self.as_json:
            print(line, flush=True)

    def measure(self, row: rows.Row, empty: Call) -> None:
        """Measure a row and the baseline in turn, and print the medians."""
        if self.only not in row.name:
            return
        first = once(self.product, row.call)
        is_fast, found = False, list[tuple[Spent, Spent]]()
        if first.median_s > VERY_SLOW_S:
            found.append((self._baseline(empty, with_wrk=False), first))
        else:  # the first one has filled the caches
            takes_s = min(once(self.product, row.call).median_s for _ in range(2))
            is_fast = takes_s < SLOW_S and not self.quick
            for _ in range(self.rounds):
                base = self._baseline(empty, with_wrk=is_fast)
                spent = spend(self.product, row.call, seconds=self.seconds, with_wrk=is_fast)
                found.append((base, spent))
        web, postgres, base, took = (
            statistics.median(values)
            for values in zip(
                *(
                    (spent.web_ms, spent.postgres_ms, base.cpu_ms, spent.median_s)
                    for base, spent in found
                ),
                strict=True,
            )
        )
        self.say(
            Line(
                name=row.name,
                web_ms=web,
                postgres_ms=postgres,
                ratio=(web + postgres) / base if base else None,  # too short with --quick
                seconds=None if is_fast else took,
            )
        )

    def _baseline(self, empty: Call, *, with_wrk: bool) -> Spent:
        return spend(self.baseline, empty, seconds=self.seconds, with_wrk=with_wrk)

    def measure_csv(self, keys: list[str]) -> None:
        """Download the large user's sends."""
        if self.only not in "CSV":
            return
        once(self.product, rows.call(rows.SENDS, keys))
        self.product.forget_peak()
        before = self.product.peak_mib()
        web, postgres, begun = self.product.cpu_s(), postgres_cpu_s(), time.monotonic()
        _, lines = get(self.product, rows.call(f"{rows.SENDS}.csv", keys))
        took = time.monotonic() - begun
        self.say(
            Line(
                name="CSV, 1,000 rows",
                web_ms=(self.product.cpu_s() - web) * 1e6 / lines,
                postgres_ms=(postgres_cpu_s() - postgres) * 1e6 / lines,
                note=f"{lines:,} rows, {lines / took:,.0f} rows/s; the process grew by "
                f"{self.product.peak_mib() - before:.0f} MiB to {self.product.peak_mib():.0f} MiB",
            )
        )

    def measure_status(self, name: str) -> None:
        """Run `manage.py status`."""
        if self.only not in name:
            return
        spent = []
        for _ in range(self.rounds):
            used, postgres = resource.getrusage(resource.RUSAGE_CHILDREN), postgres_cpu_s()
            subprocess.run(
                [sys.executable, "manage.py", "status"], stdout=subprocess.DEVNULL, check=False
            )
            now = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
            spent.append((cpu * 1000, (postgres_cpu_s() - postgres) * 1000))
        program, database = (statistics.median(values) for values in zip(*spent, strict=True))
        self.say(Line(name=name, web_ms=program, postgres_ms=database))

    def measure_beside_deliveries(self, first_page: Call, receiver: User) -> None:
        """Read the first page, alone and then while a worker delivers RATE sends a second."""
        if self.only not in "p95 of the first page":
            return
        seconds = 1 if self.quick else 10
        quiet = spend(
            self.product, first_page, seconds=seconds, connections=1, with_wrk=not self.quick
        )
        receivers = Receivers(1, 0)
        endpoint = WebhookEndpoint.objects.create(user=receiver, url=receivers.urls[0])
        fill.queue(endpoint=endpoint.pk, sends=1, rate=1, in_seconds=-1)
        worker = subprocess.Popen([sys.executable, "manage.py", "worker"], env=os.environ)
        try:
            self._wait_until_sent(receiver, 1)
            # Due from soon after they are stored until after the last request.
            fill.queue(endpoint=endpoint.pk, sends=RATE * (seconds + 5), rate=RATE, in_seconds=3)
            self._wait_until_sent(receiver, RATE // 10)
            sent, begun = self._sent(receiver), time.monotonic()
            loaded = spend(
                self.product, first_page, seconds=seconds, connections=1, with_wrk=not self.quick
            )
            rate = (self._sent(receiver) - sent) / (time.monotonic() - begun)
        finally:
            worker.terminate()
            worker.wait()
            receivers.close()
            fill.unqueue(endpoint=endpoint.pk)
            endpoint.delete()
        self.say(
            Line(
                name="p95 of the first page, quiet",
                seconds=quiet.p95_s,
                note=f"{quiet.requests / seconds:.0f} requests/s",
            )
        )
        self.say(
            Line(
                name="p95 of the first page, delivering",
                ratio=loaded.p95_s / quiet.p95_s,
                seconds=loaded.p95_s,
                note=f"{loaded.requests / seconds:.0f} requests/s beside {rate:,.0f} deliveries/s; "
                "the ratio is to the quiet p95",
            )
        )

    def _wait_until_sent(self, receiver: User, count: int) -> None:
        end = time.monotonic() + 60
        while self._sent(receiver) < count:
            assert time.monotonic() < end, "The worker delivers nothing."
            time.sleep(0.05)

    def _sent(self, receiver: User) -> int:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM notifications_notificationsend "
                "WHERE user_id = %s AND status = 'sent'",
                [receiver.pk],
            )
            [count] = cursor.fetchone()
        return int(count)


def number(text: str) -> int:
    """Return the number in a text such as `10M`, `500k` or `2000`."""
    found = re.fullmatch(r"(\d+)([kM]?)", text)
    if found is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number such as 2000, 500k or 10M.")
    return int(found[1]) * {"": 1, "k": 1_000, "M": 1_000_000}[found[2]]


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="script/bench history", description=__doc__)
    parser.add_argument(
        "--sends", type=number, default="1M", help="sends in the table, such as 10M"
    )
    parser.add_argument("--bodies", type=number, default="100k", help="sends that keep a body")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.0, help="seconds of each round")
    parser.add_argument("--only", default="", help="only lines whose name contains this text")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="only check that it works")
    given = parser.parse_args()
    if given.quick:
        given.sends, given.bodies, given.rounds, given.seconds = 20_000, 2_000, 1, 0.02
    return given


def main() -> None:
    given = options()
    if not given.quick:
        check_wrk()
    call_command("migrate", verbosity=0)
    filled_s = 0.0
    if not User.objects.filter(email="large@example.com").exists():
        filled_s = fill.fill(sends=given.sends, bodies=given.bodies)
    else:  # the data of an earlier run, whose migrations may have been others
        fill.settle()
    sizes = fill.sizes()
    if not given.json:
        print(
            f"History: {sizes[0].rows:,} sends"
            + (f", filled in {filled_s:.0f} s" if filled_s else "")
            + "\n\n                                    MB per million rows"
        )
        for size in sizes:
            print(f"{size.name:36}{size.bytes_a_row:10.0f}")
        print(
            f"\n{'CPU time a request':36} {'web':>13} {'PostgreSQL':>13} {'ratio':>10}", flush=True
        )
    with (
        Server(["-m", "benchmarks.baseline"], "benchmarks.baseline.settings") as baseline,
        Server(["manage.py", "web"], "benchmarks.history.settings") as product,
    ):
        bench = Bench(
            product,
            baseline,
            given.rounds,
            given.seconds,
            given.quick,
            given.only,
            given.json,
        )
        run(bench, unfinished=sizes[0].rows // 10)
    if given.json:
        print(
            json.dumps(
                {
                    "sends": sizes[0].rows,
                    "filled_s": filled_s,
                    "sizes": [asdict(size) for size in sizes],
                    "lines": [asdict(line) for line in bench.lines],
                },
                indent=1,
            )
        )


def run(bench: Bench, *, unfinished: int) -> None:
    """Measure everything."""
    large = User.objects.get(email="large@example.com")
    keys = fill.keys_of(large, KEYS)
    small = fill.keys_of(User.objects.get(email="small@example.com"), KEYS)
    operator = User.objects.filter(email="operator@example.com").first()
    operator = operator or User.objects.create_superuser("operator@example.com")
    operators = fill.keys_of(operator, KEYS)
    receiver, _ = User.objects.get_or_create(email="receiver@example.com")
    WebhookConfig.objects.get_or_create(user=receiver)
    browser = Client()
    browser.force_login(operator)
    cookie = f"{settings.SESSION_COOKIE_NAME}={browser.cookies[settings.SESSION_COOKIE_NAME].value}"
    sample, now = rows.Sample.of(large.pk), timezone.now()
    empty = rows.call("/api/v1/empty", keys)
    first_page = rows.call(rows.SENDS, keys)

    for server in (bench.baseline, bench.product):  # warm up
        spend(server, empty, seconds=bench.seconds, with_wrk=False)
    bench.measure(rows.Row("empty view", empty), empty)
    bench.measure(rows.Row("first page of 50, small user", rows.call(rows.SENDS, small)), empty)
    for row in rows.lists(keys, sample, now):
        bench.measure(row, empty)
    bench.measure(rows.Row("cursor half-way", half_way(bench.product, keys, now)), empty)
    for row in [
        *rows.stats(keys, now),
        *rows.tasks(keys),
        *rows.admin(cookie, sample, large.email),
    ]:
        bench.measure(row, empty)
    bench.measure_csv(keys)

    measure_queue(bench, fill.UNFINISHED, empty, operators)
    if any(bench.only in name for name in of_queue(unfinished)):
        endpoint = WebhookEndpoint.objects.create(user=receiver, url="https://nobody.example/in")
        fill.queue(endpoint=endpoint.pk, sends=unfinished, rate=1, in_seconds=-unfinished / 2)
        fill.settle()
        measure_queue(bench, unfinished, empty, operators)
        fill.unqueue(endpoint=endpoint.pk)
        endpoint.delete()
        fill.settle()
    bench.measure_beside_deliveries(first_page, receiver)


def of_queue(unfinished: int) -> list[str]:
    """Return the names of the lines about what shows the queue's state."""
    readers = ("/metrics", "/readyz", "manage.py status")
    return [f"{reader}, {unfinished:,} unfinished" for reader in readers]


def measure_queue(bench: Bench, unfinished: int, empty: Call, operators: list[str]) -> None:
    """Measure what shows the queue's state, with this many unfinished sends in it."""
    metrics, ready, status = of_queue(unfinished)
    bench.measure(rows.Row(metrics, rows.call("/metrics", operators)), empty)
    bench.measure(rows.Row(ready, rows.call("/readyz", operators)), empty)
    bench.measure_status(status)


def half_way(server: Server, keys: list[str], now: datetime) -> Call:
    """Return the request for the page after a send that is half a year old."""
    begin = {"cursor": "", "created_before": (now - timedelta(days=182)).isoformat()}
    headers, _ = get(server, rows.call(rows.SENDS, keys, begin))
    [following] = re.findall(r'<([^>]+)>; rel="next"', headers["Link"])
    cursor = parse_qs(urlsplit(following).query)["cursor"][0]
    return rows.call(rows.SENDS, keys, {"cursor": cursor})


if __name__ == "__main__":
    main()
