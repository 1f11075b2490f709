"""A user's webhooks: the account's configuration and secret, and the state of each receiver."""

import base64
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models, transaction
from django.db.models import F, Func, Q, TextField, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from yarl import URL

from accounts.models import User
from tasks.destinations import OWN_FORMAT, shown_url
from torale.errors import Refused
from torale.fields import EncryptedJSONField, Undecryptable, kept
from torale.uuid7 import uuid7

#: How long a replaced secret still signs as well, so that receivers can change to the new one.
OVERLAP = timedelta(hours=24)


#: The most replaced secrets that sign at a time.
MOST_RETIRED = 5

#: A part of a chat's URL that is shorter is a word such as `api`, and no secret.
SHORTEST_SECRET = 4

#: The scheme, host and port of a URL, as a regular expression of PostgreSQL. A URL with a password
#: does not match.
ORIGIN = r"^[a-z]+://[^/?#@]*(?=[/?#]|$)"


def still_valid(retired: Sequence[tuple[str, float]], *, now: datetime) -> list[str]:
    """Return the replaced secrets that still sign."""
    return [secret for secret, until in retired if until > now.timestamp()]


def new_secret() -> str:
    """Return a secret: `whsec_` + 32 random bytes (Standard Webhooks, "Signature scheme")."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"


class WebhookConfig(models.Model):
    """The secret that signs all of a user's webhooks, and the default webhook with its switch."""

    user = models.OneToOneField(
        User, models.CASCADE, primary_key=True, related_name="webhook_config"
    )
    #: The URL for tasks that name no webhook of their own; null if there is none.
    url = models.CharField(max_length=2048, null=True)
    #: The default webhook's switch; a task's own webhook does not depend on it.
    is_enabled = models.BooleanField(default=True)
    #: The form of the default webhook's body.
    format = models.CharField(max_length=20, default=OWN_FORMAT, db_default=OWN_FORMAT)
    secret = EncryptedJSONField(default=new_secret)
    #: Replaced secrets, the latest first, each with the Unix time until which it signs.
    retired_secrets = EncryptedJSONField(default=list)

    def __str__(self) -> str:
        return f"webhooks of {self.user_id}"

    def valid_secrets(self, *, now: datetime) -> list[str]:
        """Return the secrets to sign with, the present one first."""
        return [self.secret, *still_valid(self.retired_secrets, now=now)]

    @transaction.atomic
    def rotate_secret(self, *, now: datetime) -> None:
        """Replace the secret; the old one signs as well for a day, even if it is replaced again.

        Simultaneous rotations are done one after the other, and each returns a secret that signs.
        An old one that cannot be decrypted is dropped, as it cannot sign.

        Raises:
            Refused: MOST_RETIRED old ones still sign; each adds a signature to every request.
        """
        stored = WebhookConfig.objects.select_for_update().get(pk=self.pk)
        begun = now.timestamp()
        secret, old_secrets = kept(stored, "secret"), kept(stored, "retired_secrets")
        if isinstance(old_secrets, Undecryptable):
            old_secrets = []
        retired = [[old, until] for old, until in old_secrets if until > begun]
        if len(retired) >= MOST_RETIRED:
            raise Refused(
                f"The secret has been replaced {MOST_RETIRED} times in 24 hours, and each old one "
                "still signs as well. Wait until one has expired."
            )
        if not isinstance(secret, Undecryptable):
            retired.insert(0, [secret, begun + OVERLAP.total_seconds()])
        self.retired_secrets = retired
        self.secret = new_secret()
        self.save(update_fields=["secret", "retired_secrets"])


class WebhookEndpointQuerySet(models.QuerySet["WebhookEndpoint"]):
    """Queries of endpoints."""

    def for_user(self, user: User) -> Self:
        """Keep the endpoints of `user`."""
        return self.filter(user=user)

    def failing(self) -> Self:
        """Keep those whose latest attempts have all failed."""
        return self.filter(failing_since__isnull=False)

    def switched_off(self) -> Self:
        """Keep those that are switched off."""
        return self.filter(switched_off_at__isnull=False)

    def switched_off_for_failing(self) -> Self:
        """Keep those that were switched off for failing, not by their owner."""
        return self.switched_off().filter(is_switched_off_by_owner=False)

    def in_trouble(self) -> Self:
        """Keep those that fail or are switched off, whoever switched them off."""
        return self.filter(Q(failing_since__isnull=False) | Q(switched_off_at__isnull=False))

    def showing(self, text: str) -> Self:
        """Keep those whose `shown_url` has `text` as a part, in whatever case.

        The rest of a chat's URL is never compared, or it could be guessed letter by letter.
        """
        origin = Func(F("url"), Value(ORIGIN), function="substring", output_field=TextField())
        return self.alias(origin=origin).filter(
            Q(format=OWN_FORMAT, url__icontains=text) | Q(origin__icontains=text)
        )

    def switch_on(self) -> int:
        """Switch them on again, as if they had never failed; return how many were off."""
        return self.switched_off().update(
            switched_off_at=None,
            switched_off_because=None,
            is_switched_off_by_owner=False,
            failing_since=None,
        )

    def switch_off_by_owner(self, *, now: datetime) -> int:
        """Send nothing to them until their owner switches them on; return how many there are."""
        return self.update(
            switched_off_at=Coalesce("switched_off_at", now),
            switched_off_because="you switched it off",
            is_switched_off_by_owner=True,
        )

    def switch_off_by_operator(self, *, now: datetime) -> int:
        """Send nothing to those that are on until somebody switches them on; return how many."""
        return self.filter(switched_off_at=None).update(
            switched_off_at=now, switched_off_because="an operator switched it off"
        )


class WebhookEndpoint(models.Model):
    """A URL that a user's webhooks go to, and whether it fails or is switched off."""

    #: Its id in the API; the primary key, which each send holds, is a smaller number.
    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    user = models.ForeignKey(User, models.CASCADE, related_name="webhook_endpoints", db_index=False)
    url = models.CharField(max_length=2048)
    #: The form of the body of the latest webhook that was recorded for it.
    format = models.CharField(max_length=20, default=OWN_FORMAT, db_default=OWN_FORMAT)
    created_at = models.DateTimeField(default=timezone.now)
    #: Since when all attempts have failed; null while it works.
    failing_since = models.DateTimeField(null=True)
    switched_off_at = models.DateTimeField(null=True)
    switched_off_because = models.TextField(null=True)
    #: Whether its owner switched it off, and not Torale for failing.
    is_switched_off_by_owner = models.BooleanField(default=False)

    #: The latest Attempt at it, or None; set by `last_answers` only.
    last_attempt: Any

    objects = WebhookEndpointQuerySet.as_manager()

    class Meta:
        permissions = [
            ("switch_on_webhookendpoint", "Can switch webhook endpoint on again"),
            ("switch_off_webhookendpoint", "Can switch webhook endpoint off"),
        ]
        constraints = [
            # Read when a send is recorded.
            models.UniqueConstraint(fields=["user", "url"], name="webhook_endpoint_one_per_url"),
            models.CheckConstraint(
                condition=Q(switched_off_at=None, switched_off_because=None)
                | Q(switched_off_at__isnull=False, switched_off_because__isnull=False),
                name="webhook_endpoint_off_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(is_switched_off_by_owner=False) | Q(switched_off_at__isnull=False),
                name="webhook_endpoint_by_owner_only_off",
            ),
        ]
        indexes = [
            # Read by `status` and the metrics: only receivers in trouble.
            models.Index(
                F("failing_since"),
                name="webhook_endpoint_failing",
                condition=Q(failing_since__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.shown_url

    @property
    def shown_url(self) -> str:
        """The URL as people other than its owner may see it."""
        return shown_url(self.url, format_=self.format)

    def without_secrets(self, text: str) -> str:
        """Return a text as people other than the owner may see it.

        What a chat's URL keeps secret may also stand in what is sent to the chat and in what it
        answers, such as the topic of ntfy.
        """
        if self.format == OWN_FORMAT:
            return text
        url = URL(self.url)
        parts = {*url.parts, *url.query.values()}
        for part in sorted(parts, key=len, reverse=True):
            if len(part) >= SHORTEST_SECRET:
                text = text.replace(part, "…")
        return text

    def switch_on(self) -> None:
        """Switch it on again; does nothing if it is on."""
        WebhookEndpoint.objects.filter(pk=self.pk).switch_on()
        self.refresh_from_db()

    def switch_off_by_owner(self, *, now: datetime) -> None:
        """Send nothing to it until it is switched on, whoever had switched it off before."""
        WebhookEndpoint.objects.filter(pk=self.pk).switch_off_by_owner(now=now)
        self.refresh_from_db()
