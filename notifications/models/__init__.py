"""The record of sends, the webhooks they go to, and the addresses they must not go to."""

from notifications.models.send import (
    ACCEPTED,
    UNFINISHED,
    Attempt,
    AttemptStatus,
    EventType,
    NotificationSend,
    NotificationType,
    Payload,
    Status,
)
from notifications.models.suppression import EmailSuppression, Suppression
from notifications.models.webhook import WebhookConfig, WebhookEndpoint, new_secret

__all__ = [
    "ACCEPTED",
    "UNFINISHED",
    "Attempt",
    "AttemptStatus",
    "EmailSuppression",
    "EventType",
    "NotificationSend",
    "NotificationType",
    "Payload",
    "Status",
    "Suppression",
    "WebhookConfig",
    "WebhookEndpoint",
    "new_secret",
]
