"""Authenticate requests by API key."""

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated
from rest_framework.request import Request

from accounts.models import APIKey, User

INVALID = "Invalid API key"


class BearerAuthentication(BaseAuthentication):
    """Authenticates by `Authorization: Bearer sk_…` (RFC 6750 §2.1), with one query.

    Unknown, revoked and malformed keys all get the same answer, so that it does not show whether a
    key ever existed. A request without the header is left to the next authentication class.
    """

    def authenticate(self, request: Request) -> tuple[User, APIKey] | None:
        """Return the key's user and the key.

        Raises:
            AuthenticationFailed: the header is present but does not contain a valid key.
        """
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, secret = header.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret.startswith("sk_") or not secret.isascii():
            raise AuthenticationFailed(INVALID)
        found = APIKey.objects.active_key(secret)
        if found is None:
            raise AuthenticationFailed(INVALID)
        key, now = found
        key.touch(now=now)
        return key.user, key

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge that makes DRF answer 401 rather than 403."""
        return "Bearer"


def caller(request: Request | HttpRequest | None) -> User:
    """Return the user who made the request, in views that only serve users.

    Args:
        request: the request. The type allows None because a filter set may lack a request.

    Raises:
        NotAuthenticated: nobody is signed in. The view's permissions normally refuse this earlier.
    """
    user = request and request.user
    if not isinstance(user, User):
        raise NotAuthenticated
    return user
