"""`manage.py try_task QUERY CONDITION`: preview a question in the terminal."""

import asyncio
from argparse import SUPPRESS, ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from executions import monitors
from executions.activity import step_of, usage_of
from executions.monitors import AskFailed, BadQuestion, Preview, Question, Usage
from executions.pages.offers import PriceSource
from tasks import headers
from tasks.lifecycle import check_origin
from tasks.preview import PAGE_TIME_LIMIT
from torale.errors import Refused
from torale.management.output import printable
from torale.management.subcommands import ExampleCommand
from torale.outbound.url_check import networks_of

#: Where a price was found, in words.
SOURCES = {
    PriceSource.JSON_LD: "JSON-LD",
    PriceSource.MICRODATA: "microdata",
    PriceSource.OPEN_GRAPH: "Open Graph",
    PriceSource.TEXT: "its text",
}


class Command(ExampleCommand):
    """Visits the pages from this machine, as an operator; nothing is stored."""

    help = (
        "Visit the pages of a query, and print what is read and what the condition says of it. A "
        "question in plain words is answered by the language model; each of its steps is printed."
    )
    examples = (
        "try_task https://shop.example/ 'css(\".price\") < 500'",
        "try_task 'When does the Riverside festival sell tickets?' --condition 'a date is known'",
        "try_task https://shop.example/orders changes --header 'Cookie: session=3f9a2c'",
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the question."""
        parser.add_argument("query", help="what to look at, with the URLs of its pages")
        parser.add_argument(
            "condition",
            nargs="?",
            default=SUPPRESS,  # or it would replace that of the option
            help="such as 'contains \"In stock\"'",
        )
        parser.add_argument("--condition", help="the same as the second argument")
        parser.add_argument(
            "--header",
            action="append",
            default=[],
            metavar="NAME:VALUE",
            help="a header to send with each visit, such as 'Cookie: session=3f9a2c'; repeatable",
        )

    def handle(
        self,
        *args: Any,
        query: str,
        condition: str | None,
        header: list[str],
        **options: Any,
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
            preview = asyncio.run(
                monitors.preview(question, time_limit=PAGE_TIME_LIMIT, progress=self.print_step)
            )
        except (BadQuestion, AskFailed) as error:
            raise CommandError(printable(str(error))) from error
        if preview.usage:
            self.print_decision(preview, preview.usage)
            return
        for page in preview.pages:
            self.print_page(page)
        for warning in preview.warnings:
            self.stdout.write(f"Warning: {printable(warning)}")
        self.stdout.write(f"The condition is {'true' if preview.holds else 'not true'} now.")

    def print_step(self, step: str) -> None:
        """Print a step while the next one is under way."""
        self.stdout.write(printable(step))
        self.stdout.flush()

    def print_decision(self, preview: Preview, usage: Usage) -> None:
        """Print what a language model has found, what was checked, and what that has cost."""
        self.stdout.write(f"\n{printable(preview.evidence)}\n")
        for page in preview.pages:
            error = f" cannot be read: {page['error']}" if page["error"] else f" {page['title']}"
            self.stdout.write(printable(f"Source: {page['url']}{error}"))
        self.stdout.write("")
        checks = [step for step in preview.activity if step["action"] == "check"]
        for number, check in enumerate(checks, 1):
            self.stdout.write(printable(f"{number}. {step_of(check).text}"))
        for warning in preview.warnings:
            self.stdout.write(f"Warning: {printable(warning)}")
        told = "true now. You would be told." if preview.holds else "not true now."
        self.stdout.write(f"\nThe condition is {told}")
        self.stdout.write(usage_of({"usage": asdict(usage)}))

    def print_page(self, page: dict[str, Any]) -> None:
        """Print what was read on one page: a line for each member, or more below its name."""
        self.stdout.write(printable(page["url"]))
        for name, value in page.items():
            lines = [] if name == "url" or value is None else readable(name, value).splitlines()
            first = f"  {name.capitalize()}:"
            if len(lines) == 1:
                self.stdout.write(f"{first} {printable(lines[0])}")
            elif lines:
                self.stdout.write("\n    ".join([first, *map(printable, lines)]))
        self.stdout.write("")


def readable(name: str, value: Any) -> str:
    """Return a member of a previewed page as people write it; empty if there is nothing to say."""
    match name:
        case "items":
            return "\n".join(f"{item['title']} {item['url']}".strip() for item in value)
        case "price":
            amount = f"{value['amount']} {value['currency']}".rstrip()
            return f"{amount}, from {SOURCES[value['source']]}"
        case "selected":
            return "\n".join(f"{part['selector']}: {found(part['text'])}" for part in value)
        case "holds":
            return "yes" if value else "no"
        case "characters":
            return f"{value:,}"
    return str(value)


def found(text: str | None) -> str:
    """Return what a selector has found, in one line."""
    return "nothing" if text is None else " / ".join(text.splitlines())


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
