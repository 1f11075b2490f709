"""Who was told, when, and what their server said."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Notifications as a Django app; listens to the one signal of the tasks app."""

    name = "notifications"

    def ready(self) -> None:
        """Connect the receiver of `condition_met`."""
        from notifications import receivers  # noqa: F401, PLC0415 - models are ready only now
