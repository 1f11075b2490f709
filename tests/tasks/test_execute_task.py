import pytest
from django.db import connection

from executions.models import Execution
from tasks.run import start
from tests.support.factories import NOW, days, make_task
from tests.support.receivers import DEADLINE_S


def url(task) -> str:
    return f"/api/v1/tasks/{task.pk}/execute"


@pytest.mark.django_db(transaction=True)
def test_execute_wakes_the_workers(owner, owner_client):
    with connection.cursor() as cursor:
        cursor.execute("LISTEN torale_visits")

    owner_client.post(url(make_task(owner)))

    [told] = connection.connection.notifies(timeout=DEADLINE_S, stop_after=1)
    assert told.channel == "torale_visits"


def test_another_user_cannot_execute_even_a_public_task(owner, stranger_client):
    response = stranger_client.post(url(make_task(owner, is_public=True)))

    assert response.status_code == 404
    assert not Execution.objects.exists()


def test_an_execution_has_begun_when_it_was_made_by_the_clock_that_made_it(owner):
    execution = start(task=make_task(owner), now=NOW + days(1))

    assert execution.started_at == execution.created_at == NOW + days(1)
