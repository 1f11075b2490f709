"""Email as a channel."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from django.utils.module_loading import import_string

from accounts.verification import is_verified
from executions.models import Execution
from notifications.channels.email.payload import email_body
from notifications.channels.protocol import Destination, Transport
from notifications.models import NotificationSend, NotificationType, Payload
from tasks.models import Task

#: Imported by workers only, as it loads parsers.
TRANSPORT = "notifications.channels.email.transport.EmailTransport"


def owners_address(task: Task) -> Destination:
    """Return the address of the account that `task` belongs to."""
    return Destination(
        notification_type=NotificationType.EMAIL, recipient=task.user.email, is_named=False
    )


def address_of_notices(task: Task) -> str:
    """Return where the owner of `task` is told of the watch itself.

    A muted task has no address of its own, so the account's is used: unsubscribing ends a task's
    notifications, not these.
    """
    return (EmailChannel().destination_of(task) or owners_address(task)).recipient


class EmailChannel:
    """Sends one email, to the address that the task names."""

    def destination_of(self, task: Task) -> Destination | None:
        """Return the address that `task` names.

        If the owner has not verified it, it might be anybody's: the account's is used instead.
        """
        if not task.notification_email:
            return None
        if not is_verified(user=task.user, email=task.notification_email):
            return replace(owners_address(task), is_named=True)
        return Destination(
            notification_type=NotificationType.EMAIL,
            recipient=task.notification_email,
            is_named=True,
        )

    def payload_of(self, send: NotificationSend, *, task: Task, execution: Execution) -> Payload:
        """Return what the email is rendered from."""
        return Payload(send=send, body=email_body(task=task, execution=execution))

    @asynccontextmanager
    async def open(self, *, limit: int, stopping: threading.Event) -> AsyncIterator[Transport]:
        """Return a transport; mail servers set the limit of connections, which is lower."""
        yield import_string(TRANSPORT)(stopping)
