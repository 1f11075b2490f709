"""Who is let in, and what it costs."""

from datetime import date, timedelta
from http import HTTPStatus

import pytest
import time_machine
from rest_framework.test import APIClient

from accounts.models import APIKey
from tests.support.factories import NOW

ME = "/auth/me"


def call(authorization: str | None, path: str = ME):
    headers = {} if authorization is None else {"Authorization": authorization}
    return APIClient().get(path, headers=headers)


@pytest.fixture
def key_and_secret(owner) -> tuple[APIKey, str]:
    with time_machine.travel(NOW - timedelta(days=1), tick=False):
        return APIKey.objects.create_key(user=owner, name="Laptop")


@pytest.fixture
def key(key_and_secret):
    return key_and_secret[0]


@pytest.fixture
def secret(key_and_secret):
    return key_and_secret[1]


@pytest.mark.django_db
def test_without_the_header_no_one_is_let_in():
    response = call(None)

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.json() == {"detail": "Authorization header missing"}
    assert response["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "{secret}",
        "Bearer sk_",
        "Bearer sk_{secret}",
        "Bearer {secret}a",
        "Bearer {secret} {secret}",
        "Bearer {upper}",
        "Bearer sk_ünknown",
        "Bearer another_kind_of_key",
        "Bearer sk_unknown",
        "Basic {secret}",
        "Token {secret}",
    ],
)
def test_a_key_that_is_malformed_or_unknown_lets_no_one_in(secret, authorization):
    upper = f"sk_{secret[3:].swapcase()}"

    response = call(authorization.format(secret=secret, upper=upper))

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.json() == {"detail": "Invalid API key"}
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_revoked_key_lets_no_one_in(key, secret):
    key.revoke()

    response = call(f"Bearer {secret}")

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.json() == {"detail": "Invalid API key"}
    assert response["WWW-Authenticate"] == "Bearer"
    key.refresh_from_db()
    assert key.last_used_at is None


def test_the_key_of_a_user_who_is_switched_off_lets_no_one_in(owner, secret):
    owner.is_active = False
    owner.save()

    response = call(f"Bearer {secret}")

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.json() == {"detail": "Invalid API key"}
    assert response["WWW-Authenticate"] == "Bearer"


def test_a_key_that_has_expired_lets_no_one_in_and_says_why(owner):
    with time_machine.travel(NOW, tick=False):
        key, secret = APIKey.objects.create_key(user=owner, name="Audit", expires_on=NOW.date())

    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        response = call(f"Bearer {secret}")

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.json() == {
        "detail": f"This API key expired: its last day was {NOW:%Y-%m-%d}. Use another one."
    }
    assert response["WWW-Authenticate"] == "Bearer"
    key.refresh_from_db()
    assert key.last_used_at is None


def test_of_a_key_that_is_revoked_it_is_not_told_that_it_has_expired(owner):
    with time_machine.travel(NOW, tick=False):
        key, secret = APIKey.objects.create_key(user=owner, name="Audit", expires_on=NOW.date())
        key.revoke()

    with time_machine.travel(NOW + timedelta(days=1), tick=False):
        response = call(f"Bearer {secret}")

    assert response.json() == {"detail": "Invalid API key"}


def test_a_key_that_expires_costs_one_query(owner, django_assert_num_queries):
    _, secret = APIKey.objects.create_key(user=owner, name="Audit", expires_on=date.max)
    call(f"Bearer {secret}")

    with django_assert_num_queries(1):
        response = call(f"Bearer {secret}")

    assert response.status_code == HTTPStatus.OK


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer "])
def test_the_scheme_may_be_in_any_case(owner, secret, scheme):
    response = call(f"{scheme} {secret}")

    assert response.status_code == HTTPStatus.OK
    assert response.json()["id"] == str(owner.pk)


@pytest.mark.django_db
def test_a_wrong_key_is_refused_where_none_is_needed():
    response = call("Bearer sk_unknown", "/api/v1/tasks/018f0000-0000-7000-8000-000000000000")

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.json() == {"detail": "Invalid API key"}


def test_a_key_costs_one_query(secret, django_assert_num_queries):
    call(f"Bearer {secret}")

    with django_assert_num_queries(1):  # the view itself makes none
        response = call(f"Bearer {secret}")

    assert response.status_code == HTTPStatus.OK


@pytest.mark.django_db
@pytest.mark.parametrize("authorization", [None, "Bearer unknown", "Bearer sk_ünknown"])
def test_a_header_that_holds_no_key_costs_nothing(authorization, django_assert_num_queries):
    with django_assert_num_queries(0):
        call(authorization)


def test_the_last_use_is_noted_once_a_minute(key, secret, django_assert_num_queries):
    noted = []

    for seconds, queries in [(0, 2), (59, 1), (60, 2), (119, 1), (121, 2)]:
        with (
            time_machine.travel(NOW + timedelta(seconds=seconds), tick=False),
            django_assert_num_queries(queries),
        ):
            call(f"Bearer {secret}")
        key.refresh_from_db()
        noted.append((key.last_used_at - NOW).total_seconds())

    assert noted == [0, 0, 60, 60, 121]


def test_only_the_key_that_was_used_is_noted(key, secret, owner):
    unused, _ = APIKey.objects.create_key(user=owner, name="Phone")

    call(f"Bearer {secret}")

    unused.refresh_from_db()
    key.refresh_from_db()
    assert unused.last_used_at is None
    assert key.last_used_at is not None


def test_two_requests_at_once_note_the_use_once(key):
    first, second = (APIKey.objects.get(pk=key.pk) for _ in range(2))

    first.touch(now=NOW)
    second.touch(now=NOW + timedelta(seconds=1))

    key.refresh_from_db()
    assert key.last_used_at == NOW


@pytest.fixture
def browser(owner) -> APIClient:
    """A browser in which the owner has logged in; unlike DRF's usual test client, it is checked."""
    browser = APIClient(enforce_csrf_checks=True)
    browser.force_login(owner)
    return browser


def test_a_session_lets_its_user_in(browser, owner):
    response = browser.get(ME)

    assert response.status_code == HTTPStatus.OK
    assert response.json()["id"] == str(owner.pk)


def test_a_session_of_a_user_who_is_switched_off_lets_no_one_in(browser, owner):
    owner.is_active = False
    owner.save()

    response = browser.get(ME)

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.json() == {"detail": "Authorization header missing"}


def test_a_session_changes_nothing_without_its_csrf_token(browser):
    response = browser.post("/auth/api-keys", {"name": "Laptop"}, format="json")

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert response.json() == {"detail": "CSRF Failed: CSRF cookie not set."}
    assert APIKey.objects.count() == 0


def test_a_session_changes_what_its_user_may_with_its_csrf_token(browser, owner):
    token = "a" * 32
    browser.cookies["csrftoken"] = token

    response = browser.post(
        "/auth/api-keys", {"name": "Laptop"}, format="json", headers={"X-CSRFToken": token}
    )

    assert response.status_code == HTTPStatus.OK
    assert APIKey.objects.get().user == owner


def test_a_key_needs_no_csrf_token(secret):
    caller = APIClient(enforce_csrf_checks=True)

    response = caller.post(
        "/auth/api-keys",
        {"name": "Phone"},
        format="json",
        headers={"Authorization": f"Bearer {secret}"},
    )

    assert response.status_code == HTTPStatus.OK


def test_a_wrong_key_is_refused_in_a_browser_that_has_logged_in(browser):
    response = browser.get(ME, headers={"Authorization": "Bearer sk_unknown"})

    assert response.status_code == HTTPStatus.UNAUTHORIZED
    assert response.json() == {"detail": "Invalid API key"}
