"""Commands of several words, such as `keys create`, and examples in the help of commands."""

from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser, DjangoHelpFormatter


class _Help(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Leaves the lines of examples as they are."""


class CommandWithExamples(BaseCommand):
    """A command whose `--help` ends with examples."""

    #: Lines to type, each as it follows `manage.py`.
    examples: tuple[str, ...] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return the parser, with the examples at the end of its help."""
        return super().create_parser(
            prog_name,
            subcommand,
            epilog=epilog_of(self.examples),
            formatter_class=_Help,
            **kwargs,
        )


def add_limit(parser: CommandParser) -> None:
    """Add the option `--limit` to a command that lists rows, as `options["limit"]`."""
    parser.add_argument(
        "--limit",
        type=_count,
        default=100,
        metavar="N",
        help="How many to print at most (default: 100).",
    )


def _count(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(f"{number} is too few: give 1 or more.")
    return number


def epilog_of(examples: tuple[str, ...]) -> str:
    """Return the end of a help text."""
    return "\n".join(["examples:", *(f"  manage.py {example}" for example in examples)])
