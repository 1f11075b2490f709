"""`manage.py prune sends|executions`: delete what is old."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from executions.prune import prune as prune_executions
from executions.prune import to_prune as executions_to_prune
from notifications.prune import prune as prune_sends
from notifications.prune import to_prune as sends_to_prune
from torale import clock
from torale.durations import duration
from torale.management.progress import progress
from torale.management.subcommands import GroupCommand


class Command(GroupCommand):
    """Can be stopped at any time; what has been deleted by then stays deleted."""

    help = (
        "Delete old sends or executions at once. Workers do so every night if "
        "TORALE_RETENTION_DAYS and TORALE_EXECUTION_DAYS say so."
    )
    examples = (
        "prune sends --older-than 90d --dry-run",
        "prune executions --older-than 30d",
    )

    def add_subcommands(self) -> None:
        """Add `sends` and `executions`."""
        sends = self.subcommand(
            "sends",
            self.prune_sends,
            help_="Delete the record of old ended sends, and the bodies of those a third as old.",
            examples=("prune sends --older-than 90d", "prune sends --older-than 90d --dry-run"),
        )
        add_options(sends, such_as="90d")
        executions = self.subcommand(
            "executions",
            self.prune_executions,
            help_="Delete old ended executions, except the latest one of each task.",
            examples=(
                "prune executions --older-than 30d",
                "prune executions --older-than 1w --with-notification --dry-run",
            ),
        )
        add_options(executions, such_as="30d")
        executions.add_argument(
            "--with-notification",
            action="store_true",
            help="delete those with a notification; by default, those without one",
        )

    def prune_sends(self, *, older_than: timedelta, dry_run: bool, **_: Any) -> None:
        """Prune sends and print how many."""
        now = clock.now()
        if dry_run:
            bodies, records = (
                each.count() for each in sends_to_prune(older_than=older_than, now=now)
            )
            self.stdout.write(f"Would delete the bodies of {bodies} sends and {records} sends.")
            return
        with progress(self.stderr, "Deleting sends") as done:
            bodies, records = prune_sends(older_than=older_than, now=now, tell=done)
        self.stdout.write(f"Deleted the bodies of {bodies} sends and {records} sends.")

    def prune_executions(
        self, *, older_than: timedelta, with_notification: bool, dry_run: bool, **_: Any
    ) -> None:
        """Prune executions and print how many."""
        now = clock.now()
        if dry_run:
            count = executions_to_prune(
                older_than=older_than, now=now, has_notification=with_notification
            ).count()
            self.stdout.write(f"Would delete {count} executions.")
            return
        with progress(self.stderr, "Deleting executions") as done:
            count = prune_executions(
                older_than=older_than, now=now, has_notification=with_notification, tell=done
            )
        self.stdout.write(f"Deleted {count} executions.")


def add_options(parser: ArgumentParser, *, such_as: str) -> None:
    """Add the options that both have."""
    parser.add_argument(
        "--older-than", type=duration, required=True, help=f"an age, such as {such_as}"
    )
    parser.add_argument("--dry-run", action="store_true", help="only say how many")
