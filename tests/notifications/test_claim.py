from datetime import timedelta
from uuid import uuid4

import pytest

from notifications.channels import Outcome
from notifications.channels.webhook.transport import decrypted
from notifications.delivery.claim import SEND_LEASE, give_back
from notifications.delivery.concurrency import INITIAL_LIMIT, ConcurrencyLimits
from notifications.delivery.store import Ended
from notifications.models import Attempt, Lease
from tests.support.factories import NOW, make_send
from tests.support.run_delivery import keep, take

pytestmark = pytest.mark.django_db(transaction=True)


def ids(claim) -> list[str]:
    return [message.send_id for message in claim.messages]


def accepted(message) -> Ended:
    return message, Outcome(started_at=NOW, duration_ms=5, response_status=204)


def refused(message) -> Ended:
    return message, Outcome(started_at=NOW, duration_ms=5, response_status=500, error="No.")


def test_what_is_due_is_leased_and_not_claimed_again(owner):
    send = make_send(owner, status="queued")

    first, second = take(), take()

    assert (ids(first), ids(second)) == ([str(send.pk)], [])
    assert Lease.objects.get(send=send).until == NOW + SEND_LEASE


def test_what_is_not_due_or_has_ended_is_left_alone(owner):
    make_send(owner, status="retrying", next_attempt_at=NOW + timedelta(seconds=1))
    make_send(owner, status="sent")
    make_send(owner, status="skipped")

    assert ids(take()) == []


def test_a_lease_that_ends_without_an_outcome_is_claimed_again(owner):
    make_send(owner, status="queued")
    take()

    assert ids(take(now=NOW + SEND_LEASE - timedelta(seconds=1))) == []
    assert len(ids(take(now=NOW + SEND_LEASE))) == 1


def test_a_late_outcome_does_not_overwrite_a_newer_claims(owner):
    send = make_send(owner, status="queued")
    [late] = take().messages
    [newer] = take(now=NOW + SEND_LEASE).messages

    assert keep(accepted(newer), now=NOW + SEND_LEASE) == 1
    assert keep(refused(late), now=NOW + SEND_LEASE) == 0

    send.refresh_from_db()
    assert (send.status, send.attempt_count) == ("sent", 1)
    assert Attempt.objects.count() == 1


def test_an_outcome_is_stored_once(owner):
    send = make_send(owner, status="queued")
    [message] = take().messages

    assert [keep(accepted(message)) for _ in range(2)] == [1, 0]

    send.refresh_from_db()
    assert send.attempt_count == 1


def test_what_is_given_back_is_due_at_once(owner):
    send = make_send(owner, status="queued")
    [message] = take().messages

    give_back([message])

    assert ids(take()) == [str(send.pk)]


def test_giving_back_late_does_not_end_another_claims_lease(owner):
    make_send(owner, status="queued")
    [late] = take().messages
    take(now=NOW + SEND_LEASE)

    give_back([late])

    assert ids(take(now=NOW + SEND_LEASE)) == []


def test_a_hosts_ration_bounds_what_is_claimed_for_it(owner):
    for _ in range(INITIAL_LIMIT + 5):
        make_send(owner, status="queued", recipient="https://slow.example/")
    quick = make_send(
        owner,
        status="queued",
        recipient="https://quick.example/",
        next_attempt_at=NOW + timedelta(seconds=1),
    )
    limits = ConcurrencyLimits()
    later = NOW + timedelta(seconds=2)

    first = take(now=later, limit=INITIAL_LIMIT, limits=limits)
    second = take(now=later, limit=INITIAL_LIMIT, limits=limits)

    assert {message.host for message in first.messages} == {"slow.example:443"}
    assert ids(second) == [str(quick.pk)]


def test_a_redelivered_sends_attempts_are_numbered_on_and_scheduled_anew(owner):
    make_send(owner, status="queued", attempt_count=10, earlier_attempt_count=10)

    [message] = take().messages
    keep(refused(message))

    assert message.attempt == 1
    assert Attempt.objects.get().number == 11


def test_a_secret_that_was_replaced_signs_along_for_a_day(owner):
    send = make_send(owner, status="queued")
    config = owner.webhook_config
    old = config.secret
    config.rotate_secret(now=NOW)

    [today] = take().messages
    [tomorrow] = take(now=NOW + timedelta(days=1)).messages

    assert today.send_id == tomorrow.send_id == str(send.pk)
    assert decrypted(today, now=NOW) == ({}, (config.secret, old))
    assert decrypted(tomorrow, now=NOW + timedelta(days=1)) == ({}, (config.secret,))


def test_messages_are_given_back_in_one_statement_and_only_by_the_claim_that_has_them(
    owner, django_assert_num_queries
):
    for _ in range(INITIAL_LIMIT):
        make_send(owner, status="queued")
    messages = take().messages
    lost = messages[0]
    Lease.objects.of_claim(lost.send_id, lost.claim).update(claim=uuid4())

    with django_assert_num_queries(1):
        give_back(messages)

    assert len(messages) == INITIAL_LIMIT > 1
    assert str(Lease.objects.get().pk) == lost.send_id
    assert ids(take()) == [message.send_id for message in messages[1:]]
