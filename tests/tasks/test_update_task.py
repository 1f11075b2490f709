from tasks.models import Task
from tests.support.factories import NOW, make_task


def url(task) -> str:
    return f"/api/v1/tasks/{task.pk}"


def test_a_condition_that_was_the_default_follows_the_question(owner, owner_client):
    question = "https://a.example/"
    task = make_task(owner, search_query=question, condition_description=question)

    response = owner_client.patch(url(task), {"search_query": "https://b.example/"}, format="json")

    assert response.json()["condition_description"] == "https://b.example/"


def test_an_immediate_run_that_can_start_forgets_that_another_could_not(owner, owner_client):
    task = make_task(owner, immediate_execution_error="Task is already running or pending.")

    response = owner_client.patch(url(task), {"run_immediately": True}, format="json")

    assert response.json()["immediate_execution_error"] is None
    assert response.json()["last_execution"]["status"] == "pending"


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
