"""When a log-in ends."""

import pytest
from django.test import Client

from accounts.models import User
from tests.support.factories import make_task

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("page", ["/tasks", "/notifications", "/settings/keys"])
def test_who_is_switched_off_is_logged_out_at_once(owner, owner_browser, page):
    User.objects.filter(pk=owner.pk).update(is_active=False)

    assert owner_browser.get(page).headers["Location"] == f"/log-in?next={page}"


def test_who_is_switched_off_does_nothing_more(owner, owner_browser):
    task = make_task(owner)
    User.objects.filter(pk=owner.pk).update(is_active=False)

    answer = owner_browser.post(f"/tasks/{task.pk}/pause")

    task.refresh_from_db()
    assert answer.headers["Location"].startswith("/log-in?")
    assert task.state == "active"


def test_a_password_from_an_operator_ends_all_sessions(owner, owner_browser, operator):
    User.objects.filter(pk=owner.pk).update(password="!")
    admin = Client()
    admin.force_login(operator)

    admin.post(
        f"/admin/accounts/user/{owner.pk}/password/",
        {"usable_password": "true", "password1": "correct horse", "password2": "correct horse"},
    )

    owner.refresh_from_db()
    assert owner.check_password("correct horse")
    assert owner_browser.get("/tasks").status_code == 302


def test_a_user_who_is_deleted_is_logged_out(owner, owner_browser):
    owner.delete()

    assert owner_browser.get("/tasks").headers["Location"] == "/log-in?next=/tasks"


def test_after_a_log_out_nothing_is_seen_by_going_back(owner, owner_browser):
    make_task(owner, name="Secret")
    before = owner_browser.get("/tasks")
    owner_browser.post("/log-out")

    again = owner_browser.get("/tasks")

    assert "no-store" in before.headers["Cache-Control"]
    assert again.status_code == 302


def test_the_next_user_of_a_browser_sees_nothing_of_the_last_one(owner, stranger, owner_browser):
    make_task(owner, name="Secret")
    owner_browser.get("/tasks")
    owner_browser.force_login(stranger)

    page = owner_browser.get("/tasks").text

    assert "Secret" not in page
    assert "owner@example.com" not in page


def test_a_session_cookie_is_for_this_site_and_no_script(owner):
    owner.set_password("a long password")
    owner.save()

    cookie = (
        Client()
        .post("/log-in", {"username": owner.email, "password": "a long password"})
        .cookies["sessionid"]
    )

    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")


def test_to_log_in_changes_the_session_so_that_nobody_knows_it_before(owner, client):
    owner.set_password("a long password")
    owner.save()
    session = client.session
    session["from"] = "before"
    session.save()
    client.cookies["sessionid"] = session.session_key

    client.post("/log-in", {"username": owner.email, "password": "a long password"})

    assert client.cookies["sessionid"].value != session.session_key


def test_the_next_user_of_a_browser_does_not_read_the_last_ones_messages(
    owner, stranger, owner_browser
):
    task = make_task(owner, name="Secret")
    owner_browser.post(f"/tasks/{task.pk}/delete")
    owner_browser.post("/log-out")
    stranger.set_password("a long password")
    stranger.save()

    page = owner_browser.post(
        "/log-in", {"username": stranger.email, "password": "a long password"}, follow=True
    )

    assert "My tasks" in page.text
    assert "Secret" not in page.text
