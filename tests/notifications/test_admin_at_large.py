"""The admin's list of sends in a large table: how it is read, counted, paged and searched."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from notifications import search
from notifications.models import NotificationSend
from tests.support.factories import NOW, make_endpoint, make_task
from tests.support.plans import Plan, buffers, executed_plan, scans_of
from torale.admin import MOST_ROWS, ROWS_A_PAGE

SEND = NotificationSend._meta.db_table
LIST = reverse("admin:notifications_notificationsend_changelist")
#: Most buffers that a query may touch. It finds 1,001 rows, each in a buffer of its own at worst.
MOST_BUFFERS = 3 * MOST_ROWS

#: 20,000 sends of two users, a minute apart. Those that failed, those by email and the warnings are
#: the oldest.
FILL = """
INSERT INTO notifications_notificationsend (
    id, user_id, task_id, task_name, execution_id, recipient, endpoint_id, host, notification_type,
    status, event_type, error_message, created_at, attempt_count, earlier_attempt_count,
    is_for_default_webhook
)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid,
       CASE WHEN i %% 2 = 0 THEN %(owner)s ELSE %(stranger)s END::uuid,
       CASE WHEN i %% 2 = 0 THEN %(task)s ELSE %(other_task)s END::uuid,
       'Price of boots', gen_random_uuid(),
       CASE WHEN i <= 500 THEN 'team@work.example' ELSE 'https://receiver.example/in' END,
       CASE WHEN i <= 500 THEN NULL ELSE %(endpoint)s END, '',
       CASE WHEN i <= 500 THEN 'email' ELSE 'webhook' END,
       CASE WHEN i <= 2000 THEN 'failed' ELSE 'sent' END,
       CASE WHEN i <= 100 THEN 'task.warning' ELSE 'task.condition_met' END,
       CASE WHEN i <= 2000 THEN 'No.' END,
       %(now)s::timestamptz + i * interval '1 minute', 1, 0, false
FROM generate_series(1, 20000) i
"""


@pytest.fixture(scope="module")
def history(module_db) -> dict[str, str]:
    """Fill the table; return what can be searched for."""
    owner = User.objects.create_user("owner@example.com")
    stranger = User.objects.create_user("stranger@example.com")
    task = make_task(owner, name="Price of boots")
    other_task = make_task(stranger, name="News")
    rows: dict[str, Any] = {
        "owner": owner.pk,
        "stranger": stranger.pk,
        "task": task.pk,
        "other_task": other_task.pk,
        "endpoint": make_endpoint(stranger, url="https://receiver.example/in").pk,
        "now": NOW,
    }
    with connection.cursor() as cursor:
        cursor.execute(FILL, rows)
        # What other tests have rolled back stays in the indexes otherwise.
        cursor.execute("REINDEX TABLE notifications_notificationsend")
        cursor.execute("ANALYZE")
    send = NotificationSend.objects.order_by("pk")[7]
    return {
        "send": str(send.pk),
        "execution": str(send.execution_id),
        "task": str(task.pk),
        "user": str(owner.pk),
    }


def plans_of(client, query: dict[str, str]) -> Iterator[Plan]:
    """Yield the plan of each query that the list reads sends with."""
    with CaptureQueriesContext(connection) as queries:
        assert client.get(LIST, query).status_code == 200
    for each in queries:
        if f'FROM "{SEND}"' in each["sql"]:
            yield executed_plan(each["sql"])


DAY = {"created_at__gte": "2026-03-05 00:00:00Z", "created_at__lt": "2026-03-06 00:00:00Z"}
FILTERS = {
    "none": {},
    "common status": {"status__exact": "sent"},
    "status of long ago": {"status__exact": "failed"},
    "status of none": {"status__exact": "bounced"},
    "event of long ago": {"event_type__exact": "task.warning"},
    "channel of long ago": {"notification_type__exact": "email"},
    "all three": {
        "status__exact": "failed",
        "event_type__exact": "task.warning",
        "notification_type__exact": "email",
    },
    "days of long ago": DAY,
    "days and status": {"status__exact": "failed"} | DAY,
    "oldest first": {"o": "1"},
    "last page": {"p": str(MOST_ROWS // ROWS_A_PAGE)},
}
SEARCHES = {
    **{f"id of {name}": name for name in ("send", "execution", "task", "user")},
    "owner": "stranger@",
    "task": "of BOOTS",
    "recipient of long ago": "@work.example",
    "common recipient": "receiver.example/in",
    "nothing": "nowhere.example",
}


def costly(client, queries: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return those of the lists' queries that read the whole table, or many buffers of it."""
    plans = [(name, plan) for name, query in queries.items() for plan in plans_of(client, query)]
    assert plans
    return {
        name: (scans_of(SEND, plan), buffers(plan))
        for name, plan in plans
        if "Seq Scan" in scans_of(SEND, plan) or buffers(plan) > MOST_BUFFERS
    }


def test_a_filtered_list_reads_few_blocks_by_an_index(operator_client, history):
    assert costly(operator_client, FILTERS) == {}


def test_a_search_reads_few_blocks_by_an_index(operator_client, history):
    searches = {name: {"q": history.get(words, words)} for name, words in SEARCHES.items()}
    failed = {
        f"{name}, failed": query | {"status__exact": "failed"} for name, query in searches.items()
    }

    assert costly(operator_client, searches | failed) == {}


@pytest.mark.parametrize("name", ["task_id__exact", "user__id__exact"])
def test_filters_by_task_and_owner_read_few_blocks_with_any_other(operator_client, history, name):
    wanted = {name: history["task" if name == "task_id__exact" else "user"]}
    others = {
        **FILTERS,
        "task's name": {"q": "of BOOTS"},
        "recipient": {"q": "@work.example"},
        "both": {"task_id__exact": history["task"], "user__id__exact": history["user"]},
        "id of a send": {"q": history["send"]},
        "since an hour": {"created_at__gte": "2026-03-05 11:00"},
    }

    assert costly(operator_client, {each: wanted | others[each] for each in others}) == {}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "of 20,000 notification sends"),
        ({"status__exact": "sent"}, "of 18,000 notification sends"),
        ({"user__id__exact": "user"}, "of 10,000 notification sends"),
        ({"task_id__exact": "task", "status__exact": "sent"}, "of 9,000 notification sends"),
        ({"created_at__gte": "2026-03-05"}, "of 19,101 notification sends"),
        ({"created_at__gte": "2026-03-05 01:00"}, " notification sends; there are more"),
        ({"q": "of boots"}, " notification sends; there are more"),
    ],
    ids=str,
)
def test_a_long_list_says_how_many_rows_match_if_the_counts_tell(
    operator_client, history, query, said
):
    page = operator_client.get(
        LIST, {name: history.get(text, text) for name, text in query.items()}
    )

    assert f"the first 1000 {said.strip()}" in page.text


def test_a_search_with_many_matches_reads_few_blocks(operator_client, history, monkeypatch):
    monkeypatch.setattr(search, "MANY_MATCHES", 0)

    assert costly(operator_client, {"common": {"q": "receiver.example"}}) == {}


def test_a_list_counts_and_shows_no_more_than_a_thousand_rows(operator_client, history):
    page = operator_client.get(LIST, {"p": str(MOST_ROWS // ROWS_A_PAGE)})

    assert "the first 1000 of 20,000 notification sends" in page.text
    assert "across all pages" not in page.text
    assert [send.created_at for send in page.context["cl"].result_list] == [
        NOW + timedelta(minutes=number) for number in range(19_050, 19_000, -1)
    ]


def test_there_is_no_page_after_a_thousand_rows(operator_client, history):
    page = operator_client.get(LIST, {"p": str(MOST_ROWS // ROWS_A_PAGE + 1)})

    assert (page.status_code, page.url) == (302, f"{LIST}?e=1")


def test_fewer_rows_are_counted_and_can_all_be_selected(operator_client, history):
    page = operator_client.get(LIST, {"notification_type__exact": "email"})

    assert "500 notification sends" in page.text
    assert "Select all 500" in page.text
    assert "across all pages" in page.text


def test_an_action_with_all_of_more_than_a_thousand_rows_is_refused(operator_client, history):
    page = redeliver_all(operator_client, {})

    [message] = page.context["messages"]
    assert str(message) == (
        "More than 1,000 rows match, so nothing was done. Narrow the list by a filter or a search "
        "first."
    )
    assert not NotificationSend.objects.unfinished().exists()


def test_an_action_with_all_rows_reaches_those_of_other_pages(operator_client, history):
    page = redeliver_all(operator_client, {"event_type__exact": "task.warning"})
    assert "Deliver 100 notification sends again?" in page.text
    page = operator_client.post(LIST, page.context["fields"], follow=True)

    [message] = page.context["messages"]
    assert str(message) == "Queued 0 of 100 sends."  # none has a payload


def redeliver_all(client, query: dict[str, str]):
    """Redeliver all that match, as after a click on “Select all”, with one row on the page."""
    [row] = NotificationSend.objects.order_by("pk")[:1]
    return client.post(
        f"{LIST}?{urlencode(query)}",
        {"action": "redeliver", "select_across": "1", "_selected_action": [row.pk]},
        follow=True,
    )
