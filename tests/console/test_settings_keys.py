"""API keys: made, shown once, revoked."""

import re
from datetime import UTC, date, datetime

import pytest
from django.contrib.sessions.models import Session
from rest_framework.test import APIClient

from accounts.models import APIKey
from tests.support.factories import NOW, days

pytestmark = pytest.mark.usefixtures("at_now")

KEYS = "/settings/keys"


def create(browser, **fields):
    return browser.post(KEYS, {"name": "Laptop", "access": "full", "expires_on": "", **fields})


def secret_in(page) -> str:
    [secret] = re.findall(r"sk_[\w-]{43}", page.text)
    return str(secret)


def call(secret: str, method: str = "get") -> int:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return int(getattr(client, method)("/auth/api-keys").status_code)


def test_a_new_key_is_shown_once_and_works(owner_browser, owner, stranger):
    page = create(owner_browser)

    assert page.status_code == 200
    secret = secret_in(page)
    assert call(secret) == 200
    key = APIKey.objects.get()
    assert (key.user, key.name, key.is_read_only, key.expires_at) == (owner, "Laptop", False, None)
    assert secret not in owner_browser.get(KEYS).text
    assert secret[: APIKey.PREFIX_LENGTH] in owner_browser.get(KEYS).text


def test_a_new_key_is_kept_nowhere(owner_browser, caplog, capfd):
    page = create(owner_browser)

    secret = secret_in(page)
    assert {"no-store", "private"} <= {*page.headers["Cache-Control"].split(", ")}
    assert "Location" not in page.headers
    assert secret not in str(page.headers) + str(page.cookies)
    assert secret not in caplog.text + "".join(capfd.readouterr())
    assert not any(secret in str(each.get_decoded()) for each in Session.objects.all())


def test_a_read_only_key_may_only_read_until_its_last_day(owner_browser):
    secret = secret_in(create(owner_browser, access="read-only", expires_on="2026-03-04"))

    assert (call(secret), call(secret, "post")) == (200, 403)
    key = APIKey.objects.get()
    assert key.expires_at == datetime(2026, 3, 4, 23, 59, 59, 999999, tzinfo=UTC)
    text = owner_browser.get(KEYS).text
    assert "Read-only</span>" in text
    assert "last day 4 Mar 2026" in text


@pytest.mark.parametrize(
    ("fields", "field", "fault"),
    [
        ({"name": ""}, "name", "This field is required."),
        ({"name": "a" * 101}, "name", "Ensure this value has at most 100 characters (it has 101)."),
        ({"name": "a\0"}, "name", "Null characters are not allowed."),
        (
            {"access": "all"},
            "access",
            "Select a valid choice. all is not one of the available choices.",
        ),
        ({"expires_on": "tomorrow"}, "expires_on", "Give a day such as 2027-01-31."),
        (
            {"expires_on": "2026-03-03"},
            "expires_on",
            "2026-03-03 is past. The last day of a key is 2026-03-04 (today, UTC) or later.",
        ),
    ],
)
def test_what_is_wrong_stands_at_its_field(owner_browser, fields, field, fault):
    page = create(owner_browser, **fields)

    assert page.context["form"].errors == {field: [fault]}
    assert "sk_" not in page.text
    assert not APIKey.objects.exists()


def test_the_last_of_all_days_is_a_day(owner_browser):
    secret = secret_in(create(owner_browser, expires_on="9999-12-31"))

    assert call(secret) == 200
    assert owner_browser.get(KEYS).status_code == 200


def test_a_key_is_revoked_after_asking(owner_browser, owner):
    key, secret = APIKey.objects.create_key(user=owner, name="Laptop")

    asked = owner_browser.get(f"{KEYS}/{key.pk}/revoke")
    still = call(secret)
    done = owner_browser.post(f"{KEYS}/{key.pk}/revoke", follow=True)

    assert "Revoke “Laptop”?" in asked.text
    assert still == 200
    assert done.redirect_chain == [(KEYS, 302)]
    assert "“Laptop” is revoked." in done.text
    assert call(secret) == 401
    assert "It is revoked already." in owner_browser.get(f"{KEYS}/{key.pk}/revoke").text


def test_the_list_says_which_keys_work(owner_browser, owner, time_machine):
    APIKey.objects.create_key(user=owner, name="full")
    APIKey.objects.create_key(user=owner, name="ends", expires_on=date(2026, 3, 4))
    APIKey.objects.create_key(user=owner, name="gone")[0].revoke()
    time_machine.move_to(NOW + days(1), tick=False)
    owner_browser.force_login(owner)

    page = owner_browser.get(KEYS)

    statuses = {key.name: key.status for key in page.context["page"]}
    assert statuses == {"full": "active", "ends": "expired", "gone": "revoked"}
    assert page.text.count(">Revoke<") == 2


@pytest.mark.parametrize("count", [1, 60])
def test_the_page_takes_as_many_queries_with_many_keys(
    owner_browser, owner, count, django_assert_num_queries
):
    for _ in range(count):
        APIKey.objects.create_key(user=owner, name="one of many")

    with django_assert_num_queries(4):  # session, user, count, keys
        page = owner_browser.get(KEYS)

    assert len(page.context["page"]) == min(count, 50)
