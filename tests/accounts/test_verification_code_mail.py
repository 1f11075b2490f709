import pytest

from accounts import jobs
from accounts.models import EmailAddress
from accounts.verification import deliver_code
from tests.support.factories import NOW, make_unverified_address

pytestmark = pytest.mark.usefixtures("at_now")

#: A port on which no mail server is.
NOBODY_LISTENS = 1


def test_the_mail_says_the_code_its_end_and_who_asked(owner, smtp_receiver):
    address = make_unverified_address(owner)

    jobs.send_verification_code(address_id=str(address.pk))

    [mail] = smtp_receiver.messages
    assert (mail["To"], mail["Subject"]) == ("second@example.com", "Your verification code")
    assert mail.get_body("plain").get_content().splitlines() == [
        "Your verification code is",
        "",
        "    123456",
        "",
        (
            "It is valid until 4 March 2026, 09:15 UTC. "
            "Enter it where you asked for it, and do not share it with anyone."
        ),
        "",
        (
            "owner@example.com wants Torale to send notifications to this address. "
            "If that was not you, ignore this email: "
            "without the code, nothing will be sent here."
        ),
    ]
    assert mail["Auto-Submitted"] == "auto-generated"
    html = mail.get_body("html").get_content()
    assert "prefers-color-scheme: dark" in html
    for said in ("123456", "4 March 2026, 09:15 UTC", "owner@example.com", "ignore this email"):
        assert said in html


def test_text_is_not_escaped_and_html_is(stranger, smtp_receiver):
    stranger.email = "o'hara&co@example.com"
    stranger.save()

    deliver_code(address_id=make_unverified_address(stranger).pk, now=NOW)

    [mail] = smtp_receiver.messages
    assert "o'hara&co@example.com" in mail.get_body("plain").get_content()
    assert "o&#x27;hara&amp;co@example.com" in mail.get_body("html").get_content()


def gone(address):
    address.delete()


def verified(address):
    EmailAddress.objects.filter(pk=address.pk).update(
        verified_at=NOW, code=None, code_expires_at=None
    )


def expired(address):
    EmailAddress.objects.filter(pk=address.pk).update(code_expires_at=NOW)


def switched_off(address):
    address.user.is_active = False
    address.user.save()


@pytest.mark.parametrize("become", [gone, verified, expired, switched_off])
def test_a_code_of_no_use_any_more_is_not_mailed(owner, smtp_receiver, become):
    address = make_unverified_address(owner)
    address_id = str(address.pk)
    become(address)

    deliver_code(address_id=address_id, now=NOW)

    assert smtp_receiver.messages == []


def test_a_mail_server_that_is_down_fails_the_job_so_that_it_is_tried_again(
    owner, smtp_receiver, settings
):
    settings.EMAIL_PORT = NOBODY_LISTENS
    address = make_unverified_address(owner)

    with pytest.raises(OSError, match="refused"):
        jobs.send_verification_code(address_id=str(address.pk))

    assert smtp_receiver.messages == []
    assert jobs.send_verification_code.retry_strategy == jobs.UNTIL_MAIL_WORKS
