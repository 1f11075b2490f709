from datetime import timedelta

import pytest

from notifications.channels import Outcome
from notifications.claim import LEASE, claim, give_back
from notifications.models import Attempt
from notifications.rations import FIRST, Rations
from notifications.settle import Ended, store
from tests.factories import NOW, make_send

pytestmark = pytest.mark.django_db


def take(now=NOW, limit=100, rations=None):
    return claim(limit=limit, rations=rations or Rations(), now=now).messages


def ids(messages) -> list[str]:
    return [str(message.send_id) for message in messages]


def accepted(message) -> Ended:
    return message, Outcome(started_at=NOW, duration_ms=5, response_status=204)


def refused(message) -> Ended:
    return message, Outcome(started_at=NOW, duration_ms=5, response_status=500, error="No.")


def test_what_is_due_is_leased_and_not_claimed_again(owner):
    send = make_send(owner, status="queued")

    first, second = take(), take()

    assert (ids(first), second) == ([str(send.pk)], [])
    send.refresh_from_db()
    assert send.leased_until == NOW + LEASE


def test_what_is_not_due_or_has_ended_is_left_alone(owner):
    make_send(owner, status="retrying", next_attempt_at=NOW + timedelta(seconds=1))
    make_send(owner, status="sent")
    make_send(owner, status="skipped")

    assert take() == []


def test_a_lease_that_ends_without_an_outcome_is_claimed_again(owner):
    make_send(owner, status="queued")
    take()

    assert take(now=NOW + LEASE - timedelta(seconds=1)) == []
    assert len(take(now=NOW + LEASE)) == 1


def test_a_late_outcome_does_not_overwrite_a_newer_claims(owner):
    send = make_send(owner, status="queued")
    [late] = take()
    [newer] = take(now=NOW + LEASE)

    assert store([accepted(newer)], now=NOW + LEASE) == 1
    assert store([refused(late)], now=NOW + LEASE) == 0

    send.refresh_from_db()
    assert (send.status, send.attempt_count) == ("sent", 1)
    assert Attempt.objects.count() == 1


def test_an_outcome_is_stored_once(owner):
    send = make_send(owner, status="queued")
    [message] = take()

    assert [store([accepted(message)], now=NOW) for _ in range(2)] == [1, 0]

    send.refresh_from_db()
    assert send.attempt_count == 1


def test_what_is_given_back_is_due_at_once(owner):
    send = make_send(owner, status="queued")
    [message] = take()

    give_back([message])

    assert ids(take()) == [str(send.pk)]


def test_giving_back_late_does_not_end_another_claims_lease(owner):
    make_send(owner, status="queued")
    [late] = take()
    take(now=NOW + LEASE)

    give_back([late])

    assert take(now=NOW + LEASE) == []


def test_a_hosts_ration_bounds_what_is_claimed_for_it(owner):
    for _ in range(FIRST + 5):
        make_send(owner, status="queued", recipient="https://slow.example/")
    quick = make_send(
        owner,
        status="queued",
        recipient="https://quick.example/",
        next_attempt_at=NOW + timedelta(seconds=1),
    )
    rations = Rations()
    later = NOW + timedelta(seconds=2)

    first = take(now=later, limit=FIRST, rations=rations)
    second = take(now=later, limit=FIRST, rations=rations)

    assert {message.host for message in first} == {"slow.example:443"}
    assert ids(second) == [str(quick.pk)]


def test_a_redelivered_sends_attempts_are_numbered_on_and_scheduled_anew(owner):
    make_send(owner, status="queued", attempt_count=10, earlier_attempt_count=10)

    [message] = take()
    store([refused(message)], now=NOW)

    assert message.attempt == 1
    assert Attempt.objects.get().number == 11


@pytest.mark.parametrize("rows", [1, 8])
def test_claiming_and_storing_cost_the_same_queries_for_any_number(
    owner, rows, django_assert_num_queries
):
    for _ in range(rows):
        make_send(owner, status="queued")

    # A savepoint and its end, the disk, what is due, the leases, the secrets, what is switched off.
    with django_assert_num_queries(7):
        messages = take()
    # A savepoint and its end, the outcomes, which webhooks have recovered.
    with django_assert_num_queries(4):
        store([accepted(message) for message in messages], now=NOW)
