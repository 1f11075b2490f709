"""Filters for the console's templates."""

from django import template
from django.utils.safestring import SafeString

from torale import markdown

register = template.Library()


@register.filter
def rendered(text: str) -> SafeString:
    """Return Markdown as HTML without images, scripts and styles."""
    return markdown.rendered(text)
