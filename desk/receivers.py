"""The receivers of webhooks that fail, and what they answered last."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from uuid import UUID

from django.db import connection

from notifications.models import WebhookEndpoint
from notifications.selection import DAY
from tasks.destinations import OWN_FORMAT

#: The most failing webhooks that are read; those that have failed for the longest time come first.
MOST_READ = 1_000
#: The most hosts that are shown.
MOST_HOSTS = 10
#: The newest sends to a webhook whose attempts are looked at: a user's sends of a day, as
#: TORALE_SENDS_PER_DAY is by default.
MOST_SENDS = 100
#: The length of an answer that is shown.
MOST_CHARACTERS = 200

# The sends to a webhook are found by the index `send_of_recipient`, which has them by day, and
# their attempts by `attempt_numbered_once`.
LAST_ANSWERS = f"""
SELECT endpoint.id, answer.*
FROM unnest(%s::bigint[], %s::uuid[], %s::text[]) AS endpoint (id, user_id, url)
CROSS JOIN LATERAL (
    SELECT send_id, started_at, response_status, error_message,
           left(response_body, {MOST_CHARACTERS})
    FROM (
        SELECT id FROM notifications_notificationsend
        WHERE recipient = endpoint.url AND user_id = endpoint.user_id
            AND status IN ('failed', 'retrying')
        ORDER BY {DAY} DESC LIMIT {MOST_SENDS}
    ) AS send CROSS JOIN LATERAL (
        SELECT * FROM notifications_attempt WHERE send_id = send.id ORDER BY number DESC LIMIT 1
    ) AS attempt
    ORDER BY started_at DESC LIMIT 1
) AS answer
"""  # noqa: S608 - the parts are constants


class Answer(NamedTuple):
    """What came of the last attempt."""

    send_id: UUID
    at: datetime
    #: None if the receiver did not answer.
    status: int | None
    error: str
    #: The beginning of the body; None if there is none, or if it is a chat's.
    body: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingHost:
    """A host, and its webhooks that fail and are not switched off."""

    #: As in the webhooks' URLs.
    name: str
    #: How many of its webhooks fail, of the MOST_READ that were read.
    webhooks: int
    #: Since when the first of them has failed.
    since: datetime
    #: What the one that has failed for the longest time answered last; None if its sends are gone,
    #: or answers were not asked for.
    answer: Answer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailingHosts:
    """The hosts that have failed for the longest time."""

    hosts: tuple[FailingHost, ...]
    #: Whether there are others.
    has_more: bool


def failing_hosts(*, with_answers: bool) -> FailingHosts:
    """Return those that have failed for the longest time, at most MOST_HOSTS.

    Args:
        with_answers: whether to look up what they answered last. That is a second statement.
    """
    failing = WebhookEndpoint.objects.failing().filter(switched_off_at=None)
    found = failing.order_by("failing_since", "pk").only(
        "url", "format", "user_id", "failing_since"
    )
    endpoints = [*found[: MOST_READ + 1]]
    by_host: dict[str, list[WebhookEndpoint]] = {}
    for endpoint in endpoints[:MOST_READ]:
        by_host.setdefault(host_of(endpoint.url), []).append(endpoint)
    shown = dict([*by_host.items()][:MOST_HOSTS])
    firsts = [first for first, *_ in shown.values()]
    answers = _last_answers(firsts) if with_answers else {}
    return FailingHosts(
        hosts=tuple(
            FailingHost(
                name=name,
                webhooks=1 + len(others),
                since=first.failing_since,
                answer=answers.get(first.pk),
            )
            for name, (first, *others) in shown.items()
            if first.failing_since
        ),
        has_more=len(by_host) > MOST_HOSTS or len(endpoints) > MOST_READ,
    )


def host_of(url: str) -> str:
    """Return the host and port as they stand in a URL."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _last_answers(endpoints: list[WebhookEndpoint]) -> dict[int, Answer]:
    """Return what came of the last attempts, by the primary keys of the endpoints."""
    columns: Any = [
        [endpoint.pk for endpoint in endpoints],
        [endpoint.user_id for endpoint in endpoints],
        [endpoint.url for endpoint in endpoints],
    ]
    with connection.cursor() as cursor:
        cursor.execute(LAST_ANSWERS, columns)
        answers = {pk: Answer(*answer) for pk, *answer in cursor.fetchall()}
    # The answer of a chat may repeat the secret of its URL, or the part of it that was not cut off.
    chats = [endpoint.pk for endpoint in endpoints if endpoint.format != OWN_FORMAT]
    return answers | {pk: answers[pk]._replace(body=None) for pk in chats if pk in answers}
