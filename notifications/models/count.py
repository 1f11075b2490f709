"""SendCount: how many sends there are, kept in a table so that no list has to count its rows."""

from django.db import models
from django.db.models import Q

from notifications.models.send import UNFINISHED, EventType, NotificationType, SendStatus


class SendCount(models.Model):
    """How many sends were added for one user, day, task, recipient, channel, status and event.

    A count is the sum of `number` over the rows that match. Each send counts in four rows: for its
    day, for its user, for its user and day, and for its user, task and recipient. Triggers on the
    table of sends add the rows (migration 0007), whatever statement changes the sends. No row is
    updated, so no transaction waits for another one. `notifications.counts.fold` replaces rows by
    their sums.
    """

    # Ids rather than foreign keys, as on the send; a foreign key would lock the user's row.
    #: Null in rows for the sends of all users.
    user_id = models.UUIDField(null=True)
    #: The day (UTC) on which the sends were recorded; null in rows for all days.
    day = models.DateField(null=True)
    #: Null in rows for all tasks and recipients.
    task_id = models.UUIDField(null=True)
    recipient = models.TextField(null=True)
    notification_type = models.CharField(max_length=7, choices=NotificationType)
    status = models.CharField(max_length=10, choices=SendStatus)
    event_type = models.CharField(max_length=30, choices=EventType)
    #: In rows for one day: the class of the time from recording to acceptance, as the SQL function
    #: `notifications_took` has it; null for sends without such a time.
    took = models.SmallIntegerField(null=True)
    #: How many sends were added; negative if some were taken away.
    number = models.IntegerField()
    #: How many sends with a time of the class `took` were added. Where there are many classes,
    #: `fold` keeps this apart from `number`, so that counting sends does not read all of them.
    timed = models.IntegerField()
    #: Whether the row is a sum that `fold` has made.
    is_folded = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(day=None) | Q(task_id=None, recipient=None),
                name="send_count_by_day_or_task",
            ),
            models.CheckConstraint(
                condition=Q(task_id=None, recipient=None)
                | Q(task_id__isnull=False, recipient__isnull=False),
                name="send_count_by_task_and_recipient",
            ),
        ]
        indexes = [
            # Read by totals.
            models.Index("user_id", "day", "task_id", name="send_count", condition=~Q(number=0)),
            # Read by percentiles, which need no more than it has.
            models.Index(
                fields=["user_id", "day"],
                name="send_count_timed",
                include=["took", "timed"],
                condition=~Q(timed=0),
            ),
            # Read by `fold`.
            models.Index("user_id", name="send_count_unfolded", condition=Q(is_folded=False)),
            # Read by `status` and the metrics.
            models.Index(
                "status",
                name="send_count_unfinished",
                condition=Q(user_id=None, status__in=UNFINISHED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number:+} {self.notification_type} {self.status}"
