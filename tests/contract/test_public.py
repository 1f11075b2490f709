"""The section "Public, no key (limits per IP)"."""

from uuid import UUID
from xml.etree import ElementTree as ET

import feedparser
import pytest

from tasks.models import Task
from tests.support.api_calls import TASKS, new_task, tell, webhook
from tests.support.factories import NOW, days, make_execution, make_task

LIST = "/api/v1/public/tasks"
ONE = f"{LIST}/id/{{}}"
FEED = "/api/v1/public/feed"
RSS = "/tasks/{}/rss"
ATOM = "{http://www.w3.org/2005/Atom}"
PATHS = [(LIST, 10), (ONE, 20), (FEED, 10), (RSS, 10)]


@pytest.fixture(autouse=True)
def _clock(time_machine, settings):
    time_machine.move_to(NOW, tick=False)
    settings.TORALE_URL = "https://torale.example"


@pytest.mark.parametrize("path", [path for path, _ in PATHS])
def test_no_key_is_needed(owner, anonymous_client, path):
    """Public, no key"""
    task = make_task(owner, is_public=True)

    assert anonymous_client.get(path.format(task.pk)).status_code == 200


@pytest.mark.parametrize("path", [path for path, _ in PATHS if "{" in path])
def test_a_private_task_is_not_public(owner, anonymous_client, path):
    """Public, no key"""
    private = anonymous_client.get(path.format(make_task(owner).pk))
    missing = anonymous_client.get(path.format(UUID(int=7)))

    assert private.status_code == missing.status_code == 404
    assert private.content == missing.content == b'{"detail":"Not found"}'


@pytest.mark.parametrize(("path", "most"), PATHS)
def test_so_many_calls_a_minute_for_each_address(owner, anonymous_client, time_machine, path, most):
    """limits per IP …10, 20, 10, 10 a minute."""
    path = path.format(make_task(owner, is_public=True).pk)

    def call(address: str) -> int:
        response = anonymous_client.get(path, REMOTE_ADDR=address)
        if response.status_code == 429:
            assert [*response.json()] == ["detail"]
            assert response.headers["Retry-After"] == "50"  # from 9:00:10 to 9:01
        return int(response.status_code)

    statuses = [call("192.0.2.1") for _ in range(most + 1)]
    another = call("192.0.2.2")
    time_machine.move_to("2026-03-04T09:01:00Z", tick=False)

    assert statuses == [*[200] * most, 429]
    assert (another, call("192.0.2.1")) == (200, 200)


def test_the_list_is_an_envelope(owner, owner_client, anonymous_client):
    """`GET /api/v1/public/tasks` (`limit` ≤100, default 20; `offset`; …
    `{"tasks", "total", "offset", "limit"}`"""
    make_task(owner)
    tasks = [new_task(owner_client, is_public=True) for _ in range(21)]

    response = anonymous_client.get(LIST)

    shown = [anonymous_client.get(f"{TASKS}/{task['id']}").json() for task in tasks[:0:-1]]
    assert response.status_code == 200
    assert response.json() == {"tasks": shown, "total": 21, "offset": 0, "limit": 20}


def test_limit_and_offset(owner, anonymous_client):
    """`limit` ≤100, default 20; `offset`"""
    made = [str(make_task(owner, is_public=True).pk) for _ in range(4)]

    page = anonymous_client.get(LIST, {"limit": 2, "offset": 1}).json()
    largest, too_large = (anonymous_client.get(LIST, {"limit": limit}) for limit in (100, 101))

    assert [task["id"] for task in page["tasks"]] == made[::-1][1:3]
    assert (page["total"], page["offset"], page["limit"]) == (4, 1, 2)
    assert (largest.status_code, too_large.status_code) == (200, 422)


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ({"sort_by": "recent"}, ["new", "middle", "old"]),
        ({}, ["new", "middle", "old"]),
        ({"sort_by": "popular"}, ["old", "middle", "new"]),
    ],
)
def test_sorted_by(owner, anonymous_client, query, order):
    """`sort_by=recent|popular`"""
    for day, name in enumerate(["old", "middle", "new"]):
        make_task(
            owner, name=name, is_public=True, created_at=NOW + days(day), subscriber_count=9 - day
        )

    shown = anonymous_client.get(LIST, query).json()["tasks"]

    assert [task["name"] for task in shown] == order


def test_one_is_shown_as_under_tasks(owner_client, anonymous_client):
    """`GET /api/v1/public/tasks/id/{id}`"""
    task = new_task(owner_client, is_public=True, **webhook("https://secret.example/"))
    tell(owner_client, task)

    response = anonymous_client.get(ONE.format(task["id"]))

    assert response.status_code == 200
    assert response.json() == anonymous_client.get(f"{TASKS}/{task['id']}").json()
    assert "secret" not in response.text


def test_the_feed_has_what_public_tasks_told(owner, owner_client, anonymous_client):
    """`GET /api/v1/public/feed`"""
    make_execution(make_task(owner), notification="private")
    task = new_task(owner_client, name="Shop", is_public=True)
    tell(owner_client, task)
    tell(owner_client, task, None)

    response = anonymous_client.get(FEED)

    [told] = owner_client.get(f"{TASKS}/{task['id']}/notifications").json()
    assert response.status_code == 200
    assert response.json() == [
        {
            **told,
            "task_name": "Shop",
            "task_search_query": task["search_query"],
            "task_is_public": True,
            "task_user_id": str(owner.pk),
        }
    ]


def test_rss_is_valid_with_an_atom_self_link(owner, anonymous_client):
    """`GET /tasks/{id}/rss` (RSS 2.0, valid, with an Atom self link)."""
    task = make_task(owner, name="A & B <c>", is_public=True)
    met = make_execution(task, notification="**In stock** & cheap")

    response = anonymous_client.get(RSS.format(task.pk))

    assert response.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    root = ET.fromstring(response.content)
    [channel] = root
    assert (root.tag, root.attrib["version"], channel.tag) == ("rss", "2.0", "channel")
    assert {"title", "link", "description"} <= {element.tag for element in channel}
    [itself] = [link for link in channel.iter(f"{ATOM}link") if link.get("rel") == "self"]
    assert itself.get("href") == f"https://torale.example/tasks/{task.pk}/rss"
    feed = feedparser.parse(response.content)
    assert not feed.bozo
    assert (feed.version, feed.feed.title) == ("rss20", "A & B <c>")
    assert [(item.id, item.title) for item in feed.entries] == [
        (str(met.pk), "In stock & cheap (4 March 2026, 09:00 UTC)")
    ]


def test_a_task_that_becomes_private_leaves_all_of_them(owner, owner_client, anonymous_client):
    """Public, no key"""
    task = make_task(owner, name="was public", is_public=True)
    make_execution(task, notification="told")

    owner_client.patch(f"{TASKS}/{task.pk}/visibility", {"is_public": False}, format="json")

    for path, _ in PATHS:
        assert "was public" not in anonymous_client.get(path.format(task.pk)).text
    assert not Task.objects.public().exists()
