"""The section "Executions"."""

from types import SimpleNamespace

import pytest

from executions.jobs import prune_executions
from executions.models import Execution, ExecutionStatus
from tasks.schedule import start_due
from tests.support.api_calls import TASKS, new_task, tell
from tests.support.factories import NOW, days, make_execution, make_task
from tests.support.receivers import HTTPAnswer
from tests.support.run_visits import take, visit

LISTS = ["executions", "notifications"]
FEED = f"{TASKS}/feed"
RESULT = {
    "evidence": "It says so.",
    "confidence": 90,
    "sources": [],
    "activity": [],
    "failed_pages": [],
}


def executions(client, task, which="executions", **query):
    return client.get(f"{TASKS}/{task.pk}/{which}", query)


@pytest.fixture
def task(owner):
    return make_task(owner)


@pytest.mark.parametrize("which", LISTS)
def test_bare_arrays_newest_first(owner_client, task, which):
    """`GET /api/v1/tasks/{id}/executions` and `…/{id}/notifications` …bare arrays, newest first"""
    made = [
        make_execution(task, notification="told", created_at=NOW + days(day)) for day in (1, 3, 2)
    ]
    make_execution(make_task(task.user), notification="told by another task")

    response = executions(owner_client, task, which)

    assert response.status_code == 200
    assert [shown["id"] for shown in response.json()] == [str(made[i].pk) for i in (1, 2, 0)]


def test_notifications_are_those_whose_condition_was_met(owner_client, task):
    """`…/{id}/notifications` (only those with a `notification`, i.e.
    whose condition was met)"""
    met = tell(owner_client, {"id": str(task.pk)}, "**In stock**")
    tell(owner_client, {"id": str(task.pk)}, None)

    [shown] = executions(owner_client, task, "notifications").json()

    assert (shown["id"], shown["notification"]) == (met, "**In stock**")
    assert shown == executions(owner_client, task).json()[1]


@pytest.mark.parametrize("which", LISTS)
def test_a_hundred_unless_asked_otherwise(owner_client, task, which):
    """`limit` (1..1000, default 100) and `offset`;"""
    made = Execution.objects.bulk_create(
        task.new_execution(
            now=NOW + days(number), status=ExecutionStatus.SUCCESS,
            completed_at=NOW, next_attempt_at=None, notification="told",
        )
        for number in range(1001)
    )  # fmt: skip
    newest = [str(execution.pk) for execution in reversed(made)]

    default, one, most, tail = (
        [shown["id"] for shown in executions(owner_client, task, which, **query).json()]
        for query in ({}, {"limit": 1}, {"limit": 1000}, {"limit": 1000, "offset": 999})
    )

    assert (default, one, most, tail) == (newest[:100], newest[:1], newest[:1000], newest[999:])


@pytest.mark.parametrize("status", ExecutionStatus.values)
def test_status_filters_executions(owner, owner_client, status):
    """`status` filters executions."""
    task = make_task(owner)
    closed = [s for s in ExecutionStatus.values if s not in ("pending", "running", "retrying")]
    for other in {*closed, status}:
        waiting = other in ("pending", "retrying")
        make_execution(
            task,
            status=other,
            completed_at=NOW if other in closed else None,
            next_attempt_at=NOW if waiting else None,
            leased_until=NOW if other == "running" else None,
        )

    shown = executions(owner_client, task, status=status).json()

    assert [execution["status"] for execution in shown] == [status]


@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize(
    ("who", "public", "private"),
    [("owner_client", 200, 200), ("stranger_client", 200, 404), ("anonymous_client", 200, 401)],
)
def test_same_access_rules_as_the_task(request, owner, which, who, public, private):
    """Same access rules as the task."""
    client = request.getfixturevalue(who)

    of_public = executions(client, make_task(owner, is_public=True), which)
    of_private = executions(client, make_task(owner), which)

    assert (of_public.status_code, of_private.status_code) == (public, private)


def test_an_execution_has_exactly_these_members(owner_client, task):
    """Execution: `id, task_id, status (pending|running|success|retrying|failed|cancelled),
    started_at,
    completed_at, result {evidence, confidence 0..100, sources [url], activity, failed_pages [{url,
    error}]},
    notification (markdown|null), grounding_sources [{url, uri, title}], error_message, created_at`.
    `url` and `uri` are
    the same value: clients of both spellings exist."""
    execution_id = tell(owner_client, {"id": str(task.pk)})

    [shown] = executions(owner_client, task).json()

    assert shown == {
        "id": execution_id,
        "task_id": str(task.pk),
        "status": "success",
        "started_at": shown["started_at"],
        "completed_at": shown["completed_at"],
        "result": {
            "evidence": "In stock, it says.",
            "confidence": 90,
            "sources": ["https://shop.example/"],
            "activity": [{"tool": "fetch"}],
            "failed_pages": [],
        },
        "notification": "**In stock**",
        "grounding_sources": [
            {"url": "https://shop.example/", "uri": "https://shop.example/", "title": "The shop"}
        ],
        "error_message": None,
        "created_at": shown["created_at"],
    }
    assert shown["created_at"] <= shown["started_at"] <= shown["completed_at"]


@pytest.mark.django_db(transaction=True)
def test_a_page_that_is_watched_gives_the_whole_execution(owner_client, http_receiver):
    """result {evidence, confidence 0..100, sources [url], activity, failed_pages [{url, error}]},
    notification (markdown|null), grounding_sources [{url, uri, title}]"""
    http_receiver.answers = [
        HTTPAnswer(200, b"<title>Shop</title>In stock", {"Content-Type": "text/html"})
    ]
    page = f"{http_receiver.url}/product"
    made = new_task(owner_client, search_query=f"Is it there? {page}")
    owner_client.post(f"{TASKS}/{made['id']}/execute")

    visit()

    [shown] = owner_client.get(f"{TASKS}/{made['id']}/notifications").json()
    result = shown["result"]
    assert shown["status"] == "success"
    assert [*result] == ["evidence", "confidence", "sources", "activity", "failed_pages"]
    assert isinstance(result["evidence"], str)
    assert 0 <= result["confidence"] <= 100
    assert result["sources"] == [page]
    assert isinstance(result["activity"], list)
    assert shown["grounding_sources"] == [{"url": page, "uri": page, "title": "Shop"}]


@pytest.mark.django_db(transaction=True)
def test_a_page_that_fails_beside_one_that_works_is_named_to_the_owner(
    owner_client, anonymous_client, http_receiver
):
    """An execution is a `success` if one of its pages could be read;
    `result.failed_pages` names the others, for the owner only."""
    http_receiver.judge = lambda request: HTTPAnswer(
        404 if request.path == "/gone" else 200, b"In stock", {"Content-Type": "text/html"}
    )
    gone, there = f"{http_receiver.url}/gone", f"{http_receiver.url}/there"
    made = new_task(owner_client, search_query=f"{gone} {there}")
    owner_client.patch(f"{TASKS}/{made['id']}/visibility", {"is_public": True}, format="json")
    owner_client.post(f"{TASKS}/{made['id']}/execute")

    visit()

    [shown] = owner_client.get(f"{TASKS}/{made['id']}/executions").json()
    assert (shown["status"], shown["result"]["sources"]) == ("success", [there])
    assert shown["result"]["failed_pages"] == [
        {"url": gone, "error": f"{gone} answered 404 Not Found."}
    ]
    [seen] = anonymous_client.get(f"{TASKS}/{made['id']}/executions").json()
    assert seen == {**shown, "result": {**shown["result"], "failed_pages": []}}


@pytest.mark.parametrize("cost", [0.0042, None])
def test_the_usage_of_a_model_is_shown_to_the_owner_only(
    owner, owner_client, stranger_client, anonymous_client, cost
):
    """For the owner, `result.usage` (`model, requests,
    input_tokens, output_tokens, cost_usd, seconds`) is there if a model was asked; `cost_usd` is
    null if its price is not known."""
    task = make_task(owner, is_public=True)
    usage = {
        "model": "gpt-5-mini",
        "requests": 3,
        "input_tokens": 12000,
        "output_tokens": 640,
        "cost_usd": cost,
        "seconds": 12.4,
    }
    make_execution(task, notification="**Told**", result={**RESULT, "usage": usage})
    paths = [
        f"{TASKS}/{task.pk}/executions",
        f"{TASKS}/{task.pk}/notifications",
        f"{TASKS}/{task.pk}",
        f"/api/v1/public/tasks/id/{task.pk}",
        "/api/v1/public/tasks",
        "/api/v1/public/feed",
    ]

    [shown] = owner_client.get(paths[0]).json()
    assert shown["result"] == {**RESULT, "usage": usage}
    for client in (stranger_client, anonymous_client):
        for path in paths:
            response = client.get(path)
            assert response.status_code == 200
            assert "gpt-5-mini" not in response.text
    [seen] = anonymous_client.get(paths[0]).json()
    assert seen["result"] == RESULT


def test_started_at_is_the_creation_until_a_worker_begins(owner_client, time_machine):
    """`started_at` is never null: until a worker begins, it is the time of creation."""
    time_machine.move_to(NOW, tick=False)
    made = new_task(owner_client)
    pending = owner_client.post(f"{TASKS}/{made['id']}/execute").json()
    time_machine.move_to(NOW + days(1), tick=False)

    take(now=NOW + days(1))

    [running] = owner_client.get(f"{TASKS}/{made['id']}/executions").json()
    assert pending["started_at"] == pending["created_at"] == "2026-03-04T09:00:10Z"
    assert (running["status"], running["started_at"]) == ("running", "2026-03-05T09:00:10Z")


def test_a_scheduled_visit_has_it_too(owner, owner_client, time_machine):
    """`started_at` is never null: until a worker begins, it is the time of creation."""
    time_machine.move_to(NOW, tick=False)
    due = make_task(owner)

    start_due(now=NOW + days(1))

    [waiting] = executions(owner_client, due).json()
    assert waiting["status"] == "pending"
    assert waiting["started_at"] == waiting["created_at"] == "2026-03-05T09:00:10Z"


def test_feed_is_the_callers_latest_with_a_notification(owner, owner_client, stranger_client):
    """`GET /api/v1/tasks/feed`: the caller's latest executions with a notification, with
    `task_name`,
    `task_search_query`, `task_is_public`, `task_user_id`."""
    shop = new_task(owner_client, name="Shop", is_public=True)
    news = new_task(owner_client, name="News")
    tell(owner_client, shop)
    tell(owner_client, shop, None)
    latest = tell(owner_client, news)
    tell(stranger_client, new_task(stranger_client, is_public=True))

    response = owner_client.get(FEED)

    [of_news] = owner_client.get(f"{TASKS}/{news['id']}/notifications").json()
    [of_shop] = owner_client.get(f"{TASKS}/{shop['id']}/notifications").json()
    query = shop["search_query"]
    assert of_news["id"] == latest
    assert response.json() == [
        {
            **execution,
            "task_name": name,
            "task_search_query": query,
            "task_is_public": is_public,
            "task_user_id": str(owner.pk),
        }
        for execution, name, is_public in [(of_news, "News", False), (of_shop, "Shop", True)]
    ]


def test_old_executions_are_deleted(owner, owner_client, at_now):
    """An execution without a notification is deleted after 30 days (setting), unless it is its
    task's latest or has not
    ended."""
    task = make_task(owner)
    for age in (0, 29, 31):
        make_execution(task, created_at=NOW - days(age))

    prune_executions(SimpleNamespace(should_abort=lambda: False), 0)  # type: ignore[arg-type]

    assert len(owner_client.get(f"{TASKS}/{task.pk}/executions").json()) == 2
