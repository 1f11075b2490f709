"""`manage.py redeliver --since …`: deliver again what failed, of all users."""

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from notifications.models import UNFINISHED, NotificationSend, SendStatus
from notifications.redeliver import redeliver_all
from torale import clock
from torale.durations import moment


class Command(BaseCommand):
    """Queues them in one transaction; the workers do the rest."""

    help = "Deliver again all sends of a status that were recorded since a time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the time and the status."""
        parser.add_argument(
            "--since", required=True, help="a time such as 2026-03-04T09:00Z, or 2h for 2 hours ago"
        )
        parser.add_argument(
            "--status",
            default=SendStatus.FAILED.value,
            choices=[status.value for status in SendStatus if status not in UNFINISHED],
            help="default: failed",
        )

    def handle(self, *args: Any, since: str, status: str, **options: Any) -> None:
        """Queue them and print how many."""
        now = clock.now()
        try:
            created_after = moment(since, now=now)
        except ArgumentTypeError as error:
            raise CommandError(f"--since: {error}") from error
        sends = NotificationSend.objects.filter(status=status, created_at__gte=created_after)
        self.stdout.write(f"Queued {redeliver_all(sends=sends, now=now)} sends.")
