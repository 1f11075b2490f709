"""What hangs or is large delays no other visit, and a worker that is told to stop leaves none."""

import threading
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from executions.models import Execution
from notifications.models import NotificationSend
from tasks.models import PageText, Task
from tasks.run import start
from tasks.visits import claim, drain
from tests.support.factories import make_task
from tests.support.races import apart
from tests.support.receivers import DEADLINE_S, HTTPAnswer, HTTPReceiver
from tests.support.run_visits import work
from tests.support.watched_pages import html
from torale import pool

pytestmark = pytest.mark.django_db(transaction=True)


def begin(owner, url: str, **fields) -> Execution:
    fields = {"condition_description": 'contains "In stock"', **fields}
    return start(task=make_task(owner, search_query=url, **fields), now=timezone.now())


def have_succeeded(*executions: Execution) -> bool:
    ids = [execution.pk for execution in executions]
    return Execution.objects.filter(pk__in=ids, status="success").count() == len(executions)


@pytest.fixture
def hanging():
    """Servers that accept connections and never answer."""
    answer = HTTPAnswer(stall=threading.Event())
    servers = [HTTPReceiver() for _ in range(4)]
    for server in servers:
        server.answers = [answer]
    yield servers
    answer.stall.set()
    for server in servers:
        server.close()


@pytest.fixture
def short_grace(monkeypatch):
    """Give visits under way hardly any time to end when the worker is told to stop."""
    monkeypatch.setattr(pool, "WORK_GRACE_S", 0.1)


@pytest.mark.usefixtures("loopback_allowed", "short_grace")
def test_servers_that_hang_delay_no_other_visit_of_anybody(
    owner, stranger, hanging, http_receiver, settings
):
    settings.TORALE_VISITS_AT_ONCE = 20
    http_receiver.answers = [html("In stock")]
    for server in hanging * 5:
        begin(owner, server.url)
    mine, others = begin(owner, http_receiver.url), begin(stranger, http_receiver.url)

    work(until=lambda: have_succeeded(mine, others))

    assert max(len(server.requests) for server in hanging) <= claim.PER_HOST


@pytest.mark.usefixtures("loopback_allowed", "short_grace")
def test_a_user_whose_pages_all_hang_leaves_room_in_a_small_worker(
    owner, stranger, operator, hanging, http_receiver, settings
):
    settings.TORALE_VISITS_AT_ONCE = 6
    http_receiver.answers = [html("In stock")]
    for server in hanging * 4:
        begin(owner, server.url)
    others: list[Execution] = []

    def is_over() -> bool:
        calls = sum(len(server.requests) for server in hanging)
        if calls == 3 and not others:  # the owner's half
            others.append(begin(stranger, hanging[3].url))
        if calls == 4 and len(others) == 1:
            others.append(begin(operator, http_receiver.url))
        return have_succeeded(*others[1:2]) and len(others) == 2

    work(until=is_over)


@pytest.mark.usefixtures("loopback_allowed", "short_grace")
def test_visits_under_way_are_given_back_when_the_worker_stops(owner, hanging):
    execution = begin(owner, hanging[0].url)

    work(until=lambda: len(hanging[0].requests) == 1)

    execution.refresh_from_db()
    assert (execution.status, execution.attempt_count) == ("pending", 0)
    assert execution.leased_until is None


@pytest.mark.usefixtures("loopback_allowed")
def test_a_server_with_many_pages_is_visited_without_a_pause(owner, http_receiver, monkeypatch):
    monkeypatch.setattr(pool, "POLL_S", DEADLINE_S)
    http_receiver.answers = [html("In stock")]
    executions = [begin(owner, f"{http_receiver.url}/{number}") for number in range(8)]

    work(until=lambda: have_succeeded(*executions))


@pytest.mark.usefixtures("loopback_allowed")
def test_a_result_whose_task_is_locked_is_stored_later(owner, stranger, http_receiver):
    http_receiver.answers = [html("In stock")]
    locked, free = begin(owner, http_receiver.url), begin(stranger, http_receiver.url)
    has_ended, is_locked = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Task.objects.select_for_update().get(pk=locked.task_id)
            is_locked.set()
            has_ended.wait(DEADLINE_S)

    def is_over() -> bool:
        if have_succeeded(free):
            has_ended.set()
        return have_succeeded(locked)

    holding = threading.Thread(target=apart, args=[hold])
    holding.start()
    assert is_locked.wait(DEADLINE_S)
    work(until=is_over)
    holding.join()


@pytest.mark.usefixtures("loopback_allowed")
def test_a_worker_with_room_for_one_visit_makes_them_all(owner, http_receiver, settings):
    settings.TORALE_VISITS_AT_ONCE = 1
    http_receiver.answers = [html("In stock")]
    executions = [begin(owner, f"{http_receiver.url}/{number}") for number in range(3)]

    work(until=lambda: have_succeeded(*executions))


@pytest.mark.usefixtures("loopback_allowed")
def test_texts_that_are_too_large_for_the_claim_are_known_all_the_same(
    owner, http_receiver, monkeypatch
):
    http_receiver.answers = [html("Sold out")]
    execution = begin(owner, http_receiver.url, condition_description="changes")
    work(until=lambda: have_succeeded(execution))
    assert PageText.objects.filter(task=execution.task_id).exists()
    monkeypatch.setattr(claim, "SMALL", 1)
    http_receiver.answers = [html("In stock again, in all sizes and colours")]

    again = start(task=execution.task, now=timezone.now())
    work(until=lambda: Execution.objects.filter(pk=again.pk, first_look_at__isnull=False).exists())


@pytest.mark.usefixtures("loopback_allowed")
def test_a_state_that_is_too_large_for_the_claim_is_known_all_the_same(
    owner, http_receiver, monkeypatch
):
    http_receiver.answers = [html("In stock")]
    execution = begin(owner, http_receiver.url)
    work(until=lambda: have_succeeded(execution))
    monkeypatch.setattr(claim, "SMALL", 1)
    NotificationSend.objects.all().delete()

    again = start(task=execution.task, now=timezone.now())
    work(until=lambda: have_succeeded(again))

    assert not NotificationSend.objects.exists()  # it held at the last visit, too


@pytest.mark.usefixtures("loopback_allowed")
def test_a_bug_while_asking_ends_as_a_failure(owner, http_receiver, monkeypatch, caplog):
    async def broken(question, *, sessions):
        raise RuntimeError("a bug")

    monkeypatch.setattr(drain, "ask", broken)
    execution = begin(owner, http_receiver.url)

    work(until=lambda: Execution.objects.filter(pk=execution.pk, status="retrying").exists())

    assert "monitor_broke" in caplog.text


@pytest.mark.usefixtures("loopback_allowed")
def test_an_execution_that_takes_too_long_fails_while_it_still_has_its_lease(
    owner, hanging, monkeypatch
):
    monkeypatch.setattr(drain, "ASKING_LIMIT", timedelta(seconds=0.2))
    execution = begin(owner, hanging[0].url)

    work(until=lambda: Execution.objects.filter(pk=execution.pk, status="retrying").exists())

    execution.refresh_from_db()
    assert (execution.failure_kind, execution.attempt_count) == ("timeout", 1)
    assert execution.error_message
    assert "could not be visited and read within 0.2 s" in execution.error_message


@pytest.mark.usefixtures("loopback_allowed")
def test_a_question_that_cannot_be_made_keeps_no_other_from_being_asked(
    owner, http_receiver, monkeypatch
):
    http_receiver.answers = [html("In stock")]
    bad, good = (begin(owner, f"{http_receiver.url}/{number}") for number in range(2))
    question = claim.Visit.question

    def broken(visit):
        if visit.execution == bad:
            raise ValueError("a row that no one expected")
        return question(visit)

    monkeypatch.setattr(claim.Visit, "question", broken)
    work(
        until=lambda: have_succeeded(good) and Execution.objects.get(pk=bad.pk).status != "running"
    )

    bad.refresh_from_db()
    assert (bad.status, bad.failure_kind) == ("retrying", "system_error")
