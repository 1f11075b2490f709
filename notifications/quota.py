"""How many notifications a user gets in a day, and how many emails an address in an hour."""

from datetime import timedelta

from django.conf import settings

from notifications.models import NotificationSend, NotificationType
from torale.limits import Limit, hit


def use(send: NotificationSend) -> str | None:
    """Count `send` as one more notification; return why it is one too many, or None.

    The hour is counted first: an email that it refuses is no notification of the day's.
    """
    if send.notification_type == NotificationType.EMAIL:
        an_hour = settings.TORALE_EMAILS_PER_HOUR
        limit = Limit("emails_an_hour", an_hour, timedelta(hours=1))
        if not hit(limit, send.recipient.lower()).allowed:
            return f"This address has had {an_hour} emails this hour, the most it gets in an hour."
    a_day = settings.TORALE_SENDS_PER_DAY
    if not hit(Limit("sends_a_day", a_day, timedelta(days=1)), str(send.user_id)).allowed:
        return f"You have had {a_day} notifications today (UTC), the most a user gets in a day."
    return None
