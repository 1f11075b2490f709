"""Why nobody was told of a visit, and how a task is doing: what is left behind, in words."""

from uuid import uuid4

import pytest

from accounts.models import User
from executions.monitors import Answer
from notifications.models import (
    NotificationSend,
    SendCount,
    WebhookConfig,
    WebhookEndpoint,
)
from notifications.why import Kind, UnknownId, explain
from tasks.destinations import WEBHOOK_FORMATS
from tasks.lifecycle import delete_task, update_task
from tasks.run import settle, start
from tests.support.explained import sentence, titles, visited, why
from tests.support.factories import NOW, make_task, make_undecryptable
from tests.support.receivers import HTTPAnswer
from tests.support.run_delivery import deliver
from tests.support.run_visits import take as take_visits
from tests.support.run_visits import visit
from torale import clock
from torale.models import Usage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW, tick=False)


def page(text: str, status: int = 200) -> HTTPAnswer:
    return HTTPAnswer(status, text.encode(), {"Content-Type": "text/html"})


def test_nobody_was_told_because_the_condition_was_not_met(task, site):
    site.page = page("<title>Shop</title>Sold out")

    found = why(visited(task))

    assert found.verdict == (
        'Nobody was told, because the condition was not met: The page does not contain "In stock".'
    )
    assert found.kind == Kind.NEUTRAL
    assert titles(found, 0) == ["Started", "Seen", "Condition not met"]
    assert sentence(found, "Seen") == f"Read “Shop” ({site.url}/product)."


def test_nobody_was_told_because_it_has_been_true_since_it_was_told(task):
    visited(task)

    found = why(visited(task))

    assert found.verdict.startswith(
        "Nobody was told, because the condition was met before and has been since: Still true: "
    )
    assert titles(found, 0)[-1] == "Still true, so no news"


def test_nobody_was_told_because_the_same_had_been_told(task):
    for _ in range(2):
        [claimed] = take_visits(now=start(task=task, now=NOW).created_at).visits
        answer = Answer(
            condition_met=True,
            notification="**12 September**",
            evidence="It says so.",
            confidence=90,
            state={},
            claim="date 2026-09-12",
        )
        settle(claimed.execution, answer, now=NOW)

    found = why(claimed.execution)

    assert found.verdict == (
        "Nobody was told, because the same had been told before: It says so. The same was told "
        "before, on 4 March 2026 (UTC), so nobody is told again."
    )
    assert titles(found, 0)[-1] == "Told before, so no news"


def test_a_page_that_could_not_be_read_is_named_beside_those_that_could(task, site):
    site.judge = lambda request: page("", 404) if request.path == "/b" else site.page
    update_task(task=task, fields={"search_query": f"{site.url}/a {site.url}/b"}, now=clock.now())

    found = why(visited(task))

    assert sentence(found, "A page could not be read") == f"{site.url}/b answered 404 Not Found."
    visited(task)
    assert titles(why(visited(task)), 0)[-1] == "Still true, so no news"


def test_a_visit_that_failed_says_how_often_it_was_tried_and_what_to_do(task, site):
    site.page = page("", 404)

    found = why(visited(task))

    assert found.verdict == (
        f"Nobody was told, because the visit failed: {site.url}/product answered 404 Not Found."
    )
    assert found.kind == Kind.BAD
    assert titles(found, 0) == ["Started", "Gave up: user_error"]
    told = sentence(found, "Gave up: user_error")
    assert "It was attempted 1 time; failures of the kind user_error are retried at most 0" in told
    assert "Open the page in a browser" in told


def test_a_visit_that_is_retried_says_when(task, site):
    site.page = page("", 503)

    execution = visited(task)
    found = why(execution)

    assert found.verdict == (
        "Nobody has been told yet, as the visit has not ended. The last error was: "
        f"{site.url}/product answered 503 Service Unavailable."
    )
    assert titles(found, 0) == ["Started", "Attempt 1 failed: network", "Will be retried"]
    assert found.chapters[0].decisions[-1].at == execution.next_attempt_at


def test_a_visit_that_succeeded_in_the_end_says_that_it_was_retried(task, site, later):
    site.page = page("", 503)
    execution = visited(task)
    site.page = page("Sold out")
    later(minutes=1)
    visit()

    assert titles(why(execution), 0) == [
        "Started",
        "Retried: attempt 2",
        "Seen",
        "Condition not met",
    ]


def test_a_second_look_is_awaited(task, site):
    update_task(task=task, fields={"condition_description": "changes"}, now=clock.now())
    visited(task)
    site.page = page("<title>Shop</title>Sold out")

    found = why(visited(task))

    assert titles(found, 0) == ["Started", "Looked once", "Will be retried"]
    assert "The next attempt is due in 45 s." in sentence(found, "Will be retried")


def test_a_visit_that_no_worker_begins_says_what_to_do(task, later):
    execution = start(task=task, now=clock.now())
    assert titles(why(execution), 0) == ["Started", "Waits for a worker"]
    later(minutes=10)

    waits = why(execution).chapters[0].decisions[-1]

    assert waits.kind == Kind.BAD
    assert "It has been due for 10 min" in waits.sentence
    assert "no worker runs: start one" in waits.sentence


def test_a_visit_is_under_way_until_its_worker_has_died(task, later):
    execution = start(task=task, now=clock.now())
    take_visits()
    assert titles(why(execution), 0) == ["Started", "Under way"]
    later(minutes=5)

    assert titles(why(execution), 0) == ["Started", "The worker has died"]


def test_a_cancelled_visit_leads_to_the_one_that_replaced_it(task, later):
    execution = start(task=task, now=clock.now())
    later(seconds=5)
    other = start(task=task, now=clock.now(), force=True)

    for explained in (execution, task):
        found = why(explained)

        [cancelled] = [each for each in found.decisions if each.title == "Cancelled"]
        assert cancelled.about.execution_id == other.pk
    assert why(execution).verdict.startswith("Nobody was told, because the visit was cancelled.")


def test_a_visit_without_notifications_says_so(task):
    found = why(visited(task, notify=False))

    assert found.verdict == (
        "The condition was met, but nobody was told, because the visit was started with "
        "suppress_notifications."
    )
    assert "suppress_notifications" in sentence(found, "Started")


def test_a_task_that_was_changed_later_may_have_had_another_condition(task, later):
    execution = visited(task)
    assert sentence(why(execution), "Started") == "The visit was started."
    later(minutes=1)

    update_task(task=task, fields={"condition_description": "changes"}, now=clock.now())

    assert "another condition" in sentence(why(execution), "Started")


def test_a_task_begins_with_its_newest_visit_and_who_would_be_told_now(task, site):
    site.page = page("<title>Shop</title>Sold out")
    visited(task)

    found = why(task)

    assert found.verdict.startswith(
        "Newest visit (2026-03-04 09:00:10 UTC): Nobody was told, because the condition was not met"
    )
    assert [chapter.title for chapter in found.chapters] == [
        "The task now",
        "If the condition were met now",
        "The visit of 2026-03-04 09:00:10 UTC",
    ]
    assert titles(found, 0) == ["Active"]
    assert titles(found, 1) == ["Would be told"]
    assert sentence(found, "Would be told") == f"The webhook {site.url}/hook would be sent."


def test_to_ask_who_would_be_told_now_changes_nothing(task, settings):
    settings.TORALE_SENDS_PER_DAY = 1

    why(task)
    again = why(task)

    assert titles(again, 1) == ["Would be told"]
    for model in (NotificationSend, SendCount, WebhookConfig, WebhookEndpoint, Usage):
        assert not model._default_manager.exists()


@pytest.mark.parametrize("format_", sorted(WEBHOOK_FORMATS))
def test_who_would_be_told_now_is_said_for_every_format(owner, format_):
    task = make_task(owner, webhook_url="https://chat.example/1", webhook_format=format_)
    make_undecryptable(task, "webhook_headers")

    assert titles(why(task), 1) == ["Would be told"]


def test_who_would_not_be_told_now_says_why(task, settings):
    settings.TORALE_SENDS_PER_DAY = 0

    assert "You have had 0 notifications today" in sentence(why(task), "Would be skipped")


@pytest.mark.parametrize("state", ["paused", "completed"])
def test_a_task_that_is_not_visited_says_since_when(task, state):
    visited(task)
    update_task(task=task, fields={"state": state}, now=clock.now())

    found = why(task)

    assert found.verdict.startswith(f"Nobody is told anything at present. It is {state}, and")
    assert f"It has been {state} since 2026-03-04 09:00:10 UTC." in found.verdict
    assert found.kind == Kind.NEUTRAL


def test_a_task_of_a_user_who_is_switched_off_says_so(task):
    User.objects.update(is_active=False)

    assert "The owner's account is switched off" in why(task).verdict


def test_a_task_that_is_overdue_says_what_to_do(task, later):
    assert why(task).verdict.startswith("Nobody has been told yet, as no visit has begun.")
    later(hours=3)

    found = why(task)

    assert found.kind == Kind.BAD
    assert "A visit has been due for 3 h, and none has begun. No worker runs" in found.verdict


def test_a_failing_task_says_since_when_and_that_its_owner_was_told(task, site, later):
    site.page = page("", 410)
    for _ in range(3):
        visited(task)
        later(minutes=40)

    found = why(task)

    assert sentence(found, "Failing") == (
        "3 visits in a row failed since 2026-03-04 09:00:10 UTC. The owner was told at "
        "2026-03-04 10:20:10 UTC."
    )
    assert "410 Gone: its site has removed it for good" in sentence(found, "Warning")
    assert "3 visits in a row said so" in sentence(found, "Warning")
    assert any(
        chapter.title.endswith("tells that the task keeps failing") for chapter in found.chapters
    )


def test_the_sends_of_a_deleted_task_are_still_explained(task, site):
    execution = visited(task)
    deliver()
    send = NotificationSend.objects.get()
    task_id = task.pk
    delete_task(task=task)

    for wanted in (task_id, execution.pk, send.pk):
        found = explain(wanted, now=clock.now())

        assert f"webhook {site.url}/hook was accepted at" in found.verdict
        assert "Sent" in [decision.title for decision in found.decisions]
        for decision in found.decisions:
            assert (decision.about.task_id, decision.about.execution_id) == (None, None)
    assert explain(task_id, now=clock.now()).verdict.startswith("The task is no longer kept")
    assert explain(execution.pk, now=clock.now()).verdict.startswith("The visit is no longer kept")


def test_a_strangers_ids_explain_nothing(task, stranger):
    execution = visited(task)
    send = NotificationSend.objects.get()

    for wanted in (task.pk, execution.pk, send.pk):
        assert explain(wanted, now=NOW, user=task.user).verdict
        with pytest.raises(UnknownId):
            explain(wanted, now=NOW, user=stranger)
    delete_task(task=task)
    for wanted in (send.task_id, execution.pk, send.pk):
        assert explain(wanted, now=NOW, user=send.user).verdict
        with pytest.raises(UnknownId):
            explain(wanted, now=NOW, user=stranger)


def test_an_unknown_id_explains_nothing(db):
    with pytest.raises(UnknownId):
        explain(uuid4(), now=NOW)
