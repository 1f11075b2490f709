"""How accounts come to be: invitations and sign-ups."""

from datetime import timedelta

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import jobs, sign_up
from accounts.models import User
from tests.support.mailed_links import path_in, send_links
from torale.errors import Conflict, Refused, TooOften

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

ADDRESS = "192.0.2.1"
NEWCOMER = "newcomer@example.com"
#: A port on which no mail server is.
NOBODY_LISTENS = 1


@pytest.fixture
def _open(settings):
    settings.TORALE_SIGN_UP = "open"


def request_link(email=NEWCOMER, address=ADDRESS) -> None:
    sign_up.request_link(email=email, address=address)


def mailed(receiver) -> str:
    """Return the token that was mailed."""
    send_links()
    [mail] = receiver.messages
    return path_in(mail).removeprefix("/sign-up/")


def test_where_sign_up_is_closed_no_link_is_mailed():
    with pytest.raises(Refused, match="This installation accepts no sign-ups"):
        request_link()

    assert not ProcrastinateJob.objects.exists()


@pytest.mark.usefixtures("_open")
def test_where_it_is_open_a_link_is_mailed_that_is_for_this_email(smtp_receiver):
    request_link()

    assert sign_up.email_of(mailed(smtp_receiver)) == NEWCOMER
    [mail] = smtp_receiver.messages
    assert (mail["To"], mail["Subject"]) == (NEWCOMER, "Create your Torale account")
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = (mail.get_body(kind).get_content() for kind in ("plain", "html"))
    for said in ("The link works for 3 days.", "Somebody asked for an account with this email."):
        assert said in text
        assert said in html
    assert path_in(mail) in html
    assert 'name="color-scheme" content="light dark"' in html


def test_an_operator_can_invite_where_sign_up_is_closed(smtp_receiver):
    sign_up.invite(email=NEWCOMER)

    assert sign_up.email_of(mailed(smtp_receiver)) == NEWCOMER
    [mail] = smtp_receiver.messages
    assert "You were invited." in mail.get_body("plain").get_content()


@pytest.mark.usefixtures("owner")
def test_who_has_an_account_is_not_invited():
    with pytest.raises(Conflict, match="A user with this email exists"):
        sign_up.invite(email="OWNER@example.com")

    assert not ProcrastinateJob.objects.exists()


@pytest.mark.usefixtures("_open", "owner")
def test_that_there_is_an_account_is_told_in_the_mail(smtp_receiver):
    request_link(email="Owner@example.com")
    send_links()

    [mail] = smtp_receiver.messages
    assert (mail["To"], mail["Subject"]) == ("Owner@example.com", "You already have an account")
    assert path_in(mail) == "/log-in"


@pytest.mark.usefixtures("_open", "owner")
def test_that_there_is_an_account_is_not_seen_by_what_the_request_does():
    statements = []
    for email in ("owner@example.com", "nobody@example.com"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            request_link(email=email)
        statements.append([query["sql"].partition("(")[0] for query in queries])

    assert statements[0] == statements[1] != []


@pytest.mark.usefixtures("_open")
def test_one_email_gets_three_links_an_hour_however_it_is_written(time_machine):
    for email in (NEWCOMER, NEWCOMER.upper(), NEWCOMER):
        request_link(email=email)

    with pytest.raises(TooOften) as refused:
        request_link(address="192.0.2.2")

    assert refused.value.wait == timedelta(minutes=59, seconds=50)  # from 9:00:10 to 10:00
    time_machine.shift(refused.value.wait)
    request_link()
    assert ProcrastinateJob.objects.count() == 4


@pytest.mark.usefixtures("_open")
def test_one_address_asks_for_ten_links_an_hour():
    for number in range(10):
        request_link(email=f"{number}@example.com")

    with pytest.raises(TooOften, match="Too many requests to sign up"):
        request_link()

    request_link(address="192.0.2.2")
    assert ProcrastinateJob.objects.count() == 11


def test_an_account_is_created_once():
    user = sign_up.create_account(email="Newcomer@Example.com", password="a long password")

    assert User.objects.get() == user
    assert (user.email, user.is_staff, user.is_superuser) == ("Newcomer@example.com", False, False)
    assert user.check_password("a long password")
    with pytest.raises(Conflict, match="There is an account with this email"):
        sign_up.create_account(email=NEWCOMER, password="another one")
    user.refresh_from_db()
    assert user.check_password("a long password")


def token(email=NEWCOMER, salt=sign_up.SALT) -> str:
    return signing.dumps(email, salt=salt)


def test_a_link_works_for_three_days(time_machine):
    link = token()
    time_machine.shift(timedelta(days=3))
    at_the_end = sign_up.email_of(link)
    time_machine.shift(timedelta(seconds=1))

    assert (at_the_end, sign_up.email_of(link)) == (NEWCOMER, None)


@pytest.mark.parametrize(
    "damage",
    [
        lambda link: link[:-1],
        lambda link: "x" + link,
        lambda link: link.partition(":")[0],
        lambda _: "",
        lambda _: "é:é:é",
        lambda _: token(salt="another"),
    ],
)
def test_a_damaged_link_is_for_nobody(damage):
    assert sign_up.email_of(damage(token())) is None


def test_a_link_signed_with_a_former_key_still_works(settings):
    link = token()
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "a new one"

    assert sign_up.email_of(link) == NEWCOMER


def test_a_mail_server_that_is_down_fails_the_job_so_that_it_is_tried_again(
    smtp_receiver, settings
):
    settings.EMAIL_PORT = NOBODY_LISTENS
    sign_up.invite(email=NEWCOMER)

    with pytest.raises(OSError, match="refused"):
        send_links()

    assert jobs.send_sign_up_link.retry_strategy == jobs.UNTIL_MAIL_WORKS
