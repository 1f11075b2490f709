"""Webhooks as a channel."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from yarl import URL

from executions.models import Execution
from notifications.channels.protocol import Destination
from notifications.channels.webhook.payload import webhook_body
from notifications.channels.webhook.transport import WebhookTransport
from notifications.models import (
    NotificationSend,
    NotificationType,
    Payload,
    WebhookConfig,
    WebhookEndpoint,
)
from tasks.models import Task
from torale import outbound
from torale.fields import kept


class WebhookChannel:
    """One signed request a send, to the task's own webhook or the account's default one."""

    def destination_of(self, task: Task) -> Destination | None:
        """Return the URL that `task` names, or else the account's default one.

        The account's secret is made if there is none yet.
        """
        config = WebhookConfig.objects.filter(user=task.user_id).first()
        url = task.webhook_url or (config and config.url)
        if not url:
            return None
        if config is None:
            WebhookConfig.objects.get_or_create(user=task.user)
        endpoint, _ = WebhookEndpoint.objects.get_or_create(user=task.user, url=url)
        parsed = URL(url)
        return Destination(
            notification_type=NotificationType.WEBHOOK,
            recipient=url,
            is_named=bool(task.webhook_url),
            host=f"{parsed.host}:{parsed.port}",
            endpoint=endpoint,
            is_for_default_webhook=not task.webhook_url,
        )

    def payload_of(self, send: NotificationSend, *, task: Task, execution: Execution) -> Payload:
        """Return the contract's event, with the task's own method and headers if it names a URL."""
        body = webhook_body(
            message_id=str(send.pk), event_type=send.event_type, task=task, execution=execution
        )
        if send.is_for_default_webhook:
            return Payload(send=send, body=body)
        return Payload(
            send=send,
            body=body,
            method=task.webhook_method,
            # Headers that cannot be decrypted go along as they are: each attempt fails, until the
            # operator has put their key back.
            headers=kept(task, "webhook_headers") or None,
        )

    @asynccontextmanager
    async def open(
        self, *, limit: int, stopping: threading.Event
    ) -> AsyncIterator[WebhookTransport]:
        """Return a transport; an attempt is short enough to end after the worker was stopped."""
        async with outbound.Sessions(limit=limit) as sessions:
            yield WebhookTransport(sessions)
