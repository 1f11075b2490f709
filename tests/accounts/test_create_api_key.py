"""`manage.py create_api_key`."""

from http import HTTPStatus
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts.models import APIKey


def create_api_key(*arguments: str) -> str:
    output = StringIO()
    call_command("create_api_key", *arguments, stdout=output)
    return output.getvalue()


@pytest.mark.parametrize("email", ["owner@example.com", "OWNER@Example.com"])
def test_a_script_gets_the_key_and_nothing_else(owner, anonymous_client, email):
    printed = create_api_key(email, "--name", "Laptop")

    secret = printed.removesuffix("\n")
    response = anonymous_client.get("/auth/me", headers={"Authorization": f"Bearer {secret}"})
    assert response.status_code == HTTPStatus.OK
    assert response.json()["id"] == str(owner.pk)
    assert APIKey.objects.values_list("name", "prefix").get() == ("Laptop", secret[:10])


def test_earlier_keys_stay_active(owner, owner_client):
    create_api_key(owner.email, "--name", "Laptop")

    assert owner_client.get("/auth/me").status_code == HTTPStatus.OK


@pytest.mark.django_db
def test_no_key_is_made_for_an_unknown_email():
    with pytest.raises(CommandError) as refusal:
        create_api_key("nobody@example.com", "--name", "Laptop")

    assert str(refusal.value) == (
        "No user has the email nobody@example.com. Create one in the admin first."
    )


def test_no_key_is_made_without_a_name(owner):
    with pytest.raises(CommandError, match="--name"):
        create_api_key(owner.email)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "--name: This field cannot be blank."),
        (
            "a" * 101,
            "--name: Ensure this value has at most 100 characters (it has 101).",
        ),
    ],
    ids=["blank", "too long"],
)
def test_no_key_is_made_with_a_name_that_the_api_refuses(owner, name, message):
    with pytest.raises(CommandError) as refusal:
        create_api_key(owner.email, "--name", name)

    assert str(refusal.value) == message
    assert not APIKey.objects.exists()
