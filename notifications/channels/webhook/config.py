"""A user's webhooks: configure them, switch them on and off, try one."""

import asyncio
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from accounts.models import User
from notifications.channels.protocol import Message, Outcome
from notifications.channels.webhook import transport
from notifications.channels.webhook.formats import formatted
from notifications.channels.webhook.payload import TEST, trial_event
from notifications.channels.webhook.signing import key_of
from notifications.models import NotificationType, WebhookConfig, WebhookEndpoint
from tasks.destinations import OWN_FORMAT, check_format
from torale.errors import Refused
from torale.limits import Limit, hit_or_refuse
from torale.outbound.curl_sessions import CurlSession
from torale.outbound.url_check import check_url
from torale.outbound.url_rules import Networks

#: Tests of one user: each occupies a thread of the server until the receiver has answered.
TESTS = Limit("webhook_tests", 10, timedelta(minutes=1))
#: Characters of the receiver's answer that a failed test quotes.
MOST_QUOTED_CHARACTERS = 500


def config_of(user: User) -> WebhookConfig:
    """Return the user's configuration; the first call makes it, with a secret."""
    config, _ = WebhookConfig.objects.get_or_create(user=user)
    config.user = user  # already loaded
    return config


def is_switched_on(config: WebhookConfig) -> bool:
    """Return whether the default webhook is on: its switch as well as its endpoint."""
    endpoints = WebhookEndpoint.objects.for_user(config.user)
    return config.is_enabled and not endpoints.switched_off().filter(url=config.url or "").exists()


@transaction.atomic
def configure(
    *,
    user: User,
    url: str | None = None,
    format_: str | None = None,
    is_enabled: bool | None = None,
    clear_url: bool = False,
) -> WebhookConfig:
    """Change what is given and return the configuration.

    Enabling also switches on all endpoints of the user that were switched off for failing, and the
    default webhook's endpoint even if its owner switched it off.

    Raises:
        Refused: the URL may not be called, or does not fit the format; the message says why.
    """
    config = config_of(user)
    if url is not None:
        check_url(url, networks=user.networks())
        config.url = url
    elif clear_url:
        config.url = None
    config.format = format_ or config.format
    check_format(config.format, url=config.url)
    if is_enabled is not None:
        config.is_enabled = is_enabled
    if is_enabled:
        endpoints = WebhookEndpoint.objects.for_user(user)
        endpoints.switched_off_for_failing().switch_on()
        endpoints.filter(url=config.url or "").switch_on()
    config.save(update_fields=["url", "format", "is_enabled"])
    return config


def send_test(
    *, user: User, url: str, secret: str | None, now: datetime, format_: str = OWN_FORMAT
) -> str:
    """Send one test event and return the sentence that tells of its success.

    Nothing is recorded. Only our own format is signed.

    Raises:
        Refused: the URL may not be called or does not fit the format, what follows `whsec_` in the
            secret is not base64, or the receiver did not accept; the message tells what it
            answered.
        TooOften: the user made TESTS.most tests within a minute.
    """
    hit_or_refuse(
        TESTS, str(user.pk), f"At most {TESTS.most} tests a minute are sent. Wait a moment."
    )
    networks = user.networks()
    check_url(url, networks=networks)
    check_format(format_, url=url)
    secrets: tuple[str, ...] = ()
    if format_ == OWN_FORMAT:
        secrets = (secret,) if secret else tuple(config_of(user).valid_secrets(now=now))
        try:
            key_of(secrets[0])
        except ValueError as error:
            raise Refused(
                "What follows whsec_ in webhook_secret should be base64. A secret of another kind "
                "must not begin with whsec_."
            ) from error
    outcome = attempt_trial(url=url, networks=networks, secrets=secrets, format_=format_, now=now)
    if outcome.error is None:
        return f"Webhook delivered successfully (HTTP {outcome.response_status})"
    said = (
        f" It said: {outcome.response_body[:MOST_QUOTED_CHARACTERS]}"
        if outcome.response_body
        else ""
    )
    raise Refused(f"{outcome.error}{said}")


def attempt_trial(
    *, url: str, networks: Networks, secrets: tuple[str, ...], format_: str, now: datetime
) -> Outcome:
    """Send one test event and return how it ended; nothing is recorded.

    Args:
        url: where it goes.
        networks: what may be called besides the public internet.
        secrets: what to sign our own format with.
        format_: the form of the body, which fits the URL.
        now: the database's time, which is signed.
    """
    return asyncio.run(_attempt(_trial(url, networks, format_, now), secrets, started_at=now))


def _trial(url: str, networks: Networks, format_: str, now: datetime) -> Message:
    message_id = str(uuid4())
    return Message(
        send_id=message_id,
        claim=message_id,
        notification_type=NotificationType.WEBHOOK,
        recipient=url,
        host="",
        body=formatted(trial_event(message_id=message_id, now=now), format_=format_, url=url),
        format=format_,
        event_type=TEST,
        attempt=1,
        networks=networks,
    )


async def _attempt(message: Message, secrets: tuple[str, ...], *, started_at: datetime) -> Outcome:
    async with CurlSession(limit=1, networks=message.networks) as session:
        return await transport.send(
            message, session, headers={}, secrets=secrets, started_at=started_at
        )
