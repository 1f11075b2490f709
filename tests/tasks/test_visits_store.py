"""What a worker stores of visits: quiet answers together, and all others as if they were alone."""

import asyncio
import random
from datetime import timedelta

import pytest
from django.db import transaction
from django.forms.models import model_to_dict

from executions.failures import FailureKind
from executions.models import Execution
from executions.monitors import Answer, AskFailed, FailedPage, Source, Usage
from notifications.models import NotificationSend
from tasks.lifecycle import delete_task, update_task
from tasks.models import PageText, Task
from tasks.run import settle, start
from tasks.visits.claim import SMALL, Visit
from tasks.visits.store import Result, is_quiet, store
from tests.support.database_clock import MOVE
from tests.support.factories import NOW, make_pending_execution, make_task, refused_rows
from tests.support.receivers import DEADLINE_S
from tests.support.run_visits import take
from torale.database import connect

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "https://shop.example/"


@pytest.fixture(autouse=True)
def _clock(time_machine, monkeypatch):
    time_machine.move_to(NOW, tick=False)
    monkeypatch.setattr(random, "random", lambda: 0.25)


def answer(**differing) -> Answer:
    """Return an answer that is quiet unless something differs."""
    fields = {
        "condition_met": False,
        "notification": None,
        "evidence": "Not there.",
        "confidence": 90,
        "sources": [Source(url=PAGE, title="The shop")],
        "failed_pages": [FailedPage(url="https://gone.example/", error="It answered 404.")],
        "activity": [{"action": "fetch", "url": PAGE}],
        "usage": Usage(
            model="m", requests=1, input_tokens=2, output_tokens=3, cost_usd=0.1, seconds=4.5
        ),
        "state": {"rule": "changes", "exact": 12345678901234567890},
        "texts": {PAGE: b"\x00packed"},
        "next_run_at": NOW + timedelta(minutes=15),
        **differing,
    }
    return Answer(**fields)


def visit_of(task: Task) -> Visit:
    """Claim a new execution of `task`."""
    make_pending_execution(task, hosts=[])
    return {visit.execution.task_id: visit for visit in take(now=NOW).visits}[task.pk]


def keep(*results: tuple[Visit, Result]) -> list[tuple[Visit, Result]]:
    """Store results as a worker does; return those that are held up."""

    async def main() -> list[tuple[Visit, Result]]:
        async with asyncio.timeout(DEADLINE_S), await connect() as database:
            await database.execute(MOVE, [NOW.isoformat()])
            return await store(database, results)

    return asyncio.run(main())


def stored(execution: Execution) -> dict[str, object]:
    """Return all that is stored of an execution, its task and the task's texts, without ids."""
    execution = Execution.objects.get(pk=execution.pk)
    task = execution.task
    return {
        **{f"execution.{name}": value for name, value in model_to_dict(execution).items()},
        **{f"task.{name}": value for name, value in model_to_dict(task).items()},
        "texts": PageText.objects.of(task.pk),
        "execution.task": None,
        "task.id": None,
    }


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"schedule": "every 2 hours"},
        {"schedule": "0 9 * * 1-5", "time_zone": "Europe/Berlin"},
        {"last_known_state": {"rule": "older"}},
    ],
    ids=["auto", "interval", "cron", "visited before"],
)
def test_a_quiet_answer_is_stored_as_settling_it_alone_stores_it(owner, fields):
    together, alone = (visit_of(make_task(owner, **fields)) for _ in range(2))
    quiet = answer()
    assert is_quiet(together, quiet)

    keep((together, quiet))
    settle(alone.execution, quiet, now=NOW, jitter=0.25)

    assert stored(together.execution) == stored(alone.execution)
    assert stored(together.execution)["execution.status"] == "success"
    assert stored(together.execution)["execution.result"]["usage"]["cost_usd"] == 0.1


def test_a_retried_execution_keeps_no_error_of_its_earlier_attempts(owner):
    execution = make_pending_execution(
        make_task(owner),
        status="retrying",
        attempt_count=1,
        failure_kind="network",
        error_message="It cannot be reached.",
    )
    [visit] = take(now=NOW).visits

    keep((visit, answer()))

    execution.refresh_from_db()
    assert (execution.failure_kind, execution.error_message) == (None, None)


def test_a_text_is_replaced_and_one_that_is_not_mentioned_stays(owner):
    task = make_task(owner)
    PageText.objects.keep(task, {PAGE: b"old", "https://other.example/": b"kept"})

    keep((visit_of(task), answer(texts={PAGE: b"new"})))

    assert PageText.objects.of(task.pk) == {PAGE: b"new", "https://other.example/": b"kept"}


@pytest.mark.parametrize(
    "differing",
    [
        {"condition_met": True, "notification": "**In stock**"},
        {"is_tentative": True, "condition_met": True, "notification": "**In stock**"},
        {"warnings": ["It looks dead."]},
        {"topic": "Bread"},
        {"texts": {PAGE: None}},
        {"texts": {PAGE: b"x" * (SMALL + 1)}},
        {"state": {"items": ["a title"] * 10_000}},
        {"state": {"exact": 10**30}},
    ],
    ids=[
        "met",
        "tentative",
        "warning",
        "topic",
        "text removed",
        "large text",
        "large state",
        "exact",
    ],
)
def test_an_answer_from_which_more_follows_is_not_quiet(owner, differing):
    visit = visit_of(make_task(owner))

    assert not is_quiet(visit, answer(**differing))
    keep((visit, answer(**differing)))

    visit.execution.refresh_from_db()
    tentative = bool(differing.get("is_tentative"))
    assert visit.execution.status == ("retrying" if tentative else "success")
    met = differing.get("condition_met") and not tentative
    assert NotificationSend.objects.count() == (1 if met else 0)
    visit.execution.task.refresh_from_db()
    assert len(visit.execution.task.warnings) == len(differing.get("warnings", []))


def test_a_task_that_fails_recovers_by_a_quiet_answer(owner):
    task = make_task(owner, failed_run_count=2, failing_since=NOW, failure_told_at=NOW)

    keep((visit_of(task), answer()))

    task.refresh_from_db()
    assert (task.failed_run_count, task.failing_since) == (0, None)
    assert NotificationSend.objects.get().event_type == "task.recovered"


def test_what_stands_since_the_claim_is_seen(owner):
    task = make_task(owner)
    visit = visit_of(task)
    assert visit.is_calm
    Task.objects.update(failed_run_count=2, failing_since=NOW, failure_told_at=NOW)

    keep((visit, answer()))

    assert NotificationSend.objects.get().event_type == "task.recovered"


def test_a_schedule_that_was_changed_meanwhile_counts(owner):
    task = make_task(owner)
    visit = visit_of(task)
    update_task(task=task, fields={"schedule": "every 3 hours"}, now=NOW)

    keep((visit, answer()))

    task.refresh_from_db()
    assert task.next_run_at
    assert abs(task.next_run_at - NOW - timedelta(hours=3)) < timedelta(minutes=20)


def test_a_task_that_was_paused_meanwhile_is_not_visited_again(owner):
    task = make_task(owner)
    visit = visit_of(task)
    update_task(task=task, fields={"state": "paused"}, now=NOW)

    keep((visit, answer()))

    task.refresh_from_db()
    visit.execution.refresh_from_db()
    assert (task.next_run_at, visit.execution.status) == (None, "success")


@pytest.mark.parametrize(
    "late", [answer(), AskFailed(FailureKind.NETWORK, "Late.")], ids=["answer", "failure"]
)
def test_what_comes_late_is_dropped(owner, late):
    cancelled, deleted, lapsed = (visit_of(make_task(owner)) for _ in range(3))
    start(task=cancelled.execution.task, now=NOW, force=True)
    delete_task(task=deleted.execution.task)
    Execution.objects.recover(now=NOW + timedelta(hours=1))
    second = take(now=NOW + timedelta(hours=1))

    keep((cancelled, late), (deleted, late), (lapsed, late))

    assert {visit.execution.status for visit in second.visits} == {"running"}
    for visit in (cancelled, lapsed):
        visit.execution.task.refresh_from_db()
        assert visit.execution.task.last_known_state is None
    assert not Execution.objects.filter(status__in=["success", "failed"]).exists()
    assert not PageText.objects.exists()


def test_results_of_every_sort_are_stored_side_by_side(owner):
    visits = [visit_of(make_task(owner)) for _ in range(4)]

    keep(
        (visits[0], answer()),
        (visits[1], AskFailed(FailureKind.USER_ERROR, "It answered 404.")),
        (visits[2], answer(condition_met=True, notification="**In stock**")),
        (visits[3], answer()),
    )

    for visit in visits:
        visit.execution.refresh_from_db()
    assert [visit.execution.status for visit in visits] == [
        "success",
        "failed",
        "success",
        "success",
    ]
    assert NotificationSend.objects.count() == 1


@pytest.mark.parametrize(
    "bad",
    [{"evidence": "NUL \x00"}, {"state": {"text": "NUL \x00"}}, {"evidence": "half \ud800"}],
    ids=["evidence", "state", "surrogate"],
)
def test_an_answer_that_the_database_refuses_holds_up_no_other(owner, bad):
    refused, sound = (visit_of(make_task(owner)) for _ in range(2))

    keep((refused, answer(**bad)), (sound, answer()))

    refused.execution.refresh_from_db()
    sound.execution.refresh_from_db()
    assert sound.execution.status == "success"
    assert (refused.execution.status, refused.execution.error_message) == (
        "retrying",
        "Something went wrong on our side; the details are in the server's log.",
    )


@pytest.mark.parametrize(
    ("table", "column", "status"),
    [("tasks_task", "id", "retrying"), ("executions_execution", "task_id", "running")],
    ids=["task", "execution"],
)
def test_a_row_that_cannot_be_stored_holds_up_no_other(owner, stranger, table, column, status):
    refused, sound = visit_of(make_task(owner)), visit_of(make_task(stranger))

    with refused_rows(table, f"NEW.{column}::text = %s", str(refused.execution.task_id)):
        keep((refused, answer()), (sound, answer()))

    sound.execution.refresh_from_db()
    refused.execution.refresh_from_db()
    assert (sound.execution.status, refused.execution.status) == ("success", status)


@pytest.mark.parametrize(
    "held_up",
    [answer(), answer(warnings=["It looks dead."]), AskFailed(FailureKind.NETWORK, "Reset.")],
    ids=["quiet", "warning", "failure"],
)
def test_a_task_that_is_locked_holds_up_no_other(owner, stranger, held_up):
    locked, free = visit_of(make_task(owner)), visit_of(make_task(stranger))

    with transaction.atomic():
        Task.objects.select_for_update().get(pk=locked.execution.task_id)
        left = keep((locked, held_up), (free, answer()))

    assert left == [(locked, held_up)]
    free.execution.refresh_from_db()
    locked.execution.refresh_from_db()
    assert (free.execution.status, locked.execution.status) == ("success", "running")
    assert keep(*left) == []
    locked.execution.refresh_from_db()
    assert locked.execution.status != "running"


def test_quiet_answers_of_many_tasks_cost_one_statement(owner, django_assert_num_queries):
    visits = [visit_of(make_task(owner)) for _ in range(20)]

    with django_assert_num_queries(0):  # of Django's
        keep(*((visit, answer()) for visit in visits))

    assert Execution.objects.filter(status="success").count() == 20
