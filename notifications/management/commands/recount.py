"""`manage.py recount`."""

from typing import Any

from notifications.counts import recount
from torale.management.subcommands import ExampleCommand


class Command(ExampleCommand):
    """For use after a TRUNCATE of sends, or after triggers were disabled, as some tools do."""

    help = "Count all sends anew, and correct the totals of lists and statistics."
    examples = ("recount",)

    def handle(self, *args: Any, **options: Any) -> None:
        """Recount, and print how many counts were wrong."""
        wrong = recount()
        self.stdout.write(f"Corrected {wrong} counts." if wrong else "All counts were right.")
