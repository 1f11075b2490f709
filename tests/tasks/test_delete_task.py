from executions.models import Execution
from notifications.models import NotificationSend
from tasks.models import Task
from tests.factories import make_execution, make_send, make_task


def test_a_deleted_task_takes_its_executions_and_leaves_the_record_of_its_sends(
    owner, owner_client
):
    task = make_task(owner)
    send = make_send(owner, task=task, execution=make_execution(task))

    response = owner_client.delete(f"/api/v1/tasks/{task.pk}")

    assert (response.status_code, response.content) == (204, b"")
    assert not Task.objects.exists()
    assert not Execution.objects.exists()
    [shown] = owner_client.get("/api/v1/notifications/sends").json()["sends"]
    assert shown["id"] == str(send.pk)
    assert (shown["task_id"], shown["execution_id"]) == (None, None)


def test_another_users_task_is_not_found_and_stays(owner, stranger_client):
    task = make_task(owner, is_public=True)

    response = stranger_client.delete(f"/api/v1/tasks/{task.pk}")

    assert response.status_code == 404
    assert Task.objects.exists()


def test_a_send_not_yet_delivered_survives_its_task(owner, owner_client):
    task = make_task(owner)
    make_send(owner, task=task, status="queued")

    owner_client.delete(f"/api/v1/tasks/{task.pk}")

    assert NotificationSend.objects.get().status == "queued"
