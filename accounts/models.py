"""Users, who log in by email, their verified addresses, and their API keys."""

import hashlib
import secrets
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any, Self

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Case, ExpressionWrapper, Q, Value, When
from django.db.models.functions import Lower
from django.utils import timezone

from torale import clock, prepared
from torale.errors import Refused
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


class UserQuerySet(models.QuerySet["User"]):
    """Queries for users."""

    def matching(self, email: str) -> Self:
        """Keep the user who logs in as `email`, in whatever case it is written."""
        return self.filter(email__iexact=email)

    def switch_off(self) -> int:
        """Switch these users off: their sessions and API keys stop working, their tasks rest.

        Returns:
            How many were on.
        """
        return self.filter(is_active=True).update(is_active=False)

    def switch_on(self) -> int:
        """Switch these users on again.

        Returns:
            How many were off.
        """
        return self.filter(is_active=False).update(is_active=True)


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

    objects = UserManager.from_queryset(UserQuerySet)()

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
        permissions = [
            ("disable_user", "Can switch users off and on"),
            ("reset_password_user", "Can give users a new password"),
        ]

    def __str__(self) -> str:
        return self.email

    def may_manage(self, other: "User") -> bool:
        """Return whether this user, with the permission for it, may change `other`.

        Whoever may enter the admin is managed by superusers only, so that nobody takes over an
        account that may do more.
        """
        return self.is_superuser or not (other.is_staff or other.is_superuser)

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


class KeyStatus(models.TextChoices):
    """Whether a key works, and if not, why."""

    #: It works, unless its user is switched off.
    ACTIVE = "active"
    #: Its last day is over.
    EXPIRED = "expired"
    #: It was revoked for good, before or after its last day.
    REVOKED = "revoked"


#: The condition that a key's last day is over, by the database's clock.
_EXPIRED = Q(expires_at__lt=clock.DatabaseNow())


class KeyExpired(Exception):
    """The last day of an API key is over.

    Args:
        day: the key's last day.
    """

    def __init__(self, day: date) -> None:
        super().__init__(f"This API key expired: its last day was {day}. Use another one.")


class DayIsPast(Refused):
    """A key cannot end on a day that is over.

    Args:
        day: the day that was asked for.
        today: the current day in UTC.
    """

    def __init__(self, day: date, *, today: date) -> None:
        super().__init__(f"{day} is past. The last day of a key is {today} (today, UTC) or later.")


#: How old `last_used_at` may get before it is updated. Writing it on every request would cost more
#: than the request itself.
LAST_USED_PRECISION = timedelta(minutes=1)


class APIKeyQuerySet(models.QuerySet["APIKey"]):
    """Queries for API keys."""

    def for_user(self, user: User) -> Self:
        """Keep the keys of `user`."""
        return self.filter(user=user)

    def unrevoked(self) -> Self:
        """Keep the keys that are not revoked, of users who are active. Some may have expired."""
        return self.filter(revoked_at=None, user__is_active=True)

    def of_status(self, status: KeyStatus) -> Self:
        """Keep the keys with this status."""
        if status == KeyStatus.REVOKED:
            return self.exclude(revoked_at=None)
        expired = _EXPIRED if status == KeyStatus.EXPIRED else ~_EXPIRED
        return self.filter(expired, revoked_at=None)

    def with_status(self) -> Self:
        """Give each key its `status`, by the database's clock."""
        return self.annotate(
            status=Case(
                When(revoked_at__isnull=False, then=Value(KeyStatus.REVOKED)),
                When(_EXPIRED, then=Value(KeyStatus.EXPIRED)),
                default=Value(KeyStatus.ACTIVE),
            )
        )

    def with_secret(self, secret: str) -> Self:
        """Keep the key with this secret, whether it works or not."""
        return self.filter(digest=digest_of(secret))

    def beginning_with(self, text: str) -> Self:
        """Keep the keys whose stored prefix begins with `text`."""
        return self.filter(prefix__startswith=text) if text else self.none()

    def active_key(self, secret: str) -> tuple["APIKey", datetime] | None:
        """Return the active key with this secret and the database's time; None if there is none.

        The key's user comes with it. Every request begins with this look-up in a unique index, so
        its statement is made once for each process, and prepared once for each connection.

        Raises:
            KeyExpired: the key would work if its last day were not over.
        """
        found = prepared.rows(_active_key_statement(), [digest_of(secret)])
        if not found:
            return None
        [(now, has_expired, *values)] = found
        of_key, of_user = names_of(APIKey), names_of(User)
        key = APIKey.from_db(self.db, of_key, values[: len(of_key)])
        if has_expired and key.expires_on:
            raise KeyExpired(key.expires_on)
        key.user = User.from_db(self.db, of_user, values[len(of_key) :])
        return key, now

    def create_key(
        self,
        *,
        user: User,
        name: str,
        is_read_only: bool = False,
        expires_on: date | None = None,
    ) -> tuple["APIKey", str]:
        """Store a new key. Return it and its secret, which cannot be recovered later.

        Args:
            user: whose key it is.
            name: what the key is for.
            is_read_only: whether the key may only read.
            expires_on: the last day on which the key works, in UTC; None for a key that does not
                expire.

        Raises:
            DayIsPast: the key would have expired already.
        """
        secret, now = f"{APIKey.BEGINNING}{secrets.token_urlsafe(32)}", clock.now()
        today = now.astimezone(UTC).date()
        if expires_on and expires_on < today:
            raise DayIsPast(expires_on, today=today)
        key = self.create(
            user=user,
            name=name,
            prefix=secret[: APIKey.PREFIX_LENGTH],
            digest=digest_of(secret),
            is_read_only=is_read_only,
            expires_at=expires_on and datetime.combine(expires_on, time.max, UTC),
            created_at=now,
        )
        key.status = KeyStatus.ACTIVE
        return key, secret


@cache
def names_of(model: type[models.Model]) -> list[str]:
    """Return the names of the attributes that the model's columns have."""
    return [field.attname for field in model._meta.concrete_fields]


@cache
def _active_key_statement() -> str:
    """Return the SQL of `active_key`, whose only parameter is the digest."""
    columns = [*names_of(APIKey), *(f"user__{name}" for name in names_of(User))]
    keys = (
        APIKey.objects.unrevoked()
        .filter(digest=b"")
        .annotate(
            now=clock.DatabaseNow(),
            has_expired=ExpressionWrapper(_EXPIRED, models.BooleanField()),
        )
    )
    statement, _ = keys.values_list("now", "has_expired", *columns).query.sql_with_params()
    return str(statement)


def digest_of(key: str) -> bytes:
    """Return the SHA-256 of an API key.

    A fast hash is right here: the key holds 256 random bits, so there is nothing to guess.
    """
    return hashlib.sha256(key.encode()).digest()


class APIKey(models.Model):
    """A key to the API, stored only as a digest. A user may have several keys at once."""

    #: How every key begins.
    BEGINNING = "sk_"
    PREFIX_LENGTH = 10

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=PREFIX_LENGTH)
    digest = models.BinaryField(max_length=32)
    is_read_only = models.BooleanField("read-only", default=False, db_default=False)
    #: The end of the last day on which the key works; None if it does not expire.
    expires_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    #: Only keys that were found by `with_status`, and new ones, have it.
    status: str

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
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=models.F("created_at")),
                name="api_key_expires_after_created",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def expires_on(self) -> date | None:
        """The last day on which the key works, in UTC; None if it does not expire."""
        return self.expires_at and self.expires_at.astimezone(UTC).date()

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
