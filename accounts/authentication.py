"""Authenticate requests by API key."""

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, PermissionDenied
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from accounts.models import APIKey, KeyExpired, User

INVALID = "Invalid API key"
READ_ONLY = (
    "This API key is read-only: it may only send GET, HEAD and OPTIONS. Use a key that may write."
)


class BearerAuthentication(BaseAuthentication):
    """Authenticates by `Authorization: Bearer sk_…` (RFC 6750 §2.1), with one query.

    Unknown, revoked and malformed keys all get the same answer, so that it does not show whether a
    key ever existed. Whoever has a whole key that has expired is told so. A request without the
    header is left to the next authentication class.

    A read-only key is checked here rather than by a permission, which a view could replace.
    """

    def authenticate(self, request: Request) -> tuple[User, APIKey] | None:
        """Return the key's user and the key.

        Raises:
            AuthenticationFailed: the header is present but does not contain a valid key.
            PermissionDenied: the key is read-only, and the request is not.
        """
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _, secret = header.partition(" ")
        secret = secret.strip()
        if (
            scheme.lower() != "bearer"
            or not secret.startswith(APIKey.BEGINNING)
            or not secret.isascii()
        ):
            raise AuthenticationFailed(INVALID)
        try:
            found = APIKey.objects.active_key(secret)
        except KeyExpired as error:
            raise AuthenticationFailed(str(error)) from error
        if found is None:
            raise AuthenticationFailed(INVALID)
        key, now = found
        key.touch(now=now)
        if key.is_read_only and request.method not in SAFE_METHODS:
            raise PermissionDenied(READ_ONLY)
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
