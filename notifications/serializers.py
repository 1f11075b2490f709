"""Sends as JSON."""

from rest_framework import serializers

from notifications.models import NotificationSend


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
