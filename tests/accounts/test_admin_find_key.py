"""Whose a key is, found in the admin by its first characters or by the whole key."""

from http import HTTPStatus

import pytest

from accounts.models import APIKey
from tests.support.factories import staff_with

KEYS = "/admin/accounts/apikey/"
FIND = f"{KEYS}find/"


@pytest.fixture
def key_and_secret(owner, stranger):
    APIKey.objects.create_key(user=stranger, name="Phone")
    return APIKey.objects.create_key(user=owner, name="Laptop")


@pytest.mark.parametrize("length", [6, 10])
@pytest.mark.parametrize("end", ["", "…", "..."])
def test_a_key_is_found_by_how_it_begins(operator_client, key_and_secret, length, end):
    key, secret = key_and_secret

    response = operator_client.get(KEYS, {"q": f" {secret[:length]}{end} "})

    assert list(response.context["cl"].result_list) == [key]


def test_a_prefix_is_matched_as_it_is_written(operator_client, key_and_secret):
    _, secret = key_and_secret

    response = operator_client.get(KEYS, {"q": f"sk_{secret[3:10].swapcase()}"})

    assert list(response.context["cl"].result_list) == []


def test_a_whole_key_in_the_search_is_sent_to_the_form(operator_client, key_and_secret):
    _, secret = key_and_secret

    response = operator_client.get(KEYS, {"q": secret}, follow=True)

    assert response.redirect_chain == [(FIND, HTTPStatus.FOUND)]
    [message] = response.context["messages"]
    assert str(message).startswith("That looked like a whole key.")
    assert secret not in response.text


def test_the_form_says_whose_a_whole_key_is(operator_client, owner, key_and_secret, caplog, capfd):
    key, secret = key_and_secret

    page = operator_client.get(FIND).text
    response = operator_client.post(FIND, {"key": f" {secret} "})

    assert 'method="post"' in page
    assert response.context["found"] == key
    assert f"/admin/accounts/user/{owner.pk}/change/" in response.text
    assert f"{KEYS}{key.pk}/change/" in response.text
    assert secret not in response.text
    assert secret not in caplog.text + "".join(capfd.readouterr())


def test_the_form_finds_keys_that_do_not_work_any_more(operator_client, key_and_secret):
    key, secret = key_and_secret
    key.revoke()

    response = operator_client.post(FIND, {"key": secret})

    assert "It is revoked." in response.text


@pytest.mark.parametrize("words", ["sk_unknown", "\x00", "sk_ü", "", "a" * 201])
def test_the_form_finds_nothing_else(operator_client, key_and_secret, words):
    response = operator_client.post(FIND, {"key": words})

    assert response.status_code == HTTPStatus.OK
    assert response.context["found"] is None


def test_a_key_in_the_address_is_not_looked_up(operator_client, key_and_secret):
    _, secret = key_and_secret

    response = operator_client.get(FIND, {"key": secret})

    assert response.context["found"] is None


@pytest.mark.parametrize(
    ("permission", "status"),
    [("view_apikey", HTTPStatus.OK), ("view_user", HTTPStatus.FORBIDDEN)],
)
def test_finding_a_key_needs_the_permission_to_view_keys(
    client, key_and_secret, permission, status
):
    client.force_login(staff_with(permission))

    assert client.post(FIND, {"key": key_and_secret[1]}).status_code == status


def test_finding_costs_as_many_queries_with_many_keys(
    operator_client, owner, key_and_secret, django_assert_max_num_queries
):
    for number in range(20):
        APIKey.objects.create_key(user=owner, name=f"Laptop {number}")

    with django_assert_max_num_queries(4):  # session, operator, key; the theme reads nothing
        response = operator_client.post(FIND, {"key": key_and_secret[1]})

    assert response.context["found"] == key_and_secret[0]


@pytest.mark.parametrize("path", ["add/", "{id}/delete/"], ids=["add", "delete"])
def test_keys_are_neither_made_nor_deleted(operator_client, key_and_secret, path):
    response = operator_client.post(KEYS + path.format(id=key_and_secret[0].pk), {"post": "yes"})

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert APIKey.objects.count() == 2


def test_the_page_of_a_key_offers_only_to_revoke_it(operator_client, key_and_secret):
    key, _ = key_and_secret
    page = f"{KEYS}{key.pk}/change/"

    [offered] = operator_client.get(page).context["buttons"]
    response = operator_client.post(offered["url"])

    assert offered["title"] == "Revoke"
    assert response["Location"] == page
    assert operator_client.get(page).context["buttons"] == []
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_the_page_of_a_key_offers_nothing_to_who_only_reads(client, key_and_secret):
    client.force_login(staff_with("view_apikey"))

    page = client.get(f"{KEYS}{key_and_secret[0].pk}/change/")

    assert page.context["buttons"] == []


def test_it_is_asked_before_many_keys_are_revoked(operator_client, key_and_secret):
    ids = [str(pk) for pk in APIKey.objects.values_list("pk", flat=True)]

    asked = operator_client.post(KEYS, {"action": "revoke_api_keys", "_selected_action": ids})
    revoked_before = APIKey.objects.exclude(revoked_at=None).count()
    operator_client.post(KEYS, asked.context["fields"])

    assert asked.context["question"] == "Revoke 2 API keys for good?"
    assert revoked_before == 0
    assert APIKey.objects.filter(revoked_at=None).count() == 0
