"""Addresses of our own pages, for mails and feeds, which no request tells where we are."""

from typing import Any

from django.conf import settings
from django.urls import reverse


def link_to(route: str, **parameters: Any) -> str:
    """Return the whole address of a route, below TORALE_URL.

    Args:
        route: its name.
        parameters: the values of its path's parameters.
    """
    return f"{settings.TORALE_URL}{reverse(route, kwargs=parameters)}"
