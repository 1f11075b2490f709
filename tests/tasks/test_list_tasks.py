import pytest
from django.db import connection

from executions.models import LATEST_OF_TASKS
from tasks.filters import TaskFilterSet
from tests.support.factories import NOW, days, make_execution, make_task

URL = "/api/v1/tasks"


def names(response) -> list[str]:
    return [task["name"] for task in response.json()]


def test_the_callers_tasks_are_listed_newest_first(owner, stranger, owner_client):
    make_task(owner, name="old", created_at=NOW)
    make_task(owner, name="new", created_at=NOW + days(1))
    make_task(stranger, name="foreign", is_public=True)

    response = owner_client.get(URL)

    assert names(response) == ["new", "old"]


def test_each_task_holds_its_last_execution(owner, owner_client):
    task = make_task(owner)
    make_execution(task, created_at=NOW)
    last = make_execution(task, created_at=NOW + days(1))

    [shown] = owner_client.get(URL).json()

    assert shown == owner_client.get(f"{URL}/{task.pk}").json()
    assert shown["last_execution_id"] == str(last.pk)


def test_each_filter_has_a_name_in_the_browsable_api():
    labels = [filter_.label for filter_ in TaskFilterSet().filters.values()]

    assert labels == ["State", "Active", "Is active"]


@pytest.mark.parametrize("rows", [1, 25])
def test_the_list_costs_three_queries(owner, owner_client, rows, django_assert_num_queries):
    for _ in range(rows):
        make_execution(make_task(owner))
    owner_client.get(URL)

    with django_assert_num_queries(3):  # the key, the tasks, their last executions
        assert len(owner_client.get(URL).json()) == rows


@pytest.mark.parametrize("rows", [1, 20])
def test_the_public_list_costs_four_queries(
    owner, anonymous_client, rows, django_assert_num_queries
):
    for _ in range(rows):
        make_execution(make_task(owner, is_public=True))

    with django_assert_num_queries(4):  # the limit, the total, the tasks, their last executions
        assert len(anonymous_client.get("/api/v1/public/tasks").json()["tasks"]) == rows


def test_a_last_execution_is_one_row_of_an_index(owner):
    task = make_task(owner)
    for number in range(20):
        make_execution(task, created_at=NOW + days(number))

    with connection.cursor() as cursor:
        # The table is too small for the planner to use an index by itself.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING off) {LATEST_OF_TASKS}", [[task.pk]])
        plan = [line for [line] in cursor.fetchall()]

    [scan] = [line for line in plan if "Scan using" in line]
    assert "execution_history" in scan
    assert "rows=1.00 loops=1" in scan


@pytest.mark.parametrize(
    "odd",
    ["text", [1], {"pages": 10**300}, {"number": 2**64}],
    ids=["text", "list", "number", "64 bits"],
)
@pytest.mark.parametrize("path", ["/api/v1/tasks", "/api/v1/public/tasks"])
def test_a_task_that_remembers_something_odd_does_not_hide_the_others(
    owner, owner_client, odd, path
):
    make_task(owner, name="odd", is_public=True, last_known_state=odd)
    make_task(owner, name="sound", is_public=True)

    response = owner_client.get(path)

    assert response.status_code == 200
    tasks = response.json()
    shown = {task["name"]: task for task in (tasks if isinstance(tasks, list) else tasks["tasks"])}
    assert shown.keys() == {"odd", "sound"}
    assert shown["odd"]["last_known_state"] == odd
    assert shown["odd"]["created_at"] == shown["sound"]["created_at"]


@pytest.mark.parametrize("odd", [{}, [], {"evidence": 1}], ids=repr)
def test_an_odd_result_does_not_hide_the_other_executions(owner, owner_client, odd):
    task = make_task(owner)
    make_execution(task, result=odd)
    make_execution(task)

    response = owner_client.get(f"/api/v1/tasks/{task.pk}/executions")

    assert response.status_code == 200
    assert odd in [execution["result"] for execution in response.json()]
