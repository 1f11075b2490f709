"""`manage.py send_test --to EMAIL` or `--webhook URL`: try the channels."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.core.validators import validate_email

from notifications.channels.email import trial as email_trial
from notifications.channels.protocol import Outcome
from notifications.channels.webhook import config as webhook_trial
from notifications.channels.webhook.signing import key_of
from notifications.diagnoses import FILE_BACKEND
from notifications.models import new_secret
from tasks.destinations import OWN_FORMAT, WEBHOOK_FORMATS, check_format
from torale import clock
from torale.errors import Refused
from torale.management.output import add_format, write_record
from torale.management.subcommands import ExampleCommand
from torale.outbound.url_check import check_url, networks_of


class Command(ExampleCommand):
    """Sends from this machine, in the same way as notifications are sent; nothing is recorded."""

    help = (
        "Send one test email or webhook, and print what the server answered. Exit with 1 if it "
        "did not accept."
    )
    examples = (
        "send_test --to olive@example.com",
        "send_test --webhook https://receiver.example/hook --secret whsec_…",
        "send_test --webhook https://hooks.slack.com/services/… --webhook-format slack",
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the address or the URL, and how to send to it."""
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--to", metavar="EMAIL", help="send an email to this address")
        where.add_argument("--webhook", metavar="URL", help="send a webhook to this URL")
        parser.add_argument(
            "--secret", help="the secret that signs the webhook (default: one made for this test)"
        )
        parser.add_argument(
            "--webhook-format",
            choices=[*WEBHOOK_FORMATS],
            default=OWN_FORMAT,
            help=f"the form of the webhook's body (default: {OWN_FORMAT})",
        )
        add_format(parser)

    def handle(self, *args: Any, format: str, **options: Any) -> None:  # noqa: A002 - its name
        """Send it and print the answer.

        Raises:
            CommandError: it was not accepted, or could not be sent.
        """
        outcome = email(options["to"]) if options["to"] else webhook(options)
        write_record(self.stdout, answer_of(outcome), as_=format)
        if outcome.error:
            raise CommandError("The test was not accepted.")
        if options["to"] and settings.EMAIL_BACKEND == FILE_BACKEND:
            self.stderr.write(
                f"EMAIL_URL is not set, so the email is only a file in {settings.EMAIL_FILE_PATH}."
            )


def email(to: str) -> Outcome:
    """Send the email.

    Raises:
        CommandError: `to` is no email address.
    """
    try:
        validate_email(to)
    except ValidationError as error:
        raise CommandError(f"--to: {to!r} is not an email address.") from error
    return email_trial.attempt_trial(to=to, now=clock.now())


def webhook(options: dict[str, Any]) -> Outcome:
    """Send the webhook, as a user who may enter the admin could.

    Raises:
        CommandError: the URL, the format or the secret cannot be used; the message says why.
    """
    networks = networks_of(email="", is_staff=True)
    secret = options["secret"] or new_secret()
    try:
        check_url(options["webhook"], networks=networks)
        check_format(options["webhook_format"], url=options["webhook"])
    except Refused as error:
        raise CommandError(f"--webhook: {error}") from error
    try:
        key_of(secret)
    except ValueError as error:
        raise CommandError("--secret: What follows whsec_ should be base64.") from error
    return webhook_trial.attempt_trial(
        url=options["webhook"],
        networks=networks,
        secrets=(secret,),
        format_=options["webhook_format"],
        now=clock.now(),
    )


def answer_of(outcome: Outcome) -> dict[str, Any]:
    """Return what is printed of the outcome of an attempt."""
    return {
        "accepted": "no" if outcome.error else "yes",
        "duration_ms": outcome.duration_ms,
        "status": outcome.response_status,
        "error": outcome.error,
        "answer": outcome.response_body,
    }
