import pytest

from tasks.models import Task
from tests.support.factories import NOW, make_pending_execution, make_task


def url(task) -> str:
    return f"/api/v1/tasks/{task.pk}"


@pytest.mark.parametrize("method", ["put", "patch"])
def test_only_what_is_sent_changes(owner, owner_client, method, time_machine):
    time_machine.move_to("2026-03-05T10:00:00Z", tick=False)
    task = make_task(owner, name="before")

    response = getattr(owner_client, method)(url(task), {"name": "after"}, format="json")

    assert response.status_code == 200
    assert response.json()["name"] == "after"
    assert response.json()["search_query"] == task.search_query
    assert response.json()["updated_at"] == "2026-03-05T10:00:00Z"


def test_a_condition_that_was_the_default_follows_the_question(owner, owner_client):
    question = "https://a.example/"
    task = make_task(owner, search_query=question, condition_description=question)

    response = owner_client.patch(url(task), {"search_query": "https://b.example/"}, format="json")

    assert response.json()["condition_description"] == "https://b.example/"


@pytest.mark.parametrize(
    ("before", "after"),
    [("active", "paused"), ("active", "completed"), ("paused", "active"), ("completed", "active")],
)
def test_a_state_can_be_reached_from_these(owner, owner_client, before, after, time_machine):
    time_machine.move_to("2026-03-05T10:00:00Z", tick=False)
    task = make_task(owner, state=before)

    response = owner_client.patch(url(task), {"state": after}, format="json")

    assert response.status_code == 200
    assert response.json()["state"] == after
    assert response.json()["state_changed_at"] == "2026-03-05T10:00:00Z"
    assert response.json()["next_run"] == ("2026-03-05T10:00:00Z" if after == "active" else None)


@pytest.mark.parametrize(("before", "after"), [("paused", "completed"), ("completed", "paused")])
def test_an_invalid_transition_keeps_nothing_of_the_request(owner, owner_client, before, after):
    task = make_task(owner, state=before, name="before")

    response = owner_client.patch(url(task), {"state": after, "name": "after"}, format="json")

    assert response.status_code == 400
    assert response.json() == {"detail": f"Invalid state transition: {before} -> {after}"}
    task.refresh_from_db()
    assert (task.state, task.name) == (before, "before")


@pytest.mark.parametrize("state", ["active", "paused", "completed"])
def test_the_state_it_already_has_is_no_transition(owner, owner_client, state):
    task = make_task(owner, state=state)

    response = owner_client.patch(url(task), {"state": state}, format="json")

    assert response.status_code == 200
    assert response.json()["state_changed_at"] == "2026-03-04T09:00:10Z"


def test_activating_one_too_many_is_400(owner, owner_client, settings):
    settings.TORALE_MAX_ACTIVE_TASKS = 1
    make_task(owner)
    task = make_task(owner, state="paused")

    response = owner_client.patch(url(task), {"state": "active"}, format="json")

    assert response.status_code == 400
    task.refresh_from_db()
    assert task.state == "paused"


def test_an_immediate_run_that_cannot_start_is_told_in_the_task(owner, owner_client):
    task = make_task(owner)
    make_pending_execution(task)

    response = owner_client.patch(url(task), {"run_immediately": True}, format="json")

    assert response.status_code == 200
    assert response.json()["immediate_execution_error"] == (
        "Task is already running or pending. Use force=true to override."
    )


def test_an_immediate_run_that_can_start_forgets_that_another_could_not(owner, owner_client):
    task = make_task(owner, immediate_execution_error="Task is already running or pending.")

    response = owner_client.patch(url(task), {"run_immediately": True}, format="json")

    assert response.json()["immediate_execution_error"] is None
    assert response.json()["last_execution"]["status"] == "pending"


def test_another_users_task_is_not_found_and_not_changed(owner, stranger_client):
    task = make_task(owner, name="before", is_public=True)

    response = stranger_client.patch(url(task), {"name": "after"}, format="json")

    assert response.status_code == 404
    assert response.json() == {"detail": "Not found"}
    task.refresh_from_db()
    assert task.name == "before"


def test_a_bad_value_is_422(owner, owner_client):
    task = make_task(owner)

    response = owner_client.patch(url(task), {"name": ""}, format="json")

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "string_too_short",
                "loc": ["body", "name"],
                "msg": "This field may not be blank.",
                "input": "",
            }
        ]
    }


def test_updating_does_not_touch_what_a_run_learnt(owner, owner_client):
    task = make_task(owner, last_known_state={"pages": {}}, created_at=NOW)

    owner_client.patch(url(task), {"name": "after"}, format="json")

    assert Task.objects.get().last_known_state == {"pages": {}}
