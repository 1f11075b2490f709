"""Visits a second by one worker, their CPU time and their lateness beside odd hosts."""

import argparse
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import django

django.setup()

import psutil
from django.core.management import call_command
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from benchmarks.cpu_time import cpu_s, postgres_cpu_s
from benchmarks.site import page
from executions.models import Execution
from executions.pages.parse_page import parse_page
from tasks.models import Task

HOSTS = 200
USERS = 100
#: One host in so many is odd, where some are.
ONE_IS_ODD_IN = 10
#: The paths of the pages of odd hosts.
HANGS, LARGE_PAGE = "hang", "5000000/100/0"
#: Visits a second of 10,000 tasks with an interval of 15 minutes.
USUAL_RATE = 10_000 / (15 * 60)
#: Seconds from the first visit until the worker counts as warm.
WARM_UP_S = 3.0
#: Bytes of the large page that is only parsed.
LARGE = 3_000_000


class Site:
    """The watched pages, in a process of their own."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.site"], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.port = int(self.process.stdout.readline())

    def url(self, number: int, *, size: int, delay_ms: int, odd: str | None = None) -> str:
        """Return the URL of a page of one of the hosts; the hosts take turns.

        Args:
            number: the page's number.
            size: its bytes.
            delay_ms: after how many milliseconds it comes.
            odd: the path of the page if its host is odd; None if none is.
        """
        host = number % HOSTS
        path = odd if odd and not host % ONE_IS_ODD_IN else f"{size}/{delay_ms}/{number}"
        return f"http://127.0.{host // 100 + 1}.{host % 100 + 1}:{self.port}/{path}"

    def close(self) -> None:
        """End the process."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_workers(count: int = 1) -> Iterator[list[psutil.Process]]:
    """Run so many workers."""
    processes = [
        subprocess.Popen([sys.executable, "manage.py", "worker"], env=os.environ)
        for _ in range(count)
    ]
    try:
        yield [psutil.Process(process.pid) for process in processes]
    finally:
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.wait()


def make_tasks(urls: list[str], *, first_at: datetime, rate: float | None) -> dict[UUID, datetime]:
    """Make a task for each of `urls`; return when each is due.

    Args:
        urls: the pages.
        first_at: when the first task is due.
        rate: how many tasks become due in a second; None for all at once.
    """
    users = [
        User.objects.get_or_create(email=f"bench{number}@example.com")[0] for number in range(USERS)
    ]
    tasks = Task.objects.bulk_create(
        Task(
            user=users[number % USERS],
            search_query=url,
            condition_description='contains "Croissants"',
            next_run_at=first_at + timedelta(seconds=number / rate if rate else 0),
        )
        for number, url in enumerate(urls)
    )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return {task.pk: task.next_run_at for task in tasks if task.next_run_at}


def clear() -> None:
    """Delete all tasks and jobs; no worker may run."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE tasks_task, procrastinate_jobs CASCADE")


def done() -> int:
    return Execution.objects.filter(status="success").count()


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """How fast pages were visited, and what that cost."""

    #: Visits a second.
    rate: float
    #: CPU time of the workers and of PostgreSQL for a visit, in milliseconds.
    workers_ms: float
    postgres_ms: float
    #: The memory of one worker.
    mib: float

    def __str__(self) -> str:
        return (
            f"{self.rate:8.1f} visits/s   CPU a visit {self.workers_ms:6.1f} ms worker, "
            f"{self.postgres_ms:5.1f} ms PostgreSQL   {self.mib:4.0f} MiB"
        )


def throughput(urls: list[str], *, limit_s: float, workers: int = 1) -> Visited:
    """Have tasks for all `urls` due at once; return the rate and the CPU time of a visit."""
    clear()
    make_tasks(urls, first_at=timezone.now(), rate=None)
    with running_workers(workers) as processes:
        while not done():
            for process in processes:
                assert process.status() != psutil.STATUS_ZOMBIE, "a worker has ended"
            time.sleep(0.05)
        time.sleep(min(WARM_UP_S, limit_s / 10))
        begun, before = time.monotonic(), done()
        workers_before, database_before = sum(map(cpu_s, processes)), postgres_cpu_s()
        while done() < len(urls) and time.monotonic() - begun < limit_s:
            time.sleep(0.25)
        took, visits = time.monotonic() - begun, done() - before
        workers_s = sum(map(cpu_s, processes)) - workers_before
        database_s = postgres_cpu_s() - database_before
        mib = processes[0].memory_info().rss / 1024**2
    assert visits, "all visits ended before the measurement began"
    return Visited(
        rate=visits / took,
        workers_ms=workers_s / visits * 1000,
        postgres_ms=database_s / visits * 1000,
        mib=mib,
    )


def lateness(site: Site, *, seconds: float, odd: str | None = None) -> str:
    """Have tasks due at the usual rate; return how late visits of hosts that are not odd were."""
    number = round(USUAL_RATE * seconds)
    urls = [site.url(n, size=2_000, delay_ms=100, odd=odd) for n in range(number)]
    clear()
    with running_workers() as [process]:
        time.sleep(WARM_UP_S)
        due = make_tasks(urls, first_at=timezone.now() + timedelta(seconds=2), rate=USUAL_RATE)
        healthy = {pk for pk, url in zip(due, urls, strict=True) if not (odd and odd in url)}
        time.sleep(2 + seconds + 10)
        end = timezone.now()
        begun = Execution.objects.filter(attempt_count__gt=0)
        ended = begun.filter(status="success")
        busy_s = cpu_s(process)
    return (
        f"begun {_late(begun, 'started_at', due, healthy, end)}   "
        f"ended {_late(ended, 'completed_at', due, healthy, end)}   "
        f"{busy_s:.0f} CPU-s in {seconds + 15:.0f} s"
    )


def _late(
    executions: QuerySet[Execution],
    moment: str,
    due: dict[UUID, datetime],
    healthy: set[UUID],
    end: datetime,
) -> str:
    moments = dict(executions.values_list("task_id", moment))
    late = [(moments.get(pk, end) - due[pk]).total_seconds() for pk in healthy]
    p95 = statistics.quantiles(late, n=20)[-1]
    return (
        f"median {statistics.median(late):5.2f} s, p95 {p95:5.2f} s, longest {max(late):5.2f} s, "
        f"{len(healthy - moments.keys())} not"
    )


def parsing() -> str:
    """Return the CPU time that it takes to parse the large page as a line."""
    body = page(LARGE)
    parse_page(body, "text/html; charset=utf-8")
    begun = time.process_time()
    parse_page(body, "text/html; charset=utf-8")
    return f"{time.process_time() - begun:8.2f} s"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--limit", type=float, default=20, help="seconds of each measurement")
    parser.add_argument("--quick", action="store_true", help="only check that it works")
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    count, limit_s = (2_000, 2.0) if options.quick else (options.tasks, options.limit)
    site = Site()
    print(f"Visits: {count:,} tasks, {HOSTS} hosts, one worker", flush=True)
    try:
        for size in (2_000, 100_000):
            for delay_ms in (0, 1_000):
                urls = [site.url(n, size=size, delay_ms=delay_ms) for n in range(count)]
                line = throughput(urls, limit_s=limit_s)
                print(f"{size // 1000:4} kB, {delay_ms:5} ms    {line}", flush=True)
        seconds = 3.0 if options.quick else 60.0
        print(f"\nLateness at {USUAL_RATE:.1f} visits/s", flush=True)
        for name, odd in (
            ("all hosts answer", None),
            (f"one in {ONE_IS_ODD_IN} hangs", HANGS),
            (f"one in {ONE_IS_ODD_IN} has 5 MB", LARGE_PAGE),
        ):
            print(f"{name:20} {lateness(site, seconds=seconds, odd=odd)}", flush=True)
        print(f"\nCPU time to parse {LARGE:,} bytes {parsing()}")
    finally:
        site.close()


if __name__ == "__main__":
    main()
