"""Addresses that get no more mail."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone


class Suppression(models.TextChoices):
    """Why an address gets no more mail."""

    #: The provider says that it does not exist.
    BOUNCED = "bounced"
    #: Its reader called our mail spam.
    COMPLAINED = "complained"


class EmailSuppressionQuerySet(models.QuerySet["EmailSuppression"]):
    """Queries of suppressed addresses."""

    def of(self, address: str) -> Self:
        """Keep the one for `address`, in upper or lower case."""
        return self.filter(address=address.lower())


class EmailSuppression(models.Model):
    """An address that gets no more mail from any user. Deleting it lets mail through again."""

    address = models.EmailField(primary_key=True, max_length=254, help_text="In lower case.")
    reason = models.CharField(max_length=10, choices=Suppression)
    created_at = models.DateTimeField(default=timezone.now)

    objects = EmailSuppressionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(address=Lower("address")), name="email_suppression_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(reason__in=Suppression.values), name="email_suppression_reason_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.address} ({self.reason})"

    @property
    def grounds(self) -> str:
        """What is wrong with the address, to be read after "the address"."""
        return "does not exist" if self.reason == Suppression.BOUNCED else "called our mail spam"
