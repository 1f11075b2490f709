"""Routes that match with and without a trailing slash, without a redirect."""

from collections.abc import Callable, Sequence
from typing import Any

from django.http.response import HttpResponseBase
from django.urls import URLPattern, re_path
from django.urls.resolvers import RoutePattern, URLResolver
from rest_framework.routers import SimpleRouter


def below(prefixes: Sequence[str], urlconf: str) -> URLResolver:
    """Return the routes of a URLconf whose paths all begin with one of `prefixes`.

    `include` would try each of its routes for every other path, too.
    """
    return URLResolver(_Prefixes(prefixes), urlconf)


class _Prefixes(RoutePattern):
    def __init__(self, prefixes: Sequence[str]) -> None:
        super().__init__("", is_endpoint=False)
        self._prefixes = tuple(prefixes)

    def match(self, path: str) -> Any:
        """Return the whole path if it begins with one of the prefixes."""
        return (path, (), {}) if path.startswith(self._prefixes) else None


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
