"""A process that runs beside the workers, stores answers on demand and reports on the database.

It reads commands from standard input: `settle N` stores a met condition for each of the next N
executions, as a worker does after asking; `left` prints how many sends have not ended; `later`
makes their leases run out and makes them due; `report` prints all sends; `recount` prints how many
of the counts of sends were wrong. If the database fails meanwhile, it tries again.
"""

import json
import sys
import time
from datetime import timedelta

import django

django.setup()

from django.core.management import call_command
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.utils import timezone

from accounts.models import User
from executions.models import Execution, ExecutionStatus
from executions.monitors import Answer
from notifications.counts import recount
from notifications.models import NotificationSend
from tasks.models import Task
from tasks.run import settle

FAR = timedelta(days=1)


def prepare(executions: int, webhook_url: str) -> list[Execution]:
    """Create tasks, each with a running execution, and return the executions."""
    call_command("migrate", verbosity=0)
    now = timezone.now()
    user = User.objects.create_user("owner@example.com")
    tasks = Task.objects.bulk_create(
        Task(
            user=user,
            name=f"Task {number}",
            search_query="https://shop.example/",
            condition_description="changes",
            next_run_at=now + FAR,
            notification_email=user.email,
            webhook_url=webhook_url,
        )
        for number in range(executions)
    )
    return Execution.objects.bulk_create(
        task.new_execution(
            now=now,
            status=ExecutionStatus.RUNNING,
            attempt_count=1,
            next_attempt_at=None,
            leased_until=now + FAR,
        )
        for task in tasks
    )


def stubbornly(act):
    """Return `act()`. Try again until the database does not raise an error."""
    while True:
        try:
            return act()
        except DatabaseError:
            connection.close()
            time.sleep(0.05)


def settle_one(execution: Execution) -> None:
    answer = Answer(
        condition_met=True, notification="**Met**", evidence="Met", confidence=100, state={}
    )
    stubbornly(lambda: settle(execution, answer, now=timezone.now()))


@transaction.atomic
def later() -> None:
    """Make all leases and waits expire, as they do after some time."""
    past = timezone.now() - timedelta(seconds=1)
    unfinished = NotificationSend.objects.unfinished()
    unfinished.filter(lease__isnull=False).update(leased_until=past)
    unfinished.update(next_attempt_at=past)


def report() -> list[dict[str, object]]:
    return [
        {
            "id": str(send.pk),
            "type": send.notification_type,
            "status": send.status,
            "error": send.error_message,
            "attempt_count": send.attempt_count,
            "attempts": [[attempt.number, attempt.status] for attempt in send.attempts.all()],
        }
        for send in NotificationSend.objects.prefetch_related("attempts")
    ]


def main(executions: int, webhook_url: str) -> None:
    left = iter(prepare(executions, webhook_url))
    print("ready", flush=True)
    for line in sys.stdin:
        command, *arguments = line.split()
        if command == "settle":
            for _ in range(int(arguments[0])):
                settle_one(next(left))
            print("settled", flush=True)
        elif command == "left":
            print(stubbornly(NotificationSend.objects.unfinished().count), flush=True)
        elif command == "later":
            stubbornly(later)
            print("later", flush=True)
        elif command == "recount":
            print(stubbornly(recount), flush=True)
        else:
            print(json.dumps(stubbornly(report)), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
