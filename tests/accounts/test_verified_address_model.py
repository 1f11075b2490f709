from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.models import EmailAddress
from accounts.verification import is_verified
from tests.support.factories import NOW, make_address, make_unverified_address


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        pytest.param({}, "email_address_one_per_user", id="the same address twice"),
        pytest.param(
            {"email": "Third@example.com"}, "email_address_lower_case", id="a capital letter"
        ),
        pytest.param(
            {"email": "third@example.com", "verified_at": None},
            "email_address_has_code_until_verified",
            id="neither verified nor a code",
        ),
        pytest.param(
            {"email": "third@example.com", "code": "123456", "code_expires_at": NOW},
            "email_address_has_code_until_verified",
            id="verified and a code",
        ),
        pytest.param(
            {"email": "third@example.com", "verified_at": None, "code": "123456"},
            "email_address_has_code_until_verified",
            id="a code without end",
        ),
        pytest.param(
            {"email": "third@example.com", "tries": 6},
            "email_address_tries_limited",
            id="a sixth try",
        ),
    ],
)
def test_the_database_refuses(owner, fields, constraint):
    make_address(owner)

    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        make_address(owner, **fields)


def test_two_users_may_prove_the_same_address(owner, stranger):
    make_address(owner)

    make_address(stranger)

    assert EmailAddress.objects.verified().count() == 2


def test_the_code_is_encrypted_in_the_database(owner):
    address = make_unverified_address(owner)

    with connection.cursor() as cursor:
        cursor.execute("SELECT code FROM accounts_emailaddress")
        [stored] = cursor.fetchone()

    assert b"123456" not in bytes(stored)
    address.refresh_from_db()
    assert address.code == "123456"


def test_an_address_is_named_by_its_email(owner):
    assert str(make_address(owner)) == "second@example.com"


def test_for_user_keeps_the_users_own(owner, stranger):
    mine = make_address(owner)
    make_address(stranger)

    assert list(EmailAddress.objects.for_user(owner)) == [mine]


def test_verified_keeps_the_proven_ones(owner):
    proven = make_address(owner)
    make_unverified_address(owner, email="third@example.com")

    assert list(EmailAddress.objects.verified()) == [proven]


@pytest.mark.parametrize(
    ("minutes", "is_expected"),
    [
        pytest.param(0, True, id="at once"),
        pytest.param(14.99, True, id="just before its end"),
        pytest.param(15, False, id="at its end"),
    ],
)
def test_expecting_code_keeps_those_whose_code_is_valid(owner, minutes, is_expected):
    make_address(owner)
    make_unverified_address(owner, email="third@example.com")

    found = EmailAddress.objects.expecting_code(NOW + timedelta(minutes=minutes))

    assert [address.email for address in found] == ["third@example.com"] * is_expected


@pytest.mark.parametrize(
    ("email", "verified"),
    [
        pytest.param("owner@example.com", True, id="the account's own"),
        pytest.param("OWNER@Example.com", True, id="the account's own, shouted"),
        pytest.param("second@example.com", True, id="a verified one"),
        pytest.param("Second@EXAMPLE.com", True, id="a verified one, shouted"),
        pytest.param("third@example.com", False, id="one that awaits its code"),
        pytest.param("fourth@example.com", False, id="another user's"),
        pytest.param("fifth@example.com", False, id="nobody's"),
    ],
)
def test_is_verified(owner, stranger, email, verified):
    make_address(owner)
    make_unverified_address(owner, email="third@example.com")
    make_address(stranger, email="fourth@example.com")

    assert is_verified(user=owner, email=email) is verified


def test_the_admin_lists_addresses_without_codes(operator_client, owner, django_assert_num_queries):
    list_url = reverse("admin:accounts_emailaddress_changelist")
    make_unverified_address(owner)
    operator_client.get(list_url)
    with django_assert_num_queries(4) as one:
        page = operator_client.get(list_url)
    for number in range(25):
        make_address(owner, email=f"{number}@example.com")

    with django_assert_num_queries(len(one)):
        operator_client.get(list_url)

    assert "second@example.com" in page.text
    assert "123456" not in page.text


def test_an_addresss_page_in_the_admin_does_not_show_its_code(operator_client, owner):
    address = make_unverified_address(owner)

    page = operator_client.get(reverse("admin:accounts_emailaddress_change", args=[address.pk]))

    assert page.status_code == 200
    assert "second@example.com" in page.text
    assert "123456" not in page.text


@pytest.mark.parametrize("action", ["add", "change", "delete"])
def test_addresses_are_not_changed_in_the_admin(operator_client, owner, action):
    address = make_address(owner)
    arguments = [] if action == "add" else [address.pk]

    response = operator_client.post(
        reverse(f"admin:accounts_emailaddress_{action}", args=arguments), {}
    )

    assert response.status_code == 403
    assert EmailAddress.objects.get() == address
