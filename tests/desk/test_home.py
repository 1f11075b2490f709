"""The admin's home page: its figures, where they lead, and who sees them."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from desk import sends
from executions.models import ExecutionStatus
from notifications.models import Attempt
from tests.support.factories import (
    NOW,
    make_endpoint,
    make_execution,
    make_pending_execution,
    make_send,
    make_spending,
    make_task,
)

HOME = reverse("admin:index")

pytestmark = pytest.mark.usefixtures("at_now")


def cards_of(page) -> dict[str, tuple[str, str]]:
    """Return the figures and the addresses of the cards, by their titles."""
    return {card.title: (card.value, card.url) for card in page.context["cards"]}


def links_of(page) -> list[str]:
    """Return the addresses of the figures on a page: all that are below the admin's index."""
    main = page.text.partition('id="content"')[2]
    return [unescape(found) for found in re.findall(r'href="(/admin/\w[^"]*)"', main)]


def rows_behind(client, address: str) -> list[Any]:
    """Return the rows of the list to which a figure leads."""
    page = client.get(address)
    assert page.status_code == 200, address
    return [*page.context["cl"].result_list]


def make_failed_attempt(send, **fields) -> Attempt:
    return Attempt.objects.create(
        send=send,
        **{
            "number": 1,
            "started_at": NOW,
            "duration_ms": 40,
            "status": "failed",
            "error_message": "The receiver answered 503.",
            "response_status": 503,
            "response_body": "Down for repairs",
        }
        | fields,
    )


def staff_with(*permissions: str) -> User:
    user = User.objects.create_user("auditor@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    return user


@pytest.fixture
def history(owner) -> None:
    """Store some of everything that the page shows."""
    task = make_task(owner, next_run_at=NOW + timedelta(minutes=5), name="Price of boots")
    for status, ago in (("sent", 0), ("delivered", 1), ("failed", 1), ("sent", 50)):
        created = NOW - timedelta(hours=ago)
        accepted = None if status == "failed" else created + timedelta(seconds=2)
        make_send(owner, status=status, created_at=created, sent_at=accepted, task=task)
    send = make_send(
        owner,
        status="retrying",
        error_message="The receiver answered 503.",
        recipient="https://down.example/hook",
        created_at=NOW - timedelta(minutes=3),
        next_attempt_at=NOW - timedelta(minutes=2),
    )
    make_endpoint(owner, url=send.recipient, failing_since=NOW - timedelta(days=1))
    make_failed_attempt(send)
    make_execution(
        task, status=ExecutionStatus.FAILED, failure_kind="timeout", error_message="Too slow."
    )
    make_task(owner, next_run_at=NOW - timedelta(minutes=7), name="Late")
    make_task(owner, failed_run_count=2, failing_since=NOW, next_run_at=NOW + timedelta(hours=1))


def test_the_cards_show_how_sends_and_visits_are_doing(operator_client, history):
    cards = cards_of(operator_client.get(HOME))

    assert {title: value for title, (value, _) in cards.items()} == {
        "Success rate": "66.6%",
        "Time to accepted, p50": "2.0 s",
        "Time to accepted, p95": "2.0 s",
        "Queued now": "0",
        "Retrying now": "1",
        "Oldest due": "2 min",
        "Overdue tasks": "1",
        "Failing tasks": "1",
    }


def test_what_is_late_is_marked(operator_client, history):
    page = operator_client.get(HOME)

    assert [card.title for card in page.context["cards"] if card.is_late] == ["Overdue tasks"]
    assert "Visits are late, the longest by 0:07:00." in page.text


@pytest.mark.parametrize(
    ("title", "found"),
    [
        ("Success rate", ["failed"]),
        ("Retrying now", ["retrying"]),
        ("Oldest due", ["retrying"]),
        ("Time to accepted, p95", ["sent", "retrying", "delivered", "failed"]),
    ],
)
def test_a_card_leads_to_the_sends_that_it_counts(operator_client, history, title, found):
    _, address = cards_of(operator_client.get(HOME))[title]

    assert sorted(send.status for send in rows_behind(operator_client, address)) == sorted(found)


@pytest.mark.parametrize(
    ("title", "names"), [("Overdue tasks", ["Late"]), ("Failing tasks", ["New Monitor"])]
)
def test_a_card_leads_to_the_tasks_that_it_counts(operator_client, history, title, names):
    _, address = cards_of(operator_client.get(HOME))[title]

    assert [task.name for task in rows_behind(operator_client, address)] == names


def test_a_bar_leads_to_the_sends_of_its_hour(operator_client, history):
    chart = operator_client.get(HOME).context["chart"]

    column = chart.columns[-2]

    assert column.text == "4 Mar, 08:00 to 09:00 UTC: 1 delivered, 1 retrying, 1 failed"
    assert len(rows_behind(operator_client, column.url)) == 3


@pytest.mark.parametrize(
    ("period", "bars", "total"), [("24h", 24, 4), ("7d", 7, 5), ("30d", 30, 5)]
)
def test_the_chart_shows_the_sends_of_the_period(operator_client, history, period, bars, total):
    page = operator_client.get(HOME, {"period": period})

    chart = page.context["chart"]
    assert (len(chart.columns), chart.total) == (bars, total)
    assert f'aria-label="{chart.columns[-1].text}"' in page.text
    assert [len(rows_behind(operator_client, key.url)) for key in chart.legend] == [
        key.part.count for key in chart.legend
    ]


def test_an_unknown_period_is_taken_for_24_hours(operator_client, history):
    page = operator_client.get(HOME, {"period": "1y"})

    assert len(page.context["chart"].columns) == 24


def test_very_many_sends_are_shown_by_day_instead_of_by_hour(operator_client, history, monkeypatch):
    monkeypatch.setattr(sends, "MOST_COUNTED", 3)

    page = operator_client.get(HOME)

    assert [column.total for column in page.context["chart"].columns] == [0, 4]
    assert "sends yesterday and today, so they are shown by day" in page.text


def test_a_failing_host_is_shown_with_what_it_answered_last(operator_client, owner, stranger):
    for user, path in ((owner, "in"), (stranger, "out")):
        url = f"https://down.example/{path}"
        send = make_send(user, status="failed", recipient=url)
        make_endpoint(user, url=url, failing_since=NOW - timedelta(hours=1))
        make_failed_attempt(send, number=1, response_body="first", started_at=NOW)
        later = NOW + timedelta(minutes=1)
        make_failed_attempt(send, number=2, response_body="<last>", started_at=later)
    make_endpoint(
        owner,
        url="https://off.example/",
        failing_since=NOW,
        switched_off_at=NOW,
        switched_off_because="it kept failing",
    )

    page = operator_client.get(HOME)

    [[host, number, since, answer]] = page.context["hosts"].rows
    assert ">down.example<" in host
    assert (number, "2026-03-04 08:00:10" in since) == ("2", True)
    assert "The receiver answered 503." in answer
    assert "&lt;last&gt;" in page.text
    assert "first" not in answer
    [address] = re.findall('href="([^"]+)"', host)
    assert len(rows_behind(operator_client, unescape(address))) == 2


def test_the_path_of_a_chats_url_is_not_shown(operator_client, owner):
    make_endpoint(owner, url="https://chat.example/secret", format="slack", failing_since=NOW)

    page = operator_client.get(HOME)

    assert "chat.example" in page.text
    assert "secret" not in page.text


def test_ten_hosts_are_shown_those_that_fail_longest_first(operator_client, owner):
    for number in range(12):
        since = NOW - timedelta(hours=number)
        make_endpoint(owner, url=f"https://h{number}.example/", failing_since=since)

    page = operator_client.get(HOME)

    shown = re.findall(r">(h\d+)\.example<", page.text)
    assert shown == [f"h{number}" for number in range(11, 1, -1)]
    assert "More hosts fail" in page.text


def test_failed_executions_are_counted_by_kind_and_lead_to_their_list(operator_client, owner):
    task = make_task(owner)
    for kind, ago in (("network", 1), ("network", 2), ("timeout", 3), ("network", 30)):
        make_execution(
            task,
            status=ExecutionStatus.FAILED,
            failure_kind=kind,
            error_message="No.",
            created_at=NOW - timedelta(hours=ago),
        )
    make_pending_execution(task, failure_kind="network", status=ExecutionStatus.RETRYING)

    table = operator_client.get(HOME).context["failures"]

    assert [count for _, count in table.rows] == ["2", "1"]
    [address] = re.findall('href="([^"]+)"', table.rows[0][0])
    assert len(rows_behind(operator_client, unescape(address))) == 2


def test_the_next_runs_are_those_of_active_tasks_of_active_users(operator_client, owner, stranger):
    for minutes in range(12, 0, -1):
        make_task(owner, name=f"In {minutes}", next_run_at=NOW + timedelta(minutes=minutes))
    make_task(owner, name="Overdue", next_run_at=NOW - timedelta(minutes=1))
    make_task(stranger, name="Of nobody", next_run_at=NOW + timedelta(seconds=1))
    User.objects.filter(pk=stranger.pk).update(is_active=False)

    page = operator_client.get(HOME)

    names = [re.findall(">(.+)<", name)[0] for _, name, _ in page.context["tasks"].rows]
    assert names == [f"In {minutes}" for minutes in range(1, 11)]
    [address] = re.findall('href="([^"]+)"', page.context["tasks_all"])
    tasks = rows_behind(operator_client, unescape(address))
    assert [task.next_run_at for task in tasks] == sorted(task.next_run_at for task in tasks)


def test_every_link_of_the_page_leads_to_a_page(operator_client, history):
    addresses = links_of(operator_client.get(HOME))

    assert len(addresses) > 30
    assert {operator_client.get(address).status_code for address in addresses} == {200}


def test_staff_without_permissions_get_the_page_without_figures(client, history):
    client.force_login(staff_with())

    page = client.get(HOME)

    assert page.status_code == 200
    assert links_of(page) == []


@pytest.mark.parametrize(
    ("permission", "shown"),
    [
        ("view_notificationsend", {"chart", "chart_table"}),
        ("view_task", {"tasks", "tasks_all"}),
        ("view_webhookendpoint", {"hosts", "hosts_all"}),
        ("view_execution", {"failures", "failures_title"}),
    ],
)
def test_staff_see_only_what_they_may_view(client, history, permission, shown):
    client.force_login(staff_with(permission))

    page = client.get(HOME)

    figures = {"chart", "chart_table", "tasks", "tasks_all", "hosts", "hosts_all", "needs"}
    figures |= {"failures", "failures_title"}
    assert {name for name in figures if name in page.context} == shown
    assert {client.get(address).status_code for address in links_of(page)} == {200}


def test_the_answers_of_hosts_are_for_those_who_may_view_sends(client, history):
    client.force_login(staff_with("view_webhookendpoint"))

    page = client.get(HOME)

    assert "down.example" in page.text
    assert "Down for repairs" not in page.text


def test_the_page_shows_what_the_model_costs_once_there_is_one(
    operator_client, owner, stranger, settings
):
    make_spending(stranger, usd=Decimal("0.5"), tokens=1000)
    title = "Model, this month"
    assert title not in cards_of(operator_client.get(HOME))
    settings.TORALE_MODEL = "openai-chat:scripted"

    page = operator_client.get(HOME)

    value, address = cards_of(page)[title]
    assert value == "$0.50"
    assert "1,000 tokens" in page.text
    assert "of the budget" not in page.text
    assert [row.user for row in rows_behind(operator_client, address)] == [stranger]
    make_spending(owner, usd=settings.TORALE_USER_BUDGET_USD)
    assert "1,000 tokens; 1 user at 90% of the budget or more" in operator_client.get(HOME).text


def test_staff_who_may_not_view_spending_do_not_see_it(client, settings, db):
    settings.TORALE_MODEL = "openai-chat:scripted"
    client.force_login(staff_with("view_task"))

    assert "Model, this month" not in cards_of(client.get(HOME))


@pytest.mark.parametrize("period", ["24h", "7d", "30d"])
def test_the_page_costs_the_same_queries_for_any_number_of_rows(
    operator_client,
    owner,
    history,
    period,
    settings,
    django_assert_num_queries,
    django_assert_max_num_queries,
):
    settings.TORALE_MODEL = "openai-chat:scripted"
    operator_client.get(HOME)
    with django_assert_max_num_queries(33) as few:
        operator_client.get(HOME, {"period": period})
    for number in range(12):
        task = make_task(owner, next_run_at=NOW + timedelta(minutes=number))
        make_send(owner, task=task, status="queued", recipient=f"https://h{number}.example/")
        make_endpoint(owner, url=f"https://h{number}.example/", failing_since=NOW)

    with django_assert_num_queries(len(few)):
        operator_client.get(HOME, {"period": period})


def test_the_empty_page_says_so(operator_client, django_assert_max_num_queries):
    operator_client.get(HOME)

    with django_assert_max_num_queries(33):
        page = operator_client.get(HOME)

    for text in ("No sends were recorded", "No webhook fails.", "No visit is scheduled."):
        assert text in page.text


def test_the_page_finds_records_by_words(operator_client, history):
    page = operator_client.get(HOME)

    buttons = re.findall(r'formaction="([^"]+)">(\w+)<', page.text)
    assert [title for _, title in buttons] == ["Sends", "Tasks", "Webhooks", "Users"]
    for address, _ in buttons:
        assert rows_behind(operator_client, f"{address}?q=owner@example.com"), address


def test_staff_find_only_what_they_may_view(client, history):
    client.force_login(staff_with("view_task"))

    page = client.get(HOME)

    assert re.findall(r'formaction="[^"]+">(\w+)<', page.text) == ["Tasks"]
    assert "Sends that failed since" not in page.text
