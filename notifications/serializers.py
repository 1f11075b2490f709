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
from tasks.destinations import OWN_FORMAT, WEBHOOK_FORMATS
from tasks.serializers import FORMAT
from torale.api.fields import ChoiceField, FlagField, IdField, MomentField, TextField
from torale.api.validation import LenientSerializer

#: What the channels and statuses mean, for the OpenAPI document.
CHANNELS = "`email` or `webhook`."
STATUSES = (
    "`queued`: not attempted yet. `retrying`: attempted, and will be again. `sent`: accepted by "
    "the mail server or the webhook's receiver. `failed`: given up. `skipped`: not attempted on "
    "purpose. `delivered`, `bounced` and `complained`: what an email provider reported."
)
#: Of a member that is both set and shown.
DEFAULT_URL = "The URL for tasks without a webhook of their own; null if there is none."
FORMATS = [*WEBHOOK_FORMATS]
#: What the filters of the list keep, by their names.
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
            "id": {"help_text": "The send's id, which is a webhook's `webhook-id`, too."},
            "user_id": {"help_text": "The id of the user whose task it came from."},
            "recipient": {"help_text": "The email address, or the webhook's URL."},
            "notification_type": {"help_text": CHANNELS},
            "status": {"help_text": STATUSES},
            "error_message": {
                "help_text": "Why the latest attempt failed, or why none was made; null if there "
                "is no error."
            },
            "created_at": {"help_text": "When it was recorded."},
        }


@extend_schema_serializer(
    description="How many sends of one channel were made on one day (UTC) and are in one "
    "status now."
)
class DayCountSerializer(serializers.Serializer[Any]):
    """How many sends of one channel were made on one day (UTC) and are in one status now."""

    date = serializers.DateField(help_text="The day, in UTC.")
    notification_type = serializers.ChoiceField(NotificationType.choices, help_text=CHANNELS)
    status = serializers.ChoiceField(SendStatus.choices, help_text=STATUSES)
    count = serializers.IntegerField(min_value=1, help_text="How many sends.")


@extend_schema_serializer(
    description="Milliseconds that 50, 90 and 99 in 100 accepted sends took at most; null "
    "without any."
)
class LatencySerializer(serializers.Serializer[Any]):
    """Milliseconds that 50, 90 and 99 in 100 accepted sends took at most; null without any."""

    p50 = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="Milliseconds that half of them took at most; null if there are none.",
    )
    p90 = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="Milliseconds that 90 in 100 took at most; null if there are none.",
    )
    p99 = serializers.IntegerField(
        min_value=0,
        allow_null=True,
        help_text="Milliseconds that 99 in 100 took at most; null if there are none.",
    )


@extend_schema_serializer(description="What became of the sends of a time range.")
class SendStatsSerializer(serializers.Serializer[Any]):
    """What became of the sends of a time range."""

    created_after = serializers.DateTimeField(
        help_text="Where the time range begins, itself included."
    )
    created_before = serializers.DateTimeField(
        help_text="Where the time range ends, itself not included."
    )
    total = serializers.IntegerField(min_value=0, help_text="How many sends were recorded in it.")
    by_day = DayCountSerializer(
        many=True, help_text="One entry for each day, channel and status with any sends."
    )
    latency_ms = LatencySerializer(
        help_text="How long accepted sends took, from being recorded to being accepted."
    )


@extend_schema_serializer(description="One try, and what the other side said.")
class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One try, and what the other side said."""

    request_headers = serializers.DictField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="The request's headers without the secret ones; null for email.",
    )
    response_headers = serializers.DictField(
        child=serializers.CharField(),
        allow_null=True,
        help_text="The answer's headers; null for email, and without an answer.",
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
            "number": {"help_text": "Its number among the send's attempts, from 1."},
            "started_at": {"help_text": "When it began."},
            "duration_ms": {"help_text": "How long it took, in milliseconds."},
            "status": {"help_text": "`succeeded` or `failed`."},
            "response_status": {
                "help_text": "The answer's HTTP status, or the mail server's code; null without an "
                "answer."
            },
            "response_body": {
                "help_text": "The first 4 KiB of the answer; null without an answer."
            },
            "error_message": {"help_text": "Why it failed; null if it succeeded."},
        }


@extend_schema_serializer(description="A send with all that is known of it.")
class SendDetailSerializer(SendSerializer):
    """A send with all that is known of it.

    `request_body` is what a webhook's receiver gets, byte for byte; null for email, and once it
    has been pruned.
    """

    request_body = serializers.SerializerMethodField(
        help_text="What a webhook's receiver gets, byte for byte; null for email, and once it has "
        "been pruned."
    )
    attempts = AttemptSerializer(many=True, help_text="Its attempts, in their order.")

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
            "next_attempt_at": {
                "help_text": "When it is attempted next; null if it is not to be attempted again."
            },
        }

    def get_request_body(self, send: NotificationSend) -> str | None:
        """Return the body of a webhook."""
        if send.notification_type != NotificationType.WEBHOOK:
            return None
        payload = getattr(send, "payload", None)
        return payload.body if payload else None


@extend_schema_serializer(
    description="Which sends to deliver again: those that match all that is given."
)
class RedeliverSerializer(LenientSerializer):
    """Which sends to deliver again: those that match all that is given.

    Its members are filters of the list, as a body has them.
    """

    status = ChoiceField(ENDED, default=SendStatus.FAILED.value, help_text=FILTERS["status"])
    notification_type = ChoiceField(
        NotificationType.choices, required=False, help_text=FILTERS["notification_type"]
    )
    task_id = IdField(required=False, help_text=FILTERS["task_id"])
    execution_id = IdField(required=False, help_text=FILTERS["execution_id"])
    created_after = MomentField(required=False, help_text=FILTERS["created_after"])
    created_before = MomentField(required=False, help_text=FILTERS["created_before"])


@extend_schema_serializer(description="How many.")
class CountSerializer(serializers.Serializer[Any]):
    """How many."""

    count = serializers.IntegerField(help_text="How many will be delivered again.")


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
        help_text="What webhooks are signed with: `whsec_` and base64 of 32 bytes. Null if the "
        "server's keys do not decrypt it; rotating makes a new one.",
    )
    format = serializers.ChoiceField(FORMATS, help_text=FORMAT)
    enabled = serializers.BooleanField(
        help_text="Whether the default webhook is on. A task's own does not depend on it."
    )


@extend_schema_serializer(
    description="What of it may be set; absent members stay as they are, a null URL is none."
)
class WebhookConfigWriteSerializer(serializers.Serializer[Any]):
    """What of it may be set; absent members stay as they are, a null URL is none."""

    webhook_url = TextField(
        required=False,
        allow_null=True,
        max_length=2048,
        help_text=DEFAULT_URL,
    )
    format = ChoiceField(FORMATS, required=False, help_text=FORMAT)
    enabled = FlagField(
        required=False,
        help_text="The default webhook's switch. `true` also switches on all webhooks that were "
        "switched off for failing.",
    )


@extend_schema_serializer(
    description="A URL that the caller's webhooks go to, and how it has fared."
)
class WebhookEndpointSerializer(serializers.ModelSerializer[WebhookEndpoint]):
    """A URL that the caller's webhooks go to, and how it has fared."""

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
            "url": {"help_text": "Where its webhooks go."},
            "failing_since": {
                "help_text": "Since when all attempts have failed; null while it works."
            },
            "switched_off_at": {"help_text": "When it was switched off; null while it is on."},
            "switched_off_because": {
                "help_text": "Why it was switched off, as a part of a sentence; null while it is "
                "on."
            },
            "created_at": {"help_text": "When the first webhook for it was recorded."},
        }


@extend_schema_serializer(
    description="Where to send a test, and what to sign it with; the account's secret if none"
    " is given."
)
class WebhookTestSerializer(LenientSerializer):
    """Where to send a test, and what to sign it with; the account's secret if none is given."""

    webhook_url = TextField(
        max_length=2048, help_text="Where to send the test: http or https, to a public address."
    )
    webhook_secret = TextField(
        required=False,
        max_length=200,
        help_text="What to sign the test with; the account's secret if not given. After `whsec_` "
        "comes the key in base64; any other text is the key itself, in UTF-8.",
    )
    format = ChoiceField(FORMATS, default=OWN_FORMAT, help_text=FORMAT)


@extend_schema_serializer(description="How the test went.")
class WebhookTestResultSerializer(serializers.Serializer[Any]):
    """How the test went."""

    success = serializers.BooleanField(
        help_text="Always true: a test that fails is answered with 400."
    )
    message = serializers.CharField(help_text="What the receiver answered, in words.")


@extend_schema_serializer(
    description="One attempt of a webhook, in the words of the service this API follows."
)
class WebhookDeliverySerializer(serializers.ModelSerializer[Attempt]):
    """One attempt of a webhook, in the words of the service this API follows."""

    task_id = serializers.UUIDField(
        source="send.task_id",
        help_text="The id of the task; it may have been deleted since.",
    )
    webhook_url = serializers.CharField(source="send.recipient", help_text="The receiver's URL.")
    http_status = serializers.IntegerField(
        source="response_status",
        allow_null=True,
        help_text="The answer's HTTP status; null without an answer.",
    )
    attempt_number = serializers.IntegerField(
        source="number", help_text="Its number among the send's attempts, from 1."
    )
    delivered_at = serializers.SerializerMethodField(
        help_text="When the receiver accepted it; null if it did not."
    )
    failed_at = serializers.SerializerMethodField(
        help_text="When the attempt failed; null if it did not."
    )
    created_at = serializers.DateTimeField(source="started_at", help_text="When it began.")

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
            "error_message": {"help_text": "Why it failed; null if it did not."},
        }

    def get_delivered_at(self, attempt: Attempt) -> datetime | None:
        """Return when the receiver accepted it, if it did."""
        return None if attempt.error_message else attempt.ended_at

    def get_failed_at(self, attempt: Attempt) -> datetime | None:
        """Return when the attempt failed, if it did."""
        return attempt.ended_at if attempt.error_message else None
