"""Logging in to the admin and the browsable API: not by guessing."""

import re
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.test import Client

from accounts.models import User
from tests.support.races import at_once
from torale.models import Usage

pytestmark = pytest.mark.usefixtures("at_now")

LOG_IN = "/admin/login/"
RIGHT = "a long password"
TOO_MANY = "Too many attempts to log in. Try again in 15 minutes."


def attempt(email="operator@example.com", password="wrong", address="192.0.2.1", **headers):
    """Try to log in as a browser does that has no session yet."""
    return Client().post(
        LOG_IN, {"username": email, "password": password}, REMOTE_ADDR=address, headers=headers
    )


def is_refused(answer) -> bool:
    return answer.status_code == HTTPStatus.TOO_MANY_REQUESTS and TOO_MANY in answer.text


def test_a_password_cannot_be_guessed_without_end(operator):
    for _ in range(5):
        answer = attempt()
        assert answer.status_code == HTTPStatus.OK
        assert "Please enter the correct email" in answer.text

    sixth = attempt(password=RIGHT)

    assert is_refused(sixth)
    assert sixth.headers["Retry-After"] == "890"  # from 9:00:10 to 9:15
    assert "sessionid" not in sixth.cookies


def test_after_a_quarter_of_an_hour_the_right_password_is_taken(operator, time_machine):
    for _ in range(6):
        attempt()
    time_machine.shift(timedelta(seconds=890))

    answer = attempt(password=RIGHT)

    assert answer.status_code == HTTPStatus.FOUND
    assert "sessionid" in answer.cookies


def test_a_stranger_cannot_lock_the_owner_of_an_account_out(operator):
    for _ in range(10):
        attempt(address="198.51.100.7")

    assert attempt(password=RIGHT).status_code == HTTPStatus.FOUND


def test_a_success_ends_the_count(operator):
    for _ in range(3):
        for _ in range(4):
            attempt()

        assert attempt(password=RIGHT).status_code == HTTPStatus.FOUND


def test_one_address_cannot_try_a_password_on_many_accounts(operator):
    for number in range(30):
        assert not is_refused(attempt(email=f"{number}@example.com"))

    assert is_refused(attempt(password=RIGHT))
    assert not is_refused(attempt(password=RIGHT, address="198.51.100.7"))


def test_a_success_does_not_end_the_count_of_the_address(operator):
    for number in range(29):
        attempt(email=f"{number}@example.com")
    attempt(password=RIGHT)

    assert is_refused(attempt(email="other@example.com"))


@pytest.mark.parametrize(
    "email", ["OPERATOR@example.com", "Operator@Example.Com", "\uff4fperator@example.com"]
)
def test_an_account_is_the_same_however_it_is_written(operator, email):
    for _ in range(5):
        attempt()

    assert is_refused(attempt(email=email, password=RIGHT))


def test_clients_behind_a_known_proxy_are_told_apart(operator, settings):
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": 1}
    for _ in range(5):
        attempt(address="10.0.0.1", x_forwarded_for="203.0.113.9, 192.0.2.1")

    same = attempt(password=RIGHT, address="10.0.0.1", x_forwarded_for="8.8.8.8, 192.0.2.1")
    other = attempt(password=RIGHT, address="10.0.0.1", x_forwarded_for="192.0.2.1, 192.0.2.2")

    assert is_refused(same)
    assert other.status_code == HTTPStatus.FOUND


def test_a_client_cannot_choose_its_address(operator):
    for number in range(5):
        attempt(x_forwarded_for=f"198.51.100.{number}")

    assert is_refused(attempt(password=RIGHT, x_forwarded_for="198.51.100.7"))


@pytest.mark.parametrize("email", ["", "a" * 300, "a\0b@example.com"])
def test_what_is_no_email_is_told_in_the_form(db, email):
    assert attempt(email=email).status_code == HTTPStatus.OK


def test_what_was_typed_is_not_kept(operator):
    attempt(email="my secret password")

    assert not any("secret" in usage.key for usage in Usage.objects.all())


def test_the_browsable_api_leads_to_the_consoles_log_in(db):
    page = Client().get("/api/v1/tasks", headers={"accept": "text/html"})

    [address] = re.findall(r'<a href="([^"]+)">Log in</a>', page.text)
    assert address.partition("?")[0] == "/log-in"
    assert [
        Client().get(path).status_code for path in ("/api-auth/login/", "/accounts/login/")
    ] == [404, 404]


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_time_count_one_by_one(operator):
    answers = at_once(*[attempt] * 10)

    assert [is_refused(answer) for answer in answers].count(False) == 5


@pytest.mark.parametrize(
    ("password", "objection"),
    [
        ("short", "too short"),
        ("password1234", "too common"),
        ("84736251940", "entirely numeric"),
        ("newcomer@example", "too similar to the email"),
    ],
)
def test_a_weak_password_is_refused(operator_client, password, objection):
    answer = operator_client.post(
        "/admin/accounts/user/add/",
        {
            "email": "newcomer@example.com",
            "usable_password": "true",
            "password1": password,
            "password2": password,
        },
    )

    assert objection in answer.text
    assert not User.objects.filter(email="newcomer@example.com").exists()
