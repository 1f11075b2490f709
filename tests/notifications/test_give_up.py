"""An operator gives up on sends, also while a worker delivers them."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import transaction

from notifications.channels import Outcome
from notifications.delivery.claim import give_back, refuse
from notifications.give_up import GIVEN_UP, GIVEN_UP_IN_FLIGHT, give_up_all
from notifications.models import Lease, NotificationSend
from notifications.redeliver import redeliver_one
from tests.support.factories import NOW, make_send
from tests.support.races import apart, wait_until_another_waits
from tests.support.run_delivery import keep, take

pytestmark = pytest.mark.django_db(transaction=True)


def give_up() -> int:
    return len(give_up_all(sends=NotificationSend.objects.all()))


def outcome(**values) -> Outcome:
    return Outcome(started_at=NOW, duration_ms=5, **{"error": None} | values)


@pytest.mark.parametrize("status", ["queued", "retrying"])
def test_a_send_that_waits_ends_as_failed_and_is_not_attempted(owner, at_now, status):
    send = make_send(owner, status=status, error_message="No.")

    assert give_up() == 1

    send.refresh_from_db()
    assert (send.status, send.error_message) == ("failed", GIVEN_UP)
    assert send.next_attempt_at is None
    assert take().messages == []


@pytest.mark.parametrize("status", ["sent", "failed", "skipped", "delivered"])
def test_a_send_that_has_ended_stays_as_it_is(owner, status):
    send = make_send(owner, status=status)

    assert give_up() == 0

    before = send.status, send.error_message
    send.refresh_from_db()
    assert (send.status, send.error_message) == before


@pytest.mark.parametrize("late", [{}, {"error": "500"}], ids=["accepted", "refused"])
def test_the_outcome_of_an_attempt_that_was_under_way_is_dropped(owner, at_now, late):
    send = make_send(owner, status="queued")
    [message] = take().messages

    assert give_up() == 1
    assert keep((message, outcome(**late))) == 0

    send.refresh_from_db()
    assert (send.status, send.error_message) == ("failed", GIVEN_UP_IN_FLIGHT)
    assert (send.attempt_count, send.attempts.count()) == (0, 0)
    send.endpoint.refresh_from_db()
    assert send.endpoint.failing_since is None
    assert not Lease.objects.exists()


def test_a_worker_that_gives_a_send_back_or_refuses_it_changes_nothing(owner, at_now):
    send = make_send(owner, status="queued")
    [message] = take().messages
    give_up()

    give_back([message])
    refuse([message])

    send.refresh_from_db()
    assert (send.status, send.error_message) == ("failed", GIVEN_UP_IN_FLIGHT)


def test_an_outcome_that_waits_for_giving_up_to_commit_is_dropped(owner, at_now):
    send = make_send(owner, status="queued")
    [message] = take().messages

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            give_up()
            kept = threads.submit(apart, keep, (message, outcome()))
            wait_until_another_waits()
        assert kept.result() == 0

    send.refresh_from_db()
    assert (send.status, send.attempt_count) == ("failed", 0)


def test_giving_up_waits_for_an_outcome_and_then_leaves_it(owner, at_now):
    send = make_send(owner, status="queued")

    with ThreadPoolExecutor(1) as threads:
        with transaction.atomic():
            locked = NotificationSend.objects.select_for_update(no_key=True).get(pk=send.pk)
            ended = threads.submit(apart, give_up)
            wait_until_another_waits()
            NotificationSend.objects.filter(pk=locked.pk).update(
                status="sent", next_attempt_at=None, sent_at=NOW
            )
        assert ended.result() == 0

    send.refresh_from_db()
    assert (send.status, send.error_message) == ("sent", None)


def test_a_send_that_was_given_up_can_be_delivered_again(owner, at_now):
    send = make_send(owner, status="queued")
    take()
    give_up()
    send.refresh_from_db()

    redeliver_one(send=send, now=NOW)

    [message] = take().messages
    assert message.send_id == str(send.pk)
    assert keep((message, outcome())) == 1
    send.refresh_from_db()
    assert send.status == "sent"
