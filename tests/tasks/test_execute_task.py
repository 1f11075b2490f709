import pytest
from procrastinate.contrib.django.models import ProcrastinateJob

from executions.models import Execution
from tasks.run import start
from tests.support.factories import NOW, days, make_pending_execution, make_task


def url(task) -> str:
    return f"/api/v1/tasks/{task.pk}/execute"


def test_execute_answers_a_pending_execution_and_wakes_a_worker(owner, owner_client, time_machine):
    time_machine.move_to("2026-03-04T10:00:00Z", tick=False)
    task = make_task(owner)

    response = owner_client.post(url(task))

    execution = Execution.objects.get()
    assert response.status_code == 200
    assert response.json() == {
        "id": str(execution.pk),
        "task_id": str(task.pk),
        "status": "pending",
        "started_at": "2026-03-04T10:00:00Z",
        "completed_at": None,
        "result": None,
        "notification": None,
        "grounding_sources": [],
        "error_message": None,
        "created_at": "2026-03-04T10:00:00Z",
    }
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args) == ("run_execution", {"execution_id": str(execution.pk)})


def test_execute_is_409_while_one_is_open(owner, owner_client):
    task = make_task(owner)
    make_pending_execution(task)

    response = owner_client.post(url(task))

    assert response.status_code == 409
    assert response.json() == {
        "detail": "Task is already running or pending. Use force=true to override."
    }
    assert Execution.objects.count() == 1


def test_force_cancels_the_open_one_and_starts_anew(owner, owner_client):
    task = make_task(owner)
    stuck = make_pending_execution(task)

    response = owner_client.post(f"{url(task)}?force=true")

    assert response.status_code == 200
    stuck.refresh_from_db()
    assert stuck.status == "cancelled"
    assert Execution.objects.open().get().pk != stuck.pk


def test_suppress_notifications_is_kept_with_the_execution(owner, owner_client):
    owner_client.post(f"{url(make_task(owner))}?suppress_notifications=true")

    assert Execution.objects.get().notify is False


@pytest.mark.parametrize("name", ["force", "suppress_notifications"])
def test_a_bad_parameter_is_422(owner, owner_client, name):
    response = owner_client.post(f"{url(make_task(owner))}?{name}=maybe")

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "value_error",
                "loc": ["query", name],
                "msg": "Must be a valid boolean.",
                "input": "maybe",
            }
        ]
    }
    assert not Execution.objects.exists()


def test_another_user_cannot_execute_even_a_public_task(owner, stranger_client):
    response = stranger_client.post(url(make_task(owner, is_public=True)))

    assert response.status_code == 404
    assert not Execution.objects.exists()


def test_an_execution_has_begun_when_it_was_made_by_the_clock_that_made_it(owner):
    execution = start(task=make_task(owner), now=NOW + days(1))

    assert execution.started_at == execution.created_at == NOW + days(1)
