"""Lease: which claim has a send to itself, and until when."""

from typing import Self

from django.db import models

from notifications.models.send import NotificationSend


class LeaseQuerySet(models.QuerySet["Lease"]):
    """Queries of leases."""

    def of_claim(self, send_id: str, claim: str) -> Self:
        """Keep the lease of one send, if that claim still has it."""
        return self.filter(send_id=send_id, claim=claim)


class Lease(models.Model):
    """The right of one claim to attempt a send; there is a row only while a worker has the send.

    A table of its own, so that claiming does not write the send again. A send that has ended has no
    lease: whoever ends one locks the send first and then deletes the lease, in this order, as
    claiming locks the send before it writes the lease.
    """

    # The check of a constraint would cost each claim a look at the send, which it has just locked.
    send = models.OneToOneField(
        NotificationSend, models.CASCADE, primary_key=True, db_constraint=False
    )
    #: The claim that holds it; only this claim may store an outcome.
    claim = models.UUIDField()
    #: Until when; afterwards the send is due again.
    until = models.DateTimeField()

    objects = LeaseQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.send_id} until {self.until:%H:%M:%S}"
