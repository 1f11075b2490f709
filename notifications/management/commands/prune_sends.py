"""`manage.py prune_sends --older-than 90d`."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from notifications.prune import prune
from torale import clock
from torale.durations import duration


class Command(BaseCommand):
    """Can be stopped at any time; what is done is done."""

    help = "Delete the record of ended sends of an age, and their bodies at a third of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the age."""
        parser.add_argument("--older-than", type=duration, required=True, help="such as 90d")

    def handle(self, *args: Any, older_than: timedelta, **options: Any) -> None:
        """Prune and print how many."""
        bodies, records = prune(older_than=older_than, now=clock.now())
        self.stdout.write(f"Deleted the bodies of {bodies} sends and {records} sends.")
