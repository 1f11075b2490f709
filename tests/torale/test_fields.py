"""Secrets at rest."""

import json

import pytest
from cryptography.fernet import Fernet
from django.core import serializers
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from notifications.models import Payload
from tests.support.factories import make_send
from torale.fields import Undecryptable, UndecryptableValue


@pytest.fixture
def old_key(settings):
    """The only key there is."""
    key = Fernet.generate_key().decode()
    settings.TORALE_FIELD_KEYS = [key]
    return key


@pytest.fixture
def new_key():
    return Fernet.generate_key().decode()


def stored(send) -> bytes:
    """What someone with a copy of the database sees of the headers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT headers FROM notifications_payload WHERE send_id = %s", [send.pk])
        (value,) = cursor.fetchone()
    return bytes(value)


def read(send):
    return Payload.objects.get(send=send).headers


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Token": "s3cret"},
        {"X-Token": "grün \U0001f511 \0"},
        {},
        [],
        "s3cret",
        "",
        0,
        False,
        [1, None, {"deep": [True]}],
    ],
    ids=repr,
)
def test_a_secret_is_read_as_it_was_stored(owner, headers):
    send = make_send(owner, headers=headers)

    secret = read(send)

    assert secret == headers
    assert type(secret) is type(headers)


def test_a_copy_of_the_database_does_not_show_the_secret(owner, old_key):
    send = make_send(owner, headers={"X-Token": "s3cret"})

    encrypted = stored(send)

    assert b"s3cret" not in encrypted
    assert json.loads(Fernet(old_key).decrypt(encrypted)) == {"X-Token": "s3cret"}


def test_equal_secrets_do_not_look_equal_in_the_database(owner):
    first, second = (make_send(owner, headers={"X-Token": "s3cret"}) for _ in range(2))

    assert stored(first) != stored(second)


def test_no_secret_is_null_in_the_database(owner):
    send = make_send(owner, headers=None)

    assert Payload.objects.get(send=send, headers__isnull=True).headers is None


def test_a_secret_is_encrypted_by_update_and_bulk_update_too(owner, old_key):
    send = make_send(owner, headers=["first"])

    Payload.objects.filter(send=send).update(headers=["second"])
    updated = stored(send)
    Payload.objects.bulk_update([Payload(send=send, headers=["third"])], ["headers"])
    bulk_updated = stored(send)

    assert json.loads(Fernet(old_key).decrypt(updated)) == ["second"]
    assert json.loads(Fernet(old_key).decrypt(bulk_updated)) == ["third"]


@pytest.mark.usefixtures("old_key")
def test_a_secret_without_its_key_is_an_error_that_says_what_to_do(owner, settings, new_key):
    send = make_send(owner, headers={})
    settings.TORALE_FIELD_KEYS = [new_key]

    with pytest.raises(UndecryptableValue) as error:
        read(send)

    assert str(error.value) == (
        "Payload.headers was encrypted with a key that TORALE_FIELD_KEYS does not list; "
        "add the old key at its end."
    )


def test_a_row_with_a_secret_without_its_key_is_loaded_and_saved_as_it_is(owner, settings, new_key):
    send = make_send(owner, headers=["old"])
    before, old_keys = stored(send), settings.TORALE_FIELD_KEYS
    settings.TORALE_FIELD_KEYS = [new_key]

    payload = Payload.objects.get(send=send)
    payload.body = "changed"
    payload.save()

    assert stored(send) == before
    settings.TORALE_FIELD_KEYS = old_keys
    assert (Payload.objects.get(send=send).body, read(send)) == ("changed", ["old"])


def test_what_stands_for_a_secret_without_its_key_is_no_text(owner, settings, new_key):
    make_send(owner, headers=["old"])
    settings.TORALE_FIELD_KEYS = [new_key]

    [value] = Payload.objects.values_list("headers", flat=True)

    assert isinstance(value, Undecryptable)
    assert repr(value) == "<undecryptable Payload.headers>"
    with pytest.raises(UndecryptableValue):
        str(value)


def test_a_secret_that_was_tampered_with_is_not_taken_for_data(owner):
    send = make_send(owner, headers={})
    encrypted = stored(send)
    changed = b"A" if encrypted[-10:-9] != b"A" else b"B"
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE notifications_payload SET headers = %s",
            [encrypted[:-10] + changed + encrypted[-9:]],
        )

    with pytest.raises(UndecryptableValue):
        read(send)


def test_after_a_rotation_old_secrets_are_read_and_what_is_saved_needs_the_new_key_only(
    owner, settings, old_key, new_key
):
    untouched, saved_again = (make_send(owner, headers=["old"]) for _ in range(2))

    settings.TORALE_FIELD_KEYS = [new_key, old_key]
    both_read = [read(untouched), read(saved_again)]
    Payload.objects.get(send=saved_again).save()
    made_later = make_send(owner, headers=["new"])
    settings.TORALE_FIELD_KEYS = [new_key]

    assert both_read == [["old"], ["old"]]
    assert [read(saved_again), read(made_later)] == [["old"], ["new"]]
    with pytest.raises(UndecryptableValue):
        read(untouched)


def test_keys_may_stand_apart_by_white_space(owner, settings, old_key, new_key):
    send = make_send(owner, headers=["old"])

    settings.TORALE_FIELD_KEYS = [f" {new_key}", f" {old_key}\n"]

    assert read(send) == ["old"]


@pytest.mark.django_db
def test_a_key_that_is_none_is_an_error_that_says_how_to_make_one(settings):
    settings.TORALE_FIELD_KEYS = ["short"]

    with pytest.raises(ImproperlyConfigured) as error:
        Payload.objects.filter(headers={}).exists()

    assert str(error.value) == (
        "TORALE_FIELD_KEYS holds a key that is not valid "
        "(Fernet key must be 32 url-safe base64-encoded bytes.); make one with "
        '`python -c "from cryptography.fernet import Fernet; '
        'print(Fernet.generate_key().decode())"`.'
    )


@pytest.mark.parametrize(
    "headers",
    ["s3cret", {"X-Token": "s3cret"}, [], 0, None],
    ids=["text", "object", "list", "number", "null"],
)
def test_a_dump_loads_as_what_was_dumped(owner, headers):
    send = make_send(owner, headers=headers)

    dump = serializers.serialize("json", Payload.objects.all())
    Payload.objects.all().delete()
    for row in serializers.deserialize("json", dump):
        row.save()

    assert Payload.objects.get(send=send).headers == headers
