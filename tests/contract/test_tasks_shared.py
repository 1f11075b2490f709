"""The section "Tasks": forced executions, public tasks and forks."""

import pytest
from django.utils import timezone

from executions.models import Execution
from executions.monitors import Answer
from tasks.run import settle
from tasks.view_counts import view_counter
from tests.support.api_calls import JSON, SENDS, TASKS, email, new_task, tell, webhook
from tests.support.factories import NOW
from tests.support.run_visits import claimed

SCRUBBED: JSON = {
    "notifications": [],
    "notification_email": None,
    "webhook_url": None,
    "is_muted": False,
    "context": None,
    "warnings": [],
}


def url(task) -> str:
    return f"{TASKS}/{task['id']}"


@pytest.fixture
def shared(owner_client):
    """A public task of the owner's, with all that is private about it."""
    both = (
        email("owner@example.com")["notifications"]
        + (webhook("https://r.example/", headers={"X-Token": "secret"})["notifications"])
    )
    task = new_task(
        owner_client, name="Shop", is_public=True, notifications=both, context={"order": "secret"}
    )
    tell(owner_client, task)
    return owner_client.get(url(task)).json()


def test_force_cancels_the_stuck_one_and_discards_its_late_result(owner_client):
    """`?force=true` cancels the stuck one (its late result is discarded) and starts anew."""
    task = new_task(owner_client, **webhook("https://r.example/"))
    stuck = owner_client.post(f"{url(task)}/execute").json()
    asked = claimed(stuck["id"])
    assert asked

    response = owner_client.post(f"{url(task)}/execute?force=true")
    late = Answer(condition_met=True, notification="late", evidence="", confidence=1, state={})
    settle(asked, late, now=timezone.now())

    executions = owner_client.get(f"{url(task)}/executions").json()
    assert (response.status_code, response.json()["status"]) == (200, "pending")
    assert [(e["id"], e["status"], e["result"], e["notification"]) for e in executions] == [
        (response.json()["id"], "pending", None, None),
        (stuck["id"], "cancelled", None, None),
    ]
    assert owner_client.get(SENDS).json()["total"] == 0
    assert owner_client.get(url(task)).json()["last_known_state"] is None


@pytest.mark.parametrize("is_public", [True, False])
def test_visibility_is_patched(owner_client, time_machine, is_public):
    """`PATCH …/{id}/visibility`"""
    task = new_task(owner_client, is_public=not is_public)
    time_machine.move_to(NOW, tick=False)

    response = owner_client.patch(
        f"{url(task)}/visibility", {"is_public": is_public}, format="json"
    )

    assert response.status_code == 200
    assert response.json() == {
        **task,
        "is_public": is_public,
        "updated_at": "2026-03-04T09:00:10Z",
    }


@pytest.mark.parametrize("who", ["anonymous_client", "stranger_client"])
def test_a_public_task_is_read_by_anyone_but_scrubbed(request, shared, who):
    """Visibility/fork: a public task is readable by anyone, without a key, with `notifications`,
    `notification_email`, `webhook_url`, `context`, `warnings` and the errors of its executions
    (`error_message`, `failed_pages`) scrubbed for all but the owner."""
    client = request.getfixturevalue(who)

    response = client.get(url(shared))

    assert response.status_code == 200
    assert response.json() == {**shared, **SCRUBBED}
    assert "secret" not in response.text
    assert "owner@example.com" not in response.text


def test_its_owner_sees_all_of_it(owner, owner_client, shared):
    """scrubbed for all but the owner."""
    seen = owner_client.get(f"/api/v1/public/tasks/id/{shared['id']}").json()

    assert seen == shared
    assert (seen["user_id"], seen["context"]) == (str(owner.pk), {"order": "secret"})


@pytest.mark.parametrize("who", ["anonymous_client", "stranger_client"])
@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_it_is_only_readable(request, shared, owner_client, who, method):
    """a public task is readable by anyone"""
    client = request.getfixturevalue(who)

    response = getattr(client, method)(url(shared), {"name": "mine"}, format="json")

    assert response.status_code == (401 if who == "anonymous_client" else 404)
    assert owner_client.get(url(shared)).json() == shared


@pytest.mark.parametrize(("who", "status"), [("anonymous_client", 401), ("stranger_client", 404)])
def test_a_private_task_is_not(request, owner_client, who, status):
    """a public task is readable by anyone, without a key"""
    task = new_task(owner_client)

    assert request.getfixturevalue(who).get(url(task)).status_code == status


@pytest.mark.parametrize(("name", "named"), [(None, "Shop (Copy)"), ("Mine", "Mine")])
def test_a_fork_is_paused_private_and_named(stranger, stranger_client, shared, name, named):
    """`POST …/{id}/fork`. …
    A fork is `paused` and
    private, named `"<name> (Copy)"` unless named; …another's does not"""
    response = stranger_client.post(f"{url(shared)}/fork", {"name": name}, format="json")

    fork = response.json()
    assert response.status_code == 200
    assert fork == {
        **shared,
        **SCRUBBED,
        **{name: fork[name] for name in ("id", "created_at", "state_changed_at")},
        "user_id": str(stranger.pk),
        "name": named,
        "state": "paused",
        "is_active": False,
        "next_run": None,
        "is_public": False,
        "forked_from_task_id": shared["id"],
        "last_known_state": None,
        "last_execution_id": None,
        "last_execution": None,
    }


def test_a_fork_needs_no_body(stranger_client, shared):
    """named `"<name> (Copy)"` unless named;"""
    response = stranger_client.post(f"{url(shared)}/fork")

    assert (response.status_code, response.json()["name"]) == (200, "Shop (Copy)")


def test_ones_own_fork_keeps_its_notifications(owner_client, shared):
    """one's own keeps its notifications, …and
    adds one to `subscriber_count`."""
    fork = owner_client.post(f"{url(shared)}/fork").json()

    assert fork["notifications"] == shared["notifications"]
    assert owner_client.get(url(shared)).json()["subscriber_count"] == 0


def test_anothers_fork_is_counted_and_has_no_notifications(stranger_client, owner_client, shared):
    """another's does not and
    adds one to `subscriber_count`."""
    fork = stranger_client.post(f"{url(shared)}/fork").json()

    assert fork["notifications"] == []
    assert owner_client.get(url(shared)).json()["subscriber_count"] == 1


def test_a_private_task_of_another_cannot_be_forked(owner_client, stranger_client):
    """Visibility/fork: a public task is readable by anyone"""
    response = stranger_client.post(f"{url(new_task(owner_client))}/fork")

    assert (response.status_code, response.json()) == (404, {"detail": "Not found"})


@pytest.mark.parametrize("path", [f"{TASKS}/{{id}}", "/api/v1/public/tasks/id/{id}"])
@pytest.mark.parametrize(
    ("who", "count"), [("anonymous_client", 1), ("stranger_client", 1), ("owner_client", 0)]
)
def test_a_view_by_another_is_counted(request, owner_client, shared, path, who, count):
    """A view by another than the owner adds one to `view_count`."""
    request.getfixturevalue(who).get(path.format(**shared))
    view_counter.store()  # as happens some seconds later by itself

    assert owner_client.get(url(shared)).json()["view_count"] == count


def test_a_forced_execution_is_one_of_the_task(owner_client):
    """and starts anew."""
    task = new_task(owner_client)

    response = owner_client.post(f"{url(task)}/execute?force=true")

    assert response.status_code == 200
    assert Execution.objects.filter(task=task["id"]).count() == 1
