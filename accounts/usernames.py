"""Usernames: which may be had, and taking one, once."""

import re

import psycopg.errors
from django.db import IntegrityError, transaction

from accounts.models import USERNAME_FORM, USERNAME_FORM_MESSAGE, User
from torale.errors import Conflict, Refused

#: Names that would pass for us, or for a part of a web address.
RESERVED = frozenset(
    {
        "about",
        "abuse",
        "account",
        "accounts",
        "admin",
        "administrator",
        "anonymous",
        "api",
        "auth",
        "billing",
        "contact",
        "dashboard",
        "docs",
        "explore",
        "feed",
        "health",
        "healthz",
        "help",
        "hostmaster",
        "info",
        "legal",
        "login",
        "logout",
        "mail",
        "metrics",
        "moderator",
        "news",
        "noreply",
        "no-reply",
        "notifications",
        "null",
        "official",
        "openapi",
        "operator",
        "postmaster",
        "pricing",
        "privacy",
        "public",
        "readyz",
        "redoc",
        "register",
        "root",
        "rss",
        "search",
        "security",
        "settings",
        "signin",
        "signup",
        "staff",
        "static",
        "status",
        "support",
        "system",
        "tasks",
        "team",
        "terms",
        "torale",
        "undefined",
        "user",
        "username",
        "users",
        "webhooks",
        "webmaster",
        "www",
    }
)


class UsernameReserved(Refused):
    """Nobody may have the username."""

    detail = "This username is reserved. Choose another one."


class UsernameTaken(Conflict):
    """Another user has the username."""

    detail = "This username is taken. Choose another one."


class UsernameAlreadySet(Conflict):
    """The user has a username."""

    detail = "Your username is set and cannot be changed any more."


def refusal_of(username: str) -> str | None:
    """Return why nobody may take `username` now, None if somebody may."""
    if not re.fullmatch(USERNAME_FORM, username):
        return USERNAME_FORM_MESSAGE
    if username in RESERVED:
        return UsernameReserved.detail
    if User.objects.filter(username=username).exists():
        return UsernameTaken.detail
    return None


def set_username(*, user: User, username: str) -> None:
    """Give `user` a well-formed username for good; of two who ask for it at once, one gets it.

    Raises:
        UsernameReserved: nobody may have it.
        UsernameTaken: another user has it.
        UsernameAlreadySet: the user has one.
    """
    if username in RESERVED:
        raise UsernameReserved
    try:
        with transaction.atomic():
            was_unset = User.objects.filter(pk=user.pk, username=None).update(username=username)
    except IntegrityError as error:
        cause = error.__cause__
        if (
            isinstance(cause, psycopg.errors.UniqueViolation)
            and cause.diag.constraint_name == "user_one_per_username"
        ):
            raise UsernameTaken from error
        raise
    if not was_unset:
        raise UsernameAlreadySet
    user.username = username
