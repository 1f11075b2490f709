"""Logging in to the console."""

import pytest
from django.test import Client

pytestmark = pytest.mark.usefixtures("at_now")

LOG_IN = "/log-in"
PASSWORD = "a long password"


@pytest.fixture(autouse=True)
def _password(owner):
    owner.set_password(PASSWORD)
    owner.save()


def attempt(password=PASSWORD, email="owner@example.com", **fields):
    """Try to log in as a browser does that has no session yet."""
    return Client().post(LOG_IN, {"username": email, "password": password, **fields})


def test_who_logs_in_sees_their_tasks():
    answer = attempt(email="Owner@Example.com")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/tasks")
    assert answer.cookies["sessionid"]["httponly"]


@pytest.mark.parametrize("email", ["owner@example.com", "nobody@example.com"])
def test_whether_there_is_an_account_is_not_seen(email):
    answer = attempt(password="wrong", email=email)

    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors() == [
        "Please enter a correct email and password. Note that both fields may be case-sensitive."
    ]
    assert "wrong" not in answer.text.partition("<main")[2]


def test_who_is_switched_off_cannot_log_in(owner):
    owner.is_active = False
    owner.save()

    assert attempt().status_code == 200


def test_a_password_cannot_be_guessed_without_end():
    for _ in range(5):
        attempt(password="wrong")

    sixth = attempt()

    assert sixth.status_code == 429
    assert "Too many attempts to log in. Try again in 15 minutes." in sixth.text
    assert sixth.headers["Retry-After"] == "890"  # from 9:00:10 to 9:15
    assert "sessionid" not in sixth.cookies


@pytest.mark.parametrize(
    ("page", "leads_to"),
    [
        ("/tasks/new?url=https%3A%2F%2Fshop.example", "/tasks/new?url=https%3A%2F%2Fshop.example"),
        ("http://testserver/settings", "http://testserver/settings"),
        ("https://evil.example/", "/tasks"),
        ("//evil.example/", "/tasks"),
        ("/\\evil.example/", "/tasks"),
        ("javascript:alert(1)", "/tasks"),
    ],
)
def test_it_leads_back_to_a_page_of_this_host_only(page, leads_to):
    assert attempt(next=page).headers["Location"] == leads_to


def test_a_page_that_needs_a_log_in_leads_here_and_back(client):
    asked = client.get("/settings/keys")
    shown = client.get(asked.headers["Location"])

    assert asked.headers["Location"] == "/log-in?next=/settings/keys"
    assert 'name="next" value="/settings/keys"' in shown.text
    assert "Log in to see that page." in shown.text


def test_who_has_logged_in_is_not_asked_again(owner_browser):
    assert owner_browser.get(LOG_IN).headers["Location"] == "/tasks"


def test_logging_out_needs_a_post(owner_browser):
    by_link = owner_browser.get("/log-out")
    still = owner_browser.get("/tasks").status_code
    by_button = owner_browser.post("/log-out")

    assert (by_link.status_code, still) == (405, 200)
    assert by_button.headers["Location"] == "/"
    assert owner_browser.get("/tasks").status_code == 302
