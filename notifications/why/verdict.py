"""Say in one sentence who was told, and who was not and why; pure."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from notifications.models import EventType
from notifications.why.sends import Story
from notifications.why.values import Kind, ended, upper_first
from notifications.why.visits import Visit

NOT_KEPT = (
    "The condition was met, but who was told is no longer known: the record of sends is kept for "
    "{days} days (TORALE_RETENTION_DAYS)."
)
UNSUBSCRIBED = (
    "The condition was met, but nobody was told, because somebody has unsubscribed from the task's "
    "emails, and there was no webhook to tell. Naming an email in the task's `notifications` ends "
    "that."
)
NONE_RECORDED = (
    "The condition was met, but no send is recorded: the task sent no email then, and there was no "
    "webhook, or the sends have been deleted."
)


def of_visit(
    visit: Visit, told: Sequence[Story], *, kept_for: timedelta, now: datetime
) -> tuple[str, Kind]:
    """Return the verdict on a visit, and its color.

    Args:
        visit: the visit.
        told: the stories of its sends.
        kept_for: how long the record of sends is kept; 0 means forever.
        now: the time.
    """
    sends, notices = _parted(told)
    sentence, kind = visit.untold() or of_sends(sends) or _nobody(visit, kept_for, now)
    return " ".join([sentence, *map(of_send, notices)]), kind


def of_sends(stories: Sequence[Story]) -> tuple[str, Kind] | None:
    """Return the verdict on the sends that a met condition led to; None if there are none."""
    if not stories:
        return None
    told = [story for story in stories if story.is_told]
    others = [story for story in stories if not story.is_told]
    fates = "; ".join(f"{story.whom} {story.fate()}" for story in others or told)
    if not others:
        everybody = "The only recipient was told" if len(told) == 1 else "All recipients were told"
        return ended(f"{everybody}: {fates}"), Kind.GOOD
    if told:
        return ended(f"{len(told)} of {len(stories)} recipients were told; {fates}"), Kind.BAD
    if any(story.is_waiting for story in others):
        return ended(f"Nobody has been told yet: {fates}"), Kind.WAITING
    return ended(f"Nobody was told: {fates}"), Kind.BAD


def of_send(story: Story) -> str:
    """Return what became of a send, as a sentence."""
    is_notice = story.send.event_type != EventType.CONDITION_MET
    what = f", which tells {story.tells}," if is_notice else ""
    return ended(f"{upper_first(story.whom)}{what} {story.fate()}")


def of_stories(stories: Sequence[Story]) -> tuple[str, Kind]:
    """Return the verdict on the sends of a visit that is no longer kept; at least one."""
    sends, notices = _parted(stories)
    found = of_sends(sends)
    sentence, kind = found or ("", notices[0].kind)
    return " ".join(filter(None, [sentence, *map(of_send, notices)])), kind


def _parted(stories: Sequence[Story]) -> tuple[list[Story], list[Story]]:
    """Return those that tell of a met condition, and the notices."""
    sends = [story for story in stories if story.send.event_type == EventType.CONDITION_MET]
    return sends, [story for story in stories if story not in sends]


def _nobody(visit: Visit, kept_for: timedelta, now: datetime) -> tuple[str, Kind]:
    if kept_for and visit.execution.created_at < now - kept_for:
        return NOT_KEPT.format(days=kept_for.days), Kind.NEUTRAL
    return UNSUBSCRIBED if visit.task.is_muted else NONE_RECORDED, Kind.BAD
