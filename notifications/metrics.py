"""The state of delivery in numbers, for `status` and for Prometheus."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db.models import Count, F, Max, Min, Q
from django.db.models.lookups import GreaterThanOrEqual
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from notifications.channels import UNDECRYPTABLE
from notifications.channels.email.server_errors import SERVER_ERRORS
from notifications.models import (
    Attempt,
    AttemptStatus,
    NotificationSend,
    NotificationType,
    SendStatus,
    WebhookEndpoint,
)
from torale import clock

#: The rate is taken over this long.
RATE_WINDOW = timedelta(minutes=1)
#: From this attempt on, a mail server that cannot be used is no passing trouble: the third fails
#: more than five minutes after the first.
LASTING = 3
#: Failing endpoints that are listed: they fit on a screen, and Prometheus takes so many labels.
MOST_NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryStatus:
    """The state of delivery at one moment."""

    #: Sends that await their first attempt.
    queued: int
    #: Sends that failed at least once and await another attempt.
    retrying: int
    #: Sends whose attempt is due, including those that a worker has leased.
    due: int
    #: How long the longest due one has waited, in seconds; 0 if none is due.
    oldest_due_s: float
    #: The same without sends to hosts that are being called: these may wait for a slow receiver.
    waiting_for_worker_s: float
    #: Sends whose last attempt failed because their secrets cannot be decrypted.
    undecryptable: int
    #: Emails that the mail server itself keeps from leaving, after LASTING attempts or more.
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
    """Return the present state; four queries: unfinished sends (two), attempts, endpoints."""
    leased = NotificationSend.objects.unfinished().filter(leased_until__gt=now)
    called = leased.exclude(host="").values_list("host", flat=True).distinct()
    is_due = Q(next_attempt_at__lte=now)
    is_refused = refused_by_the_mail_server()
    queue = NotificationSend.objects.unfinished().aggregate(
        queued=Count("pk", filter=Q(status=SendStatus.QUEUED)),
        retrying=Count("pk", filter=Q(status=SendStatus.RETRYING)),
        due=Count("pk", filter=is_due),
        oldest=Min("next_attempt_at", filter=is_due),
        of_others=Min("next_attempt_at", filter=is_due & ~Q(host__in=[*called])),
        undecryptable=Count("pk", filter=Q(error_message=UNDECRYPTABLE)),
        mail_refused=Count("pk", filter=is_refused),
        mail_error=Max("error_message", filter=is_refused),
    )
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
        queued=queue["queued"],
        retrying=queue["retrying"],
        due=queue["due"],
        oldest_due_s=longest(queue["oldest"]),
        waiting_for_worker_s=longest(queue["of_others"]),
        undecryptable=queue["undecryptable"],
        mail_refused=queue["mail_refused"],
        mail_error=queue["mail_error"] or "",
        succeeded_a_minute=lately["succeeded"],
        failed_a_minute=lately["failed"],
        failing_endpoints=endpoints["failing"],
        switched_off_endpoints=endpoints["switched_off"],
    )


def refused_by_the_mail_server() -> Q:
    """Return which sends are emails that wait because of the mail server, not their recipient."""
    says_so = Q()
    for beginning in SERVER_ERRORS:
        says_so |= Q(error_message__startswith=beginning)
    attempts = F("attempt_count") - F("earlier_attempt_count")
    return Q(
        says_so, GreaterThanOrEqual(attempts, LASTING), notification_type=NotificationType.EMAIL
    )


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
        yield GaugeMetricFamily("torale_sends_due", "Sends whose attempt is due.", value=status.due)
        yield GaugeMetricFamily(
            "torale_sends_oldest_due_seconds",
            "How long the longest due send has waited.",
            value=status.oldest_due_s,
        )
        yield GaugeMetricFamily(
            "torale_sends_undecryptable",
            "Sends that fail because no key in TORALE_FIELD_KEYS decrypts their secrets.",
            value=status.undecryptable,
        )
        yield GaugeMetricFamily(
            "torale_emails_refused",
            "Emails that wait because the mail server cannot be used.",
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
