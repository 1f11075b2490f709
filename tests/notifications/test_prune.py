from types import SimpleNamespace

import pytest

from notifications.jobs import prune_sends
from notifications.models import Attempt, NotificationSend, Payload
from notifications.prune import prune
from tests.support.factories import NOW, days, make_send

pytestmark = pytest.mark.django_db


def aged(owner, age: float, **fields):
    send = make_send(owner, created_at=NOW - days(age), **fields)
    Attempt.objects.create(
        send=send,
        number=1,
        started_at=send.created_at,
        duration_ms=5,
        status="succeeded",
        request_headers={"a": "b"},
        response_status=200,
        response_headers={"c": "d"},
        response_body="fine",
    )
    return send


def test_old_records_go_and_younger_ones_keep_theirs(owner):
    aged(owner, 91)
    young = aged(owner, 29)

    assert prune(older_than=days(90), now=NOW) == (1, 1)

    assert [*NotificationSend.objects.all()] == [young]
    assert Attempt.objects.get().response_body == "fine"
    assert Payload.objects.count() == 1


def test_bodies_go_before_the_record(owner):
    aged(owner, 31)

    assert prune(older_than=days(90), now=NOW) == (1, 0)

    attempt = Attempt.objects.get()
    assert (attempt.response_body, attempt.response_headers, attempt.request_headers) == (
        None,
        None,
        None,
    )
    assert (attempt.status, attempt.response_status, attempt.duration_ms) == ("succeeded", 200, 5)
    assert not Payload.objects.exists()


def test_what_has_not_ended_is_never_pruned(owner):
    aged(owner, 1000, status="retrying", error_message="500")

    assert prune(older_than=days(1), now=NOW) == (0, 0)

    assert Payload.objects.count() == 1


def test_pruning_again_finds_nothing(owner):
    aged(owner, 31)
    prune(older_than=days(90), now=NOW)

    assert prune(older_than=days(90), now=NOW) == (0, 0)


def test_it_ends_between_two_batches_when_its_worker_is_stopped(owner):
    aged(owner, 1000)

    assert prune(older_than=days(90), now=NOW, must_end=lambda: True) == (0, 0)

    assert NotificationSend.objects.count() == 1


@pytest.mark.parametrize(("setting", "left"), [(0, 1), (90, 0)])
def test_the_nightly_job_prunes_if_the_operator_wants_that(owner, settings, setting, left):
    settings.TORALE_RETENTION_DAYS = setting
    aged(owner, 1000)

    context = SimpleNamespace(should_abort=lambda: False)

    prune_sends(context, 0)  # type: ignore[arg-type]

    assert NotificationSend.objects.count() == left
