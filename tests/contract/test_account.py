"""The section "Account": keys, the caller and verified addresses."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from accounts.models import User
from tests.conftest import client_of
from tests.support.api_calls import SENDS, TIMESTAMP, email, new_task, tell, work
from tests.support.factories import NOW

KEYS = "/auth/api-keys"
VERIFICATION = "/api/v1/email-verification"
SEND, VERIFY = f"{VERIFICATION}/send", f"{VERIFICATION}/verify"
VERIFIED = f"{VERIFICATION}/verified-emails"
ADDRESS = "desk@example.com"


@pytest.fixture
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)
    return time_machine


def calling_with(secret: str) -> APIClient:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {secret}")
    return client


# --- Keys ---


def test_a_key_is_made(owner, owner_client):
    """`POST /auth/api-keys {"name"}` → 200 `{"key": "sk_…", "key_info": {id, user_id, key_prefix,
    name, created_at,
    last_used_at, is_active, read_only, expires_on}}`;"""
    response = owner_client.post(KEYS, {"name": "ci"}, format="json")

    made = response.json()
    assert response.status_code == 200
    assert re.fullmatch(r"sk_[\w-]{43}", made["key"])
    assert made == {
        "key": made["key"],
        "key_info": {
            "id": made["key_info"]["id"],
            "user_id": str(owner.pk),
            "key_prefix": made["key"][:10],
            "name": "ci",
            "created_at": made["key_info"]["created_at"],
            "last_used_at": None,
            "is_active": True,
            "read_only": False,
            "expires_on": None,
        },
    }
    assert calling_with(made["key"]).get("/auth/me").json()["id"] == str(owner.pk)


def test_the_key_is_shown_once(owner_client):
    """the key is shown once. … `GET /auth/api-keys` → array."""
    made = owner_client.post(KEYS, {"name": "ci"}, format="json").json()

    response = owner_client.get(KEYS)

    assert response.status_code == 200
    assert response.json()[0] == made["key_info"]
    assert [key["name"] for key in response.json()] == ["ci", "test"]
    assert made["key"] not in response.text


@pytest.mark.usefixtures("clock")
def test_a_key_may_be_read_only_and_expire(owner_client):
    """It also takes `read_only` (false unless given) and `expires_on`, the key's last day in UTC
    (`2027-01-31`);"""
    body = {"name": "audit", "read_only": True, "expires_on": "2027-01-31"}

    response = owner_client.post(KEYS, body, format="json")

    listed = owner_client.get(KEYS).json()[0]
    assert response.status_code == 200
    assert (listed["read_only"], listed["expires_on"]) == (True, "2027-01-31")


def test_a_read_only_key_only_reads(owner_client):
    """A read-only key may only send GET, HEAD and OPTIONS: else 403."""
    made = owner_client.post(KEYS, {"name": "audit", "read_only": True}, format="json").json()
    auditor = calling_with(made["key"])

    allowed = [getattr(auditor, method)(KEYS).status_code for method in ("get", "head", "options")]
    refused = auditor.post(KEYS, {"name": "another"}, format="json")

    assert allowed == [200, 200, 200]
    assert refused.status_code == 403
    assert refused.json() == {
        "detail": "This API key is read-only: it may only send GET, HEAD and OPTIONS. Use a key "
        "that may write."
    }


def test_a_key_does_not_end_on_a_day_that_is_past(owner_client, clock):
    """a day that is past is 422."""
    clock.move_to(datetime(2027, 2, 1, tzinfo=UTC))

    response = owner_client.post(KEYS, {"name": "a", "expires_on": "2027-01-31"}, format="json")

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["loc"], fault["input"]) == (["body", "expires_on"], "2027-01-31")
    assert fault["msg"] == (
        "2027-01-31 is past. The last day of a key is 2027-02-01 (today, UTC) or later."
    )


def test_a_key_works_until_the_end_of_its_last_day(owner_client, clock):
    """A key that has expired: 401 with its last day. … `is_active` is false once the key is revoked
    or has expired."""
    body = {"name": "a", "expires_on": "2027-01-31"}
    caller = calling_with(owner_client.post(KEYS, body, format="json").json()["key"])
    clock.move_to(datetime(2027, 1, 31, 23, 59, 59, tzinfo=UTC))
    before = caller.get("/auth/me")
    clock.move_to(datetime(2027, 2, 1, tzinfo=UTC))

    after = caller.get("/auth/me")

    assert (before.status_code, after.status_code) == (200, 401)
    assert after.json() == {
        "detail": "This API key expired: its last day was 2027-01-31. Use another one."
    }
    assert after.headers["WWW-Authenticate"] == "Bearer"
    assert owner_client.get(KEYS).json()[0]["is_active"] is False


def test_a_key_is_revoked(owner_client):
    """`DELETE /auth/api-keys/{id}`
    → `{"status": "revoked"}`."""
    made = owner_client.post(KEYS, {"name": "old"}, format="json").json()
    id_ = made["key_info"]["id"]

    response = owner_client.delete(f"{KEYS}/{id_}")

    assert (response.status_code, response.json()) == (200, {"status": "revoked"})
    assert calling_with(made["key"]).get("/auth/me").status_code == 401
    assert {key["id"]: key["is_active"] for key in owner_client.get(KEYS).json()}[id_] is False


def test_several_active_keys_exist_at_once(owner_client):
    """Several active keys may exist at once (rotation without downtime)."""
    secrets = [
        owner_client.post(KEYS, {"name": name}, format="json").json()["key"]
        for name in ("same", "same", "other")
    ]

    statuses = [calling_with(secret).get("/auth/me").status_code for secret in secrets]

    assert statuses == [200, 200, 200]
    assert [key["is_active"] for key in owner_client.get(KEYS).json()] == [True] * 4


def test_use_is_noted(owner_client):
    """last_used_at"""
    [key] = owner_client.get(KEYS).json()

    assert TIMESTAMP.fullmatch(key["last_used_at"])


def test_another_users_key_is_not_found(owner_client, stranger_client):
    """`DELETE /auth/api-keys/{id}`"""
    foreign = stranger_client.delete(f"{KEYS}/{owner_client.key.pk}")
    missing = stranger_client.delete(f"{KEYS}/{UUID(int=7)}")

    assert (foreign.status_code, missing.status_code) == (404, 404)
    assert foreign.content == missing.content
    assert owner_client.get("/auth/me").status_code == 200


# --- The caller ---


def test_me(owner, owner_client):
    """`GET /auth/me` → `id, email, first_name, username, is_active, has_seen_welcome,
    wants_notices, created_at`;"""
    response = owner_client.get("/auth/me")

    assert response.status_code == 200
    assert response.json() == {
        "id": str(owner.pk),
        "email": "owner@example.com",
        "first_name": "Olive",
        "username": None,
        "is_active": True,
        "has_seen_welcome": False,
        "wants_notices": True,
        "created_at": response.json()["created_at"],
    }


def test_the_caller_may_want_no_notices(owner_client):
    """`PATCH
    /auth/me {"wants_notices"}` changes whether Torale emails what it has to say itself."""
    response = owner_client.patch("/auth/me", {"wants_notices": False}, format="json")

    assert response.status_code == 200
    assert response.json() == owner_client.get("/auth/me").json()
    assert response.json()["wants_notices"] is False


# --- Verified addresses ---


@pytest.fixture
def code(owner_client, smtp_receiver, clock):
    """Return a function that asks for a code, and the code that is mailed."""

    def ask(address: str = ADDRESS) -> str:
        asked = owner_client.post(SEND, {"email": address}, format="json")
        assert asked.status_code == 200, asked.text
        work("send_verification_code")
        mail = smtp_receiver.messages[-1]
        assert mail["To"] == address
        return str(
            re.search(r"^\s+(\d+)\s*$", mail.get_body("plain").get_content(), re.MULTILINE)[1]
        )

    return ask


def give(client, code: str, address: str = ADDRESS):
    return client.post(VERIFY, {"email": address, "code": code}, format="json")


def test_an_address_is_verified_by_the_code_that_is_mailed_there(owner_client, code):
    """`POST /api/v1/email-verification/send {"email"}` …`POST …/verify {"email", "code"}` (6
    digits, …`GET …/verified-emails` → `{"verified_emails", "primary_email"}`"""
    mailed = code()

    response = give(owner_client, mailed)

    assert re.fullmatch(r"\d{6}", mailed)
    assert response.status_code == 200
    verified = owner_client.get(VERIFIED)
    assert (verified.status_code, verified.json()) == (
        200,
        {
            "verified_emails": ["owner@example.com", ADDRESS],
            "primary_email": "owner@example.com",
        },
    )


def test_three_codes_an_hour(owner_client, clock):
    """`POST /api/v1/email-verification/send {"email"}` → `{"message", "expires_in_minutes"}`
    (3 an hour for an account, …429)"""
    bodies = [{"email": f"{number}@example.com"} for number in range(4)]

    answers = [owner_client.post(SEND, body, format="json") for body in bodies]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[0].json() == {
        "message": "Verification code sent to 0@example.com",
        "expires_in_minutes": 15,
    }
    assert [*answers[3].json()] == ["detail"]
    assert answers[3].headers["Retry-After"] == "3590"
    clock.shift(timedelta(seconds=3590))
    assert owner_client.post(SEND, bodies[3], format="json").status_code == 200


def test_five_codes_an_hour_to_one_address(db, clock):
    """5 for an address from all accounts together; 429)"""
    askers = [client_of(User.objects.create_user(f"{number}@example.org")) for number in range(6)]

    answers = [asker.post(SEND, {"email": ADDRESS}, format="json") for asker in askers]

    assert [answer.status_code for answer in answers] == [200] * 5 + [429]


@pytest.mark.parametrize("path", [SEND, VERIFY])
def test_an_address_that_is_verified_already(owner_client, path):
    """both answer 200 `Email already verified` for an address that is)"""
    body = {"email": "owner@example.com", "code": "123456"}

    answer = owner_client.post(path, body, format="json")

    assert (answer.status_code, answer.json()) == (200, {"message": "Email already verified"})


@pytest.mark.parametrize(
    ("after", "status"),
    [(timedelta(minutes=14, seconds=59), 200), (timedelta(minutes=15), 400)],
)
def test_a_code_lasts_15_minutes(owner_client, code, clock, after, status):
    """15 minutes, …400 with the reason;"""
    mailed = code()
    clock.shift(after)

    response = give(owner_client, mailed)

    assert response.status_code == status
    if status == 400:
        assert response.json() == {"detail": "The code has expired. Ask for a new one."}


def test_a_code_has_five_tries(owner_client, code):
    """5 tries, 400 with the reason;"""
    mailed = code()
    wrong = "000000" if mailed != "000000" else "111111"

    reasons = [give(owner_client, wrong).json()["detail"] for _ in range(5)]
    sixth = give(owner_client, mailed)

    assert reasons == [f"Wrong code. Tries left: {left}." for left in (4, 3, 2, 1, 0)]
    assert sixth.status_code == 400
    assert sixth.json() == {"detail": "Too many wrong codes were given. Ask for a new code."}
    assert owner_client.get(VERIFIED).json()["verified_emails"] == ["owner@example.com"]


def test_the_fifth_try_may_be_right(owner_client, code):
    """5 tries"""
    mailed = code()
    wrong = "000000" if mailed != "000000" else "111111"
    for _ in range(4):
        give(owner_client, wrong)

    assert give(owner_client, mailed).status_code == 200


@pytest.mark.parametrize("bad", ["12345", "1234567", "12345a", ""])
def test_a_code_has_six_digits(owner_client, bad):
    """6 digits"""
    assert give(owner_client, bad).status_code == 422


def test_a_verified_address_is_removed(owner_client, code):
    """`DELETE …/verified-emails/{email}`"""
    give(owner_client, code())

    response = owner_client.delete(f"{VERIFIED}/{ADDRESS}")

    assert response.status_code == 200
    assert owner_client.get(VERIFIED).json()["verified_emails"] == ["owner@example.com"]
    assert owner_client.delete(f"{VERIFIED}/{ADDRESS}").status_code == 404


def test_the_primary_address_is_not(owner_client):
    """(400 for the primary)."""
    response = owner_client.delete(f"{VERIFIED}/owner@example.com")

    assert response.status_code == 400
    assert [*response.json()] == ["detail"]
    assert owner_client.get(VERIFIED).json()["verified_emails"] == ["owner@example.com"]


@pytest.mark.parametrize("is_verified", [False, True], ids=["unverified", "verified"])
def test_an_unverified_address_gets_no_notification(owner_client, code, is_verified):
    """An unverified custom address gets no
    notification: the send goes to the account's own address."""
    if is_verified:
        give(owner_client, code())

    tell(owner_client, new_task(owner_client, **email(ADDRESS)))

    [send] = owner_client.get(SENDS).json()["sends"]
    assert send["recipient"] == (ADDRESS if is_verified else "owner@example.com")
    assert send["status"] == "queued"
