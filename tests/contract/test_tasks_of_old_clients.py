"""The section "Tasks": what the clients of the official SDK need."""

import pytest

from tasks.models import State, Task
from tests.support.api_calls import QUESTION, TASKS, new_task
from tests.support.factories import NOW, days, make_execution, make_task


def names(response) -> set[str]:
    return {task["name"] for task in response.json()}


@pytest.mark.parametrize("state", State.values)
def test_a_task_has_what_the_sdk_requires(owner, owner_client, state):
    """For clients of the oldest official SDK (0.0.2): `config` is always `{}`, and `is_active` says
    whether the state is
    `active`."""
    task = make_task(owner, state=state)

    shown = owner_client.get(f"{TASKS}/{task.pk}").json()

    assert (shown["schedule"], shown["config"]) == ("auto", {})
    assert shown["is_active"] is (state == "active")


@pytest.mark.parametrize(
    ("sent", "state"),
    [
        ({"is_active": True}, "active"),
        ({"is_active": False}, "paused"),
        ({"is_active": None}, "active"),
        ({"is_active": True, "state": "paused"}, "paused"),
        ({"is_active": False, "state": None}, "paused"),
    ],
)
def test_is_active_is_taken_as_a_state(owner_client, sent, state):
    """Sent, `is_active` is taken as a state (`true` active, `false` paused) when `state` is
    absent."""
    assert new_task(owner_client, **sent)["state"] == state


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_task_is_paused_and_resumed_by_is_active(owner_client, method):
    """Sent, `is_active` is taken as a state (`true` active, `false` paused) when `state` is
    absent."""
    change, url = getattr(owner_client, method), f"{TASKS}/{new_task(owner_client)['id']}"

    paused = change(url, {"is_active": False}, format="json").json()
    resumed = change(url, {"is_active": True}, format="json").json()

    assert (paused["state"], paused["next_run"]) == ("paused", None)
    assert resumed["state"] == "active"


@pytest.mark.parametrize("value", ["yes", 1, "true"])
def test_another_is_active_is_422(owner_client, value):
    """`is_active` is taken as a state (`true` active, `false` paused)"""
    response = owner_client.post(TASKS, {**QUESTION, "is_active": value}, format="json")

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["loc"], fault["input"]) == (["body", "is_active"], value)


@pytest.mark.parametrize("name", ["active", "is_active"])
def test_the_list_takes_active(owner, owner_client, name):
    """list of tasks takes `state`
    and `active` (`true`|`false`, also as `is_active`), and both take `limit`/`offset`."""
    for state in State.values:
        make_task(owner, name=state, state=state)

    assert names(owner_client.get(TASKS, {name: "true"})) == {"active"}
    assert names(owner_client.get(TASKS, {name: "false"})) == {"paused", "completed"}


@pytest.mark.parametrize("name", ["active", "is_active"])
def test_another_active_is_told_what_is_allowed(owner_client, name):
    """A fault of a closed set names
    what is allowed"""
    response = owner_client.get(TASKS, {name: "yes"})

    assert response.status_code == 422
    assert response.json()["detail"] == [
        {
            "type": "enum",
            "loc": ["query", name],
            "msg": "Input should be 'true' or 'false'",
            "input": "yes",
        }
    ]


def test_the_list_of_tasks_has_a_thousand(owner, owner_client):
    """The list of tasks has 1000 as
    default and most, for clients that cannot page."""
    task = make_task(owner)
    Task.objects.bulk_create(
        Task(user=owner, search_query=task.search_query, created_at=NOW + days(n))
        for n in range(1000)
    )

    usual = owner_client.get(TASKS)
    beyond = owner_client.get(TASKS, {"limit": 1001})

    assert len(usual.json()) == 1000
    assert 'rel="next"' in usual.headers["Link"]
    assert beyond.status_code == 422


@pytest.mark.parametrize("who", ["anonymous_client", "stranger_client", "owner_client"])
@pytest.mark.parametrize(
    "path",
    [
        f"{TASKS}/{{}}",
        f"{TASKS}/{{}}/executions",
        f"{TASKS}/{{}}/notifications",
        "/api/v1/public/tasks",
        "/api/v1/public/tasks/id/{}",
        "/api/v1/public/feed",
    ],
)
def test_errors_of_a_public_task_are_its_owners(request, owner, who, path):
    """the errors of its executions (`error_message`,
    `failed_pages`) scrubbed for all but the owner."""
    task = make_task(owner, is_public=True)
    # An answer leaves no error, so that a feed has none to show; what is stored must not get out.
    make_execution(task, notification="**In stock**", error_message="intranet.example is down")

    response = request.getfixturevalue(who).get(path.format(task.pk))

    assert response.status_code == 200
    is_shown = who == "owner_client" and path != "/api/v1/public/feed"
    assert ("intranet" in response.text) is is_shown


@pytest.mark.parametrize("who", ["anonymous_client", "stranger_client"])
def test_a_public_task_names_its_user(request, owner, owner_client, who):
    """Task: `id, user_id, …
    Visibility/fork: a public task is readable by anyone"""
    client = request.getfixturevalue(who)
    task = new_task(owner_client, is_public=True)
    make_execution(Task.objects.get(pk=task["id"]), notification="**In stock**")

    [of_list] = client.get("/api/v1/public/tasks").json()["tasks"]
    [of_feed] = client.get("/api/v1/public/feed").json()

    assert client.get(f"{TASKS}/{task['id']}").json()["user_id"] == str(owner.pk)
    assert of_list["user_id"] == of_feed["task_user_id"] == str(owner.pk)
