"""What the drain makes of a channel that breaks, or does not report."""

import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from notifications.channels import CHANNELS, Message, Outcome, Report
from notifications.channels.webhook import WebhookChannel
from notifications.models import Attempt
from tests.support.factories import make_send
from tests.support.run_delivery import deliver
from torale.clock import Reading
from torale.errors import OUR_FAULT

pytestmark = pytest.mark.django_db(transaction=True)


class Scripted(WebhookChannel):
    """A channel whose transport does what a test wants, the first time."""

    batch_size = 10

    def __init__(self, first: Exception | None) -> None:
        self.first = first
        self.calls: list[int] = []

    @asynccontextmanager
    async def open(self, *, limit: int, stopping: threading.Event) -> AsyncIterator["Scripted"]:
        yield self

    async def attempt(
        self, messages: Sequence[Message], *, clock: Reading, begin_before: float, report: Report
    ) -> None:
        self.calls.append(len(messages))
        if len(self.calls) == 1:
            report(messages[0], Outcome(started_at=clock.now(), duration_ms=0))
            if self.first:
                raise self.first
            return
        for message in messages:
            report(message, Outcome(started_at=clock.now(), duration_ms=0))


def test_what_a_channel_does_not_report_is_attempted_again_at_once(owner, monkeypatch):
    channel = Scripted(None)
    monkeypatch.setitem(CHANNELS, "webhook", channel)
    sends = [make_send(owner, status="queued") for _ in range(3)]

    deliver()

    for send in sends:
        send.refresh_from_db()
        assert (send.status, send.attempt_count) == ("sent", 1)
    assert channel.calls == [3, 2]


def test_a_bug_in_a_channel_ends_as_a_failed_attempt(owner, monkeypatch):
    monkeypatch.setitem(CHANNELS, "webhook", Scripted(RuntimeError("a bug")))
    sends = [make_send(owner, status="queued") for _ in range(3)]

    deliver(until=lambda: Attempt.objects.count() == 3)

    outcomes = []
    for send in sends:
        send.refresh_from_db()
        outcomes.append((send.status, send.error_message))
    assert sorted(outcomes, key=str) == [
        ("retrying", OUR_FAULT),
        ("retrying", OUR_FAULT),
        ("sent", None),
    ]
