"""Which emails the user gets: unsubscribing and resuming in one place."""

import pytest

from tests.support.factories import NOW, make_address, make_task
from tests.support.factories import days as after

EMAILS = "/settings/emails"


def test_emails_about_trouble_are_switched_off_and_on(owner_browser, owner, stranger):
    off = owner_browser.post(EMAILS, {}, follow=True)
    owner.refresh_from_db()
    was_off = not owner.wants_notices
    on = owner_browser.post(EMAILS, {"wants_notices": "on"}, follow=True)
    owner.refresh_from_db()
    stranger.refresh_from_db()

    assert off.redirect_chain == on.redirect_chain == [(EMAILS, 302)]
    assert was_off
    assert (owner.wants_notices, stranger.wants_notices) == (True, True)
    assert [page.context["form"]["wants_notices"].value() for page in (off, on)] == [False, True]


def test_the_unsubscribed_come_first_and_tasks_without_emails_are_left_out(owner_browser, owner):
    make_task(owner, name="muted", is_muted=True, webhook_url="https://r.example/")
    make_task(owner, name="webhook only", webhook_url="https://r.example/")
    make_task(
        owner, name="both", webhook_url="https://r.example/", notification_email="a@b.example"
    )
    make_task(owner, name="newest", created_at=NOW + after(1))

    page = owner_browser.get(EMAILS)

    assert [task.name for task in page.context["page"]] == ["muted", "newest", "both"]
    assert "To a@b.example" in page.text
    assert "To owner@example.com, unless your default webhook is told" in page.text


def test_a_tasks_emails_are_stopped_and_resumed(owner_browser, owner):
    task = make_task(owner, name="Is it <b>back</b>?", notification_email=owner.email)
    other = make_task(owner, notification_email=owner.email)

    stopped = owner_browser.post(f"{EMAILS}/{task.pk}/stop", follow=True)
    task.refresh_from_db()
    was = (task.is_muted, task.notification_email)
    resumed = owner_browser.post(f"{EMAILS}/{task.pk}/resume", follow=True)
    task.refresh_from_db()
    other.refresh_from_db()

    assert stopped.redirect_chain == resumed.redirect_chain == [(EMAILS, 302)]
    assert "“Is it &lt;b&gt;back&lt;/b&gt;?” sends no more emails." in stopped.text
    assert was == (True, None)
    assert "sends its emails to owner@example.com again." in resumed.text
    assert (task.is_muted, task.notification_email) == (False, "owner@example.com")
    assert (other.is_muted, other.notification_email) == (False, "owner@example.com")


def test_emails_are_resumed_to_a_chosen_address(owner_browser, owner):
    make_address(owner)
    task = make_task(owner, is_muted=True, webhook_url="https://r.example/")

    shown = owner_browser.get(EMAILS).text
    owner_browser.post(f"{EMAILS}/{task.pk}/resume", {"email": "second@example.com"})

    assert "<option>second@example.com</option>" in shown
    task.refresh_from_db()
    assert task.notification_email == "second@example.com"
    assert task.webhook_url == "https://r.example/"


def test_emails_are_not_resumed_to_an_address_that_is_not_verified(owner_browser, owner, stranger):
    make_address(stranger)
    task = make_task(owner, is_muted=True)

    page = owner_browser.post(
        f"{EMAILS}/{task.pk}/resume", {"email": "second@example.com"}, follow=True
    )

    assert "Choose one of your verified addresses." in page.text
    task.refresh_from_db()
    assert task.is_muted


def test_resuming_what_was_not_stopped_keeps_its_address(owner_browser, owner):
    make_address(owner)
    task = make_task(owner, notification_email="second@example.com")

    page = owner_browser.post(f"{EMAILS}/{task.pk}/resume", follow=True)

    assert "to second@example.com again" in page.text
    task.refresh_from_db()
    assert task.notification_email == "second@example.com"


@pytest.mark.parametrize("count", [1, 60])
def test_the_page_takes_as_many_queries_with_many_tasks(
    owner_browser, owner, count, django_assert_num_queries
):
    for number in range(count):
        make_task(owner, is_muted=bool(number % 2))

    with django_assert_num_queries(5):  # session, user, count, tasks, addresses
        page = owner_browser.get(EMAILS)

    assert len(page.context["page"]) == min(count, 50)
