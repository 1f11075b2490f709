"""What our commands share: examples in `--help`, subcommands, and older names."""

from argparse import ArgumentTypeError, RawDescriptionHelpFormatter
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.core.exceptions import ObjectDoesNotExist
from django.core.management import BaseCommand, CommandError, CommandParser, ManagementUtility
from django.core.management.base import DjangoHelpFormatter

from torale.errors import DomainError


class HelpFormatter(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """Keeps the lines of the examples below the options."""


def with_examples(*examples: str) -> dict[str, Any]:
    """Return a parser's arguments that show examples in its help.

    Args:
        examples: what follows `manage.py` on the command line.
    """
    lines = "".join(f"\n  manage.py {example}" for example in examples)
    return {"epilog": f"examples:{lines}", "formatter_class": HelpFormatter}


def add_limit(parser: CommandParser, *, default: int) -> None:
    """Add the option `--limit` to a command that lists rows, as `options["limit"]`."""
    parser.add_argument(
        "--limit",
        type=at_least_one,
        default=default,
        metavar="N",
        help=f"How many to print at most (default: {default}).",
    )


def at_least_one(text: str) -> int:
    """Return the whole number that an option gives.

    Raises:
        ArgumentTypeError: it is less than 1; the message says so.
    """
    number = int(text)
    if number < 1:
        raise ArgumentTypeError(f"{number} is too few: give 1 or more.")
    return number


class ExampleCommand(BaseCommand):
    """A command whose `--help` ends with examples."""

    #: What follows `manage.py` on the command line.
    examples: ClassVar[Iterable[str]] = ()

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        """Return the parser, with the examples."""
        return super().create_parser(
            prog_name, subcommand, **with_examples(*self.examples), **kwargs
        )


class GroupCommand(ExampleCommand):
    """A command that consists of subcommands, such as `sends list`."""

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the subcommands."""
        self._group = parser.add_subparsers(metavar="SUBCOMMAND", required=True)
        self.add_subcommands()

    def add_subcommands(self) -> None:
        """Call `subcommand` for each of them.

        Raises:
            NotImplementedError: the class has none.
        """
        raise NotImplementedError

    def subcommand(
        self, name: str, run: Callable[..., None], *, help_: str, examples: Iterable[str]
    ) -> CommandParser:
        """Add a subcommand, and return its parser.

        Args:
            name: its name.
            run: takes the options as keyword arguments.
            help_: what it does, in a sentence.
            examples: what follows `manage.py` on the command line.
        """
        parser: CommandParser = self._group.add_parser(
            name, help=help_, description=help_, **with_examples(*examples)
        )
        parser.set_defaults(run=run)
        return parser

    def handle(self, *args: Any, run: Callable[..., None], **options: Any) -> None:
        """Run the subcommand."""
        run(**options)

    def do_each(self, given: Iterable[Any], act: Callable[[Any], str], *, noun: str) -> None:
        """Do something with each of the given things, and print what came of it.

        One that cannot be done is reported on standard error, and does not keep the others from
        being done.

        Args:
            given: the things, such as ids.
            act: does it with one of them, and returns a sentence.
            noun: what one of them is called.

        Raises:
            CommandError: at least one could not be done.
        """
        given, failed = list(given), 0
        for one in given:
            try:
                said = act(one)
            except ObjectDoesNotExist:
                failed += 1
                self.stderr.write(f"{one}: There is no such {noun}.")
            except DomainError as error:
                failed += 1
                self.stderr.write(f"{one}: {error}")
            else:
                self.stdout.write(f"{one}: {said}")
        if failed:
            raise CommandError(f"Failed for {failed} of {len(given)}.")


class OlderName(BaseCommand):
    """An older name of a command, which takes the same options."""

    #: The command, and its subcommand if it has one.
    newer: ClassVar[tuple[str, ...]]

    def run_from_argv(self, argv: list[str]) -> None:
        """Run the command that has the newer name."""
        ManagementUtility([argv[0], *self.newer, *argv[2:]]).execute()

    def handle(self, *args: Any, **options: Any) -> None:
        """Refuse a call by `call_command`.

        Raises:
            CommandError: always.
        """
        raise CommandError(f"Call {self.newer[0]} instead.")
