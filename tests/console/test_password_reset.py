"""Resetting a password: asking for the link, and the page that it opens."""

from datetime import timedelta

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob

from tests.support.mailed_links import path_in, send_links

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

RESET = "/password-reset"
OLD, NEW = "a long password", "another long one"


@pytest.fixture
def elsewhere(owner):
    """Another browser, in which the owner has logged in."""
    owner.set_password(OLD)
    owner.save()
    browser = Client()
    browser.force_login(owner)
    return browser


@pytest.fixture
def path(owner, elsewhere, smtp_receiver) -> str:
    """The path of the link that was mailed to the owner."""
    Client().post(RESET, {"email": owner.email})
    send_links()
    return path_in(smtp_receiver.messages[-1])


def choose(client, path, password=NEW):
    """Open the link, and choose a password on the page to which it leads."""
    opened = client.get(path, follow=True)
    if not opened.redirect_chain:
        return opened
    return client.post(
        opened.redirect_chain[-1][0],
        {"new_password1": password, "new_password2": password},
        follow=True,
    )


def test_the_link_leads_to_a_new_password(client, owner, path):
    page = choose(client, path)

    assert page.redirect_chain == [("/log-in", 302)]
    assert "Your password is changed. Log in with it." in page.text
    owner.refresh_from_db()
    assert owner.check_password(NEW)


def test_the_page_of_the_new_password_does_not_have_the_token_in_its_address(client, path):
    page = client.get(path, follow=True)

    [(address, _)] = page.redirect_chain
    assert address.endswith("/set-password")
    assert path.rpartition("/")[2] not in address
    assert page.headers["Cache-Control"].count("no-store") == 1


def test_sessions_end_with_the_old_password(client, elsewhere, path):
    choose(client, path)

    assert elsewhere.get("/tasks").headers["Location"] == "/log-in?next=/tasks"


def test_opening_the_link_changes_nothing(client, owner, path):
    client.get(path, follow=True)

    owner.refresh_from_db()
    assert owner.check_password(OLD)


def test_a_link_is_used_once(client, owner, path):
    choose(client, path)

    again = choose(Client(), path, password="a third long one")

    assert "This link does not work" in again.text
    owner.refresh_from_db()
    assert owner.check_password(NEW)


def test_an_old_link_does_not_work(client, path, time_machine):
    time_machine.shift(timedelta(days=3, seconds=1))

    assert "It is incomplete, too old, or has been used." in choose(client, path).text


@pytest.mark.parametrize(
    "damaged",
    [
        lambda path: path[:-1],
        lambda path: path.replace(path.split("/")[2], "MQ"),
        lambda path: path.replace(path.split("/")[2], "é"),
        lambda _: f"{RESET}/x/set-password",
    ],
)
def test_a_damaged_link_does_not_work(client, path, damaged):
    page = choose(client, damaged(path))

    assert page.status_code == 200
    assert "This link does not work" in page.text


def test_who_never_had_a_password_gets_one(client, owner, smtp_receiver):
    client.post(RESET, {"email": owner.email})
    send_links()

    choose(client, path_in(smtp_receiver.messages[0]))

    owner.refresh_from_db()
    assert owner.check_password(NEW)


@pytest.mark.parametrize(
    ("password", "fault"),
    [("short", "too short"), ("owner@example", "too similar to the email")],
)
def test_a_weak_password_is_an_error_at_its_field(client, owner, path, password, fault):
    page = choose(client, path, password=password)

    assert fault in str(page.context["form"].errors["new_password2"])
    owner.refresh_from_db()
    assert owner.check_password(OLD)


@pytest.mark.usefixtures("owner")
def test_whether_there_is_an_account_is_not_seen_on_the_page(client):
    known = client.post(RESET, {"email": "owner@example.com"})
    unknown = client.post(RESET, {"email": "nobody@example.com"})

    assert known.status_code == unknown.status_code == 200
    assert "a link is on its way" in known.text
    assert (
        known.text.replace("owner@", "nobody@").partition("<main")[2]
        == unknown.text.partition("<main")[2]
    )


def test_the_limit_is_told_on_the_page(client):
    for _ in range(3):
        client.post(RESET, {"email": "owner@example.com"})

    page = client.post(RESET, {"email": "owner@example.com"})

    assert "Too many requests for a link. Try again later." in page.text
    assert ProcrastinateJob.objects.count() == 3


@pytest.mark.parametrize("email", ["", "nobody", "a\0@example.com"])
def test_what_is_no_email_is_an_error_at_its_field(client, email):
    page = client.post(RESET, {"email": email})

    assert [*page.context["form"].errors] == ["email"]
    assert not ProcrastinateJob.objects.exists()
