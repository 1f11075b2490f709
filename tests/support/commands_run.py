"""Commands of manage.py, as files for other programs name them."""

from django.core.management import load_command_class

from tests.support.our_commands import OURS


def check_command(arguments: list[str]) -> None:
    """Check that there is such a command of ours, and that it takes these options.

    Args:
        arguments: the command's name, and what follows it.

    Raises:
        KeyError, CommandError: there is none, or it does not.
    """
    name, *options = arguments
    command = load_command_class(OURS[name], name)
    command.create_parser("manage.py", name).parse_args(options)
