"""Routes that answer with and without a trailing slash, never by a redirect."""

from rest_framework.routers import SimpleRouter


class Router(SimpleRouter):
    """A SimpleRouter whose paths end in an optional slash."""

    def __init__(self) -> None:
        super().__init__()
        self.trailing_slash = "/?"
