"""List the routes of the API and of the console, as found in Django's URL resolver."""

import re

from django.urls import URLPattern, URLResolver, get_resolver

#: Paths that are not part of the API. The admin and email providers have their own logins, health
#: checks show nothing private, the reference is the same for everyone, and the token in an
#: unsubscribe link replaces a key.
OUTSIDE_THE_API = (
    *("admin", "anymail", "health", "readyz", "unsubscribe"),
    *("docs", "openapi", "redoc"),
)
METHODS = ("get", "post", "put", "patch", "delete")
#: Routes that answer without a key and show nothing private.
PUBLIC_ROUTES = {
    "/api/v1",
    "/api/v1/public/tasks",
    "/api/v1/public/tasks/id/{task_id}",
    "/api/v1/public/feed",
    "/tasks/{task_id}/rss",
}


def _routes(patterns, prefix="") -> list[str]:
    """Return the paths of `patterns` outside of namespaces, with `{name}` for their parameters."""
    found = []
    for pattern in patterns:
        text = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver) and not pattern.namespace:
            found += _routes(pattern.url_patterns, text)
        elif isinstance(pattern, URLPattern) and not text.lstrip("^").startswith(OUTSIDE_THE_API):
            plain = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", text)
            found.append("/" + re.sub(r"[\^$]|/\?|\\Z|\\(?=\.)", "", plain).lstrip("/"))
    return sorted(set(found))


PATTERNS = get_resolver().url_patterns
ROUTES = _routes(PATTERNS)
[CONSOLE] = [each for each in PATTERNS if getattr(each, "namespace", None) == "console"]
CONSOLE_ROUTES = _routes(CONSOLE.url_patterns)
