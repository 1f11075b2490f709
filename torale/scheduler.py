"""Whether the scheduler runs: it updates a row that is compared with the database's clock."""

from datetime import datetime, timedelta
from typing import Final

from django.db.models import DurationField, ExpressionWrapper, F, QuerySet

from torale.clock import DatabaseNow
from torale.models import Heartbeat

#: The heartbeat's name.
SCHEDULER: Final = "scheduler"

#: The scheduler runs every two seconds; after this time without a run, it is late.
LATE_AFTER: Final = timedelta(minutes=1)


def note_run() -> None:
    """Record that the scheduler has just done everything that was due."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=SCHEDULER, at=DatabaseNow())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def since_last_run() -> timedelta | None:
    """Return how long ago the scheduler ran, or None if it never ran; costs one query."""
    age = ExpressionWrapper(DatabaseNow() - F("at"), output_field=DurationField())
    return Heartbeat.objects.filter(name=SCHEDULER).values_list(age, flat=True).first()


def in_time(*, now: datetime) -> QuerySet[Heartbeat]:
    """Return the heartbeat if the scheduler is not late, or no row."""
    return Heartbeat.objects.filter(name=SCHEDULER, at__gte=now - LATE_AFTER)


def is_late(since: timedelta | None) -> bool:
    """Return whether the last run was too long ago, or there was no run."""
    return since is None or since > LATE_AFTER
