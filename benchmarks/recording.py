"""Recordings a second for one user, compared with the same number for several users.

A recording is what `record_sends` does for a task with an email and a webhook, with its commit.
"""

import argparse
import json
import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial

import django

django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from benchmarks.cpu_time import postgres_cpu_s
from executions.models import ExecutionStatus
from notifications.record import record_sends
from tasks.models import Task

#: How many threads record at once, and for how many users in the run that is compared with.
THREADS = 8

# No limit is reached.
settings.TORALE_SENDS_PER_DAY = settings.TORALE_EMAILS_PER_HOUR = 1_000_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run took."""

    recordings_per_s: float
    postgres_ms: float


def make_tasks() -> list[Task]:
    """Store a task for each thread, each of another user."""
    users = [
        User.objects.get_or_create(email=f"bench{number}@example.com")[0]
        for number in range(THREADS)
    ]
    return [
        Task.objects.create(
            user=user,
            search_query="https://shop.example/",
            condition_description='contains "Croissants"',
            notification_email=user.email,
            webhook_url=f"https://receiver.example/{user.pk}",
            next_run_at=timezone.now(),
        )
        for user in users
    ]


def record(task: Task) -> None:
    """Record the sends of one more execution of `task`, which need not be stored for this."""
    now = timezone.now()
    execution = task.new_execution(
        now=now,
        status=ExecutionStatus.SUCCESS,
        completed_at=now,
        notification="**Croissants**",
        result={"evidence": "Seen.", "sources": []},
    )
    with transaction.atomic():
        sends = record_sends(task=task, execution=execution, now=now)
    assert [send.status for send in sends] == ["queued", "queued"]


def statements(task: Task) -> int:
    """Return how many statements a recording takes, without BEGIN and COMMIT."""
    record(task)
    with CaptureQueriesContext(connection) as captured:
        record(task)
    sql = [query["sql"] for query in captured.captured_queries]
    return sum(statement not in {"BEGIN", "COMMIT"} for statement in sql)


def record_until(end: float, task: Task) -> int:
    """Record for `task` until `time.monotonic()` is `end`, at least once; return how often."""
    done = 0
    while not done or time.monotonic() < end:
        record(task)
        done += 1
    connection.close()
    return done


def measure(tasks: list[Task], *, seconds: float) -> Measured:
    """Record for `tasks` at once, each in a thread, for some seconds."""
    begun, cpu_before = time.monotonic(), postgres_cpu_s()
    with ThreadPoolExecutor(len(tasks)) as threads:
        done = sum(threads.map(partial(record_until, begun + seconds), tasks))
    took = time.monotonic() - begun
    return Measured(done / took, (postgres_cpu_s() - cpu_before) / done * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=float, default=2.0, help="of each run")
    parser.add_argument("--quick", action="store_true", help="only check that it works")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 0.3
    call_command("migrate", verbosity=0)
    tasks = make_tasks()
    number = statements(tasks[0])
    runs: dict[int, list[Measured]] = {1: [], THREADS: []}
    measure(tasks, seconds=options.seconds)  # warms up
    for _ in range(options.rounds):
        for users, found in runs.items():
            found.append(measure(tasks[:users] * (THREADS // users), seconds=options.seconds))
    one, several = (_median(found) for found in runs.values())
    # Of the runs of each round, as a slow moment affects both.
    ratio = statistics.median(
        own.recordings_per_s / others.recordings_per_s
        for own, others in zip(*runs.values(), strict=True)
    )
    if options.json:
        figures = {"one_user": asdict(one), "several_users": asdict(several)}
        print(json.dumps({"ratio": ratio, "statements": number, **figures}))
        return
    print(f"Recording: {THREADS} threads, {number} statements each")
    for name, median in (("1 user", one), (f"{THREADS} users", several)):
        print(
            f"{name:8} {median.recordings_per_s:8.0f} recordings/s   "
            f"{median.postgres_ms:5.2f} ms PostgreSQL each"
        )
    print(f"one user / {THREADS} users {ratio:5.2f}")


def _median(runs: list[Measured]) -> Measured:
    return Measured(
        statistics.median(run.recordings_per_s for run in runs),
        statistics.median(run.postgres_ms for run in runs),
    )


if __name__ == "__main__":
    main()
