"""What webhooks answered last, for lists of them.

No index has the attempts of a webhook by time, as it would cost each delivery a write. A user's
sends of one status are in order, though, and the last answer is nearly always among the newest.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from notifications.models import Attempt, NotificationType, SendStatus, WebhookEndpoint

#: The statuses of sends that have been attempted, unless they were queued once more.
ATTEMPTED = (SendStatus.SENT, SendStatus.RETRYING, SendStatus.FAILED)
CHANNEL = NotificationType.WEBHOOK.value
#: How many of a user's newest sends of each status are looked through for each webhook.
LOOKED_THROUGH = 100
#: How many of those are the webhook's and may have its last attempt.
CANDIDATES = 3

# The range of an index, in an order that no other index has: PostgreSQL cannot know how few sends
# of a status a user has, and would read all of the user's sends to find none.
FIND = f"""
SELECT DISTINCT ON (endpoint.id) endpoint.id, attempt.id
FROM unnest(%(ids)s::bigint[], %(users)s::uuid[]) AS endpoint (id, user_id)
CROSS JOIN unnest(%(statuses)s::text[]) AS wanted (status)
CROSS JOIN LATERAL (
    SELECT recent.id FROM (
        SELECT id, endpoint_id, created_at FROM notifications_notificationsend
        WHERE (status, user_id, notification_type, created_at)
            >= (wanted.status, endpoint.user_id, '{CHANNEL}', '-infinity'::timestamptz)
        AND (status, user_id, notification_type, created_at)
            <= (wanted.status, endpoint.user_id, '{CHANNEL}', 'infinity'::timestamptz)
        ORDER BY status DESC, user_id DESC, notification_type DESC, created_at DESC, id DESC
        LIMIT {LOOKED_THROUGH}
    ) AS recent
    WHERE recent.endpoint_id = endpoint.id ORDER BY recent.created_at DESC LIMIT {CANDIDATES}
) AS send
CROSS JOIN LATERAL (
    SELECT id, started_at FROM notifications_attempt
    WHERE send_id = send.id ORDER BY number DESC LIMIT 1
) AS attempt
ORDER BY endpoint.id, attempt.started_at DESC
"""  # noqa: S608 - the parts are constants


def attach_last_answers(endpoints: Sequence[WebhookEndpoint]) -> list[WebhookEndpoint]:
    """Set the `last_attempt` of each webhook, with two queries for all; return them.

    It is None if none of the owner's newest sends has been attempted at the webhook.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            FIND,
            {
                "ids": [endpoint.pk for endpoint in endpoints],
                "users": [endpoint.user_id for endpoint in endpoints],
                "statuses": [status.value for status in ATTEMPTED],
            },
        )
        found: dict[int, UUID] = dict(cursor.fetchall())
    attempts = Attempt.objects.in_bulk([*found.values()]) if found else {}
    for endpoint in endpoints:
        endpoint.last_attempt = attempts.get(found[endpoint.pk]) if endpoint.pk in found else None
    return [*endpoints]
