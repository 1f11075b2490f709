"""Filters for the console's templates."""

from datetime import timedelta
from typing import Any

from django import template
from django.utils.safestring import SafeString

from console import words
from executions import activity
from executions.rendering import html_of

register = template.Library()

#: The units of durations, the largest first.
UNITS = {timedelta(days=1): "day", timedelta(hours=1): "hour", timedelta(minutes=1): "minute"}


@register.filter
def rendered(text: str) -> SafeString:
    """Return Markdown as HTML without images, scripts and styles."""
    return html_of(text)


@register.filter
def event_name(event_type: str) -> str:
    """Return what a send with this event tells."""
    return words.EVENTS[event_type]


@register.filter
def look(status: str) -> str:
    """Return how a send in this status looks: the name of a class in the style sheet."""
    return words.look_of(status)


@register.filter
def steps(result: Any) -> list[activity.Step]:
    """Return what was done for a stored result, in order."""
    return activity.steps_of(result)


@register.filter
def usage(result: Any) -> str:
    """Return what a language model cost for a stored result; empty if none was asked."""
    return activity.usage_of(result)


@register.filter
def in_words(duration: timedelta) -> str:
    """Return a duration as people write it after "every": "15 minutes", "hour", "2 days"."""
    for unit, name in UNITS.items():
        count = round(duration / unit)
        if count and abs(count * unit - duration) <= unit / 20:
            return name if count == 1 else f"{count} {name}s"
    return f"{duration / timedelta(minutes=1):.0f} minutes"
