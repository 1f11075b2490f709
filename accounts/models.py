"""Users, who log in by email, their verified addresses, and their API keys."""

import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from torale import clock, prepared
from torale.fields import EncryptedJSONField
from torale.outbound.url_check import networks_of
from torale.outbound.url_rules import Networks
from torale.uuid7 import uuid7

#: The form of a username, as a regular expression that Python and PostgreSQL both understand.
USERNAME_FORM = r"\A[a-z][a-z0-9_-]{2,29}\Z"
USERNAME_FORM_MESSAGE = (
    "A username has 3 to 30 characters: a letter from a to z first, then such letters, digits, "
    "hyphens and underscores."
)


class UserManager(BaseUserManager["User"]):
    """Creates users. Emails are compared without regard to case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store and return a user. Without `password`, password login is not possible."""
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Store and return a user who may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, email: str | None) -> "User":
        """Return the user who logs in as `email`, in whatever case it was typed."""
        return self.get(email__iexact=email)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, or a program acting for one. The email is the login."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    email = models.EmailField(max_length=254, unique=True)
    username = models.CharField(max_length=30, null=True, blank=True)
    first_name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField("may enter the admin", default=False)
    has_seen_welcome = models.BooleanField(default=False)
    wants_notices = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Whether Torale emails the user when a task cannot look, works again or may no "
        "longer see what it should, and when a webhook is switched off.",
    )
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_one_per_email",
                violation_error_message="A user with this email exists.",
            ),
            models.UniqueConstraint(
                fields=["username"],
                name="user_one_per_username",
                violation_error_message="This username is taken.",
            ),
            models.CheckConstraint(
                condition=Q(username__regex=USERNAME_FORM),
                name="user_username_well_formed",
                violation_error_message=USERNAME_FORM_MESSAGE,
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def networks(self) -> Networks:
        """Return the networks that the user's tasks may call besides the public internet."""
        return networks_of(email=self.email, is_staff=self.is_staff)


#: Wrong codes after which a verification code is void.
MAX_TRIES = 5


class EmailAddressQuerySet(models.QuerySet["EmailAddress"]):
    """Queries for email addresses.

    The account's own address needs no verification and is not among them.
    """

    def for_user(self, user: User) -> Self:
        """Keep the addresses of `user`."""
        return self.filter(user=user)

    def verified(self) -> Self:
        """Keep the addresses that the user has verified."""
        return self.exclude(verified_at=None)

    def expecting_code(self, now: datetime) -> Self:
        """Keep the addresses whose code is still valid."""
        return self.filter(verified_at=None, code_expires_at__gt=now)

    def matching(self, email: str) -> Self:
        """Keep the addresses equal to `email`, without regard to case."""
        return self.filter(email=normalized(email))


def normalized(email: str) -> str:
    """Return `email` in lower case, as addresses are stored: mail servers ignore case."""
    return email.lower()


class EmailAddress(models.Model):
    """An address besides the account's own: verified, or waiting for its code."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="email_addresses", db_index=False)
    email = models.EmailField(max_length=254)
    verified_at = models.DateTimeField(null=True, editable=False)
    #: The code that was mailed. Encrypted, because anyone who knows it can verify the address.
    code = EncryptedJSONField(null=True, editable=False)
    code_expires_at = models.DateTimeField(null=True, editable=False)
    #: How many wrong codes were given since this code was mailed.
    tries = models.PositiveSmallIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = EmailAddressQuerySet.as_manager()

    class Meta:
        verbose_name = "email address"
        verbose_name_plural = "email addresses"
        constraints = [
            # Its index serves every look-up of a user's addresses.
            models.UniqueConstraint(fields=["user", "email"], name="email_address_one_per_user"),
            # Together with the constraint above: unique per user, without regard to case.
            models.CheckConstraint(
                condition=Q(email=Lower("email")), name="email_address_lower_case"
            ),
            models.CheckConstraint(
                condition=Q(verified_at=None, code__isnull=False, code_expires_at__isnull=False)
                | Q(verified_at__isnull=False, code=None, code_expires_at=None),
                name="email_address_has_code_until_verified",
            ),
            models.CheckConstraint(
                condition=Q(tries__lte=MAX_TRIES), name="email_address_tries_limited"
            ),
        ]

    def __str__(self) -> str:
        return self.email


#: How old `last_used_at` may get before it is updated. Writing it on every request would cost more
#: than the request itself.
LAST_USED_PRECISION = timedelta(minutes=1)


class APIKeyQuerySet(models.QuerySet["APIKey"]):
    """Queries for API keys."""

    def for_user(self, user: User) -> Self:
        """Keep the keys of `user`."""
        return self.filter(user=user)

    def active(self) -> Self:
        """Keep the keys that work: those not revoked, of users who are active."""
        return self.filter(revoked_at=None, user__is_active=True)

    def active_key(self, secret: str) -> tuple["APIKey", datetime] | None:
        """Return the active key with this secret and the database's time; None if there is none.

        The key's user comes with it. Every request begins with this look-up in a unique index, so
        its statement is made once for each process, and prepared once for each connection.
        """
        found = prepared.rows(_active_key_statement(), [digest_of(secret)])
        if not found:
            return None
        [(now, *values)] = found
        of_key, of_user = names_of(APIKey), names_of(User)
        key = APIKey.from_db(self.db, of_key, values[: len(of_key)])
        key.user = User.from_db(self.db, of_user, values[len(of_key) :])
        return key, now

    def create_key(self, *, user: User, name: str) -> tuple["APIKey", str]:
        """Store a new key. Return it and its secret, which cannot be recovered later."""
        secret = f"sk_{secrets.token_urlsafe(32)}"
        key = self.create(
            user=user,
            name=name,
            prefix=secret[: APIKey.PREFIX_LENGTH],
            digest=digest_of(secret),
            created_at=clock.now(),
        )
        return key, secret


@cache
def names_of(model: type[models.Model]) -> list[str]:
    """Return the names of the attributes that the model's columns have."""
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _active_key_statement() -> str:
    """Return the SQL of `active_key`, whose only parameter is the digest."""
    columns = [*names_of(APIKey), *(f"user__{name}" for name in names_of(User))]
    keys = APIKey.objects.active().filter(digest=b"").annotate(now=clock.DatabaseNow())
    statement, _ = keys.values_list("now", *columns).query.sql_with_params()
    return str(statement)


def digest_of(key: str) -> bytes:
    """Return the SHA-256 of an API key.

    A fast hash is right here: the key holds 256 random bits, so there is nothing to guess.
    """
    return hashlib.sha256(key.encode()).digest()


class APIKey(models.Model):
    """A key to the API, stored only as a digest. A user may have several keys at once."""

    PREFIX_LENGTH = 10

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=PREFIX_LENGTH)
    digest = models.BinaryField(max_length=32)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = APIKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        permissions = [("revoke_apikey", "Can revoke API key")]
        constraints = [
            # BearerAuthentication uses its index on every request.
            models.UniqueConstraint(fields=["digest"], name="api_key_one_per_digest"),
            models.CheckConstraint(
                condition=Q(revoked_at=None) | Q(revoked_at__gte=models.F("created_at")),
                name="api_key_revoked_after_created",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_active(self) -> bool:
        """Whether the key has not been revoked."""
        return self.revoked_at is None

    def touch(self, *, now: datetime) -> None:
        """Store that the key was used, at most once a minute."""
        if self.last_used_at is None or self.last_used_at <= now - LAST_USED_PRECISION:
            APIKey.objects.filter(
                Q(last_used_at=None) | Q(last_used_at__lte=now - LAST_USED_PRECISION), pk=self.pk
            ).update(last_used_at=now)

    def revoke(self) -> None:
        """Revoke the key for good. Revoking it again keeps the first `revoked_at`."""
        APIKey.objects.filter(pk=self.pk, revoked_at=None).update(revoked_at=clock.DatabaseNow())
        self.refresh_from_db(fields=["revoked_at"])
