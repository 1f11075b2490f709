"""Forgotten passwords: a link is mailed, to who has an account."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from procrastinate.contrib.django.models import ProcrastinateJob

from accounts import jobs, password_reset
from tests.support.mailed_links import path_in, send_links
from torale.errors import TooOften

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

ADDRESS = "192.0.2.1"
#: A port on which no mail server is.
NOBODY_LISTENS = 1


def request_link(email="owner@example.com", address=ADDRESS) -> None:
    password_reset.request_link(email=email, address=address)


@pytest.mark.usefixtures("owner")
def test_a_link_is_mailed_to_the_accounts_own_address(smtp_receiver):
    request_link(email="OWNER@example.com")
    send_links()

    [mail] = smtp_receiver.messages
    assert (mail["To"], mail["Subject"]) == ("owner@example.com", "Reset your Torale password")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert path_in(mail).startswith("/password-reset/")
    assert path_in(mail) in mail.get_body("html").get_content()
    assert "your password stays as it is" in mail.get_body("plain").get_content()


def test_nobody_is_mailed_where_there_is_no_account(smtp_receiver):
    request_link(email="nobody@example.com")
    send_links()

    assert smtp_receiver.messages == []


def test_who_is_switched_off_gets_no_link(owner, smtp_receiver):
    owner.is_active = False
    owner.save()

    request_link()
    send_links()

    assert smtp_receiver.messages == []


@pytest.mark.usefixtures("owner")
def test_whether_there_is_an_account_is_not_seen_by_what_the_request_does():
    statements = []
    for email in ("owner@example.com", "nobody@example.com"):
        with CaptureQueriesContext(connection) as queries:
            request_link(email=email)
        statements.append([query["sql"].partition("(")[0] for query in queries])

    assert statements[0] == statements[1] != []


def test_one_email_gets_three_links_an_hour_however_it_is_written(time_machine):
    for email in ("owner@example.com", "OWNER@example.com", "owner@EXAMPLE.com"):
        request_link(email=email)

    with pytest.raises(TooOften) as refused:
        request_link(address="192.0.2.2")

    assert refused.value.wait == timedelta(minutes=59, seconds=50)  # from 9:00:10 to 10:00
    time_machine.shift(refused.value.wait)
    request_link()
    assert ProcrastinateJob.objects.count() == 4


def test_one_address_asks_for_ten_links_an_hour():
    for number in range(10):
        request_link(email=f"{number}@example.com")

    with pytest.raises(TooOften, match="Too many requests for a link"):
        request_link()

    request_link(address="192.0.2.2")
    assert ProcrastinateJob.objects.count() == 11


@pytest.mark.usefixtures("owner")
def test_a_mail_server_that_is_down_fails_the_job_so_that_it_is_tried_again(
    smtp_receiver, settings
):
    settings.EMAIL_PORT = NOBODY_LISTENS
    request_link()

    with pytest.raises(OSError, match="refused"):
        send_links()

    assert jobs.send_password_reset_link.retry_strategy == jobs.UNTIL_MAIL_WORKS
