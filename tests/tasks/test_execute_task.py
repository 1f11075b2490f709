from procrastinate.contrib.django.models import ProcrastinateJob

from executions.models import Execution
from tasks.run import start
from tests.support.factories import NOW, days, make_task


def url(task) -> str:
    return f"/api/v1/tasks/{task.pk}/execute"


def test_execute_wakes_a_worker(owner, owner_client):
    execution = owner_client.post(url(make_task(owner))).json()

    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args) == ("run_execution", {"execution_id": execution["id"]})


def test_another_user_cannot_execute_even_a_public_task(owner, stranger_client):
    response = stranger_client.post(url(make_task(owner, is_public=True)))

    assert response.status_code == 404
    assert not Execution.objects.exists()


def test_an_execution_has_begun_when_it_was_made_by_the_clock_that_made_it(owner):
    execution = start(task=make_task(owner), now=NOW + days(1))

    assert execution.started_at == execution.created_at == NOW + days(1)
