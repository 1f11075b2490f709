"""`manage.py send_test` goes through the real channels."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from notifications.channels.webhook.signing import sign
from tests.support.processes import free_port
from tests.support.receivers import HTTPAnswer

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> tuple[dict[str, object], str]:
    """Return what the command prints, and its warning or error."""
    out, err = StringIO(), StringIO()
    try:
        call_command("send_test", *arguments, "--format=json", stdout=out, stderr=err)
    except CommandError as error:
        return json.loads(out.getvalue() or "{}"), str(error)
    return json.loads(out.getvalue()), err.getvalue()


def test_an_email_arrives(smtp_receiver):
    shown, said = run("--to", "olive@example.com")

    [message] = smtp_receiver.messages
    assert (message["To"], message["Subject"]) == ("olive@example.com", "A test email from Torale")
    assert (shown["accepted"], said) == ("yes", "")


def test_what_the_mail_server_answers_is_shown(smtp_receiver):
    smtp_receiver.replies["olive@example.com"] = "550 No such mailbox"

    shown, said = run("--to", "olive@example.com")

    assert (shown["accepted"], shown["status"], said) == ("no", 550, "The test was not accepted.")
    assert "No such mailbox" in str(shown["answer"])


def test_a_mail_server_that_is_down_is_an_error(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()

    shown, _ = run("--to", "olive@example.com")

    assert str(shown["error"]).startswith("The mail server could not be used: ")


def test_an_email_that_is_only_a_file_is_said_to_be_one(settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path)

    _, said = run("--to", "olive@example.com")

    assert said == f"EMAIL_URL is not set, so the email is only a file in {tmp_path}.\n"
    assert len([*tmp_path.iterdir()]) == 1


def test_a_webhook_arrives_signed(http_receiver):
    shown, _ = run("--webhook", f"{http_receiver.url}/hook", "--secret", "a secret")

    [request] = http_receiver.requests
    signed = sign(
        message_id=request.headers["webhook-id"],
        event_type="",
        timestamp=int(request.headers["webhook-timestamp"]),
        body=request.body,
        secrets=["a secret"],
    )
    assert request.headers["webhook-signature"] == signed["webhook-signature"]
    assert (shown["accepted"], shown["status"]) == ("yes", 204)


def test_what_the_receiver_answers_is_shown(http_receiver):
    http_receiver.answers = [HTTPAnswer(500, b"oops")]

    shown, said = run("--webhook", http_receiver.url)

    assert (shown["status"], shown["answer"], said) == (500, "oops", "The test was not accepted.")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--to", "olive"), "--to: 'olive' is not an email address."),
        (("--webhook", "ftp://receiver.example/"), "--webhook: "),
        (("--webhook", "https://x.example/", "--webhook-format", "ntfy"), "--webhook: "),
        (("--webhook", "https://x.example/", "--secret", "whsec_?"), "--secret: What follows"),
        ((), "Error: one of the arguments --to --webhook is required"),
    ],
    ids=["address", "url", "format", "secret", "nothing"],
)
def test_wrong_usage_says_what_to_change(arguments, said):
    shown, error = run(*arguments)

    assert shown == {}
    assert error.startswith(said)
