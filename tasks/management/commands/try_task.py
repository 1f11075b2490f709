"""`manage.py try_task QUERY CONDITION`: preview a question in the terminal."""

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from executions import monitors
from executions.monitors import AskFailed, BadQuestion, Question
from tasks import headers
from tasks.lifecycle import check_origin
from tasks.preview import PAGE_TIME_LIMIT
from torale.errors import Refused
from torale.url_check import networks_of

#: How many characters of a page's text are printed.
PRINTED_CHARACTERS = 2000


class Command(BaseCommand):
    """Visits the pages from this machine, as an operator; nothing is stored."""

    help = "Visit the pages of a query, and print what is read and what the condition says of it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the question."""
        parser.add_argument("query", help="what to look at, with the URLs of its pages")
        parser.add_argument("condition", nargs="?", help="such as 'contains \"In stock\"'")
        parser.add_argument(
            "--header",
            action="append",
            default=[],
            metavar="NAME:VALUE",
            help="a header to send with each visit, such as 'Cookie: session=3f9a2c'; repeatable",
        )

    def handle(
        self, *args: Any, query: str, condition: str | None, header: list[str], **options: Any
    ) -> None:
        """Print the preview.

        Raises:
            CommandError: the question cannot be asked, or nothing could be read.
        """
        networks = networks_of(email="", is_staff=True)
        question = Question(
            search_query=query,
            condition_description=condition or query,
            last_known_state=None,
            asked_at=timezone.now(),
            networks=networks,
            request_headers=parsed(header),
        )
        try:
            monitors.check(
                search_query=query,
                condition_description=question.condition_description,
                networks=networks,
            )
            if header:
                check_origin(query)
            preview = asyncio.run(monitors.preview(question, time_limit=PAGE_TIME_LIMIT))
        except (BadQuestion, AskFailed) as error:
            raise CommandError(str(error)) from error
        for page in preview.pages:
            self.print_page(page)
        for warning in preview.warnings:
            self.stdout.write(f"Warning: {warning}")
        self.stdout.write(f"The condition is {'true' if preview.holds else 'not true'} now.")

    def print_page(self, page: dict[str, Any]) -> None:
        """Print what was read on one page."""
        self.stdout.write(f"{page['url']}")
        for name, value in page.items():
            if name == "text":
                value = value[:PRINTED_CHARACTERS]  # noqa: PLW2901 - printed below
            if name != "url" and value not in (None, [], ""):
                self.stdout.write(f"  {name}: {value}".replace("\n", "\n    "))
        self.stdout.write("")


def parsed(arguments: list[str]) -> dict[str, str]:
    """Return the headers that the arguments name.

    Raises:
        CommandError: one is not of the form NAME:VALUE, or may not be sent.
    """
    pairs = [argument.partition(":") for argument in arguments]
    try:
        return headers.check(
            {name.strip(): value.strip() for name, _, value in pairs},
            reserved=headers.RESERVED_HEADERS | headers.RESERVED_ON_VISITS,
        )
    except Refused as error:
        raise CommandError(f"--header: {error}") from error
