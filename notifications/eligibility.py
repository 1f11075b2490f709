"""May a send go out, and if not, why: one rule for recording, claiming and delivering again."""

import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from string import Formatter
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection
from django.db.models import Func, TextField
from django.db.models.lookups import IsNull

from notifications.models import EmailSuppression, EventType, NotificationSend, NotificationType
from notifications.models.send import NotificationSendQuerySet
from torale.limits import Limit, hit

#: Attempts after which a send is not delivered again: its record would grow without end.
MOST_ATTEMPTS_OF_A_SEND = 1000

#: How many transactions can count against one limit on sends without waiting for each other.
QUOTA_SHARDS = 8


class Refusal(StrEnum):
    """Why a send may not go out."""

    DEFAULT_WEBHOOK_OFF = "default_webhook_off"
    ENDPOINT_OFF = "endpoint_off"
    UNSIGNED = "unsigned"
    SUPPRESSED = "suppressed"
    UNSUBSCRIBED = "unsubscribed"
    NOTICES_OFF = "notices_off"
    ACCOUNT_OFF = "account_off"
    PRUNED = "pruned"
    ATTEMPTED_TOO_OFTEN = "attempted_too_often"
    ADDRESS_QUOTA_USED = "address_quota_used"
    USER_QUOTA_USED = "user_quota_used"

    def sentence(
        self, send: NotificationSend, *, suppression: EmailSuppression | None = None
    ) -> str:
        """Return the sentence for a person, which the send's record keeps."""
        return SENTENCES[self].format(send=send, suppression=suppression, settings=settings)


SENTENCES = {
    Refusal.DEFAULT_WEBHOOK_OFF: (
        "Your default webhook is switched off. Switch it on by PUT /api/v1/webhooks/config "
        '{{"enabled": true}}.'
    ),
    Refusal.ENDPOINT_OFF: (
        "The webhook {send.endpoint.shown_url} is switched off, because "
        "{send.endpoint.switched_off_because}. Switch it on by POST "
        "/api/v1/webhooks/endpoints/{send.endpoint.public_id}/switch-on."
    ),
    Refusal.UNSIGNED: (
        "The account has no secret to sign its webhooks with. GET /api/v1/webhooks/config makes "
        "one."
    ),
    Refusal.SUPPRESSED: (
        "No mail goes to {suppression.address} since {suppression.created_at:%Y-%m-%d}: the "
        "address {suppression.grounds}. Ask the operator to let it through again."
    ),
    Refusal.UNSUBSCRIBED: (
        "Somebody has unsubscribed from this task's emails. Naming an email in the task's "
        "`notifications` ends that."
    ),
    Refusal.NOTICES_OFF: (
        "The account wants no such emails. Switch them on by PATCH /auth/me "
        '{{"wants_notices": true}}.'
    ),
    Refusal.ACCOUNT_OFF: "The account is switched off.",
    Refusal.PRUNED: "What it carried is no longer kept (see TORALE_RETENTION_DAYS).",
    Refusal.ATTEMPTED_TOO_OFTEN: (
        f"It has been attempted {MOST_ATTEMPTS_OF_A_SEND} times; that is the most."
    ),
    Refusal.ADDRESS_QUOTA_USED: (
        "This address has had {settings.TORALE_EMAILS_PER_HOUR} emails this hour, the most it gets "
        "in an hour."
    ),
    Refusal.USER_QUOTA_USED: (
        "You have had {settings.TORALE_SENDS_PER_DAY} notifications today (UTC), the most a user "
        "gets in a day."
    ),
}

#: What each sentence looks like, whatever its figures are.
FORMS = {
    refusal: re.compile(
        "".join(
            re.escape(text) + (".*" if name else "") for text, name, *_ in Formatter().parse(form)
        ),
        re.DOTALL,
    )
    for refusal, form in SENTENCES.items()
}

#: The rule, in SQL: the code of a Refusal for the row `send`, null if it may go out. It reads the
#: rows that LOOKED_AT joins.
REFUSAL = """
    CASE
        WHEN is_for_default_webhook AND NOT config.is_enabled THEN 'default_webhook_off'
        WHEN endpoint.switched_off_at IS NOT NULL THEN 'endpoint_off'
        WHEN payload.format = 'torale' AND send.notification_type = 'webhook'
            AND config.user_id IS NULL THEN 'unsigned'
        WHEN suppression.address IS NOT NULL THEN 'suppressed'
        WHEN task.is_muted THEN 'unsubscribed'
        WHEN NOT owner.is_active THEN 'account_off'
        WHEN NOT owner.wants_notices THEN 'notices_off'
        WHEN payload.send_id IS NULL THEN 'pruned'
    END
"""
LOOKED_AT = """
    LEFT JOIN notifications_payload AS payload ON payload.send_id = send.id
    LEFT JOIN notifications_webhookendpoint AS endpoint ON endpoint.id = send.endpoint_id
    LEFT JOIN notifications_webhookconfig AS config
        ON send.notification_type = 'webhook' AND config.user_id = send.user_id
    LEFT JOIN notifications_emailsuppression AS suppression
        ON send.notification_type = 'email' AND suppression.address = lower(send.recipient)
    LEFT JOIN tasks_task AS task
        ON send.notification_type = 'email' AND send.event_type = 'task.condition_met'
        AND task.id = send.task_id
    LEFT JOIN accounts_user AS owner
        ON send.event_type <> 'task.condition_met' AND owner.id = send.user_id
"""
#: The columns of `send` that the rule reads.
COLUMNS = (
    "id",
    "user_id",
    "task_id",
    "event_type",
    "notification_type",
    "recipient",
    "endpoint_id",
    "is_for_default_webhook",
)


class RefusalCode(Func):
    """The rule for each row of a queryset of sends."""

    # The subquery names the columns, so that the rule is the same text here and in CLAIM.
    template = (
        f"(SELECT {REFUSAL} FROM (SELECT %(expressions)s) AS send ({', '.join(COLUMNS)})"  # noqa: S608
        f" {LOOKED_AT})"
    )
    output_field = TextField()

    def __init__(self) -> None:
        super().__init__(*COLUMNS)


def with_refusal(sends: NotificationSendQuerySet) -> NotificationSendQuerySet:
    """Add to each send the code of its `refusal`, null if it may go out, and its endpoint."""
    return sends.select_related("endpoint").annotate(refusal=RefusalCode())  # type: ignore[no-redef]  # the model declares it


def look_up_refusals(sends: Sequence[NotificationSend]) -> None:
    """Set the `refusal` of sends that are not stored yet, but whose payloads are."""
    rows = [{column: getattr(send, column) for column in COLUMNS} for send in sends]
    with connection.cursor() as cursor:
        # LIMIT lets the planner know how few rows these are.
        cursor.execute(
            f"SELECT send.id, {REFUSAL} FROM (SELECT * FROM jsonb_populate_recordset("  # noqa: S608
            f"NULL::notifications_notificationsend, %s::jsonb) LIMIT %s) AS send {LOOKED_AT}",
            [orjson.dumps(rows).decode(), len(rows)],
        )
        refusals = dict(cursor.fetchall())
    for send in sends:
        send.refusal = refusals[send.pk]


def deliverable(sends: NotificationSendQuerySet) -> NotificationSendQuerySet:
    """Keep those that could be delivered again: they have ended and may go out."""
    return sends.finished().filter(
        IsNull(RefusalCode(), True), attempt_count__lt=MOST_ATTEMPTS_OF_A_SEND
    )


def refusals_of(sends: Iterable[NotificationSend]) -> dict[UUID, str]:
    """Return, by the ids of those of `sends` that may not go out, why as a sentence.

    Args:
        sends: sends from `with_refusal`, or that `look_up_refusals` has seen.
    """
    refused = {send: Refusal(send.refusal) for send in sends if send.refusal is not None}
    barred = {send.recipient.lower() for send in refused if refused[send] == Refusal.SUPPRESSED}
    suppressions = EmailSuppression.objects.in_bulk(barred) if barred else {}
    return {
        send.pk: refusal.sentence(send, suppression=suppressions.get(send.recipient.lower()))
        for send, refusal in refused.items()
        # A suppression may have been lifted since.
        if refusal != Refusal.SUPPRESSED or send.recipient.lower() in suppressions
    }


def refusal_of(send: NotificationSend) -> str | None:
    """Return why `send` may not go out, as a sentence; None if it may.

    Args:
        send: a send from `with_refusal`, or one that `look_up_refusals` has seen.
    """
    return refusals_of([send]).get(send.pk)


def refusal_told_by(sentence: str) -> Refusal | None:
    """Return the refusal whose sentence a send's record keeps; None for other texts."""
    return next((each for each, form in FORMS.items() if form.fullmatch(sentence)), None)


def use_quota(send: NotificationSend) -> str | None:
    """Count `send` as one more notification; return why it is one too many, or None.

    What Torale has to say of its own work does not count: it must not be silenced by the rest. The
    hour is counted first: an email that it refuses does not count as one of the day's.
    """
    if send.event_type != EventType.CONDITION_MET:
        return None
    if send.notification_type == NotificationType.EMAIL:
        an_hour = Limit(
            "emails_an_hour", settings.TORALE_EMAILS_PER_HOUR, timedelta(hours=1), QUOTA_SHARDS
        )
        if not hit(an_hour, send.recipient.lower()).allowed:
            return Refusal.ADDRESS_QUOTA_USED.sentence(send)
    a_day = Limit("sends_a_day", settings.TORALE_SENDS_PER_DAY, timedelta(days=1), QUOTA_SHARDS)
    if not hit(a_day, str(send.user_id)).allowed:
        return Refusal.USER_QUOTA_USED.sentence(send)
    return None
