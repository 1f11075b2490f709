from uuid import uuid4
from xml.etree import ElementTree as ET

import feedparser
import pytest

from tasks.models import Task
from tests.support.factories import NOW, days, make_execution, make_task


@pytest.fixture(autouse=True)
def _clock(time_machine, settings):
    time_machine.move_to("2026-03-10T10:00:00Z", tick=False)
    settings.TORALE_URL = "https://torale.example"


@pytest.fixture
def public_task(owner):
    return make_task(owner, name="Is it back?", is_public=True)


def url(task) -> str:
    return f"/tasks/{task.pk}/rss"


def parsed(response):
    feed = feedparser.parse(response.content)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "rss20"
    return feed


def test_a_public_tasks_notifications_are_read_as_rss(public_task, anonymous_client):
    make_execution(public_task)
    met = make_execution(
        public_task, notification="**Shop**\n\nThe page contains <b>\n<https://s.example/>"
    )

    response = anonymous_client.get(url(public_task))

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/rss+xml; charset=utf-8"
    page = f"https://torale.example/tasks/{public_task.pk}"
    assert response.text == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel>'
        "<title>Is it back?</title>"
        f"<link>{page}</link>"
        "<description>Is it there? https://shop.example/\n\n"
        'contains "In stock"</description>'
        f'<atom:link href="https://torale.example/tasks/{public_task.pk}/rss" rel="self"/>'
        "<lastBuildDate>Wed, 04 Mar 2026 09:00:10 +0000</lastBuildDate>"
        "<item>"
        "<title>The page contains &lt;b&gt; https://s.example/ (4 March 2026, 09:00 UTC)</title>"
        f"<link>{page}</link>"
        "<description>&lt;p&gt;&lt;strong&gt;Shop&lt;/strong&gt;&lt;/p&gt;\n"
        "&lt;p&gt;The page contains &amp;lt;b&amp;gt;\n"
        '&lt;a href="https://s.example/" rel="noopener noreferrer"&gt;https://s.example/&lt;/a&gt;'
        "&lt;/p&gt;\n</description>"
        "<pubDate>Wed, 04 Mar 2026 09:00:10 +0000</pubDate>"
        f'<guid isPermaLink="false">{met.pk}</guid>'
        "</item></channel></rss>"
    )


def test_a_feed_reader_understands_it(public_task, anonymous_client):
    met = make_execution(public_task, notification="**In stock** again")

    feed = parsed(anonymous_client.get(url(public_task)))

    assert feed.feed.title == "Is it back?"
    assert {"rel": "self", "href": f"https://torale.example{url(public_task)}"}.items() <= (
        feed.feed.links[1].items()
    )
    [item] = feed.entries
    assert (item.id, item.guidislink) == (str(met.pk), False)
    assert item.published_parsed[:6] == (2026, 3, 4, 9, 0, 10)
    assert item.title == "In stock again (4 March 2026, 09:00 UTC)"
    assert item.link == f"https://torale.example/tasks/{public_task.pk}"
    assert item.summary == "<p><strong>In stock</strong> again</p>"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("<script>alert(1)</script>", id="script"),
        pytest.param("]]> & &lt; \"'", id="xml's own characters"),
        pytest.param("ding\x07dong \x0b \x1f", id="control characters"),
        pytest.param("odd \ufffe \uffff \x85", id="characters that are none"),
        pytest.param("a\r\nb\rc", id="line ends"),
        pytest.param("zurück? \U0001d574 🙂 \u202e", id="beyond the basic plane"),
    ],
)
def test_whatever_is_in_the_texts_the_feed_is_well_formed(owner, anonymous_client, text):
    task = make_task(
        owner, is_public=True, name=text, search_query=text, condition_description=text
    )
    make_execution(task, notification=text)

    response = anonymous_client.get(url(task))

    channel = ET.fromstring(response.content).find("channel")
    assert channel is not None
    assert "<script" not in (channel.findtext("item/description") or "")
    parsed(response)


def test_the_newest_fifty_are_in_it(public_task, anonymous_client):
    for number in range(51):
        make_execution(
            public_task,
            notification=str(number),
            created_at=NOW + days(number / 24),
            completed_at=NOW + days(number / 24),
        )

    items = parsed(anonymous_client.get(url(public_task))).entries

    assert [item.title.partition(" ")[0] for item in items] == [
        str(number) for number in range(50, 0, -1)
    ]


def test_titles_of_the_same_finding_are_told_apart_by_their_times(public_task, anonymous_client):
    for number in range(3):
        make_execution(public_task, notification="In stock.", completed_at=NOW + days(number / 24))

    items = parsed(anonymous_client.get(url(public_task))).entries

    assert len({item.title for item in items}) == 3
    assert len({item.id for item in items}) == 3
    assert all(item.title.startswith("In stock (4 March 2026, ") for item in items)


def test_what_a_page_says_does_not_run_or_load_in_a_reader(public_task, anonymous_client):
    make_execution(
        public_task,
        notification="<img src=x onerror=alert(1)> ![x](https://e.example/x.png) "
        "[a](javascript:alert(1))",
    )

    feed = anonymous_client.get(url(public_task))

    description = ET.fromstring(feed.content).findtext("channel/item/description") or ""
    assert "<img" not in description
    assert 'href="javascript' not in description
    assert "&lt;img src=x" in description


def test_without_notifications_it_is_an_empty_feed_as_old_as_the_task(
    public_task, anonymous_client
):
    response = anonymous_client.get(url(public_task))

    assert parsed(response).entries == []
    assert "<lastBuildDate>Wed, 04 Mar 2026 09:00:10 +0000</lastBuildDate>" in response.text


def test_a_notification_without_words_is_called_like_its_task(public_task, anonymous_client):
    make_execution(public_task, notification="---")

    [item] = parsed(anonymous_client.get(url(public_task))).entries

    assert item.title == "Is it back? (4 March 2026, 09:00 UTC)"


@pytest.mark.parametrize("who", ["anonymous_client", "stranger_client", "owner_client"])
def test_a_private_tasks_feed_is_answered_like_one_that_is_not_there(request, owner, who):
    client = request.getfixturevalue(who)

    private = client.get(url(make_task(owner)))
    missing = client.get(f"/tasks/{uuid4()}/rss")

    assert (private.status_code, private.content) == (404, b'{"detail":"Not found"}')
    assert (missing.status_code, missing.content) == (404, b'{"detail":"Not found"}')
    assert private.headers["Content-Type"] == "application/json"


def test_a_malformed_id_is_422(anonymous_client):
    response = anonymous_client.get("/tasks/17/rss")

    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["path", "task_id"]


@pytest.mark.parametrize(
    "accept", ["application/rss+xml", "text/html", "application/xml;q=0.9", "image/png"]
)
def test_every_reader_gets_it_whatever_it_asks_for(public_task, anonymous_client, accept):
    response = anonymous_client.get(url(public_task), HTTP_ACCEPT=accept)

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("application/rss+xml")


@pytest.mark.parametrize("rows", [1, 40])
def test_the_feed_costs_three_queries(
    public_task, anonymous_client, rows, django_assert_num_queries
):
    for _ in range(rows):
        make_execution(public_task, notification="told")

    with django_assert_num_queries(3):  # the limit, the task, its notifications
        anonymous_client.get(url(public_task))


def test_a_reader_that_has_it_gets_304(public_task, anonymous_client):
    make_execution(public_task, notification="told")
    has = anonymous_client.get(url(public_task)).headers

    by_version = anonymous_client.get(url(public_task), HTTP_IF_NONE_MATCH=has["ETag"])
    by_date = anonymous_client.get(url(public_task), HTTP_IF_MODIFIED_SINCE=has["Last-Modified"])

    assert has["Last-Modified"] == "Wed, 04 Mar 2026 09:00:10 GMT"
    assert (by_version.status_code, by_version.content) == (304, b"")
    assert (by_date.status_code, by_date.content) == (304, b"")


def test_views_do_not_make_a_new_version(public_task, anonymous_client):
    before = anonymous_client.get(url(public_task)).headers["ETag"]
    Task.objects.update(view_count=99)

    assert anonymous_client.get(url(public_task)).headers["ETag"] == before


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_a_new_notification_makes_a_new_version(public_task, anonymous_client, header):
    before = anonymous_client.get(url(public_task)).headers[header]
    make_execution(public_task, notification="told", completed_at=NOW + days(1))

    assert anonymous_client.get(url(public_task)).headers[header] != before


@pytest.mark.parametrize("header", ["ETag", "Last-Modified"])
def test_another_name_makes_a_new_version(public_task, owner_client, anonymous_client, header):
    before = anonymous_client.get(url(public_task)).headers[header]
    owner_client.patch(f"/api/v1/tasks/{public_task.pk}", {"name": "after"}, format="json")

    assert anonymous_client.get(url(public_task)).headers[header] != before
