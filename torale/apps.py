"""The app that all others build on, with checks, jobs and commands."""

from django.apps import AppConfig

from torale import read_only


class ToraleConfig(AppConfig):
    """Registers the system checks, and has connections to a read-only server closed."""

    name = "torale"

    def ready(self) -> None:
        """Register what depends on the models being ready."""
        read_only.keep_no_read_only_connections()
        from torale import checks  # noqa: F401, PLC0415 - models are ready now
