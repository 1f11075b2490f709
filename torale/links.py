"""Addresses of our own pages, for mails and feeds, which are made without a request."""

from typing import Any

from django.conf import settings
from django.urls import reverse


def link_to(route: str, **parameters: Any) -> str:
    """Return the full address of a route, which begins with TORALE_URL.

    Args:
        route: the route's name.
        parameters: the values of its path's parameters.
    """
    return f"{settings.TORALE_URL}{reverse(route, kwargs=parameters)}"
