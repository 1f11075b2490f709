"""What a channel is, what it is given and what it says of an attempt."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from executions.models import Execution
from notifications.models import NotificationSend, NotificationType, Payload, WebhookEndpoint
from tasks.destinations import OWN_FORMAT
from tasks.models import Task
from torale.clock import Reading
from torale.outbound.url_rules import Networks


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a task's notifications go by one channel."""

    #: The channel.
    notification_type: NotificationType
    #: Email address or URL.
    recipient: str
    #: Whether the task names it, and not only the account.
    is_named: bool
    #: Whose attempts are limited together: the receiver's host and port, empty for email.
    host: str = ""
    #: The webhook's endpoint.
    endpoint: WebhookEndpoint | None = None
    #: Whether it is the account's default webhook.
    is_for_default_webhook: bool = False


# The next two are not frozen, as making a frozen one takes three times as long, and each delivery
# makes both. Nobody changes them.


@dataclass(slots=True, kw_only=True)
class Message:
    """One send as a transport gets it."""

    #: The send's id: the same for every attempt, known to the receiver as the message's id.
    send_id: str
    #: The id of the claim that this attempt belongs to.
    claim: str
    #: The channel: `email` or `webhook`.
    notification_type: str
    #: Email address or URL.
    recipient: str
    #: Whose attempts are limited together: the receiver's host and port, empty for email.
    host: str
    #: The payload's text.
    body: str
    #: What is told, such as `task.condition_met`.
    event_type: str
    #: Number of this attempt since the send was recorded or redelivered, from 1.
    attempt: int
    #: The webhook's endpoint; None for email.
    endpoint_id: int | None = None
    #: The form of the body, for webhooks.
    format: str = OWN_FORMAT
    #: POST or PUT, for webhooks.
    method: str = "POST"
    #: The task's own headers, encrypted, for webhooks.
    headers: bytes | None = None
    #: What signs webhooks, encrypted, and what signed them until lately.
    secret: bytes | None = None
    retired_secrets: bytes | None = None
    #: What the user may call besides the public internet, for webhooks.
    networks: Networks = ()


@dataclass(slots=True, kw_only=True)
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
    #: Whether the receiver says that it wants nothing any more.
    is_gone: bool = False
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


Report = Callable[[Message, Outcome], None]


class Transport(Protocol):
    """Attempts messages for as long as a drain runs."""

    #: How many messages are attempted together.
    batch_size: int

    async def attempt(
        self, messages: Sequence[Message], *, clock: Reading, begin_before: float, report: Report
    ) -> None:
        """Attempt messages, and report each outcome as it is known.

        What is not reported has not been attempted: it is given back, and due again at once.

        Args:
            messages: at most `batch_size`.
            clock: tells when each attempt began.
            begin_before: `time.monotonic()` after which no further attempt may begin, so that each
                ends within its lease.
            report: takes a message and its outcome, on the event loop's thread.
        """


class Channel(Protocol):
    """One way for notifications to reach their recipients."""

    def destination_of(self, task: Task) -> Destination | None:
        """Return where notifications of `task` go; None for nowhere."""

    def payload_of(self, send: NotificationSend, *, task: Task, execution: Execution) -> Payload:
        """Return what `send` carries, whatever becomes of its task."""

    def open(
        self, *, limit: int, stopping: threading.Event
    ) -> AbstractAsyncContextManager[Transport]:
        """Return a transport, to be used on the present event loop.

        Args:
            limit: attempts under way at once.
            stopping: set when no further attempt may begin.
        """
