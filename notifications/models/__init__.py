"""Sends, their attempts and counts, webhooks, and suppressed addresses."""

from notifications.models.count import SendCount
from notifications.models.send import (
    ACCEPTED,
    UNFINISHED,
    Attempt,
    AttemptStatus,
    EventType,
    NotificationSend,
    NotificationType,
    Payload,
    SendStatus,
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
    "SendCount",
    "SendStatus",
    "Suppression",
    "WebhookConfig",
    "WebhookEndpoint",
    "new_secret",
]
