"""Sends, their attempts and webhooks as JSON."""

from datetime import datetime
from typing import Any

from rest_framework import serializers

from notifications.models import (
    UNFINISHED,
    Attempt,
    NotificationSend,
    NotificationType,
    Status,
)
from torale.api.fields import FlagField, IdField, TextField
from torale.api.validation import LenientSerializer


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


class DayCountSerializer(serializers.Serializer[Any]):
    """How many sends of one channel were made on one day (UTC) and are in one status now."""

    date = serializers.DateField()
    notification_type = serializers.ChoiceField(NotificationType.choices)
    status = serializers.ChoiceField(Status.choices)
    count = serializers.IntegerField(min_value=1)


class LatencySerializer(serializers.Serializer[Any]):
    """Milliseconds that 50, 90 and 99 in 100 accepted sends took at most; null without any."""

    p50 = serializers.IntegerField(min_value=0, allow_null=True)
    p90 = serializers.IntegerField(min_value=0, allow_null=True)
    p99 = serializers.IntegerField(min_value=0, allow_null=True)


class SendStatsSerializer(serializers.Serializer[Any]):
    """What became of the sends of a time range."""

    created_after = serializers.DateTimeField()
    created_before = serializers.DateTimeField()
    total = serializers.IntegerField(min_value=0)
    by_day = DayCountSerializer(many=True)
    latency_ms = LatencySerializer()


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One try, and what the other side said."""

    request_headers = serializers.DictField(child=serializers.CharField(), allow_null=True)
    response_headers = serializers.DictField(child=serializers.CharField(), allow_null=True)

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


class SendDetailSerializer(SendSerializer):
    """A send with all that is known of it.

    `request_body` is what a webhook's receiver gets, byte for byte; null for email, and once it
    has been pruned.
    """

    request_body = serializers.SerializerMethodField()
    attempts = AttemptSerializer(many=True)

    class Meta(SendSerializer.Meta):
        fields = [*SendSerializer.Meta.fields, "next_attempt_at", "request_body", "attempts"]
        read_only_fields = fields

    def get_request_body(self, send: NotificationSend) -> str | None:
        """Return the body of a webhook."""
        if send.notification_type != NotificationType.WEBHOOK:
            return None
        payload = getattr(send, "payload", None)
        return payload.body if payload else None


class RedeliverSerializer(LenientSerializer):
    """Which sends to deliver again: those that match all that is given."""

    status = serializers.ChoiceField(
        [(status.value, status.label) for status in Status if status not in UNFINISHED],
        default=Status.FAILED.value,
    )
    notification_type = serializers.ChoiceField(NotificationType.choices, required=False)
    task_id = IdField(required=False)
    execution_id = IdField(required=False)
    created_after = serializers.DateTimeField(required=False, source="created_at__gte")
    created_before = serializers.DateTimeField(required=False, source="created_at__lt")


class CountSerializer(serializers.Serializer[Any]):
    """How many."""

    count = serializers.IntegerField()


class WebhookConfigSerializer(serializers.Serializer[Any]):
    """What holds for all of the caller's webhooks."""

    url = serializers.CharField(allow_null=True)
    secret = serializers.CharField()
    enabled = serializers.BooleanField()


class WebhookConfigWriteSerializer(serializers.Serializer[Any]):
    """What of it may be set; absent members stay as they are, a null URL is none."""

    webhook_url = TextField(required=False, allow_null=True, max_length=2048)
    enabled = FlagField(required=False)


class WebhookTestSerializer(LenientSerializer):
    """Where to send a test, and what to sign it with; the account's secret if none is given."""

    webhook_url = TextField(max_length=2048)
    webhook_secret = TextField(required=False, max_length=200)


class WebhookTestResultSerializer(serializers.Serializer[Any]):
    """How the test went."""

    success = serializers.BooleanField()
    message = serializers.CharField()


class DeliveriesQuerySerializer(serializers.Serializer[Any]):
    """The query parameters of the list of deliveries, besides `limit` and `offset`."""

    task_id = serializers.UUIDField(required=False)


class WebhookDeliverySerializer(serializers.ModelSerializer[Attempt]):
    """One attempt of a webhook, in the words of the service this API follows."""

    task_id = serializers.UUIDField(source="send.task_id", allow_null=True)
    webhook_url = serializers.CharField(source="send.recipient")
    http_status = serializers.IntegerField(source="response_status", allow_null=True)
    attempt_number = serializers.IntegerField(source="number")
    delivered_at = serializers.SerializerMethodField()
    failed_at = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="started_at")

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

    def get_delivered_at(self, attempt: Attempt) -> datetime | None:
        """Return when the receiver accepted it, if it did."""
        return None if attempt.error_message else attempt.ended_at

    def get_failed_at(self, attempt: Attempt) -> datetime | None:
        """Return when the attempt failed, if it did."""
        return attempt.ended_at if attempt.error_message else None
