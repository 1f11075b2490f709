"""`manage.py users list|create|invite|disable|enable`."""

import getpass
import sys
from functools import partial
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError
from django.core.validators import validate_email

from accounts import sign_up
from accounts.models import User
from torale.errors import Conflict
from torale.management.output import add_format, write_rows
from torale.management.subcommands import GroupCommand, add_limit

COLUMNS = ("id", "email", "username", "is_active", "is_staff", "is_superuser", "created_at")


class Command(GroupCommand):
    """Lists, creates and invites users, and switches them off and on."""

    help = "List, create or invite users, or switch them off and on."
    examples = ("users list", "users create olive@example.com", "users disable olive@example.com")

    def add_subcommands(self) -> None:
        """Add `list`, `create`, `invite`, `disable` and `enable`."""
        listing = self.subcommand(
            "list",
            self.list,
            help_="Print the users, newest first.",
            examples=["users list", "users list --search example.com --off --format json"],
        )
        listing.add_argument("--search", metavar="TEXT", help="Only emails that contain this.")
        listing.add_argument("--off", action="store_true", help="Only users who are off.")
        add_limit(listing, default=100)
        add_format(listing)
        creation = self.subcommand(
            "create",
            self.create,
            help_="Create a user, who may not enter the admin; print the id.",
            examples=["users create olive@example.com"],
        )
        creation.add_argument("email", help="The login.")
        creation.add_argument(
            "--password-stdin",
            action="store_true",
            help="Read a password from standard input. Without one, the user has only API keys.",
        )
        invitation = self.subcommand(
            "invite",
            self.invite,
            help_="Mail a link with which a person creates an account.",
            examples=["users invite olive@example.com"],
        )
        invitation.add_argument("email", help="Whom to invite.")
        disabling = self.subcommand(
            "disable",
            partial(self.switch, on=False),
            help_="Switch a user off: sessions and keys stop working, and tasks rest.",
            examples=["users disable olive@example.com"],
        )
        disabling.add_argument("email", help="The user's login.")
        enabling = self.subcommand(
            "enable",
            partial(self.switch, on=True),
            help_="Switch a user on again.",
            examples=["users enable olive@example.com"],
        )
        enabling.add_argument("email", help="The user's login.")

    def list(self, *, search: str | None, off: bool, limit: int, **options: Any) -> None:
        """Print users."""
        users = User.objects.order_by("-pk")
        if search is not None:
            users = users.filter(email__icontains=search)
        if off:
            users = users.filter(is_active=False)
        found = [*users.values(*COLUMNS)[: limit + 1]]
        write_rows(self.stdout, found[:limit], columns=COLUMNS, as_=options["format"])
        if len(found) > limit:
            self.stderr.write(f"These are the newest {limit}; --limit prints more.")

    def create(self, *, email: str, password_stdin: bool, **options: Any) -> None:
        """Create a user."""
        password = read_password() if password_stdin else None
        user = User(email=User.objects.normalize_email(email))
        try:
            user.clean_fields(exclude={"password"})
            user.validate_constraints()
            if password is not None:
                validate_password(password, user)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        created = User.objects.create_user(email, password)
        self.stdout.write(str(created.pk))

    def invite(self, *, email: str, **options: Any) -> None:
        """Have an invitation mailed."""
        try:
            validate_email(email)
            sign_up.invite(email=email)
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        except Conflict as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"An invitation is on its way to {email}.")

    def switch(self, *, email: str, on: bool, **options: Any) -> None:
        """Switch the user with this email off or on; say so if that is so already."""
        users = User.objects.matching(email)
        if not users.exists():
            raise CommandError(
                f"No user has the email {email}. `manage.py users list` prints them."
            )
        count = users.switch_on() if on else users.switch_off()
        word = "on" if on else "off"
        for user in users:
            self.stdout.write(
                f"Switched {user} {word}." if count else f"{user} was switched {word} already."
            )


def read_password() -> str:
    """Return a line of standard input; at a terminal, without showing it."""
    if sys.stdin.isatty():
        return getpass.getpass()
    return sys.stdin.readline().rstrip("\n")
