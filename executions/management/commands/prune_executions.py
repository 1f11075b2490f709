"""`manage.py prune_executions --older-than 30d`."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from executions.prune import prune
from torale import clock
from torale.durations import duration


class Command(BaseCommand):
    """Can be stopped at any time; what is done is done."""

    help = "Delete ended executions of an age, except the latest one of each task."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the age, and which executions are meant."""
        parser.add_argument("--older-than", type=duration, required=True, help="such as 30d")
        parser.add_argument(
            "--with-notification",
            action="store_true",
            help="delete those with a notification; by default, those without one",
        )

    def handle(
        self, *args: Any, older_than: timedelta, with_notification: bool, **options: Any
    ) -> None:
        """Prune and print how many."""
        count = prune(older_than=older_than, now=clock.now(), has_notification=with_notification)
        self.stdout.write(f"Deleted {count} executions.")
