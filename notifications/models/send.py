"""NotificationSend, what it carries, and its attempts."""

from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Self
from uuid import UUID

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, F, Prefetch, Q, Value, When
from django.db.models.functions import Cast, Concat, TruncDate
from django.utils import timezone

from accounts.models import User
from notifications.models.webhook import WebhookEndpoint
from notifications.operator_errors import SERVER_ERRORS, UNDECRYPTABLE
from tasks.destinations import OWN_FORMAT
from tasks.events import Event
from tasks.models import NAME_LENGTH
from torale.fields import EncryptedJSONField
from torale.uuid7 import uuid7


class NotificationType(models.TextChoices):
    """The channel by which a send goes out."""

    EMAIL = "email"
    WEBHOOK = "webhook"


class SendStatus(models.TextChoices):
    """The state of a send, in the words of the API."""

    #: Recorded, not yet attempted.
    QUEUED = "queued"
    #: Attempted; another attempt is due.
    RETRYING = "retrying"
    #: Accepted by the SMTP server, or 2xx from the webhook.
    SENT = "sent"
    #: Given up; error_message says why.
    FAILED = "failed"
    #: Not attempted on purpose; error_message says why.
    SKIPPED = "skipped"
    #: The provider says that it arrived.
    DELIVERED = "delivered"
    #: The provider says that it was returned.
    BOUNCED = "bounced"
    #: The provider says that the reader called it spam.
    COMPLAINED = "complained"


class EventType(models.TextChoices):
    """What a send tells."""

    #: The condition of a task was met.
    CONDITION_MET = Event.CONDITION_MET.value
    #: A task could not look for some time.
    FAILING = Event.FAILING.value
    #: A task that was told to be failing can look again.
    RECOVERED = Event.RECOVERED.value
    #: A task looks, but may no longer see what it should.
    WARNING = Event.WARNING.value
    #: A webhook was switched off, because it is gone or kept failing.
    SWITCHED_OFF = "webhook.switched_off"


#: What a send is, as an expression that only lists of all users' sends have: with the columns
#: themselves, PostgreSQL would take the index for the list of one user, too, and read everybody's.
KIND = Concat(
    "status",
    Value(" "),
    "event_type",
    Value(" "),
    "notification_type",
    output_field=models.TextField(),
)
#: The day on which a send was recorded, in the time zone of the settings, which is UTC.
DAY = TruncDate("created_at")
UNFINISHED = (SendStatus.QUEUED, SendStatus.RETRYING)
ACCEPTED = (SendStatus.SENT, SendStatus.DELIVERED)

#: From this attempt on, a mail server that cannot be used is no passing trouble: the third fails
#: more than five minutes after the first.
LASTING = 3

# The conditions of indexes, which serve only queries that have the same words.
UNDECRYPTABLE_SENDS = Q(status__in=UNFINISHED, error_message=UNDECRYPTABLE)
REFUSED_EMAILS = Q(
    reduce(or_, (Q(error_message__startswith=beginning) for beginning in SERVER_ERRORS)),
    status__in=UNFINISHED,
    notification_type=NotificationType.EMAIL,
    attempt_count__gte=F("earlier_attempt_count") + LASTING,
)


class NotificationSendQuerySet(models.QuerySet["NotificationSend"]):
    """Queries of sends."""

    def for_user(self, user: User) -> Self:
        """Keep the sends of `user`."""
        return self.filter(user=user)

    def newest_first(self) -> Self:
        """Order as every list does; the id breaks ties, so that pages do not overlap."""
        return self.order_by("-created_at", "-id")

    def in_detail(self) -> Self:
        """Load the payload and the attempts, in their order, along with each send."""
        attempts = Prefetch("attempts", Attempt.objects.order_by("number"))
        return self.select_related("payload").prefetch_related(attempts)

    def unfinished(self) -> Self:
        """Keep those that await an attempt."""
        return self.filter(status__in=UNFINISHED)

    def undecryptable(self) -> Self:
        """Keep those whose last attempt failed because their secrets cannot be decrypted."""
        return self.filter(UNDECRYPTABLE_SENDS)

    def refused_by_mail_server(self) -> Self:
        """Keep emails that the mail server itself keeps from leaving, after LASTING attempts."""
        return self.filter(REFUSED_EMAILS)

    def finished(self) -> Self:
        """Keep those that have ended."""
        return self.exclude(status__in=UNFINISHED)

    def user_ids(self) -> list[UUID]:
        """Return the ids of the users they belong to."""
        return [*self.order_by("user_id").values_list("user_id", flat=True).distinct()]

    def requeue(self, *, now: datetime) -> int:
        """Queue them again with the full schedule of attempts; return how many there were."""
        return self.update(
            status=SendStatus.QUEUED,
            # The error of an attempt stays until the next one. A reason to skip no longer holds.
            error_message=Case(
                When(status=SendStatus.SKIPPED, then=None), default=F("error_message")
            ),
            sent_at=None,
            next_attempt_at=now,
            earlier_attempt_count=F("attempt_count"),
        )

    def give_up(self, because: str) -> int:
        """End them as failed without another attempt; return how many there were."""
        return self.update(
            status=SendStatus.FAILED,
            error_message=because,
            next_attempt_at=None,
        )


class NotificationSend(models.Model):
    """One notification to one recipient.

    It outlives its task and execution, keeps naming them, and is found by their ids as before.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # PROTECT: the record must not vanish with an account, which is switched off instead.
    user = models.ForeignKey(User, models.PROTECT, related_name="sends", db_index=False)
    # Ids rather than foreign keys, as they stay when the task and the execution are deleted.
    task_id = models.UUIDField(
        help_text="The task that the send is about; it may have been deleted since."
    )
    execution_id = models.UUIDField(
        help_text="The execution that led to the send; it may have been deleted since."
    )
    task_name = models.CharField(
        max_length=NAME_LENGTH,
        default="",
        help_text="The task's name when the send was recorded; empty where an older version did "
        "not keep it.",
    )
    event_type = models.CharField(
        max_length=30,
        choices=EventType,
        default=EventType.CONDITION_MET,
        help_text="What the send tells.",
    )
    recipient = models.TextField(help_text="The email address, or the webhook's URL.")
    #: The receiver and whether it fails; null for email.
    endpoint = models.ForeignKey(
        WebhookEndpoint, models.PROTECT, null=True, related_name="sends", db_index=False
    )
    #: Whether it goes to the account's default webhook, which has a switch of its own.
    is_for_default_webhook = models.BooleanField(default=False)
    #: Whose attempts are limited together: the receiver's host and port, empty for email.
    host = models.TextField(default="", blank=True)
    notification_type = models.CharField(max_length=7, choices=NotificationType)
    status = models.CharField(max_length=10, choices=SendStatus, default=SendStatus.QUEUED)
    error_message = models.TextField(null=True)
    created_at = models.DateTimeField(default=timezone.now)

    #: When the receiver accepted it.
    sent_at = models.DateTimeField(null=True)

    attempt_count = models.PositiveSmallIntegerField(default=0)
    #: Attempts before the last redelivery; the retry schedule begins after them.
    earlier_attempt_count = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(null=True)

    #: The code of a Refusal, or None; set by `eligibility` only.
    refusal: str | None

    objects = NotificationSendQuerySet.as_manager()

    class Meta:
        permissions = [
            ("redeliver_notificationsend", "Can deliver notification send again"),
            ("give_up_notificationsend", "Can give up notification send"),
        ]
        constraints = [
            # One execution tells each thing once per channel, however often it is recorded. Only a
            # webhook may be switched off again, after the same execution was delivered again.
            models.UniqueConstraint(
                F("execution_id"),
                F("notification_type"),
                Case(
                    When(event_type=EventType.SWITCHED_OFF, then=Cast("id", models.TextField())),
                    default=F("event_type"),
                    output_field=models.TextField(),
                ),
                name="send_one_per_channel",
            ),
            models.CheckConstraint(
                condition=Q(notification_type__in=NotificationType.values),
                name="send_notification_type_known",
            ),
            models.CheckConstraint(
                condition=Q(status__in=SendStatus.values), name="send_status_known"
            ),
            models.CheckConstraint(
                condition=Q(event_type__in=EventType.values), name="send_event_type_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=UNFINISHED, next_attempt_at__isnull=False)
                | (~Q(status__in=UNFINISHED) & Q(next_attempt_at=None)),
                name="send_due_while_unfinished",
            ),
            models.CheckConstraint(
                condition=Q(notification_type=NotificationType.WEBHOOK, endpoint__isnull=False)
                | Q(notification_type=NotificationType.EMAIL, endpoint=None),
                name="send_endpoint_exactly_for_webhooks",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=ACCEPTED) | Q(error_message=None),
                name="send_accepted_without_error",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[SendStatus.FAILED, SendStatus.SKIPPED])
                | Q(error_message__isnull=False),
                name="send_given_up_with_reason",
            ),
        ]
        indexes = [
            # Read by delivery.claim: only sends that await an attempt, the longest due first.
            models.Index("next_attempt_at", name="send_due", condition=Q(status__in=UNFINISHED)),
            # Read by delivery.claim if those are held up: the receivers, and what is due at each.
            models.Index(
                "host",
                "next_attempt_at",
                name="send_due_at_host",
                condition=Q(next_attempt_at__isnull=False, host__gte=""),
            ),
            # Read by `status` and the metrics. Both are empty while nothing needs the operator.
            models.Index("id", name="send_undecryptable", condition=UNDECRYPTABLE_SENDS),
            models.Index("id", name="send_refused_by_mail_server", condition=REFUSED_EMAILS),
            # The next five are read by the list of a user's sends, its walk by cursor and its CSV;
            # notifications.pages says which one serves which filters.
            models.Index("user", "created_at", "id", name="send_list"),
            models.Index(
                "status", "user", "notification_type", "created_at", "id", name="send_of_status"
            ),
            models.Index(
                "task_id",
                "user",
                DAY,
                "status",
                "notification_type",
                "recipient",
                name="send_of_task",
            ),
            models.Index(
                "recipient", "user", DAY, "status", "notification_type", name="send_of_recipient"
            ),
            # Nearly all sends tell that a condition was met; the list of the others needs no more.
            models.Index(
                "event_type",
                "user",
                "created_at",
                "id",
                name="send_of_event",
                condition=~Q(event_type=EventType.CONDITION_MET),
            ),
            # Read by the admin's list, which is of all users.
            models.Index(KIND, "created_at", name="send_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.notification_type} to {self.shown_recipient}"

    @property
    def shown_recipient(self) -> str:
        """The recipient as people other than the task's owner may see it."""
        return self.endpoint.shown_url if self.endpoint else self.recipient

    def without_secrets(self, text: str | None) -> str | None:
        """Return a text of its payload or its answers as people other than its owner may see it."""
        return self.endpoint.without_secrets(text) if text and self.endpoint else text

    def mark_skipped(self, because: str) -> None:
        """Set that nothing is sent, and why, without storing it."""
        self.status, self.error_message, self.next_attempt_at = SendStatus.SKIPPED, because, None

    def skip(self, because: str) -> None:
        """Store that nothing is sent, and why."""
        self.mark_skipped(because)
        self.save(update_fields=["status", "error_message", "next_attempt_at"])


class Payload(models.Model):
    """The content of a send, fixed when it is recorded: all attempts send the same bytes.

    A table of its own, so that storing an outcome does not write it again.
    """

    send = models.OneToOneField(
        NotificationSend, models.CASCADE, primary_key=True, related_name="payload"
    )
    body = models.TextField()
    #: For webhooks: the form of the body.
    format = models.CharField(max_length=20, default=OWN_FORMAT, db_default=OWN_FORMAT)
    #: For webhooks: POST or PUT.
    method = models.CharField(max_length=4, default="POST")
    #: For webhooks: the task's own headers; their values are the receiver's secrets.
    headers = EncryptedJSONField(null=True)


class AttemptStatus(models.TextChoices):
    """How one attempt ended."""

    #: Accepted.
    SUCCEEDED = "succeeded"
    #: Not accepted; error_message says why.
    FAILED = "failed"


class Attempt(models.Model):
    """One attempt to deliver a send, and what the receiver answered."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    send = models.ForeignKey(
        NotificationSend, models.CASCADE, related_name="attempts", db_index=False
    )
    number = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.CharField(max_length=9, choices=AttemptStatus)
    request_headers = models.JSONField(null=True)
    #: The id under which the email provider reports what became of it.
    provider_message_id = models.TextField(null=True)
    response_status = models.PositiveSmallIntegerField(null=True)
    response_headers = models.JSONField(null=True)
    response_body = models.TextField(null=True)
    error_message = models.TextField(null=True)

    class Meta:
        constraints = [
            # Read by a send's detail, too.
            models.UniqueConstraint(fields=["send", "number"], name="attempt_numbered_once"),
            models.CheckConstraint(
                condition=Q(status=AttemptStatus.SUCCEEDED, error_message=None)
                | Q(status=AttemptStatus.FAILED, error_message__isnull=False),
                name="attempt_error_exactly_when_failed",
            ),
        ]
        indexes = [
            # Read when a provider reports back.
            models.Index(
                "provider_message_id",
                name="attempt_provider_message",
                condition=Q(provider_message_id__isnull=False),
            ),
            # Read by `status` and the metrics for the present rate. It is tiny, as attempts
            # are stored in the order of this column.
            BrinIndex("started_at", name="attempt_started", pages_per_range=16),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}: {self.status}"

    @property
    def ended_at(self) -> datetime:
        """When the outcome was known."""
        return self.started_at + timedelta(milliseconds=self.duration_ms)
