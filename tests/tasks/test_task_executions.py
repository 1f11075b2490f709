import pytest

from tests.support.factories import make_execution, make_task


def url(task, what="executions") -> str:
    return f"/api/v1/tasks/{task.pk}/{what}"


def test_an_unknown_status_is_422(owner, owner_client):
    response = owner_client.get(url(make_task(owner)), {"status": "gone"})

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "enum",
                "loc": ["query", "status"],
                "msg": (
                    "Input should be 'pending', 'running', 'success', 'retrying', 'failed' or "
                    "'cancelled'"
                ),
                "input": "gone",
            }
        ]
    }


@pytest.mark.parametrize("rows", [1, 50])
def test_a_page_costs_three_queries(owner, owner_client, rows, django_assert_num_queries):
    task = make_task(owner)
    for _ in range(rows):
        make_execution(task)
    owner_client.get(url(task))

    with django_assert_num_queries(3):  # the key, the task, the page
        assert len(owner_client.get(url(task)).json()) == rows
