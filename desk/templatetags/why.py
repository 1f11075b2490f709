"""The link to the page that explains a record, for pages of apps below this one."""

from typing import Any
from uuid import UUID

from django import template

from desk.links import may_ask_why

register = template.Library()


@register.inclusion_tag("desk/why_link.html", takes_context=True)
def why_link(context: dict[str, Any], wanted: UUID) -> dict[str, Any]:
    """Return what the link's template shows.

    Args:
        context: the template's context. The link is shown if the request's user may read the page.
        wanted: the id of a task, an execution or a send.
    """
    return {"may_read": may_ask_why(context["request"]), "wanted": wanted}
