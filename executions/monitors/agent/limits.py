"""How certain the agent must be, and how often it may look."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from django.conf import settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits that an operator has set."""

    #: How certain the model must be before anybody is told, in percent.
    confidence: int
    #: The shortest and the longest time between two visits.
    soonest: timedelta
    latest: timedelta

    @classmethod
    def of_settings(cls) -> Self:
        """Return those of the settings."""
        return cls(
            confidence=settings.TORALE_MIN_CONFIDENCE,
            soonest=timedelta(minutes=settings.TORALE_MINIMUM_INTERVAL_MINUTES),
            latest=timedelta(days=settings.TORALE_MAXIMUM_INTERVAL_DAYS),
        )

    def interval(self, hours: float) -> timedelta:
        """Return a time between two visits that is as near to `hours` as it may be."""
        hour = timedelta(hours=1)
        # As numbers, because a timedelta of a huge one overflows.
        return hour * min(max(hours, self.soonest / hour), self.latest / hour)
