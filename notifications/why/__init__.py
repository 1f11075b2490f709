"""Why somebody was told, or nobody: every decision, from the visit to each recipient, in words."""

from notifications.why.explain import (
    UnknownId,
    explain,
    explain_execution,
    explain_send,
    explain_task,
)
from notifications.why.values import About, Chapter, Decision, Explanation, Kind

__all__ = [
    "About",
    "Chapter",
    "Decision",
    "Explanation",
    "Kind",
    "UnknownId",
    "explain",
    "explain_execution",
    "explain_send",
    "explain_task",
]
