from executions.models import Execution
from notifications.models import NotificationSend
from tasks.models import Task
from tests.support.factories import make_execution, make_send, make_task

SENDS = "/api/v1/notifications/sends"


def test_a_deleted_task_takes_its_executions_and_leaves_the_record_of_its_sends(
    owner, owner_client
):
    task = make_task(owner)
    execution = make_execution(task)
    send = make_send(owner, task=task, execution=execution)

    response = owner_client.delete(f"/api/v1/tasks/{task.pk}")

    assert (response.status_code, response.content) == (204, b"")
    assert not Task.objects.exists()
    assert not Execution.objects.exists()
    [shown] = owner_client.get(SENDS, {"task_id": task.pk}).json()["sends"]
    assert shown["id"] == str(send.pk)
    assert (shown["task_id"], shown["execution_id"]) == (str(task.pk), str(execution.pk))
    [shown] = owner_client.get(SENDS, {"execution_id": execution.pk}).json()["sends"]
    assert shown["id"] == str(send.pk)


def test_a_deleted_tasks_history_is_found_by_its_owner_only(owner, owner_client, stranger_client):
    task = make_task(owner)
    make_send(owner, task=task)
    owner_client.delete(f"/api/v1/tasks/{task.pk}")

    assert stranger_client.get(SENDS, {"task_id": task.pk}).json()["sends"] == []


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
