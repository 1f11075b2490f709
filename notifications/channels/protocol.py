"""How a send goes out: what a channel is given and what it says of the attempt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from torale.url_rules import Networks

#: What a person is told when none of the keys decrypts a webhook's secret or headers.
UNDECRYPTABLE = (
    "The webhook's secret or headers cannot be decrypted. The operator of this server has to put "
    "the key that encrypted them back into TORALE_FIELD_KEYS."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One send as a channel gets it."""

    #: The send's id: the same for every attempt, known to the receiver as the message's id.
    send_id: str
    #: Which claim this attempt belongs to.
    lease: str
    #: `email` or `webhook`.
    notification_type: str
    #: Email address or URL.
    recipient: str
    #: What attempts are rationed by: the receiver's host and port, empty for email.
    host: str
    #: The webhook's endpoint; None for email.
    endpoint_id: int | None
    #: The payload's text.
    body: str
    #: What a webhook tells.
    event_type: str
    #: POST or PUT, for webhooks.
    method: str
    #: The task's own headers, for webhooks.
    headers: Mapping[str, str]
    #: What the user may call besides the public internet, for webhooks.
    networks: Networks = ()
    #: What to sign with, for webhooks.
    secrets: tuple[str, ...]
    #: Number of this attempt since the send was recorded or redelivered, from 1.
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one attempt ended; an expected failure is an outcome, an exception is a bug."""

    #: When it began.
    started_at: datetime
    #: How long it took, in milliseconds.
    duration_ms: int
    #: Why it failed, in words for a person; None when the other side accepted.
    error: str | None = None
    #: Whether another attempt would be in vain.
    is_permanent: bool = False
    #: The wait that the other side asked for.
    retry_after: timedelta | None = None
    #: The headers we sent, without secret ones.
    request_headers: Mapping[str, str] | None = None
    #: HTTP status, or the SMTP reply's code.
    response_status: int | None = None
    #: The answer's headers.
    response_headers: Mapping[str, str] = field(default_factory=dict)
    #: The answer's first 4 KiB.
    response_body: str | None = None
    #: Under which the email provider will report back.
    provider_message_id: str | None = None
