"""What the console calls events, statuses and formats, and how statuses look."""

from notifications.models import ACCEPTED, UNFINISHED, EventType, SendStatus
from tasks.destinations import WEBHOOK_FORMATS

#: What a send tells, by its event.
EVENTS: dict[str, str] = {
    EventType.CONDITION_MET: "Condition met",
    EventType.FAILING: "The task keeps failing",
    EventType.RECOVERED: "The task works again",
    EventType.WARNING: "The task may no longer see what it should",
    EventType.SWITCHED_OFF: "A webhook was switched off",
}
#: What became of a send, by its status.
OUTCOMES: dict[str, str] = {
    SendStatus.QUEUED: "Waits for its first attempt",
    SendStatus.RETRYING: "Waits for another attempt",
    SendStatus.SENT: "Accepted",
    SendStatus.FAILED: "Given up",
    SendStatus.SKIPPED: "Skipped: nothing was sent",
    SendStatus.DELIVERED: "Delivered, the email provider says",
    SendStatus.BOUNCED: "Returned, the email provider says",
    SendStatus.COMPLAINED: "Called spam by its reader, the email provider says",
}


def look_of(status: str) -> str:
    """Return how a send in this status looks: the name of a class in the style sheet."""
    if status in ACCEPTED:
        return "good"
    return "waiting" if status in (*UNFINISHED, SendStatus.SKIPPED) else "bad"


def webhook_formats() -> list[tuple[str, str]]:
    """Return the formats of webhooks, as the choices of a form."""
    return [(name, name.capitalize()) for name in WEBHOOK_FORMATS]
