"""The list of notifications."""

import html
import re
from datetime import datetime

import pytest

from tests.support.factories import NOW, days, make_address, make_send, make_task

pytestmark = pytest.mark.django_db
URL = "/notifications"


@pytest.fixture
def browser(client, owner):
    client.force_login(owner)
    return client


def shown(page) -> list[str]:
    """The ids of the sends on a page, in their order."""
    assert page.status_code == 200
    return re.findall(rf'href="{URL}/([0-9a-f-]{{36}})"', page.text)


def link(page, words: str) -> str:
    """The address of the link with these words."""
    [address] = re.findall(rf'<a[^>]*href="([^"]*)"[^>]*>{words}</a>', page.text)
    return html.unescape(address)


def test_who_has_no_notifications_reads_what_appears_here(browser):
    page = browser.get(URL)

    assert "Nobody was told anything yet" in page.text
    assert "Download as CSV" not in page.text


def test_it_lists_ones_own_newest_first_with_the_total(browser, owner, stranger):
    earlier = make_send(owner, task_name="Boots", created_at=NOW - days(1))
    later = make_send(owner, task_name="Bread", status="failed", error_message="Answered 500.")
    foreign = make_send(stranger, task_name="Secret", recipient="https://strangers.example/")

    page = browser.get(URL)

    assert shown(page) == [str(later.pk), str(earlier.pk)]
    for words in ("2 notifications", "Boots", "Bread", "Failed", "Answered 500.", "Condition met"):
        assert words in page.text
    for words in (str(foreign.pk), "Secret", "strangers.example"):
        assert words not in page.text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("status", "failed"),
        ("notification_type", "email"),
        ("event_type", "task.failing"),
        ("recipient", "reader@example.com"),
        ("created_after", "2026-03-05T00:00:00"),
        ("created_after", "2026-03-05T01:00:00+01:00"),
        ("task_id", None),
        ("execution_id", None),
    ],
)
def test_each_filter_keeps_what_matches(browser, owner, name, value):
    make_send(owner)
    wanted = make_send(
        owner,
        status="failed",
        notification_type="email",
        recipient="reader@example.com",
        event_type="task.failing",
        created_at=NOW + days(1),
    )

    page = browser.get(URL, {name: value or getattr(wanted, name)})

    assert shown(page) == [str(wanted.pk)]
    assert "1 notification, newest first" in page.text


def test_a_filter_by_the_end_keeps_what_was_before(browser, owner):
    wanted = make_send(owner)
    make_send(owner, created_at=NOW + days(1))

    page = browser.get(URL, {"created_before": "2026-03-05T00:00"})

    assert shown(page) == [str(wanted.pk)]


def test_the_form_shows_the_filters_that_are_set(browser, owner):
    task = make_task(owner, name="Boots")

    page = browser.get(
        URL,
        {
            "status": "failed",
            "task_id": task.pk,
            "recipient": "a@b.example",
            "created_after": "2026-03-04T10:00:00+01:00",
        },
    )

    assert '<option value="failed" selected>' in page.text
    assert f'<option value="{task.pk}" selected>Boots</option>' in page.text
    assert 'value="a@b.example"' in page.text
    assert 'value="2026-03-04T09:00:00"' in page.text
    assert "<details" in page.text
    assert " open>" in page.text
    assert "No notification matches." in page.text


@pytest.mark.parametrize("name", ["created_after", "created_before"])
@pytest.mark.parametrize("time", ["0001-01-01T00:00:00", "9999-12-31T23:59:59"])
def test_times_at_the_ends_of_the_calendar_are_shown(browser, owner, name, time):
    make_send(owner)

    page = browser.get(URL, {name: time})

    assert page.status_code == 200
    assert f'value="{time}"' in page.text


def test_tasks_of_others_cannot_be_chosen(browser, stranger):
    task = make_task(stranger, name="Secret")

    page = browser.get(URL, {"task_id": task.pk})

    assert shown(page) == []
    assert "Secret" not in page.text


def test_a_deleted_task_stays_chosen(browser, owner):
    send = make_send(owner)

    page = browser.get(URL, {"task_id": send.task_id})

    assert shown(page) == [str(send.pk)]
    assert f'<option value="{send.task_id}" selected>' in page.text


def test_ones_own_recipients_are_suggested(browser, owner, stranger):
    make_address(owner, email="second@example.com")
    make_address(
        owner, email="unverified@example.com", verified_at=None, code="1", code_expires_at=NOW
    )
    make_address(stranger, email="third@example.com")
    make_send(owner, recipient="https://receiver.example/hook")
    make_send(stranger, recipient="https://strangers.example/hook")

    suggested = re.findall(r'<option value="([^"]*)"></option>', browser.get(URL).text)

    assert suggested == [owner.email, "second@example.com", "https://receiver.example/hook"]


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("status", "lost", "Input should be &#x27;queued&#x27;,"),
        ("notification_type", "pigeon", "Input should be &#x27;email&#x27; or &#x27;webhook&#x27;"),
        ("event_type", "task.told", "Input should be &#x27;task.condition_met&#x27;"),
        ("task_id", "7", "Enter a valid UUID."),
        ("created_after", "then", "Enter a valid date/time."),
        ("created_before", "2026-02-30", "Enter a valid date/time."),
        ("recipient", "\x00", "Null characters are not allowed."),
    ],
)
def test_an_error_stands_at_its_field_and_nothing_is_listed(browser, owner, name, value, error):
    make_send(owner)

    page = browser.get(URL, {name: value})

    assert shown(page) == []
    errors = re.search(rf'<ul class="errorlist" id="id_{name}_error">(.*?)</ul>', page.text)
    assert error in errors[1]
    assert errors[1].count("<li>") == 1
    assert "Nothing is shown until that is changed." in page.text
    assert "Download as CSV" not in page.text


def test_an_error_of_the_hidden_filter_stands_above_the_form(browser):
    page = browser.get(URL, {"execution_id": "7"})

    assert "execution_id: Enter a valid UUID." in page.text


def test_empty_fields_are_left_out_of_the_address(browser):
    page = browser.get(URL, {"status": "failed", "recipient": " ", "task_id": "", "cursor": ""})

    assert (page.status_code, page.headers["Location"]) == (302, "/notifications?status=failed")


def test_the_links_by_time_keep_the_other_filters(browser, owner, time_machine):
    time_machine.move_to(datetime.fromisoformat("2026-03-04T23:30:00Z"), tick=False)
    today = make_send(owner, status="failed", created_at=NOW)
    yesterday = make_send(owner, status="failed", created_at=NOW - days(1))
    this_week = make_send(owner, status="failed", created_at=NOW - days(6))
    make_send(owner, status="failed", created_at=NOW - days(7))
    make_send(owner, status="sent", created_at=NOW)
    page = browser.get(URL, {"status": "failed"})

    found = {
        words: shown(browser.get(link(page, words)))
        for words in ("Today", "Yesterday", "Last 7 days")
    }

    assert found == {
        "Today": [str(today.pk)],
        "Yesterday": [str(yesterday.pk)],
        "Last 7 days": [str(today.pk), str(yesterday.pk), str(this_week.pk)],
    }
    chosen = browser.get(link(page, "Yesterday"))
    assert re.findall(r'aria-current="page">([^<]+)<', chosen.text) == [
        "Notifications",
        "Yesterday",
    ]
    assert "created_after" not in link(chosen, "Any time")


def test_pages_by_cursor_neither_repeat_nor_skip(browser, owner):
    made = [
        str(make_send(owner, created_at=NOW - days(ago), status="failed").pk) for ago in range(120)
    ]
    make_send(owner)

    first = browser.get(URL, {"status": "failed"})
    make_send(owner, created_at=NOW + days(1), status="failed")
    second = browser.get(URL + link(first, "Older"))
    third = browser.get(URL + link(second, "Older"))
    back = browser.get(URL + link(third, "Newer"))

    assert [*shown(first), *shown(second), *shown(third)] == made
    assert shown(back) == shown(second)
    assert "121 notifications" in third.text
    assert ">Older<" not in third.text
    assert link(third, "Newest") == "/notifications?status=failed"


def test_a_damaged_cursor_says_so_and_shows_the_newest(browser, owner):
    send = make_send(owner)

    page = browser.get(URL, {"cursor": "x"})

    assert "The address of this page is damaged" in page.text
    assert shown(page) == [str(send.pk)]


def test_the_csv_has_the_same_filters(browser, owner, stranger):
    failed = make_send(owner, status="failed")
    make_send(owner)
    make_send(stranger, status="failed")
    page = browser.get(URL, {"status": "failed", "created_after": "2026-03-04T00:00:00"})

    download = browser.get(link(page, "Download as CSV"))

    assert download.headers["Content-Type"].startswith("text/csv")
    _, *lines = download.getvalue().decode().splitlines()
    assert [line.split(",")[0] for line in lines] == [str(failed.pk)]


def test_the_url_of_a_chat_is_shortened_in_the_table(browser, owner):
    send = make_send(owner, recipient="https://hooks.slack.com/services/secret")
    send.endpoint.format = "slack"
    send.endpoint.save()

    [row] = re.findall(r"<tbody.*?</tbody>", browser.get(URL).text, re.DOTALL)

    assert "https://hooks.slack.com/…" in row
    assert "secret" not in row


@pytest.mark.parametrize("count", [1, 50])
def test_a_page_takes_the_same_queries_however_many_rows(
    browser, owner, count, django_assert_max_num_queries
):
    for number in range(count):
        make_send(owner, recipient=f"https://receiver.example/{number}", task=make_task(owner))

    # Session, user, clock, sends, their webhooks, tasks, addresses and webhooks to choose; and
    # PostgreSQL may have to prepare the statement.
    with django_assert_max_num_queries(9):
        page = browser.get(URL)

    assert len(shown(page)) == count
