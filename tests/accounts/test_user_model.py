"""Users, whose email is their login."""

from http import HTTPStatus

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError

from accounts.models import User

PASSWORD = "a long password"


def constraint_of(refusal):
    return refusal.value.__cause__.diag.constraint_name


def test_a_user_is_called_by_their_email(owner):
    assert str(owner) == "owner@example.com"


def test_an_email_is_taken_in_whatever_case(owner):
    with pytest.raises(IntegrityError) as refusal:
        User.objects.create_user(owner.email.upper())

    assert constraint_of(refusal) == "user_one_per_email"


@pytest.mark.usefixtures("owner", "stranger")
def test_many_users_have_no_username():
    assert User.objects.filter(username=None).count() == 2


@pytest.mark.parametrize(
    "typed", ["operator@example.com", "Operator@Example.com", "OPERATOR@EXAMPLE.COM"]
)
def test_the_login_is_typed_in_whatever_case(client, operator, typed):
    credentials = {"username": typed, "password": PASSWORD}

    response = client.post("/admin/login/?next=/admin/", credentials)

    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"] == "/admin/"
    assert client.session["_auth_user_id"] == str(operator.pk)


@pytest.mark.parametrize(
    ("email", "password"),
    [
        ("operator@example.com", "A long password"),
        ("operator@example.com", ""),
        ("nobody@example.com", PASSWORD),
        ("operator_example.com", PASSWORD),
        ("%", PASSWORD),
    ],
)
@pytest.mark.usefixtures("operator")
def test_wrong_credentials_open_nothing(email, password):
    assert authenticate(username=email, password=password) is None


def test_a_user_who_is_switched_off_does_not_log_in(operator):
    operator.is_active = False
    operator.save()

    assert authenticate(username=operator.email, password=PASSWORD) is None


def test_a_user_made_without_a_password_cannot_log_in_with_one(owner):
    assert owner.has_usable_password() is False
    assert authenticate(username=owner.email, password="") is None


def test_a_user_may_not_enter_the_admin_unless_made_an_operator(owner, operator):
    assert (owner.is_staff, owner.is_superuser) == (False, False)
    assert (operator.is_staff, operator.is_superuser) == (True, True)
