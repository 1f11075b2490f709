"""`manage.py recount`."""

from typing import Any

from django.core.management.base import BaseCommand

from notifications.counts import recount


class Command(BaseCommand):
    """For use after a TRUNCATE of sends, or after triggers were disabled, as some tools do."""

    help = "Count all sends anew, and correct the totals of lists and statistics."

    def handle(self, *args: Any, **options: Any) -> None:
        """Recount, and print how many counts were wrong."""
        wrong = recount()
        self.stdout.write(f"Corrected {wrong} counts." if wrong else "All counts were right.")
