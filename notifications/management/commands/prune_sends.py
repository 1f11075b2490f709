"""`manage.py prune_sends --older-than 90d`: an older name of `prune sends`."""

from torale.management.subcommands import OlderName


class Command(OlderName):
    """Will be removed in the first release."""

    help = "An older name of `prune sends`."
    newer = ("prune", "sends")
