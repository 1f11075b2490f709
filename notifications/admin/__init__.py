"""Sends, webhooks and suppressed addresses in the admin."""

from notifications.admin.sends import NotificationSendAdmin
from notifications.admin.suppressions import EmailSuppressionAdmin
from notifications.admin.webhooks import WebhookEndpointAdmin

__all__ = ["EmailSuppressionAdmin", "NotificationSendAdmin", "WebhookEndpointAdmin"]
