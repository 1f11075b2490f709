"""Filters for the console's templates."""

from django import template
from django.utils.safestring import SafeString

from console import words
from executions.rendering import html_of

register = template.Library()


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
