"""`manage.py sends list|show|redeliver`: the sends of all users."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError, CommandParser

from accounts.management.find import user_called
from notifications.eligibility import deliverable
from notifications.filters import lookups
from notifications.models import UNFINISHED, Attempt, EventType, NotificationSend, NotificationType
from notifications.models import SendStatus as Status
from notifications.newest import newest
from notifications.redeliver import redeliver_all, redeliver_one
from torale import clock
from torale.durations import a_moment
from torale.management.output import add_format, write_record, write_rows
from torale.management.subcommands import GroupCommand, add_limit

#: The columns of the list.
COLUMNS = (
    *("id", "created_at", "status", "notification_type", "event_type", "user", "recipient"),
    *("task_name", "attempts", "error"),
)
#: The names of options, and of the filters that they stand for in the API's list of sends.
FILTERS = {
    "status": "status",
    "type": "notification_type",
    "event": "event_type",
    "task": "task_id",
    "execution": "execution_id",
    "recipient": "recipient",
    "since": "created_after",
    "until": "created_before",
}


class Command(GroupCommand):
    """Reads the record of sends, and has sends delivered again."""

    help = "List sends, show one with its attempts, or deliver them again."
    examples = (
        "sends list --status failed --since 2h",
        "sends show 0192f3a4-5b6c-7d8e-9f01-23456789abcd",
        "sends redeliver --since 9:00 --dry-run",
    )

    def add_subcommands(self) -> None:
        """Add `list`, `show` and `redeliver`."""
        listing = self.subcommand(
            "list",
            self.list_sends,
            help_="List the newest sends that match.",
            examples=(
                "sends list",
                "sends list --user olive@example.com --since 2026-03-03 --until 2026-03-04",
                "sends list --status failed --type webhook --format csv > failed.csv",
                "sends list --recipient olive@example.com --limit 5",
            ),
        )
        add_filters(listing)
        listing.add_argument("--status", choices=Status.values)
        add_limit(listing, default=50)
        add_format(listing)

        show = self.subcommand(
            "show",
            self.show_send,
            help_="Show a send with its attempts and what was answered.",
            examples=(
                "sends show 0192f3a4-5b6c-7d8e-9f01-23456789abcd",
                "sends show 0192f3a4-5b6c-7d8e-9f01-23456789abcd --format json",
            ),
        )
        show.add_argument("id", type=UUID)
        add_format(show)

        redeliver = self.subcommand(
            "redeliver",
            self.redeliver,
            help_="Deliver ended sends again: those with the given ids, or all that match.",
            examples=(
                "sends redeliver 0192f3a4-5b6c-7d8e-9f01-23456789abcd",
                "sends redeliver --since 2h --dry-run",
                "sends redeliver --since 9:00 --status failed",
                "sends redeliver --since 2026-03-03 --user olive@example.com",
            ),
        )
        redeliver.add_argument("ids", type=UUID, nargs="*", metavar="ID")
        add_filters(redeliver)
        redeliver.add_argument(
            "--status",
            choices=[status.value for status in Status if status not in UNFINISHED],
            default=Status.FAILED.value,
            help="only sends in this status (default: failed)",
        )
        redeliver.add_argument("--dry-run", action="store_true", help="only say how many")

    def list_sends(self, *, limit: int, format: str, **options: Any) -> None:  # noqa: A002 - the option's name
        """Print the newest sends that match."""
        sends = newest(filters_of(options), limit=limit, user_id=user_id_of(options["user"]))
        write_rows(self.stdout, map(row_of, sends), columns=COLUMNS, as_=format)

    def show_send(self, *, id: UUID, format: str, **options: Any) -> None:  # noqa: A002
        """Print one send.

        Raises:
            CommandError: there is no such send.
        """
        sends = NotificationSend.objects.select_related("user", "endpoint").in_detail()
        send = sends.filter(pk=id).first()
        if send is None:
            raise CommandError(f"No send has the id {id}.")
        write_record(self.stdout, details_of(send), as_=format)

    def redeliver(self, *, ids: list[UUID], dry_run: bool, **options: Any) -> None:
        """Queue sends again and print how many.

        Raises:
            CommandError: no sends are named, or some of those that are cannot be delivered again.
        """
        now = clock.now()
        if ids:
            self.redeliver_each(ids, now=now, dry_run=dry_run)
            return
        narrowing = {*FILTERS, "user"} - {"status"}
        if not any(options[name] for name in narrowing):
            raise CommandError("Name sends by their ids, or some by options such as --since 2h.")
        sends = NotificationSend.objects.filter(**lookups(filters_of(options)))
        if user_id := user_id_of(options["user"]):
            sends = sends.filter(user_id=user_id)
        if dry_run:
            count = deliverable(sends).count()
            self.stdout.write(f"Would queue {count} sends, as far as limits allow.")
        else:
            self.stdout.write(f"Queued {redeliver_all(sends=sends, now=now)} sends.")

    def redeliver_each(self, ids: list[UUID], *, now: datetime, dry_run: bool) -> None:
        """Queue each of these sends."""
        if dry_run:
            count = deliverable(NotificationSend.objects.filter(pk__in=ids)).count()
            self.stdout.write(f"Would queue {count} of {len(ids)} sends, as far as limits allow.")
            return

        def act(pk: UUID) -> str:
            redeliver_one(send=NotificationSend.objects.get(pk=pk), now=now)
            return "Queued."

        self.do_each(ids, act, noun="send")


def add_filters(parser: ArgumentParser | CommandParser) -> None:
    """Add the options that narrow sends down."""
    parser.add_argument("--user", metavar="EMAIL", help="only sends of the user with this email")
    parser.add_argument("--type", choices=NotificationType.values)
    parser.add_argument("--event", choices=EventType.values)
    parser.add_argument("--task", type=UUID, metavar="ID", help="only sends of this task")
    parser.add_argument("--execution", type=UUID, metavar="ID", help="only sends of this execution")
    parser.add_argument("--recipient", help="only sends to exactly this email address or URL")
    parser.add_argument(
        "--since",
        type=a_moment,
        metavar="TIME",
        help="only sends since this time (UTC): 2026-03-04T09:00Z, 2026-03-04, 9:00 for today, or "
        "2h for two hours ago",
    )
    parser.add_argument("--until", type=a_moment, help="only sends before this time")


def filters_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the filters that are given, by their names in the list of sends."""
    now = clock.now()
    given = {name: options[option] for option, name in FILTERS.items() if options.get(option)}
    return {name: value(now) if callable(value) else value for name, value in given.items()}


def user_id_of(email: str | None) -> UUID | None:
    """Return the id of the user who logs in with `email`, or None."""
    return user_called(email).pk if email else None


def row_of(send: NotificationSend) -> dict[str, Any]:
    """Return the values of a send by column. The URL of a chat is its owner's secret."""
    return {
        "id": send.pk,
        "created_at": send.created_at,
        "status": send.status,
        "notification_type": send.notification_type,
        "event_type": send.event_type,
        "user": send.user.email,
        "recipient": send.shown_recipient,
        "task_name": send.task_name,
        "attempts": send.attempt_count,
        "error": send.error_message,
    }


def details_of(send: NotificationSend) -> dict[str, Any]:
    """Return everything that an operator may see of a send."""
    return {
        **row_of(send),
        "task_id": send.task_id,
        "execution_id": send.execution_id,
        "sent_at": send.sent_at,
        "next_attempt_at": send.next_attempt_at,
        "attempt": [attempt_row(attempt, send) for attempt in send.attempts.all()],
    }


def attempt_row(attempt: Attempt, send: NotificationSend) -> dict[str, Any]:
    """Return the values of an attempt at a send."""
    return {
        "number": attempt.number,
        "started_at": attempt.started_at,
        "duration_ms": attempt.duration_ms,
        "status": attempt.status,
        "answered": attempt.response_status,
        "error": attempt.error_message,
        "body": send.without_secrets(attempt.response_body),
    }
