"""Routes that match with and without a trailing slash, without a redirect."""

from collections.abc import Callable
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import URLPattern, re_path
from django.urls.resolvers import URLResolver
from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """A SimpleRouter to which single views can be added. All paths end in an optional slash."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
        self._views: list[URLPattern | URLResolver] = []

    def add(self, path: str, view: Callable[..., HttpResponseBase], *, name: str) -> None:
        """Route `path` to a view.

        Args:
            path: a regular expression, like the prefix that `register` takes.
            view: the view function that `as_view` returns.
            name: the name of the route, for `reverse`.
        """
        self._views.append(re_path(rf"^{path}{self.trailing_slash}$", view, name=name))

    def get_urls(self) -> list[Any]:
        """Return the routes of single views, then those of viewsets."""
        return [*self._views, *super().get_urls()]
