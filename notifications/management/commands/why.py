"""`manage.py why ID`: why somebody was told, or why nobody was."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.management.base import CommandError, CommandParser

from notifications.why import About, Explanation, UnknownId, explain
from torale import clock
from torale.admin import as_uuid
from torale.management.output import add_format, write_rows
from torale.management.subcommands import ExampleCommand

#: What programs read of each decision.
COLUMNS = [
    "chapter",
    "at",
    "kind",
    "title",
    "sentence",
    "task_id",
    "execution_id",
    "send_id",
    "attempt",
]


class Command(ExampleCommand):
    """Finds out by itself what the id belongs to."""

    help = (
        "Say why somebody was told, or why nobody was: every decision in order, from the visit to "
        "each recipient. Exit with 1 if nothing has the id."
    )

    examples = (
        "why 019ca5f2-3b10-7c52-8a4e-0c2f6f6f1d11",
        "why 019ca5f2-3b10-7c52-8a4e-0c2f6f6f1d11 --format json | jq -r '.[0].sentence'",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the id and the format."""
        parser.add_argument("id", metavar="ID", help="the id of a task, an execution or a send")
        add_format(parser)

    def handle(self, *args: Any, id: str, **options: Any) -> None:  # noqa: A002 - the argument's name
        """Print the verdict, and how it came about."""
        wanted = as_uuid(id)
        if wanted is None:
            raise CommandError(
                f"{id!r} is not an id. Give the whole id of a task, an execution or a send, such "
                "as 019ca5f2-3b10-7c52-8a4e-0c2f6f6f1d11."
            )
        try:
            explanation = explain(wanted, now=clock.now())
        except UnknownId as error:
            raise CommandError(str(error)) from error
        if options["format"] == "table":
            self._print(explanation)
        else:
            rows = _rows(explanation)
            write_rows(self.stdout, rows, columns=COLUMNS, as_=options["format"])

    def _print(self, explanation: Explanation) -> None:
        self.stdout.write(f"{_plain(explanation.subject)}\n\n{_plain(explanation.verdict)}")
        for chapter in explanation.chapters:
            self.stdout.write(f"\n{_plain(chapter.title)}{_named(chapter.about)}")
            write_rows(
                self.stdout,
                [
                    {"at (UTC)": each.at, "what": each.title, "why": _plain(each.sentence)}
                    for each in chapter.decisions
                ],
                columns=["at (UTC)", "what", "why"],
            )


def _plain(text: str) -> str:
    """Return `text` without what would control a terminal: a receiver may have answered it."""
    return "".join(each if each.isprintable() else " " for each in text)


def _named(about: About) -> str:
    """Return the id of the narrowest thing that a chapter is about, to ask about next."""
    if about.send_id:
        return f" (send {about.send_id})"
    if about.execution_id:
        return f" (execution {about.execution_id})"
    return f" (task {about.task_id})" if about.task_id else ""


def _rows(explanation: Explanation) -> Iterator[Mapping[str, Any]]:
    """Yield the verdict, and then each decision, as programs read them."""
    yield {
        "chapter": explanation.subject,
        "at": None,
        "kind": explanation.kind,
        "title": "Verdict",
        "sentence": explanation.verdict,
        **_ids(explanation.about),
    }
    for chapter in explanation.chapters:
        for decision in chapter.decisions:
            yield {
                "chapter": chapter.title,
                "at": decision.at,
                "kind": decision.kind,
                "title": decision.title,
                "sentence": decision.sentence,
                **_ids(decision.about),
            }


def _ids(about: About) -> dict[str, Any]:
    return {
        "task_id": about.task_id,
        "execution_id": about.execution_id,
        "send_id": about.send_id,
        "attempt": about.attempt,
    }
