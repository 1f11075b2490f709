"""Who asks: the monitors by name, and which of them takes a question."""

from executions.monitors import page
from executions.monitors.protocol import (
    Answer,
    AskFailed,
    BadQuestion,
    Monitor,
    Question,
    Source,
)
from torale.url_rules import Networks

__all__ = [
    "MONITORS",
    "Answer",
    "AskFailed",
    "BadQuestion",
    "Monitor",
    "Question",
    "Source",
    "check",
    "monitor_for",
]

MONITORS: dict[str, Monitor] = {"page": page.PageMonitor()}


def monitor_for(question: Question) -> Monitor:  # noqa: ARG001 - all questions name pages so far
    """Return the monitor that takes `question`."""
    return MONITORS["page"]


def check(*, search_query: str, condition_description: str, networks: Networks) -> None:
    """Refuse a question that no monitor can ask.

    Args:
        search_query: what to look at.
        condition_description: when to tell.
        networks: what the task's owner may call besides the public internet.

    Raises:
        BadQuestion: names the fields at fault and what to change.
    """
    MONITORS["page"].check(
        search_query=search_query, condition_description=condition_description, networks=networks
    )
