"""`manage.py create_api_key EMAIL --name NAME`, the older name of `keys create`."""

from torale.management.subcommands import OlderName


class Command(OlderName):
    """Runs `keys create`."""

    help = "The older name of `keys create`."
    newer = ("keys", "create")
