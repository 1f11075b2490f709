"""Why somebody was told, or why nobody was: every decision, from the visit to each recipient."""

from notifications.why.explain import UnknownId, explain
from notifications.why.values import About, Explanation, Kind

__all__ = ["About", "Explanation", "Kind", "UnknownId", "explain"]
