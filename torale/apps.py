"""The ground that all apps stand on, as a Django app: its checks and commands."""

from django.apps import AppConfig


class ToraleConfig(AppConfig):
    """Registers nothing of its own but the management commands below it."""

    name = "torale"
