"""The app that all others build on, with checks, jobs and commands."""

from django.apps import AppConfig


class ToraleConfig(AppConfig):
    """Registers the system checks."""

    name = "torale"

    def ready(self) -> None:
        """Register the checks."""
        from torale import checks  # noqa: F401, PLC0415 - models are ready now
