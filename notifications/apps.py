"""Who was told, when, and what their server said."""

from functools import partial

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    """Notifications as a Django app; listens to the tasks app and to email providers."""

    name = "notifications"

    def ready(self) -> None:
        """Connect the receivers of signals, and tell the tasks app which formats there are."""
        from notifications.channels.webhook import formats  # noqa: PLC0415
        from tasks.destinations import WEBHOOK_FORMATS  # noqa: PLC0415

        for name in formats.FORMATS:
            WEBHOOK_FORMATS[name] = partial(formats.refusal, format_=name)
        from notifications import receivers  # noqa: F401, PLC0415 - models are ready now
        from notifications.channels.email import provider_events  # noqa: F401, PLC0415
