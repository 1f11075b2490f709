"""Visits, sends and requests a second by several processes, and the CPU time of PostgreSQL beside.

All run on this machine, with the pages, the receivers and the caller: beyond its cores, more
processes make nothing faster. What a visit, a send and a request cost shows whether they disturb
each other: it should not grow with the number of processes.
"""

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import django

django.setup()

from django.core.management import call_command

from accounts.models import APIKey, User
from benchmarks import delivery, visits
from benchmarks.history.measure import CONNECTIONS, Call, Server, check_wrk, spend

WORKERS = (1, 2, 4)
WEBS = (1, 2)
#: The size of the pages, in bytes, and after how many milliseconds they come.
SIZE, DELAY_MS = 20_000, 100
#: How many API keys the requests are made with.
KEYS = 100
#: How many receivers take the sends in turn.
RECEIVERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """How much some processes did in a second, and what that cost."""

    #: The processes and what they did, such as "2 workers" and "visits".
    processes: str
    things: str
    rate: float
    #: CPU time of the processes and of PostgreSQL for each thing, in milliseconds.
    process_ms: float
    postgres_ms: float

    def __str__(self) -> str:
        cores = self.rate * self.postgres_ms / 1000
        return (
            f"{self.processes:10}{self.rate:9.1f} {self.things + '/s':11}"
            f"CPU of each {self.process_ms:6.2f} ms, and {self.postgres_ms:5.2f} ms of PostgreSQL, "
            f"which uses {cores:.2f} cores"
        )


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def scale_visits(tasks: int, limit_s: float) -> Iterator[Measured]:
    """Measure visits of pages."""
    site = visits.Site()
    urls = [site.url(number, size=SIZE, delay_ms=DELAY_MS) for number in range(tasks)]
    try:
        for workers in WORKERS:
            found = visits.throughput(urls, limit_s=limit_s, workers=workers)
            yield Measured(
                processes=plural(workers, "worker"),
                things="visits",
                rate=found.rate,
                process_ms=found.workers_ms,
                postgres_ms=found.postgres_ms,
            )
    finally:
        site.close()
    visits.clear()


def scale_sends(sends: int) -> Iterator[Measured]:
    """Measure deliveries."""
    receivers = delivery.Receivers(RECEIVERS, 0)
    try:
        for workers in WORKERS:
            delivery.clear()
            delivery.record(receivers.urls, sends)
            speed = delivery.drain(workers, sends).speed
            yield Measured(
                processes=plural(workers, "worker"),
                things="sends",
                rate=speed.rate,
                process_ms=speed.cpu_us / 1000,
                postgres_ms=speed.postgres_us / 1000,
            )
    finally:
        receivers.close()


def scale_requests(seconds: float, *, with_wrk: bool) -> Iterator[Measured]:
    """Measure requests of lists of sends, which `scale_sends` has left."""
    owner = User.objects.get(email="bench@example.com")
    # So many take turns that none reaches its limit of requests a minute.
    secrets = [APIKey.objects.create_key(user=owner, name="scale")[1] for _ in range(KEYS)]
    call = Call(
        path="/api/v1/notifications/sends?limit=50",
        values=[f"Bearer {secret}" for secret in secrets],
    )
    for webs in WEBS:
        command = ["manage.py", "web", "--processes", str(webs)]
        with Server(command, os.environ["DJANGO_SETTINGS_MODULE"]) as server:
            measure = partial(
                spend, server, call, connections=webs * CONNECTIONS, with_wrk=with_wrk
            )
            measure(seconds=1)  # so that all threads have a connection
            begun = time.monotonic()
            found = measure(seconds=seconds)
            took = time.monotonic() - begun
        yield Measured(
            processes=f"{webs} web",
            things="requests",
            rate=found.requests / took,
            process_ms=found.web_ms,
            postgres_ms=found.postgres_ms,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--sends", type=int, default=20_000)
    parser.add_argument("--seconds", type=float, default=15, help="of each measurement")
    parser.add_argument("--quick", action="store_true", help="only check that it works")
    options = parser.parse_args()
    if not options.quick:
        check_wrk()
    call_command("migrate", verbosity=0)
    print(f"Processes on {os.cpu_count()} cores, which everything shares", flush=True)
    tasks, sends, seconds = (
        (2_000, 200, 1.0) if options.quick else (options.tasks, options.sends, options.seconds)
    )
    for measured in (
        *(scale_visits(tasks, seconds), scale_sends(sends)),
        scale_requests(seconds, with_wrk=not options.quick),
    ):
        for line in measured:
            print(line, flush=True)


if __name__ == "__main__":
    main()
