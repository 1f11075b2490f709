"""How sends go out: the channels by name."""

from notifications.channels.email import EmailChannel
from notifications.channels.protocol import (
    Channel,
    Destination,
    Message,
    Outcome,
    Report,
    Transport,
)
from notifications.channels.webhook import WebhookChannel
from notifications.models import NotificationType

__all__ = [
    "CHANNELS",
    "Channel",
    "Destination",
    "Message",
    "Outcome",
    "Report",
    "Transport",
]

CHANNELS: dict[str, Channel] = {
    NotificationType.EMAIL: EmailChannel(),
    NotificationType.WEBHOOK: WebhookChannel(),
}
