"""The API's routes, as the URL resolver has them."""

import re

from django.urls import URLPattern, URLResolver, get_resolver

#: Not part of the API: the admin and providers have logins of their own, health tells nothing, the
#: reference is the same for all, and a link in an email is its own key.
OUTSIDE_THE_API = (
    *("admin", "anymail", "health", "readyz", "unsubscribe"),
    *("docs", "openapi", "redoc"),
)
METHODS = ("get", "post", "put", "patch", "delete")
#: Answer without a key, and tell nothing private.
PUBLIC_ROUTES = {
    "/api/v1",
    "/api/v1/public/tasks",
    "/api/v1/public/tasks/id/{task_id}",
    "/api/v1/public/feed",
    "/tasks/{task_id}/rss",
}


def _routes(patterns=None, prefix="") -> list[str]:
    """Return the API's paths with `{name}` for their parameters, from the URL resolver itself."""
    found = []
    for pattern in patterns or get_resolver().url_patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += _routes(pattern.url_patterns, text)
        elif (
            isinstance(pattern, URLPattern)
            and text  # the page at /
            and not text.lstrip("^").startswith(OUTSIDE_THE_API)
        ):
            plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", text)
            found.append("/" + re.sub(r"[\^$]|/\?|\\Z|\\(?=\.)", "", plain).lstrip("/"))
    return sorted(set(found))


ROUTES = _routes()
