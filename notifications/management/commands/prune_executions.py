"""`manage.py prune_executions --older-than 30d`: an older name of `prune executions`."""

from torale.management.subcommands import OlderName


class Command(OlderName):
    """Will be removed in the first release."""

    help = "An older name of `prune executions`."
    newer = ("prune", "executions")
