"""Questions in plain words, as the official SDK documents them, are answered and told."""

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from executions.models import Execution, ExecutionStatus
from notifications.models import NotificationSend
from tasks.models import State, Task
from tests.clients.documented import DOCUMENTED
from tests.support.answered_questions import SAYS, reply_to
from tests.support.factories import NOW
from tests.support.run_delivery import deliver
from tests.support.run_visits import visit
from tests.support.scripted_model import calls
from torale.errors import OUR_FAULT

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _clock(time_machine):
    time_machine.move_to(NOW, tick=False)


def sdk_body(query: str, condition: str, webhook: str) -> dict[str, object]:
    """Return what the SDK sends to create a task."""
    return {
        "name": f"Monitor: {query[:50]}",
        "schedule": "0 */6 * * *",
        "executor_type": "llm_grounded_search",
        "search_query": query,
        "condition_description": condition,
        "notify_behavior": "once",
        "notifications": [{"type": "webhook", "url": webhook}],
        "config": {"model": "gemini-2.5-flash"},
        "is_active": True,
    }


def test_the_documented_examples_of_the_sdk_are_answered_and_told(
    owner_client, answered_questions, http_receiver
):
    for query, condition in DOCUMENTED:
        body = sdk_body(query, condition, f"{http_receiver.url}/hook")
        created = owner_client.post("/api/v1/tasks", body, format="json")
        assert created.status_code == 200, created.json()
        executed = owner_client.post(f"/api/v1/tasks/{created.json()['id']}/execute")
        assert executed.status_code == 200

    # A user's own questions take turns.
    while Execution.objects.open().exists():
        visit()
    deliver()

    sends = owner_client.get("/api/v1/notifications/sends").json()
    assert sends["total"] == len(DOCUMENTED)
    assert {send["status"] for send in sends["sends"]} == {"sent"}
    assert len(http_receiver.requests) == len(DOCUMENTED)
    assert all(SAYS.encode() in request.body for request in http_receiver.requests)


@pytest.fixture
def asking(owner_client, answered_questions) -> Task:
    body = {"search_query": "When is the Quill 4 released?"}
    created = owner_client.post("/api/v1/tasks", body, format="json")
    assert created.status_code == 200, created.json()
    return Task.objects.get(pk=created.json()["id"])


def visited(task: Task, client) -> Any:
    """Visit once more, and return the latest execution as the API shows it."""
    client.post(f"/api/v1/tasks/{task.pk}/execute")
    visit()
    [latest, *_] = client.get(f"/api/v1/tasks/{task.pk}/executions").json()
    return latest


def test_an_execution_shows_what_was_done_and_what_it_cost(asking, owner_client):
    execution = visited(asking, owner_client)

    assert execution["status"] == "success"
    actions = [step["action"] for step in execution["result"]["activity"]]
    assert actions == ["search", "read"] + ["check"] * 7
    assert execution["result"]["usage"] == {
        "model": "scripted",
        "requests": 5,
        "input_tokens": 500,
        "output_tokens": 100,
        "cost_usd": None,
        "seconds": execution["result"]["usage"]["seconds"],
    }
    assert [source["title"] for source in execution["grounding_sources"]] == ["News"]
    asking.refresh_from_db()
    assert asking.name == "When is the Quill 4 released?"
    # A random part keeps tasks that were created together from being visited together.
    assert timedelta(hours=5) < asking.next_run_at - NOW < timedelta(hours=7)


def test_what_was_told_is_not_told_again_and_costs_nothing(
    asking, owner_client, answered_questions, time_machine
):
    visited(asking, owner_client)
    asked = len(answered_questions.model.requests)
    time_machine.move_to(NOW + timedelta(hours=6), tick=False)

    execution = visited(asking, owner_client)

    assert execution["status"] == "success"
    assert execution["notification"] is None
    assert "usage" not in execution["result"]
    assert len(answered_questions.model.requests) == asked
    assert NotificationSend.objects.count() == 1


def test_a_question_asked_once_completes_its_task(asking, owner_client, answered_questions):
    def once(body):
        reply = reply_to(body)
        if reply.tools[0][0] == "plan":
            return calls(("plan", reply.tools[0][1] | {"is_once_only": True}))
        return reply

    answered_questions.model.judge = once

    execution = visited(asking, owner_client)

    asking.refresh_from_db()
    assert asking.state == State.COMPLETED
    assert "You asked for this once" in str(execution["notification"])


def test_what_was_spent_is_booked_and_an_empty_budget_is_told(
    asking, owner_client, owner: User, settings
):
    visited(asking, owner_client)
    assert owner.spendings.get().tokens == 600

    settings.TORALE_USER_BUDGET_TOKENS = 60_000
    Task.objects.filter(pk=asking.pk).update(last_known_state=None)
    execution = visited(asking, owner_client)

    assert execution["status"] == "failed"
    assert "600 of 60,000 tokens are spent" in str(execution["error_message"])
    assert Task.objects.failing().get() == asking
    assert owner.spendings.get().tokens == 600


def test_the_cost_of_a_failed_visit_is_booked(
    asking, owner_client, owner: User, answered_questions
):
    def breaks(body):
        reply = reply_to(body)
        return calls(("report", {"holds": 3})) if reply.tools[0][0] == "report" else reply

    answered_questions.model.judge = breaks

    execution = visited(asking, owner_client)

    assert execution["status"] == ExecutionStatus.RETRYING
    assert execution["error_message"] != OUR_FAULT
    assert owner.spendings.get().tokens == 120 * len(answered_questions.model.requests)


def test_without_a_model_a_question_in_plain_words_is_refused(owner_client, settings):
    settings.TORALE_MODEL = ""

    refused = owner_client.post("/api/v1/tasks", {"search_query": "Is it out?"}, format="json")

    assert refused.status_code == 422
    assert "TORALE_MODEL" in refused.json()["detail"][0]["msg"]


def test_a_task_that_loses_its_model_fails_and_says_so(asking, owner_client, settings):
    settings.TORALE_MODEL = ""

    execution = visited(asking, owner_client)

    assert execution["status"] == "failed"
    assert "TORALE_MODEL" in str(execution["error_message"])


def test_a_question_that_keeps_failing_is_asked_hourly(asking):
    for _ in range(10):
        asking.put_off(since=NOW, now=NOW)

    assert asking.next_run_at == NOW + timedelta(hours=1)  # a page is visited every 15 minutes


def test_strangers_do_not_see_what_was_searched_for(asking, owner_client, stranger_client):
    visited(asking, owner_client)
    Task.objects.filter(pk=asking.pk).update(is_public=True)

    task = stranger_client.get(f"/api/v1/tasks/{asking.pk}").json()
    [execution] = stranger_client.get(f"/api/v1/tasks/{asking.pk}/executions").json()

    own = owner_client.get(f"/api/v1/tasks/{asking.pk}").json()
    assert "_looked" in own["last_known_state"]
    assert "_looked" not in task["last_known_state"]
    search, *_ = own["last_execution"]["result"]["activity"]
    assert search["query"]
    for shown in (execution, task["last_execution"]):
        assert shown["result"]["activity"][0] == {"action": "search", "results": 1}
        assert "usage" not in shown["result"]


def test_another_question_of_the_task_is_told_anew(asking, owner_client, answered_questions):
    visited(asking, owner_client)
    changed = {"search_query": "When is the Quill 5 released?"}
    assert (
        owner_client.patch(f"/api/v1/tasks/{asking.pk}", changed, format="json").status_code == 200
    )

    execution = visited(asking, owner_client)

    assert execution["notification"]
    assert NotificationSend.objects.count() == 2
