import re
from datetime import timedelta

import pytest
from django.db import transaction
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import jobs
from accounts.models import EmailAddress, User
from accounts.verification import send_code
from tests.conftest import client_of
from tests.support.factories import NOW, make_address, make_unverified_address

pytestmark = pytest.mark.usefixtures("at_now")

SEND = "/api/v1/email-verification/send"
VERIFY = "/api/v1/email-verification/verify"
VERIFIED = "/api/v1/email-verification/verified-emails"


def fault(type_: str, name: str, msg: str, given: object) -> dict[str, object]:
    return {"detail": [{"type": type_, "loc": ["body", name], "msg": msg, "input": given}]}


class Interrupted(Exception):
    """Something else goes wrong in the same transaction."""


def run_jobs() -> None:
    """Do what the worker does with each job of the queue."""
    for job in ProcrastinateJob.objects.filter(task_name="send_verification_code").order_by("id"):
        jobs.send_verification_code(**job.args)


# --- The whole way ---


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_mailed_code_verifies_the_address(owner_client, smtp_receiver, slash):
    owner_client.post(SEND + slash, {"email": "Second@Example.com"}, format="json")
    run_jobs()
    [mail] = smtp_receiver.messages
    [code] = re.findall(r"\b\d{6}\b", mail.get_body("plain").get_content())

    response = owner_client.post(
        VERIFY + slash, {"email": "second@EXAMPLE.com", "code": code}, format="json"
    )

    assert (response.status_code, response.json()) == (200, {"message": "Email verified"})
    assert owner_client.get(VERIFIED + slash).json() == {
        "verified_emails": ["owner@example.com", "second@example.com"],
        "primary_email": "owner@example.com",
    }


# --- Ask for a code ---


def test_send_answers_where_the_code_goes(owner, owner_client):
    response = owner_client.post(SEND, {"email": "Second@Example.com"}, format="json")

    assert response.status_code == 200
    assert response.json() == {
        "message": "Verification code sent to second@example.com",
        "expires_in_minutes": 15,
    }
    address = EmailAddress.objects.for_user(owner).get()
    assert re.fullmatch("[0-9]{6}", address.code)
    assert (address.email, address.verified_at, address.code_expires_at, address.tries) == (
        "second@example.com",
        None,
        NOW + timedelta(minutes=15),
        0,
    )


def test_the_job_carries_the_address_and_no_code(owner_client):
    owner_client.post(SEND, {"email": "second@example.com"}, format="json")

    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args) == (
        "send_verification_code",
        {"address_id": str(EmailAddress.objects.get().pk)},
    )


def test_a_new_code_replaces_the_old_one_and_its_tries(owner, owner_client, time_machine):
    make_unverified_address(owner, code="no code", tries=5)
    time_machine.shift(timedelta(minutes=10))

    owner_client.post(SEND, {"email": "second@example.com"}, format="json")

    address = EmailAddress.objects.get()
    assert address.code != "no code"
    assert (address.tries, address.code_expires_at) == (0, NOW + timedelta(minutes=25))


def test_no_code_is_kept_or_sent_when_the_transaction_rolls_back(owner):
    with pytest.raises(Interrupted), transaction.atomic():  # noqa: PT012
        send_code(user=owner, email="second@example.com", now=NOW)
        raise Interrupted

    assert not EmailAddress.objects.exists()
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.parametrize(
    "email",
    [
        pytest.param("OWNER@example.com", id="the account's own"),
        pytest.param("second@example.com", id="a verified one"),
    ],
)
def test_no_code_is_sent_to_an_address_that_is_verified(owner, owner_client, email):
    make_address(owner)

    response = owner_client.post(SEND, {"email": email}, format="json")

    assert response.status_code == 200
    assert response.json() == {"message": "Email already verified"}
    assert not ProcrastinateJob.objects.exists()


def test_a_fourth_code_within_the_hour_is_429(owner_client):
    for number in range(3):
        owner_client.post(SEND, {"email": f"{number}@example.com"}, format="json")

    response = owner_client.post(SEND, {"email": "fourth@example.com"}, format="json")

    assert response.status_code == 429
    assert response.json() == {
        "detail": "At most 3 verification codes an hour are sent for an account, and 5 to an "
        "address. Expected available in 3590 seconds."
    }
    assert response.headers["Retry-After"] == "3590"  # from 9:00:10 to 10:00
    assert ProcrastinateJob.objects.count() == 3
    assert not EmailAddress.objects.matching("fourth@example.com").exists()


def test_each_user_has_codes_of_their_own(owner_client, stranger_client):
    for number in range(4):
        owner_client.post(SEND, {"email": f"{number}@example.com"}, format="json")

    response = stranger_client.post(SEND, {"email": "0@example.com"}, format="json")

    assert response.status_code == 200


def test_accounts_together_cannot_flood_an_address(db):
    askers = [User.objects.create_user(f"{number}@example.org") for number in range(6)]
    clients = [client_of(asker) for asker in askers]

    answers = [
        client.post(SEND, {"email": email}, format="json")
        for client, email in zip(
            clients, ["victim@example.com", "Victim@Example.com"] * 3, strict=True
        )
    ]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert answers[5].headers["Retry-After"] == "3590"
    assert ProcrastinateJob.objects.count() == 5
    assert not EmailAddress.objects.for_user(askers[5]).exists()


def test_a_refusal_does_not_tell_what_others_asked_for(owner_client, stranger_client):
    for number in range(3):
        stranger_client.post(SEND, {"email": f"{number}@example.com"}, format="json")
    ends_own = stranger_client.post(SEND, {"email": "other@example.com"}, format="json")
    for number in range(5):
        asker = client_of(User.objects.create_user(f"{number}@example.org"))
        asker.post(SEND, {"email": "victim@example.com"}, format="json")

    ends_the_addresss = owner_client.post(SEND, {"email": "victim@example.com"}, format="json")

    assert (ends_own.status_code, ends_the_addresss.status_code) == (429, 429)
    assert ends_own.json() == ends_the_addresss.json()


def test_asking_for_an_address_that_has_had_its_codes_counts_for_the_account(owner, owner_client):
    for number in range(5):
        asker = client_of(User.objects.create_user(f"{number}@example.org"))
        asker.post(SEND, {"email": "victim@example.com"}, format="json")
    for _ in range(3):
        owner_client.post(SEND, {"email": "victim@example.com"}, format="json")

    response = owner_client.post(SEND, {"email": "second@example.com"}, format="json")

    assert response.status_code == 429


# --- Give the code ---


def test_a_verified_address_keeps_no_code(owner, owner_client):
    make_unverified_address(owner, tries=4)

    owner_client.post(VERIFY, {"email": "second@example.com", "code": "123456"}, format="json")

    address = EmailAddress.objects.get()
    assert (address.verified_at, address.code, address.code_expires_at, address.tries) == (
        NOW,
        None,
        None,
        0,
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param(
            {"tries": 5},
            "Too many wrong codes were given. Ask for a new code.",
            id="five wrong codes before",
        ),
        pytest.param(
            {"code_expires_at": NOW}, "The code has expired. Ask for a new one.", id="expired"
        ),
        pytest.param(
            {"email": "third@example.com"},
            "No code was sent to second@example.com. Ask for one first.",
            id="another address's code",
        ),
    ],
)
def test_even_the_right_code_is_refused(owner, owner_client, fields, reason):
    address = make_unverified_address(owner, **fields)

    response = owner_client.post(
        VERIFY, {"email": "second@example.com", "code": "123456"}, format="json"
    )

    assert (response.status_code, response.json()) == (400, {"detail": reason})
    before = (address.verified_at, address.tries)
    address.refresh_from_db()
    assert (address.verified_at, address.tries) == before


@pytest.mark.parametrize("email", ["OWNER@example.com", "second@example.com"])
def test_an_address_that_is_verified_needs_no_code(owner, owner_client, email):
    address = make_address(owner)

    response = owner_client.post(VERIFY, {"email": email, "code": "123456"}, format="json")

    assert response.status_code == 200
    assert response.json() == {"message": "Email already verified"}
    assert EmailAddress.objects.get().verified_at == address.verified_at


def test_another_users_code_verifies_nothing(owner, stranger_client):
    address = make_unverified_address(owner)

    response = stranger_client.post(
        VERIFY, {"email": "second@example.com", "code": "123456"}, format="json"
    )

    assert response.status_code == 400
    assert response.json() == {
        "detail": "No code was sent to second@example.com. Ask for one first."
    }
    address.refresh_from_db()
    assert (address.verified_at, address.tries) == (None, 0)


# --- Malformed bodies ---


@pytest.mark.parametrize("url", [SEND, VERIFY])
@pytest.mark.parametrize(
    ("email", "type_", "msg"),
    [
        pytest.param("owner", "value_error", "Enter a valid email address.", id="no address"),
        pytest.param("", "string_too_short", "This field may not be blank.", id="blank"),
        pytest.param(None, "value_error", "This field may not be null.", id="null"),
        pytest.param(
            "me@münchen.example",
            "value_error",
            "Use printable ASCII characters only, and an international domain's xn-- form.",
            id="beyond ASCII",
        ),
        pytest.param(
            '"\x01"@example.com',
            "value_error",
            "Use printable ASCII characters only, and an international domain's xn-- form.",
            id="a control character",
        ),
        pytest.param(
            f"me@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 61}.example",
            "string_too_long",
            "Ensure this field has no more than 254 characters.",
            id="too long",
        ),
    ],
)
def test_a_malformed_address_is_422(owner_client, url, email, type_, msg):
    response = owner_client.post(url, {"email": email, "code": "123456"}, format="json")

    assert response.status_code == 422
    assert response.json() == fault(type_, "email", msg, email)
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.parametrize("code", ["12345", "1234567", "abcdef", "١٢٣٤٥٦", "12345\n6"])
def test_a_malformed_code_is_422_and_costs_no_try(owner, owner_client, code):
    make_unverified_address(owner)

    response = owner_client.post(
        VERIFY, {"email": "second@example.com", "code": code}, format="json"
    )

    assert response.status_code == 422
    assert response.json() == fault(
        "value_error", "code", "A verification code has 6 digits.", code
    )
    assert EmailAddress.objects.get().tries == 0


@pytest.mark.parametrize(("url", "missing"), [(SEND, ["email"]), (VERIFY, ["email", "code"])])
def test_an_empty_body_is_422(owner_client, url, missing):
    response = owner_client.post(url, {}, format="json")

    assert response.status_code == 422
    assert response.json() == {
        "detail": [
            {"type": "missing", "loc": ["body", name], "msg": "Field required", "input": {}}
            for name in missing
        ]
    }


# --- The list ---


def test_the_list_has_the_accounts_own_address_first_and_then_the_verified_ones_sorted(
    owner, stranger, owner_client
):
    make_address(owner, email="zoe@example.com")
    make_address(owner, email="adam@example.com")
    make_address(owner, email="owner@example.com")  # proven before it became the account's own
    make_unverified_address(owner, email="later@example.com")
    make_address(stranger, email="foreign@example.com")

    response = owner_client.get(VERIFIED)

    assert response.status_code == 200
    assert response.json() == {
        "verified_emails": ["owner@example.com", "adam@example.com", "zoe@example.com"],
        "primary_email": "owner@example.com",
    }


@pytest.mark.parametrize("rows", [1, 50])
def test_the_list_costs_two_queries(owner, owner_client, rows, django_assert_num_queries):
    for number in range(rows):
        make_address(owner, email=f"{number}@example.com")
    owner_client.get(VERIFIED)

    with django_assert_num_queries(2):  # the key, the addresses
        assert len(owner_client.get(VERIFIED).json()["verified_emails"]) == rows + 1


# --- Remove ---


@pytest.mark.parametrize(
    ("email", "path"),
    [
        pytest.param("second@example.com", "second@example.com", id="as it is listed"),
        pytest.param("second@example.com", "second@example.com/", id="with a slash after it"),
        pytest.param("second@example.com", "SECOND%40Example.com", id="in another case"),
        pytest.param("a/b@example.com", "a%2Fb@example.com", id="with a slash in it"),
    ],
)
def test_a_verified_address_is_removed(owner, owner_client, email, path):
    make_address(owner, email=email)
    kept = make_address(owner, email="kept@example.com")

    response = owner_client.delete(f"{VERIFIED}/{path}")

    assert (response.status_code, response.json()) == (200, {"message": "Email removed"})
    assert EmailAddress.objects.get() == kept


def test_a_removed_address_can_be_verified_again(owner, owner_client):
    make_address(owner)
    owner_client.delete(f"{VERIFIED}/second@example.com")

    response = owner_client.post(SEND, {"email": "second@example.com"}, format="json")

    assert response.status_code == 200


@pytest.mark.parametrize("path", ["owner@example.com", "OWNER@example.com"])
def test_the_accounts_own_address_cannot_be_removed(owner_client, path):
    response = owner_client.delete(f"{VERIFIED}/{path}")

    assert response.status_code == 400
    assert response.json() == {
        "detail": "This is the account's own address, which cannot be removed."
    }


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("fourth@example.com", id="nobody's"),
        pytest.param("third@example.com", id="unverified"),
        pytest.param("foreign@example.com", id="another user's"),
        pytest.param("no-address", id="no address"),
        pytest.param("a%00b@example.com", id="with a NUL in it"),
    ],
)
def test_an_address_that_is_not_listed_is_404(owner, stranger, owner_client, path):
    make_unverified_address(owner, email="third@example.com")
    make_address(stranger, email="foreign@example.com")

    response = owner_client.delete(f"{VERIFIED}/{path}")

    assert (response.status_code, response.json()) == (404, {"detail": "Not found"})
    assert EmailAddress.objects.count() == 2


# --- A person's view ---


@pytest.mark.parametrize(
    ("url", "status"), [(SEND, 405), (VERIFY, 405), (VERIFIED, 200), (f"{VERIFIED}/x@y.zz", 405)]
)
def test_each_endpoint_has_a_browsable_page(owner_client, url, status):
    response = owner_client.get(url, headers={"Accept": "text/html"})

    assert response.status_code == status
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
