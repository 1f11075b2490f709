import pytest

from tests.support.factories import NOW, days, make_execution, make_pending_execution, make_task


def url(task, what="executions") -> str:
    return f"/api/v1/tasks/{task.pk}/{what}"


def ids(response) -> list[str]:
    return [execution["id"] for execution in response.json()]


def test_executions_are_a_bare_array_newest_first(owner, owner_client):
    task = make_task(owner)
    old = make_execution(task, created_at=NOW)
    new = make_execution(task, created_at=NOW + days(1))
    make_execution(make_task(owner))

    assert ids(owner_client.get(url(task))) == [str(new.pk), str(old.pk)]


def test_notifications_are_the_executions_whose_condition_was_met(owner, owner_client):
    task = make_task(owner)
    make_execution(task)
    met = make_execution(
        task,
        notification="**In stock**",
        grounding_sources=[
            {"url": "https://s.example/", "uri": "https://s.example/", "title": "S"}
        ],
    )

    response = owner_client.get(url(task, "notifications"))

    assert response.json() == [
        {
            "id": str(met.pk),
            "task_id": str(task.pk),
            "status": "success",
            "started_at": "2026-03-04T09:00:10Z",
            "completed_at": "2026-03-04T09:00:10Z",
            "result": {"evidence": "Seen.", "confidence": 100, "sources": [], "activity": []},
            "notification": "**In stock**",
            "grounding_sources": [
                {"url": "https://s.example/", "uri": "https://s.example/", "title": "S"}
            ],
            "error_message": None,
            "created_at": "2026-03-04T09:00:10Z",
        }
    ]


def test_status_filters_executions(owner, owner_client):
    task = make_task(owner)
    make_execution(task)
    waiting = make_pending_execution(task)

    assert ids(owner_client.get(url(task), {"status": "pending"})) == [str(waiting.pk)]


@pytest.mark.parametrize("what", ["executions", "notifications"])
@pytest.mark.parametrize(("name", "value"), [("limit", "1001"), ("limit", "x"), ("offset", "-1")])
def test_a_bad_parameter_is_422(owner, owner_client, what, name, value):
    response = owner_client.get(url(make_task(owner), what), {name: value})

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["query", name]


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


@pytest.mark.parametrize("what", ["executions", "notifications"])
def test_a_private_tasks_history_is_not_found_for_others(owner, stranger_client, what):
    task = make_task(owner)
    make_execution(task, notification="secret")

    response = stranger_client.get(url(task, what))

    assert (response.status_code, response.json()) == (404, {"detail": "Not found"})


@pytest.mark.parametrize("what", ["executions", "notifications"])
def test_a_public_tasks_history_is_readable_without_a_key(owner, anonymous_client, what):
    task = make_task(owner, is_public=True)
    met = make_execution(task, notification="**In stock**")

    assert ids(anonymous_client.get(url(task, what))) == [str(met.pk)]


@pytest.mark.parametrize("rows", [1, 50])
def test_a_page_costs_three_queries(owner, owner_client, rows, django_assert_num_queries):
    task = make_task(owner)
    for _ in range(rows):
        make_execution(task)
    owner_client.get(url(task))

    with django_assert_num_queries(3):  # the key, the task, the page
        assert len(owner_client.get(url(task)).json()) == rows
