"""Changing the password."""

import pytest
from django.test import Client

PASSWORD = "/settings/password"
OLD, NEW = "a long password", "another long one"


@pytest.fixture
def with_password(owner, owner_browser):
    """Return the owner's browser, after the owner got a password."""
    owner.set_password(OLD)
    owner.save()
    owner_browser.force_login(owner)
    return owner_browser


def change(browser, **fields):
    given = {"old_password": OLD, "new_password1": NEW, "new_password2": NEW, **fields}
    return browser.post(PASSWORD, given, follow=True)


def test_this_session_goes_on_and_others_end(with_password, owner):
    elsewhere = Client()
    elsewhere.force_login(owner)

    page = change(with_password)

    assert page.redirect_chain == [(PASSWORD, 302)]
    assert "Your password is changed. Everywhere else, you are logged out." in page.text
    owner.refresh_from_db()
    assert owner.check_password(NEW)
    assert with_password.get(PASSWORD).status_code == 200
    assert elsewhere.get(PASSWORD).status_code == 302


@pytest.mark.parametrize(
    ("fields", "field", "fault"),
    [
        ({"old_password": "wrong"}, "old_password", "Your old password was entered incorrectly."),
        ({"new_password2": "different"}, "new_password2", "The two password fields"),
        ({"new_password1": "short", "new_password2": "short"}, "new_password2", "too short"),
        (
            {"new_password1": "password123", "new_password2": "password123"},
            "new_password2",
            "too common",
        ),
        (
            {"new_password1": "owner@example", "new_password2": "owner@example"},
            "new_password2",
            "too similar to the email",
        ),
        (
            {"new_password1": "84736251940", "new_password2": "84736251940"},
            "new_password2",
            "entirely numeric",
        ),
        ({"old_password": "a\0b"}, "old_password", "Null characters are not allowed."),
    ],
)
def test_what_is_wrong_stands_at_its_field(with_password, owner, fields, field, fault):
    page = change(with_password, **fields)

    assert fault in str(page.context["form"].errors[field])
    owner.refresh_from_db()
    assert owner.check_password(OLD)


def test_what_was_typed_is_not_sent_back(with_password):
    page = change(with_password, old_password="my secret one")

    for typed in ("my secret one", NEW):
        assert typed not in page.text


def test_the_password_cannot_be_guessed_in_an_open_session(with_password, owner):
    for _ in range(10):
        change(with_password, old_password="wrong")

    page = change(with_password)

    assert "At most 10 attempts an hour are accepted." in page.text
    owner.refresh_from_db()
    assert owner.check_password(OLD)


def test_who_has_no_password_is_offered_a_link_to_get_one(owner_browser):
    page = owner_browser.get(PASSWORD)

    assert "Your account has no password." in page.text
    assert 'action="/password-reset"' in page.text
    assert 'name="email" value="owner@example.com"' in page.text
    assert "new_password1" not in page.text


def test_a_password_cannot_be_set_without_the_link(owner_browser, owner):
    change(owner_browser, old_password="")

    owner.refresh_from_db()
    assert not owner.has_usable_password()
