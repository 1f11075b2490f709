"""Questions in plain words that two workers ask at the same moment, or whose worker stops."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from executions.models import ASKING_LEASE, ASKING_LIMIT, Execution
from executions.spending import Spending
from notifications.models import NotificationSend
from tests.support.questions import RESERVED, SPENT, booked, is_in, told
from tests.support.run_visits import work
from torale import pool

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def short_grace(monkeypatch):
    """Give visits under way hardly any time to end when the worker is told to stop."""
    monkeypatch.setattr(pool, "WORK_GRACE_S", 0.1)


def test_a_question_that_is_asked_again_by_force_meanwhile_is_told_once(ask, execute, stalling):
    stalled = stalling("judge")
    first = ask("When is the Quill 4 released?")
    forced: list[Execution] = []

    def is_over() -> bool:
        if stalled.asked.is_set() and not forced:
            forced.append(execute(first.task_id, force="true"))
        if forced and is_in(forced[0], "success"):
            stalled.release.set()
        # The first visit has ended, too, when what it has cost is booked.
        return stalled.release.is_set() and booked()[0] < RESERVED

    work(until=is_over, workers=2)

    assert told() == forced
    assert is_in(first, "cancelled")
    assert NotificationSend.objects.count() == 1
    assert booked() == (2 * SPENT, 2)


def test_a_question_whose_lease_runs_out_meanwhile_is_told_once(ask, stalling):
    stalled = stalling("judge")
    execution = ask("When is the Quill 4 released?")
    ran_out: list[int] = []

    def is_over() -> bool:
        if stalled.asked.is_set() and not ran_out:
            now = timezone.now()
            Execution.objects.filter(pk=execution.pk).update(leased_until=now)
            ran_out.append(Execution.objects.recover(now=now))
        if is_in(execution, "success"):
            stalled.release.set()
        return stalled.release.is_set() and booked()[0] < RESERVED

    work(until=is_over, workers=2)

    assert ran_out == [1]
    execution.refresh_from_db()
    assert (execution.status, execution.attempt_count) == ("success", 2)
    assert told() == [execution]
    assert NotificationSend.objects.count() == 1
    assert booked() == (2 * SPENT, 2)


def test_two_workers_at_the_edge_of_a_budget_reserve_no_more_than_it(ask, settings, stalling):
    settings.TORALE_VISITS_AT_ONCE = 4  # so that one claim takes one of the two
    settings.TORALE_USER_BUDGET_TOKENS = 2 * RESERVED - 1
    stalled = stalling("plan")
    executions = [ask("When is the Quill 4 released?"), ask("When is the Quill 5 released?")]
    most: list[int] = []

    def is_over() -> bool:
        most.extend(Spending.objects.values_list("unpriced_tokens", flat=True))
        if any(is_in(execution, "failed") for execution in executions):
            stalled.release.set()
        return any(is_in(execution, "success") for execution in executions)

    work(until=is_over, workers=2)

    assert max(most) == RESERVED
    refused = Execution.objects.get(status="failed")
    assert "60,000 of 119,999 tokens are spent, or reserved for visits" in str(
        refused.error_message
    )
    assert len(told()) == 1
    assert booked() == (SPENT, 1)


def test_a_model_that_hangs_ends_the_visit_before_its_lease_and_what_it_cost_is_booked(
    ask, settings, stalling
):
    settings.TORALE_AGENT_SECONDS = 2
    stalled = stalling("plan")
    execution = ask("When is the Quill 4 released?")

    work(until=lambda: is_in(execution, "retrying"))

    assert stalled.asked.is_set()
    execution.refresh_from_db()
    assert (execution.failure_kind, execution.attempt_count) == ("timeout", 1)
    assert "could not be answered within 2 s" in str(execution.error_message)
    tokens, runs = booked()
    assert 0 < tokens < RESERVED  # an estimate of what was sent
    assert runs == 1


def test_the_longest_visit_of_the_settings_ends_before_the_worker_gives_it_up():
    # TORALE_AGENT_SECONDS is 140 at most; what it has cost must be booked after that.
    assert timedelta(seconds=140) < ASKING_LIMIT < ASKING_LEASE


@pytest.mark.usefixtures("short_grace")
def test_a_question_under_way_is_given_back_when_the_worker_stops_and_its_cost_is_booked(
    ask, stalling
):
    stalled = stalling("report")
    execution = ask("When is the Quill 4 released?")

    work(until=stalled.asked.is_set)

    execution.refresh_from_db()
    assert (execution.status, execution.attempt_count) == ("pending", 0)
    assert execution.leased_until is None
    tokens, runs = booked()
    assert 360 < tokens < RESERVED
    assert runs == 1

    work(until=lambda: is_in(execution, "success"))

    assert NotificationSend.objects.count() == 1


def test_a_question_that_is_answered_after_the_worker_was_told_to_stop_is_told(ask, stalling):
    stalled = stalling("report")
    execution = ask("When is the Quill 4 released?")

    def is_over() -> bool:
        is_asked = bool(stalled.asked.is_set())
        if is_asked:
            threading.Timer(0.1, stalled.release.set).start()
        return is_asked

    work(until=is_over)

    assert is_in(execution, "success")
    assert NotificationSend.objects.count() == 1
    assert booked() == (SPENT, 1)
