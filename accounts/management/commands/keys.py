"""`manage.py keys list|create|revoke`."""

from datetime import date
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.db.models import QuerySet

from accounts.management.find import user_called
from accounts.models import APIKey, DayIsPast, KeyStatus
from torale.management.output import add_format, write_rows
from torale.management.subcommands import GroupCommand, add_limit

COLUMNS = (
    "id",
    "prefix",
    "name",
    "user",
    "status",
    "read_only",
    "expires_on",
    "created_at",
    "last_used_at",
    "revoked_at",
)


class Command(GroupCommand):
    """Lists, creates and revokes API keys."""

    help = "List, create or revoke API keys. A key's secret is printed only when it is created."
    examples = (
        "keys list",
        "keys create olive@example.com --name laptop",
        "keys revoke sk_AbCdEfG",
    )

    def add_subcommands(self) -> None:
        """Add `list`, `create` and `revoke`."""
        listing = self.subcommand(
            "list",
            self.list,
            help_="Print the keys, newest first.",
            examples=[
                "keys list",
                "keys list --user olive@example.com --status active --format csv",
            ],
        )
        listing.add_argument("--user", metavar="EMAIL", help="Only keys of this user.")
        listing.add_argument("--status", choices=KeyStatus.values, help="Only such keys.")
        add_limit(listing, default=100)
        add_format(listing)
        creation = self.subcommand(
            "create",
            self.create,
            help_="Create a key and print it, once.",
            examples=[
                "keys create olive@example.com --name laptop",
                "keys create audit@example.com --name audit --read-only --expires 2027-01-31",
            ],
        )
        creation.add_argument("email", help="The user's login.")
        creation.add_argument("--name", required=True, help="What the key is for.")
        creation.add_argument(
            "--read-only", action="store_true", help="Refuse all but GET, HEAD and OPTIONS."
        )
        creation.add_argument(
            "--expires",
            metavar="DAY",
            type=day,
            help="The last day on which the key works, in UTC, such as 2027-01-31.",
        )
        revocation = self.subcommand(
            "revoke",
            self.revoke,
            help_="Revoke a key for good.",
            examples=["keys revoke sk_AbCdEfG"],
        )
        revocation.add_argument(
            "key", metavar="PREFIX|ID", help="The key's prefix or id, as `keys list` prints them."
        )

    def list(self, *, user: str | None, status: str | None, limit: int, **options: Any) -> None:
        """Print keys."""
        keys = APIKey.objects.with_status().select_related("user").order_by("-pk")
        if user is not None:
            keys = keys.for_user(user_called(user))
        if status is not None:
            keys = keys.of_status(KeyStatus(status))
        rows = [*map(row_of, keys[: limit + 1])]
        write_rows(self.stdout, rows[:limit], columns=COLUMNS, as_=options["format"])
        if len(rows) > limit:
            self.stderr.write(f"These are the newest {limit}; --limit prints more.")

    def create(
        self, *, email: str, name: str, read_only: bool, expires: date | None, **options: Any
    ) -> None:
        """Create a key and print its secret, and nothing else, where a script can read it."""
        user = user_called(email)
        try:
            APIKey(name=name).clean_fields(exclude={"user", "prefix", "digest"})
        except ValidationError as error:
            raise CommandError(f"--name: {' '.join(error.messages)}") from error
        try:
            _, secret = APIKey.objects.create_key(
                user=user, name=name, is_read_only=read_only, expires_on=expires
            )
        except DayIsPast as error:
            raise CommandError(f"--expires: {error}") from error
        self.stdout.write(secret)

    def revoke(self, *, key: str, **options: Any) -> None:
        """Revoke the key that `key` names."""
        found = [*keys_called(key).select_related("user").order_by("pk")[:2]]
        if not found:
            beginning = key[: APIKey.PREFIX_LENGTH]
            raise CommandError(
                f"No key has the prefix or id {beginning}. `manage.py keys list` prints both."
            )
        if len(found) > 1:
            raise CommandError(
                f"More than one key has the prefix {key}. Give an id: `manage.py keys list` prints "
                "them."
            )
        [one] = found
        if one.revoked_at:
            self.stdout.write(f"{one} of {one.user} was revoked already.")
            return
        one.revoke()
        self.stdout.write(f"Revoked {one} of {one.user}.")


def day(text: str) -> date:
    """Return the day that `text` is."""
    return date.fromisoformat(text)


def keys_called(text: str) -> QuerySet[APIKey]:
    """Return the keys whose id or whole prefix `text` is."""
    try:
        return APIKey.objects.filter(pk=UUID(text))
    except ValueError:
        return APIKey.objects.filter(prefix=text)


def row_of(key: APIKey) -> dict[str, Any]:
    """Return the key's values by column."""
    return {
        "id": key.pk,
        "prefix": key.prefix,
        "name": key.name,
        "user": key.user.email,
        "status": key.status,
        "read_only": key.is_read_only,
        "expires_on": key.expires_on,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
        "revoked_at": key.revoked_at,
    }
