"""`manage.py doctor`: check what can be wrong, and say how to mend it."""

import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from executions import diagnoses as of_executions
from notifications import diagnoses as of_notifications
from tasks import diagnoses as of_tasks
from torale import diagnoses as of_torale
from torale.doctor import Verdict, examine
from torale.management.output import add_format, write_rows
from torale.management.subcommands import ExampleCommand

#: All checks, in the order in which they are made.
CHECKS = (
    *of_torale.CHECKS,
    *of_notifications.CHECKS,
    *of_tasks.CHECKS,
    *of_executions.CHECKS,
)


class Command(ExampleCommand):
    """Changes nothing, and sends no notification."""

    help = (
        "Check the settings, the database, the mail server, the workers, the language model and "
        "the search engine, and say how to mend what is wrong. Exit with 1 if there is a problem."
    )
    examples = ("doctor", "doctor --format json")
    # It runs Django's checks itself, and shows what they find.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the format."""
        add_format(parser)

    def handle(self, *args: Any, format: str, **options: Any) -> None:  # noqa: A002 - its name
        """Print what was found; end with 1 if there is a problem."""
        found = []
        for finding in examine(CHECKS):
            found.append(finding)
            if format == "table":
                self.stdout.write(f"{finding.verdict:<8} {finding.name:<17} {finding.text}")
                if finding.remedy:
                    self.stdout.write(f"{'':<27}Do: {finding.remedy}")
        if format != "table":
            columns = ("name", "verdict", "text", "remedy")
            write_rows(self.stdout, map(asdict, found), columns=columns, as_=format)
        if any(finding.verdict is Verdict.PROBLEM for finding in found):
            sys.exit(1)
