"""Who was told, when, and what their server said."""

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Notifications as a Django app; listens to the tasks app and to email providers."""

    name = "notifications"

    def ready(self) -> None:
        """Connect the receivers of `condition_met` and of what email providers report."""
        from notifications import record  # noqa: F401, PLC0415 - models are ready now
        from notifications.channels.email import provider_events  # noqa: F401, PLC0415
