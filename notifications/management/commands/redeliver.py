"""`manage.py redeliver --since …`: an older name of `sends redeliver`."""

from torale.management.subcommands import OlderName


class Command(OlderName):
    """Will be removed in the first release."""

    help = "An older name of `sends redeliver`."
    newer = ("sends", "redeliver")
