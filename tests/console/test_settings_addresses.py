"""The addresses that notifications may go to: adding, verifying and removing one."""

import re
from datetime import timedelta

import pytest

from accounts import jobs
from accounts.models import EmailAddress
from accounts.verification import verified_emails
from tests.support.factories import NOW, make_address, make_unverified_address

pytestmark = pytest.mark.usefixtures("at_now")

ADDRESSES = "/settings/addresses"
REMOVE = f"{ADDRESSES}/remove"


def test_an_address_is_verified_by_the_code_that_is_mailed_to_it(
    owner_browser, owner, smtp_receiver
):
    asked = owner_browser.post(ADDRESSES, {"email": "Second@example.com"}, follow=True)
    jobs.send_verification_code(address_id=str(EmailAddress.objects.get().pk))
    [code] = re.findall(r"\d{6}", smtp_receiver.messages[0].get_body("plain").get_content())
    entered = owner_browser.post(
        ADDRESSES, {"email": "second@example.com", "code": f" {code}"}, follow=True
    )

    assert asked.redirect_chain == entered.redirect_chain == [(ADDRESSES, 302)]
    assert "A code is on its way to Second@example.com." in asked.text
    assert "Code for second@example.com" in asked.text
    assert "second@example.com is verified." in entered.text
    assert "Code for" not in entered.text
    assert verified_emails(user=owner) == ["owner@example.com", "second@example.com"]


def test_a_wrong_code_is_an_error_at_its_field(owner_browser, owner):
    make_unverified_address(owner)
    make_unverified_address(owner, email="third@example.com")

    page = owner_browser.post(ADDRESSES, {"email": "second@example.com", "code": "000000"})

    faults = [form.errors for form in page.context["codes"]]
    assert faults == [{"code": ["Wrong code. Tries left: 4."]}, {}]
    assert page.context["form"].errors == {}
    assert verified_emails(user=owner) == ["owner@example.com"]


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("12345", "A verification code has 6 digits."),
        ("abc", "A verification code has 6 digits."),
        ("", "This field is required."),
        ("1" * 30, "Ensure this value has at most 20 characters (it has 30)."),
    ],
)
def test_what_is_no_code_is_an_error_at_its_field(owner_browser, owner, code, fault):
    make_unverified_address(owner)

    page = owner_browser.post(ADDRESSES, {"email": "second@example.com", "code": code})

    [form] = page.context["codes"]
    assert form.errors == {"code": [fault]}
    assert EmailAddress.objects.get().tries == 0


def test_the_code_of_an_address_that_waits_for_none_is_an_error_and_not_lost(owner_browser, owner):
    make_unverified_address(owner, code_expires_at=NOW - timedelta(seconds=1))

    page = owner_browser.post(ADDRESSES, {"email": "second@example.com", "code": "123456"})

    [form] = page.context["codes"]
    assert form.errors == {"code": ["The code has expired. Ask for a new one."]}


def test_another_users_code_verifies_nothing(owner_browser, owner, stranger):
    make_unverified_address(stranger)

    page = owner_browser.post(ADDRESSES, {"email": "second@example.com", "code": "123456"})

    [form] = page.context["codes"]
    assert form.errors == {"code": ["No code was sent to second@example.com. Ask for one first."]}
    assert EmailAddress.objects.get().verified_at is None


def test_the_limit_of_codes_is_told_at_the_field(owner_browser):
    for number in range(3):
        owner_browser.post(ADDRESSES, {"email": f"{number}@example.com"})

    page = owner_browser.post(ADDRESSES, {"email": "4@example.com"})

    assert page.context["form"].errors == {
        "email": [
            "At most 3 verification codes an hour are sent for an account, and 5 to an address."
        ]
    }


@pytest.mark.parametrize(
    ("email", "fault"),
    [
        ("", "This field is required."),
        ("nobody", "Enter a valid email address."),
        ("a\0@example.com", "Null characters are not allowed."),
        ("a" * 250 + "@example.com", "Ensure this value has at most 254 characters (it has 262)."),
        (
            "a@bücher.example",
            "Use printable ASCII characters only, and an international domain's xn-- form.",
        ),
    ],
)
def test_what_is_no_address_is_an_error_at_its_field(owner_browser, email, fault):
    page = owner_browser.post(ADDRESSES, {"email": email})

    assert fault in page.context["form"].errors["email"]
    assert not EmailAddress.objects.exists()


def test_an_address_that_is_verified_gets_no_code(owner_browser):
    page = owner_browser.post(ADDRESSES, {"email": "OWNER@example.com"}, follow=True)

    assert "OWNER@example.com is verified already." in page.text
    assert not EmailAddress.objects.exists()


def test_an_address_is_removed(owner_browser, owner, stranger):
    make_address(owner)
    make_address(stranger)

    page = owner_browser.post(REMOVE, {"email": "second@example.com"}, follow=True)

    assert page.redirect_chain == [(ADDRESSES, 302)]
    assert "Nothing is sent to second@example.com any more." in page.text
    assert [address.user for address in EmailAddress.objects.all()] == [stranger]


def test_the_accounts_own_address_stays(owner_browser):
    page = owner_browser.post(REMOVE, {"email": "owner@example.com"}, follow=True)

    assert "which cannot be removed." in page.text


@pytest.mark.parametrize("email", ["", "second@example.com", "a\0b"])
def test_an_address_that_is_not_there_cannot_be_removed(owner_browser, stranger, email):
    make_address(stranger)

    assert owner_browser.post(REMOVE, {"email": email}).status_code == 404
    assert EmailAddress.objects.count() == 1


@pytest.mark.parametrize("count", [0, 20])
def test_the_page_takes_as_many_queries_with_many_addresses(
    owner_browser, owner, count, django_assert_num_queries
):
    for number in range(count):
        make_address(owner, email=f"{number}@example.com")

    with django_assert_num_queries(5):  # session, user, the time, those with a code, the verified
        owner_browser.get(ADDRESSES)
