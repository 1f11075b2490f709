from tests.support.factories import make_task


def url(task) -> str:
    return f"/api/v1/tasks/{task.pk}"


def test_a_malformed_id_is_422(owner_client):
    response = owner_client.get("/api/v1/tasks/17")

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {
                "type": "value_error",
                "loc": ["path", "task_id"],
                "msg": "'17' is not a UUID.",
                "input": "17",
            }
        ]
    }


def test_one_task_costs_four_queries(owner, owner_client, django_assert_num_queries):
    task = make_task(owner)
    owner_client.get(url(task))

    # The key, whether it may be read, the task as shown, its last execution.
    with django_assert_num_queries(4):
        owner_client.get(url(task))
