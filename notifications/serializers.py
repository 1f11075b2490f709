"""Sends, their attempts and webhooks as JSON."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from notifications.filters import SendFilterSet
from notifications.models import (
    UNFINISHED,
    Attempt,
    NotificationSend,
    NotificationType,
    SendStatus,
    WebhookEndpoint,
)
from tasks.destinations import WEBHOOK_FORMATS
from tasks.serializers import FORMAT_HELP
from torale.api.fields import ChoiceField, FlagField, IdField, MomentField, TextField
from torale.api.validation import LenientSerializer

#: What the channels and statuses mean. These and the next texts are for the OpenAPI document.
CHANNEL_HELP = "`email` or `webhook`."
STATUS_HELP = (
    "`queued`: not attempted yet. `retrying`: attempted, and will be attempted again. `sent`: "
    "accepted by the mail server or the webhook's receiver. `failed`: given up. `skipped`: not "
    "attempted on purpose. `delivered`, `bounced` and `complained`: as reported by an email "
    "provider."
)
EVENT_HELP = (
    "`task.condition_met`: the condition was met. `task.failing`: the task could not look for an "
    "hour and three visits. `task.recovered`: it can look again. `task.warning`: one of its "
    "`warnings` has stood for three visits. `webhook.switched_off`: a webhook was switched off, "
    "because it is gone or kept failing."
)
#: The text for a member that can be both set and read.
DEFAULT_URL = "The URL for tasks without a webhook of their own; null if there is none."
FORMAT_CHOICES = [*WEBHOOK_FORMATS]
#: The help texts of the list's filters, by filter name.
FILTERS: dict[str, str] = {
    name: filter_.extra["help_text"] for name, filter_ in SendFilterSet.base_filters.items()
}
#: The statuses in which a send may be delivered again.
ENDED = [(status.value, status.label) for status in SendStatus if status not in UNFINISHED]


@extend_schema_serializer(description="A send as the list shows it.")
class SendSerializer(serializers.ModelSerializer[NotificationSend]):
    """A send as the list shows it."""

    class Meta:
        model = NotificationSend
        fields = [
            "id",
            "user_id",
            "task_id",
            "execution_id",
            "recipient",
            "notification_type",
            "status",
            "error_message",
            "created_at",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "id": {"help_text": "The send's id. A webhook has it in the header `webhook-id`."},
            "user_id": {"help_text": "The id of the user whose task the notification is from."},
            "recipient": {"help_text": "The email address, or the webhook's URL."},
            "notification_type": {"help_text": CHANNEL_HELP},
            "status": {"help_text": STATUS_HELP},
            "error_message": {
                "help_text": "Why the latest attempt failed, or why the send was skipped; null if "
                "there is no error."
            },
            "created_at": {"help_text": "When the send was recorded."},
        }


@extend_schema_serializer(
    description="The number of sends of one channel that were recorded on one day (UTC) and have "
    "one status now."
)
class DayCountSerializer(serializers.Serializer[Any]):
    """The number of sends of one channel that were recorded on one day and have one status now."""

    date = serializers.DateField(help_text="The day, in UTC.")
    notification_type = serializers.ChoiceField(NotificationType.choices, help_text=CHANNEL_HELP)
    status = serializers.ChoiceField(SendStatus.choices, help_text=STATUS_HELP)
    count = serializers.IntegerField(min_value=1, help_text="How many sends.")


@extend_schema_serializer(
    description="Percentiles of how long accepted sends took, in milliseconds, exact to 5 %; null "
    "if there are none."
)
class LatencySerializer(serializers.Serializer[Any]):
    """Percentiles of how long accepted sends took, in milliseconds; null if there are none."""

    p50 = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="The median, in milliseconds; null if there are none.",
    )
    p90 = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="The 90th percentile, in milliseconds; null if there are none.",
    )
    p99 = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="The 99th percentile, in milliseconds; null if there are none.",
    )


@extend_schema_serializer(description="Statistics of the sends of a time range.")
class SendStatsSerializer(serializers.Serializer[Any]):
    """Statistics of the sends of a time range."""

    created_after = serializers.DateTimeField(
        help_text="The beginning of the time range, inclusive."
    )
    created_before = serializers.DateTimeField(help_text="The end of the time range, exclusive.")
    total = serializers.IntegerField(min_value=0, help_text="How many sends it has.")
    by_day = DayCountSerializer(
        many=True, help_text="One entry for each day, channel and status that has any sends."
    )
    latency_ms = LatencySerializer(
        help_text="How long accepted sends took, from when they were recorded to when they were "
        "accepted, exact to 5 %."
    )


@extend_schema_serializer(description="One attempt to deliver a send, and the receiver's answer.")
class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One attempt to deliver a send, and the receiver's answer."""

    request_headers = serializers.DictField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="The request's headers, without secret ones; null for email.",
    )
    response_headers = serializers.DictField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="The answer's headers; null for email, and if there was no answer.",
    )

    class Meta:
        model = Attempt
        fields = [
            "number",
            "started_at",
            "duration_ms",
            "status",
            "request_headers",
            "response_status",
            "response_headers",
            "response_body",
            "error_message",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "number": {"help_text": "The attempt's number within its send, starting at 1."},
            "started_at": {"help_text": "When the attempt began."},
            "duration_ms": {"help_text": "How long the attempt took, in milliseconds."},
            "status": {"help_text": "`succeeded` or `failed`."},
            "response_status": {
                "help_text": "The answer's HTTP status, or the mail server's code; null if there "
                "was no answer."
            },
            "response_body": {
                "help_text": "The first 4 KiB of the answer; null if there was no answer."
            },
            "error_message": {"help_text": "Why the attempt failed; null if it succeeded."},
        }


@extend_schema_serializer(description="A send with its details and attempts.")
class SendDetailSerializer(SendSerializer):
    """A send with its details and attempts."""

    request_body = serializers.SerializerMethodField(
        help_text="The body that a webhook's receiver gets, byte for byte; null for email, and "
        "once it has been deleted to save space."
    )
    attempts = AttemptSerializer(many=True, help_text="The send's attempts, in their order.")

    class Meta(SendSerializer.Meta):
        fields = [
            *SendSerializer.Meta.fields,
            "event_type",
            "task_name",
            "next_attempt_at",
            "request_body",
            "attempts",
        ]
        read_only_fields = fields
        extra_kwargs = {
            **SendSerializer.Meta.extra_kwargs,
            "event_type": {"help_text": EVENT_HELP},
            "next_attempt_at": {
                "help_text": "When the send is attempted next; null if it will not be."
            },
        }

    def get_request_body(self, send: NotificationSend) -> str | None:
        """Return the body of a webhook; None for an email, or if the body has been pruned."""
        if send.notification_type != NotificationType.WEBHOOK:
            return None
        payload = getattr(send, "payload", None)
        return payload.body if payload else None


@extend_schema_serializer(
    description="Which sends to deliver again: those that match all given members."
)
class RedeliverSerializer(LenientSerializer):
    """Which sends to deliver again: those that match all given members.

    The members are the filters of the list, sent in a body.
    """

    status = ChoiceField(ENDED, default=SendStatus.FAILED.value, help_text=FILTERS["status"])
    notification_type = ChoiceField(
        NotificationType.choices, required=False, help_text=FILTERS["notification_type"]
    )
    task_id = IdField(required=False, help_text=FILTERS["task_id"])
    execution_id = IdField(required=False, help_text=FILTERS["execution_id"])
    created_after = MomentField(required=False, help_text=FILTERS["created_after"])
    created_before = MomentField(required=False, help_text=FILTERS["created_before"])


@extend_schema_serializer(description="How many sends will be delivered again.")
class CountSerializer(serializers.Serializer[Any]):
    """How many sends will be delivered again."""

    count = serializers.IntegerField(help_text="How many sends will be delivered again.")


@extend_schema_serializer(
    description="The caller's default webhook, and the secret that signs all webhooks."
)
class WebhookConfigSerializer(serializers.Serializer[Any]):
    """The caller's default webhook, and the secret that signs all webhooks."""

    url = serializers.CharField(
        allow_null=True,
        help_text=DEFAULT_URL,
    )
    secret = serializers.CharField(
        allow_null=True,
        help_text="The secret that signs webhooks: `whsec_` followed by 32 bytes in base64. Null "
        "if the server cannot decrypt it with its keys; rotating creates a new one.",
    )
    format = serializers.ChoiceField(FORMAT_CHOICES, help_text=FORMAT_HELP)
    enabled = serializers.BooleanField(
        help_text="Whether the default webhook is on. A task's own webhook does not depend on it."
    )


@extend_schema_serializer(
    description="Changes to the default webhook. Absent members stay as they are; a null URL "
    "removes the default webhook."
)
class WebhookConfigWriteSerializer(serializers.Serializer[Any]):
    """Changes to the default webhook.

    Absent members stay as they are; a null URL removes the default webhook.
    """

    webhook_url = TextField(
        required=False,
        allow_null=True,
        max_length=2048,
        help_text=DEFAULT_URL,
    )
    format = ChoiceField(FORMAT_CHOICES, required=False, help_text=FORMAT_HELP)
    enabled = FlagField(
        required=False,
        help_text="Whether the default webhook is on. `true` also switches on all webhooks that "
        "were switched off because they kept failing.",
    )


@extend_schema_serializer(
    description="A URL that the caller's webhooks go to, and the state of its deliveries."
)
class WebhookEndpointSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    """A URL that the caller's webhooks go to, and the state of its deliveries."""

    id = serializers.UUIDField(source="public_id", help_text="The endpoint's id.")

    class Meta:
        model = WebhookEndpoint
        fields = [
            "id",
            "url",
            "failing_since",
            "switched_off_at",
            "switched_off_because",
            "created_at",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "url": {"help_text": "The URL that the webhooks go to."},
            "failing_since": {
                "help_text": "Since when all attempts have failed; null while it works."
            },
            "switched_off_at": {"help_text": "When it was switched off; null while it is on."},
            "switched_off_because": {
                "help_text": "Why it was switched off, as part of a sentence; null while it is on."
            },
            "created_at": {"help_text": "When the first webhook to this URL was recorded."},
        }


@extend_schema_serializer(
    description="The URL to send a test to, and the secret that signs it: by default the account's."
)
class WebhookTestSerializer(LenientSerializer):
    """The URL to send a test to, and the secret that signs it: by default the account's."""

    webhook_url = TextField(
        max_length=2048,
        help_text="The URL to send the test to: http or https, at a public address.",
    )
    webhook_secret = TextField(
        required=False,
        max_length=200,
        help_text="The secret that signs the test; by default the account's. If it starts with "
        "`whsec_`, the rest is the key in base64; any other text is the key itself, in UTF-8.",
    )
    format = ChoiceField(
        FORMAT_CHOICES, required=False, help_text=f"{FORMAT_HELP} `torale` if not given."
    )


@extend_schema_serializer(description="The result of a test.")
class WebhookTestResultSerializer(serializers.Serializer[Any]):
    """The result of a test."""

    success = serializers.BooleanField(
        help_text="Always true: the answer to a failed test is a 400."
    )
    message = serializers.CharField(help_text="How the receiver answered, in words.")


@extend_schema_serializer(
    description="One attempt to deliver a webhook, with the member names that existing clients "
    "expect."
)
class WebhookDeliverySerializer(serializers.ModelSerializer[Attempt]):
    """One attempt to deliver a webhook, with the member names that existing clients expect."""

    task_id = serializers.UUIDField(
        source="send.task_id",
        help_text="The id of the task, which may have been deleted since.",
    )
    webhook_url = serializers.CharField(source="send.recipient", help_text="The receiver's URL.")
    http_status = serializers.IntegerField(
        source="response_status",
        allow_null=True,
        help_text="The answer's HTTP status; null if there was no answer.",
    )
    attempt_number = serializers.IntegerField(
        source="number", help_text="The attempt's number within its send, starting at 1."
    )
    delivered_at = serializers.SerializerMethodField(
        help_text="When the receiver accepted the webhook; null if it did not."
    )
    failed_at = serializers.SerializerMethodField(
        help_text="When the attempt failed; null if it succeeded."
    )
    created_at = serializers.DateTimeField(source="started_at", help_text="When the attempt began.")

    class Meta:
        model = Attempt
        fields = [
            "id",
            "task_id",
            "webhook_url",
            "http_status",
            "attempt_number",
            "delivered_at",
            "failed_at",
            "error_message",
            "created_at",
        ]
        read_only_fields = fields
        extra_kwargs = {
            "id": {"help_text": "The attempt's id."},
            "error_message": {"help_text": "Why the attempt failed; null if it succeeded."},
        }

    def get_delivered_at(self, attempt: Attempt) -> datetime | None:
        """Return when the receiver accepted the webhook, or None if the attempt failed."""
        return None if attempt.error_message else attempt.ended_at

    def get_failed_at(self, attempt: Attempt) -> datetime | None:
        """Return when the attempt failed, or None if it succeeded."""
        return attempt.ended_at if attempt.error_message else None
