"""The section "Tasks": what a task is, and what a client may make of it."""

import pytest

from tasks.models import Task
from tasks.schedule import start_due
from tests.support.api_calls import (
    AT_NOW,
    QUESTION,
    SENDS,
    TASKS,
    email,
    new_task,
    settle_execution,
    task_json,
    tell,
    webhook,
)
from tests.support.factories import NOW, days, make_task, make_undecryptable, stored_value

pytestmark = pytest.mark.usefixtures("at_now")


def url(task) -> str:
    return f"{TASKS}/{task['id']}"


def test_a_task_is_created_with_200_and_shown(owner, owner_client):
    """`POST/GET /api/v1/tasks`, …Create answers 200 with the task …
    Task: `id, user_id, name ("New Monitor"), search_query (required), condition_description
    (defaults to
    search_query), state (active|paused|completed), next_run, is_public, view_count,
    subscriber_count,
    forked_from_task_id, last_known_state, last_execution_id, last_execution, notifications,
    notification_email, webhook_url, is_muted, request_headers, warnings, state_changed_at,
    created_at, updated_at (null until changed),
    immediate_execution_error, context, schedule, timezone, config, is_active`."""
    response = owner_client.post(TASKS, {"search_query": "https://shop.example/"}, format="json")

    assert response.status_code == 200
    assert response.json() == task_json(
        owner,
        id=response.json()["id"],
        search_query="https://shop.example/",
        condition_description="https://shop.example/",
    )


def test_one_is_read_and_all_are_listed(owner_client):
    """`POST/GET /api/v1/tasks`, `GET/PUT/PATCH/DELETE /api/v1/tasks/{id}`, …
    Lists of tasks and executions are bare arrays;"""
    task = new_task(owner_client)

    one, every = owner_client.get(url(task)), owner_client.get(TASKS)

    assert (one.status_code, one.json()) == (200, task)
    assert (every.status_code, every.json()) == (200, [task])


@pytest.mark.parametrize("method", ["put", "patch"])
def test_a_change_keeps_what_is_not_sent(owner_client, time_machine, method):
    """`GET/PUT/PATCH/DELETE /api/v1/tasks/{id}`, …updated_at (null until changed)"""
    task = new_task(owner_client, name="before", context={"order": 17})
    time_machine.move_to(NOW + days(1), tick=False)

    response = getattr(owner_client, method)(
        url(task), {"search_query": task["search_query"], "name": "after"}, format="json"
    )

    assert response.status_code == 200
    assert response.json() == {**task, "name": "after", "updated_at": "2026-03-05T09:00:10Z"}
    assert owner_client.get(url(task)).json() == response.json()


def test_delete_answers_204(owner_client):
    """delete answers 204."""
    task = new_task(owner_client)

    response = owner_client.delete(url(task))

    assert (response.status_code, response.content) == (204, b"")
    assert owner_client.get(url(task)).status_code == 404
    assert owner_client.delete(url(task)).status_code == 404


@pytest.mark.parametrize("state", ["active", "paused", "completed"])
def test_the_list_takes_state(owner, owner_client, state):
    """list of tasks takes `state`"""
    made = {s: make_task(owner, state=s) for s in ("active", "paused", "completed")}

    response = owner_client.get(TASKS, {"state": state})

    assert [task["id"] for task in response.json()] == [str(made[state].pk)]


def test_the_lists_take_limit_and_offset(owner_client):
    """both take `limit`/`offset`."""
    tasks = [new_task(owner_client)["id"] for _ in range(4)]
    executions = [tell(owner_client, {"id": tasks[0]}) for _ in range(4)]

    for path, made in [(TASKS, tasks), (f"{TASKS}/{tasks[0]}/executions", executions)]:
        page = owner_client.get(path, {"limit": 2, "offset": 1}).json()
        assert [row["id"] for row in page] == made[::-1][1:3]


def test_search_query_is_required(owner_client):
    """search_query (required)"""
    response = owner_client.post(TASKS, {"name": "x"}, format="json")

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "search_query"]


def test_last_execution_is_the_latest(owner_client):
    """last_known_state, last_execution_id, last_execution"""
    task = new_task(owner_client)
    tell(owner_client, task)
    latest = tell(owner_client, task, None)

    shown = owner_client.get(url(task)).json()

    [execution, _] = owner_client.get(f"{url(task)}/executions").json()
    assert (shown["last_execution_id"], shown["last_execution"]) == (latest, execution)
    assert shown["last_known_state"] == {"pages": {}}


def test_run_immediately_is_write_only(owner_client):
    """`run_immediately` is write-only."""
    task = new_task(owner_client, run_immediately=True)

    assert "run_immediately" not in task
    assert task["last_execution"]["status"] == "pending"
    assert "run_immediately" not in owner_client.get(url(task)).json()


def test_what_run_immediately_could_not_do_is_told(owner_client):
    """immediate_execution_error"""
    task = new_task(owner_client, run_immediately=True)

    again = owner_client.patch(url(task), {"run_immediately": True}, format="json").json()

    assert again["immediate_execution_error"] == (
        "Task is already running or pending. Use force=true to override."
    )


def test_an_unknown_field_is_not_refused(owner_client):
    """A
    client that sends an unknown field is not refused."""
    task = new_task(owner_client, next_run="2030-01-01T00:00:00Z", colour=1)

    changed = owner_client.put(url(task), {"view_count": 9}, format="json")

    assert task["next_run"] == AT_NOW
    assert (changed.status_code, changed.json()["view_count"]) == (200, 0)


# --- Notifications ---


def test_one_email_and_one_webhook(owner_client):
    """`notifications`: at most one `{"type": "email", "address"}` and one `{"type": "webhook",
    "url", "method",
    "headers", "format"}`;"""
    email_one = {"type": "email", "address": "owner@example.com"}
    webhook_one = {
        "type": "webhook",
        "url": "https://r.example/",
        "method": "PUT",
        "headers": {"X-Token": "abc"},
        "format": "torale",
    }

    task = new_task(owner_client, notifications=[email_one, webhook_one])

    assert task["notifications"] == [email_one, webhook_one]
    assert task["notification_email"] == "owner@example.com"
    assert task["webhook_url"] == "https://r.example/"


def test_headers_that_cannot_be_decrypted_are_null_and_stay(owner, owner_client):
    """`headers` is null in an answer if the server's keys do not decrypt them; sent back as null,
    they stay as they are."""
    task = make_task(owner, webhook_url="https://r.example/", webhook_headers={"X-Token": "abc"})
    make_undecryptable(task, "webhook_headers")
    stored = stored_value(task, "webhook_headers")

    shown = owner_client.get(f"{TASKS}/{task.pk}").json()
    changed = owner_client.put(f"{TASKS}/{task.pk}", shown, format="json")

    assert shown["notifications"][0]["headers"] is None
    assert changed.json()["notifications"] == shown["notifications"]
    assert stored_value(task, "webhook_headers") == stored


def test_null_members_are_accepted_and_dropped(owner_client):
    """null members are accepted and dropped."""
    task = new_task(
        owner_client,
        name=None,
        state=None,
        context=None,
        notifications=[
            {"type": "email", "address": "owner@example.com", "url": None, "headers": None},
            {"type": "webhook", "url": "https://r.example/", "method": None, "headers": None,
             "address": None},
        ],
    )  # fmt: skip

    assert (task["name"], task["state"], task["context"]) == ("New Monitor", "active", None)
    assert task["notifications"] == [
        {"type": "email", "address": "owner@example.com"},
        {
            "type": "webhook",
            "url": "https://r.example/",
            "method": "POST",
            "headers": {},
            "format": "torale",
        },
    ]


def test_null_notifications_are_none(owner_client):
    """null members are accepted and dropped."""
    assert new_task(owner_client, notifications=None)["notifications"] == []


@pytest.mark.parametrize(
    "notification",
    [
        pytest.param({"type": "sms"}, id="type"),
        pytest.param({}, id="no type"),
        pytest.param({"type": None}, id="null type"),
        pytest.param({"type": ["email"]}, id="type of a type"),
        pytest.param({"type": "email"}, id="no address"),
        pytest.param({"type": "email", "address": "nobody"}, id="address"),
        pytest.param({"type": "email", "address": "a@b.example\r\nBcc: c@d.example"}, id="lines"),
        pytest.param({"type": "email", "address": 1}, id="number"),
        pytest.param({"type": "webhook"}, id="no url"),
        pytest.param({"type": "webhook", "url": "ftp://r.example/"}, id="scheme"),
        pytest.param({"type": "webhook", "url": "http://127.0.0.1/"}, id="private"),
    ],
)
@pytest.mark.parametrize("method", ["post", "patch"])
def test_an_invalid_notification_is_400(owner, owner_client, notification, method):
    """400 `{"detail": "Invalid notification: …"}`"""
    path = TASKS if method == "post" else f"{TASKS}/{make_task(owner).pk}"

    response = getattr(owner_client, method)(
        path, {**QUESTION, "notifications": [notification]}, format="json"
    )

    assert response.status_code == 400
    assert [*response.json()] == ["detail"]
    assert response.json()["detail"].startswith("Invalid notification: ")


@pytest.mark.parametrize(
    "one",
    [{"type": "email", "address": "a@b.example"}, {"type": "webhook", "url": "https://r.ex/"}],
)
def test_two_of_one_type_are_400(owner_client, one):
    """and 400
    `Multiple notifications of the same type are not supported…` for two of one type."""
    response = owner_client.post(TASKS, {**QUESTION, "notifications": [one] * 2}, format="json")

    assert response.status_code == 400
    assert response.json()["detail"].startswith(
        "Multiple notifications of the same type are not supported"
    )


@pytest.mark.parametrize(
    ("method", "status"), [("POST", 200), ("PUT", 200), ("GET", 400), ("DELETE", 400), (1, 400)]
)
def test_the_method_is_post_or_put(owner_client, method, status):
    """`method` is POST or PUT."""
    body = {**QUESTION, **webhook("https://r.example/", method=method)}

    response = owner_client.post(TASKS, body, format="json")

    assert response.status_code == status


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-A": "a\r\nX-B: b"}, id="CRLF in a value"),
        pytest.param({"X-A": "a\nb"}, id="LF in a value"),
        pytest.param({"X-A": "a\rb"}, id="CR in a value"),
        pytest.param({"X-A\r\nX-B": "b"}, id="CRLF in a name"),
        pytest.param({"X-A:": "b"}, id="colon in a name"),
        pytest.param({"": "b"}, id="no name"),
        pytest.param({"X-A": 1}, id="number"),
        pytest.param({"Host": "evil.example"}, id="host"),
        pytest.param({"content-LENGTH": "0"}, id="content-length"),
        pytest.param({"Content-Type": "text/plain"}, id="content-type"),
        pytest.param({"Transfer-Encoding": "chunked"}, id="transfer-encoding"),
        pytest.param({"webhook-id": "x"}, id="webhook-id"),
        pytest.param({"Webhook-Signature": "x"}, id="webhook-signature"),
        pytest.param({"X-Torale-Signature": "x"}, id="x-torale-signature"),
    ],
)
def test_headers_are_checked(owner_client, headers):
    """Header
    names and values are checked (no CR/LF, no reserved or signature header)."""
    body = {**QUESTION, **webhook("https://r.example/", headers=headers)}

    response = owner_client.post(TASKS, body, format="json")

    assert response.status_code == 400
    assert response.json()["detail"].startswith("Invalid notification: ")


# --- State ---

WAYS = {("active", "paused"), ("paused", "active"), ("active", "completed"),
        ("completed", "active")}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), sorted(WAYS))
def test_the_ways_between_states(owner, owner_client, time_machine, before, after):
    """State: active↔paused, active→completed, completed→active; …
    Pausing or completing clears `next_run`."""
    task = owner_client.get(f"{TASKS}/{make_task(owner, state=before).pk}").json()
    time_machine.move_to(NOW + days(1), tick=False)

    response = owner_client.patch(url(task), {"state": after}, format="json")

    later = "2026-03-05T09:00:10Z"
    assert response.status_code == 200
    assert response.json() == {
        **task,
        "state": after,
        "is_active": after == "active",
        "next_run": later if after == "active" else None,
        "state_changed_at": later,
        "updated_at": later,
    }


@pytest.mark.parametrize("started_by", ["schedule", "caller"])
def test_next_run_of_a_task_that_is_being_visited(owner, owner_client, time_machine, started_by):
    """While a visit is under way `next_run` is that visit's own due time."""
    due = NOW if started_by == "schedule" else NOW + days(1)
    task = owner_client.get(f"{TASKS}/{make_task(owner, next_run_at=due).pk}").json()
    time_machine.move_to(NOW, tick=False)

    if started_by == "schedule":
        start_due(now=NOW)
    else:
        owner_client.post(f"{url(task)}/execute")

    shown = owner_client.get(url(task)).json()
    assert (shown["next_run"], shown["last_execution"]["status"]) == (AT_NOW, "pending")


@pytest.mark.parametrize("way", [("paused", "completed"), ("completed", "paused")])
def test_another_way_is_400_and_keeps_nothing(owner, owner_client, way):
    """else 400
    `{"detail": "Invalid state transition: paused -> completed"}` and nothing of the request is
    kept."""
    before, after = way
    task = owner_client.get(f"{TASKS}/{make_task(owner, state=before).pk}").json()
    body = {"state": after, "name": "x", "is_public": True, **email("a@b.example")}

    response = owner_client.patch(url(task), body, format="json")

    assert response.status_code == 400
    assert response.json() == {"detail": f"Invalid state transition: {before} -> {after}"}
    assert owner_client.get(url(task)).json() == task


@pytest.mark.parametrize("state", ["active", "paused", "completed"])
def test_its_own_state_is_no_transition(owner, owner_client, time_machine, state):
    """Setting the state it already has is no transition."""
    task = owner_client.get(f"{TASKS}/{make_task(owner, state=state).pk}").json()
    time_machine.move_to(NOW + days(1), tick=False)

    response = owner_client.patch(url(task), {"state": state}, format="json")

    assert response.status_code == 200
    assert response.json() == {**task, "updated_at": "2026-03-05T09:00:10Z"}


def test_fifty_active_tasks_are_the_most(owner, owner_client):
    """A user may have at most 50 active tasks (setting): 400 beyond."""
    for _ in range(49):
        make_task(owner)
    paused = make_task(owner, state="paused")
    fiftieth = new_task(owner_client)

    created = owner_client.post(TASKS, QUESTION, format="json")
    resumed = owner_client.patch(f"{TASKS}/{paused.pk}", {"state": "active"}, format="json")

    detail = "You have 50 active tasks, the most a user may have. Pause or complete one first."
    assert (created.status_code, created.json()) == (400, {"detail": detail})
    assert (resumed.status_code, resumed.json()) == (400, {"detail": detail})
    owner_client.patch(url(fiftieth), {"state": "completed"}, format="json")
    assert owner_client.post(TASKS, QUESTION, format="json").status_code == 200


def test_the_most_is_a_setting(owner_client, settings):
    """A user may have at most 50 active tasks (setting): 400 beyond."""
    settings.TORALE_MAX_ACTIVE_TASKS = 1
    new_task(owner_client)

    response = owner_client.post(TASKS, QUESTION, format="json")

    assert response.status_code == 400
    assert Task.objects.count() == 1


# --- Execute ---


def test_execute_answers_a_pending_execution(owner_client):
    """`POST …/{id}/execute`, …
    `execute`: 200 with a `pending` execution;"""
    task = new_task(owner_client)

    response = owner_client.post(f"{url(task)}/execute")

    assert response.status_code == 200
    assert response.json() == {
        "id": response.json()["id"],
        "task_id": task["id"],
        "status": "pending",
        "started_at": AT_NOW,
        "completed_at": None,
        "result": None,
        "notification": None,
        "grounding_sources": [],
        "error_message": None,
        "created_at": AT_NOW,
    }


def test_execute_is_409_while_one_is_open(owner_client):
    """409 `Task is already running or pending. Use force=true to
    override.`;"""
    task = new_task(owner_client)
    owner_client.post(f"{url(task)}/execute")

    response = owner_client.post(f"{url(task)}/execute?force=false")

    assert response.status_code == 409
    assert response.json() == {
        "detail": "Task is already running or pending. Use force=true to override."
    }
    assert len(owner_client.get(f"{url(task)}/executions").json()) == 1


def test_suppressed_notifications_are_not_sent(owner_client):
    """`?suppress_notifications=true` runs without sending."""
    for query in ("?suppress_notifications=true", ""):
        task = new_task(owner_client, **webhook("https://r.example/"))
        started = owner_client.post(f"{url(task)}/execute{query}").json()
        settle_execution(started["id"])

        [execution] = owner_client.get(f"{url(task)}/notifications").json()
        assert execution["notification"] == "**In stock**"
        sent = owner_client.get(SENDS, {"task_id": task["id"]}).json()["total"]
        assert sent == (0 if query else 1)
