"""Creating an account: asking for the link, and the page that it opens."""

from datetime import timedelta

import pytest
from django.core import signing
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import sign_up
from accounts.models import User
from tests.support.mailed_links import path_in, send_links

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

SIGN_UP = "/sign-up"
NEWCOMER = "newcomer@example.com"
PASSWORD = "a long password"


@pytest.fixture
def _open(settings):
    settings.TORALE_SIGN_UP = "open"


@pytest.fixture
def path() -> str:
    """The path of a link for NEWCOMER."""
    return f"{SIGN_UP}/{signing.dumps(NEWCOMER, salt=sign_up.SALT)}"


def choose(client, path, first=PASSWORD, second=None):
    given = {"new_password1": first, "new_password2": first if second is None else second}
    return client.post(path, given)


def test_where_sign_up_is_closed_the_page_says_so(client):
    page = client.get(SIGN_UP)
    asked = client.post(SIGN_UP, {"email": NEWCOMER})

    assert "This installation accepts no sign-ups." in page.text
    assert "<input" not in page.text
    assert "is_sent" in asked.context
    assert not asked.context["is_sent"]
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.usefixtures("_open")
def test_the_whole_way_from_asking_to_the_first_task(client, smtp_receiver):
    asked = client.post(SIGN_UP, {"email": NEWCOMER})
    send_links()
    [mail] = smtp_receiver.messages
    opened = client.get(path_in(mail))
    created = choose(client, path_in(mail))
    first_page = client.get(created.headers["Location"])

    assert f"Open the link that we have mailed to {NEWCOMER}." in asked.text
    assert f"You will log in as <strong>{NEWCOMER}</strong>" in opened.text
    assert (created.status_code, created.headers["Location"]) == (302, "/tasks/new")
    assert "Your account is ready." in first_page.text
    user = User.objects.get()
    assert (user.email, user.is_staff, user.check_password(PASSWORD)) == (NEWCOMER, False, True)


@pytest.mark.usefixtures("_open", "owner")
def test_whether_there_is_an_account_is_not_seen_on_the_page(client):
    known = client.post(SIGN_UP, {"email": "owner@example.com"})
    unknown = client.post(SIGN_UP, {"email": "nobody@example.com"})

    assert known.status_code == unknown.status_code == 200
    assert (
        known.text.replace("owner@", "nobody@").partition("<main")[2]
        == unknown.text.partition("<main")[2]
    )


@pytest.mark.usefixtures("_open")
@pytest.mark.parametrize(
    ("email", "fault"),
    [
        ("", "This field is required."),
        ("nobody", "Enter a valid email address."),
        ("a\0@example.com", "Null characters are not allowed."),
    ],
)
def test_what_is_no_email_is_an_error_at_its_field(client, email, fault):
    page = client.post(SIGN_UP, {"email": email})

    assert fault in page.context["form"].errors["email"]
    assert not ProcrastinateJob.objects.exists()


@pytest.mark.usefixtures("_open")
def test_the_limit_is_told_on_the_page(client):
    for _ in range(3):
        client.post(SIGN_UP, {"email": NEWCOMER})

    page = client.post(SIGN_UP, {"email": NEWCOMER})

    assert "Too many requests to sign up. Try again later." in page.text
    assert "Open the link" not in page.text


def test_opening_the_link_creates_nothing(client, path):
    page = client.get(path)

    assert page.status_code == 200
    assert {"no-store", "private"} <= {*page.headers["Cache-Control"].split(", ")}
    assert not User.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("end", ["x", "/x"])
def test_a_damaged_link_leads_nowhere(client, path, method, end):
    page = getattr(client, method)(
        f"{path[:-1]}{end}", {"new_password1": PASSWORD, "new_password2": PASSWORD}
    )

    assert page.status_code == 404
    assert not User.objects.exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_old_link_says_so(client, path, time_machine, method):
    time_machine.shift(timedelta(days=3, seconds=1))

    page = getattr(client, method)(path)

    assert page.status_code == 404
    assert "This link does not work" in page.text
    assert "older than three days" in page.text


def test_a_link_is_used_once(client, path):
    choose(client, path)
    client.logout()

    again = choose(client, path, first="another long one")

    assert again.context["form"].non_field_errors() == [
        "There is an account with this email. Log in, or reset its password."
    ]
    assert "_auth_user_id" not in client.session
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short", "too short"),
        ("password1234", "too common"),
        ("84736251940", "entirely numeric"),
        ("newcomer@example", "too similar to the email"),
    ],
)
def test_a_weak_password_is_an_error_at_its_field(client, path, password, fault):
    page = choose(client, path, first=password)

    assert fault in str(page.context["form"].errors["new_password2"])
    assert not User.objects.exists()


def test_a_password_that_is_typed_differently_is_an_error_at_its_field(client, path):
    page = choose(client, path, second="another long one")

    assert [*page.context["form"].errors] == ["new_password2"]
    assert PASSWORD not in page.text
    assert not User.objects.exists()
