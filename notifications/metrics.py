"""The state of delivery in numbers, for `status` and for Prometheus."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import connection
from django.db.models import Count, Q
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from notifications.counts import unfinished
from notifications.delivery.statements import receivers
from notifications.models import (
    Attempt,
    AttemptStatus,
    NotificationSend,
    SendStatus,
    WebhookEndpoint,
)
from torale import clock

#: The rate is taken over this long.
RATE_WINDOW = timedelta(minutes=1)
#: Sends are counted up to this number, so that the cost does not grow with the queue.
COUNTED_UP_TO = 10_000
#: How many receivers are looked at for a send that waits for a worker. If there are too few
#: workers, any thousand receivers show it.
HOSTS_LOOKED_AT = 1_000
#: Failing endpoints that are listed: they fit on a screen, and Prometheus takes so many labels.
MOST_NAMED = 20


OLDEST_WAITING_FOR_WORKER = f"""
WITH RECURSIVE called AS MATERIALIZED (
    SELECT host FROM notifications_lease
    JOIN notifications_notificationsend AS send ON send.id = send_id
    WHERE until > %(now)s AND host <> ''
), {receivers(HOSTS_LOOKED_AT)}
SELECT min(due_at) FROM receiver
WHERE due_at <= %(now)s AND host NOT IN (SELECT host FROM called)
"""  # noqa: S608 - the part is a constant


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """The state of delivery at one moment."""

    #: Sends that await their first attempt.
    queued: int
    #: Sends that failed at least once and await another attempt.
    retrying: int
    #: Sends whose attempt is due, including those that a worker has leased, up to COUNTED_UP_TO.
    due: int
    #: How long the longest due one has waited, in seconds; 0 if none is due.
    oldest_due_s: float
    #: The same without sends to hosts that are being called: these may wait for a slow receiver. Of
    #: HOSTS_LOOKED_AT hosts.
    waiting_for_worker_s: float
    #: Sends whose last attempt failed because their secrets cannot be decrypted, up to
    #: COUNTED_UP_TO.
    undecryptable: int
    #: Emails that the mail server itself keeps from leaving, up to COUNTED_UP_TO.
    mail_refused: int
    #: What is wrong with the mail server, as one of them says; empty if there are none.
    mail_error: str
    #: Attempts in the last minute that were accepted, and that were not.
    succeeded_a_minute: int
    failed_a_minute: int
    #: Endpoints whose attempts all fail lately, and those that are switched off.
    failing_endpoints: int
    switched_off_endpoints: int


def delivery_status(*, now: datetime) -> DeliveryStatus:
    """Return the present state, by queries that read few rows of a queue of any length."""
    sends = NotificationSend.objects
    waiting = unfinished()
    due = sends.unfinished().filter(next_attempt_at__lte=now)
    oldest = due.order_by("next_attempt_at").values_list("next_attempt_at", flat=True).first()
    refused = sends.refused_by_mail_server()
    lately = Attempt.objects.filter(started_at__gt=now - RATE_WINDOW).aggregate(
        succeeded=Count("pk", filter=Q(status=AttemptStatus.SUCCEEDED)),
        failed=Count("pk", filter=Q(status=AttemptStatus.FAILED)),
    )
    endpoints = WebhookEndpoint.objects.failing().aggregate(
        failing=Count("pk", filter=Q(switched_off_at=None)),
        switched_off=Count("pk", filter=Q(switched_off_at__isnull=False)),
    )

    def longest(since: datetime | None) -> float:
        return (now - since).total_seconds() if since else 0.0

    return DeliveryStatus(
        queued=waiting[SendStatus.QUEUED],
        retrying=waiting[SendStatus.RETRYING],
        due=due[:COUNTED_UP_TO].count(),
        oldest_due_s=longest(oldest),
        waiting_for_worker_s=longest(oldest_waiting_for_worker(now=now)),
        undecryptable=sends.undecryptable()[:COUNTED_UP_TO].count(),
        mail_refused=refused[:COUNTED_UP_TO].count(),
        mail_error=refused.order_by("pk").values_list("error_message", flat=True).first() or "",
        succeeded_a_minute=lately["succeeded"],
        failed_a_minute=lately["failed"],
        failing_endpoints=endpoints["failing"],
        switched_off_endpoints=endpoints["switched_off"],
    )


def oldest_waiting_for_worker(*, now: datetime) -> datetime | None:
    """Return since when a send has waited whose receiver no worker is calling; None if none has."""
    with connection.cursor() as cursor:
        cursor.execute(OLDEST_WAITING_FOR_WORKER, {"now": now, "start": ""})
        row: tuple[datetime | None] = cursor.fetchone()
    return row[0]


def shown_count(count: int) -> str:
    """Return a number of sends as people read it; `+` shows that there may be more."""
    return f"{count:,}{'+' if count == COUNTED_UP_TO else ''}"


def endpoints_in_trouble() -> list[WebhookEndpoint]:
    """Return the webhooks that have failed for the longest time, at most MOST_NAMED."""
    return [*WebhookEndpoint.objects.failing().order_by("failing_since", "pk")[:MOST_NAMED]]


class DeliveryCollector(Collector):
    """Queries at each scrape: the numbers are of all workers, whichever process is asked."""

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges."""
        now = clock.now()
        status = delivery_status(now=now)
        sends = GaugeMetricFamily(
            "torale_sends_unfinished", "Sends that await an attempt.", labels=["status"]
        )
        sends.add_metric(["queued"], status.queued)
        sends.add_metric(["retrying"], status.retrying)
        yield sends
        yield GaugeMetricFamily(
            "torale_sends_due",
            f"Sends whose attempt is due, counted up to {COUNTED_UP_TO:,}.",
            value=status.due,
        )
        yield GaugeMetricFamily(
            "torale_sends_oldest_due_seconds",
            "How long the longest due send has waited.",
            value=status.oldest_due_s,
        )
        yield GaugeMetricFamily(
            "torale_sends_undecryptable",
            "Sends that fail because no key in TORALE_FIELD_KEYS decrypts their secrets, counted "
            f"up to {COUNTED_UP_TO:,}.",
            value=status.undecryptable,
        )
        yield GaugeMetricFamily(
            "torale_emails_refused",
            "Emails that wait because the mail server cannot be used, counted up to "
            f"{COUNTED_UP_TO:,}.",
            value=status.mail_refused,
        )
        attempts = GaugeMetricFamily(
            "torale_attempts_last_minute", "Attempts in the last minute.", labels=["status"]
        )
        attempts.add_metric(["succeeded"], status.succeeded_a_minute)
        attempts.add_metric(["failed"], status.failed_a_minute)
        yield attempts
        endpoints = GaugeMetricFamily(
            "torale_webhook_endpoints", "Webhooks in trouble.", labels=["state"]
        )
        endpoints.add_metric(["failing"], status.failing_endpoints)
        endpoints.add_metric(["switched_off"], status.switched_off_endpoints)
        yield endpoints
        since: dict[str, datetime] = {}
        for endpoint in endpoints_in_trouble():
            if endpoint.failing_since:
                since.setdefault(urlsplit(endpoint.url).netloc, endpoint.failing_since)
        failing = GaugeMetricFamily(
            "torale_webhook_failing_seconds",
            f"How long webhooks to a host have failed; the {MOST_NAMED} longest.",
            labels=["host"],
        )
        for host, begun in since.items():
            failing.add_metric([host], (now - begun).total_seconds())
        yield failing
