"""Whether the scheduler runs: it updates a row, which is compared with the database's clock."""

from datetime import timedelta
from typing import Final

from django.db.models import DurationField, ExpressionWrapper, F

from torale.clock import DatabaseNow
from torale.models import Heartbeat

#: The heartbeat's name.
SCHEDULER: Final = "scheduler"

#: The scheduler runs every five seconds; after this long without, it is late.
LATE_AFTER: Final = timedelta(minutes=1)


def note_run() -> None:
    """Note that the scheduler has just done all that was due."""
    Heartbeat.objects.bulk_create(
        [Heartbeat(name=SCHEDULER, at=DatabaseNow())],
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["at"],
    )


def since_last_run() -> timedelta | None:
    """Return how long ago the scheduler ran; None if it never did. Costs one query."""
    age = ExpressionWrapper(DatabaseNow() - F("at"), output_field=DurationField())
    return Heartbeat.objects.filter(name=SCHEDULER).values_list(age, flat=True).first()


def is_late(since: timedelta | None) -> bool:
    """Return whether the last run is too long ago, or there was none."""
    return since is None or since > LATE_AFTER
