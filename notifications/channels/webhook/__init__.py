"""Webhooks as a channel."""

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from django.utils.module_loading import import_string
from yarl import URL

from executions.models import Execution
from notifications.channels.protocol import Destination, Transport
from notifications.channels.webhook.formats import formatted
from notifications.channels.webhook.payload import event_of
from notifications.models import (
    NotificationSend,
    NotificationType,
    Payload,
    WebhookConfig,
    WebhookEndpoint,
)
from tasks.destinations import OWN_FORMAT
from tasks.models import Task
from torale.fields import kept

#: Imported by workers only, as it loads an HTTP client.
TRANSPORT = "notifications.channels.webhook.transport.opened"


class WebhookChannel:
    """Sends one request, to the task's own webhook or else to the account's default one."""

    def destination_of(self, task: Task) -> Destination | None:
        """Return the URL that `task` names, or else the account's default one.

        The account's secret is made if there is none yet.
        """
        config = WebhookConfig.objects.filter(user=task.user_id).first()
        url = task.webhook_url or (config and config.url)
        if not url:
            return None
        if config is None:
            config, _ = WebhookConfig.objects.get_or_create(user=task.user)
        format_ = task.webhook_format if task.webhook_url else config.format
        endpoint, _ = WebhookEndpoint.objects.get_or_create(
            user=task.user, url=url, defaults={"format": format_}
        )
        if endpoint.format != format_:
            endpoint.format = format_
            endpoint.save(update_fields=["format"])
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
        """Return the event, with the task's own method and headers if it names a URL."""
        # `destination_of` has just given the endpoint the format of the task or the account.
        format_ = send.endpoint.format if send.endpoint else OWN_FORMAT
        event = event_of(
            message_id=str(send.pk), event_type=send.event_type, task=task, execution=execution
        )
        body = formatted(event, format_=format_, url=send.recipient)
        if send.is_for_default_webhook:
            return Payload(send=send, body=body, format=format_)
        return Payload(
            send=send,
            body=body,
            format=format_,
            method=task.webhook_method,
            # Headers that cannot be decrypted are stored as they are. Attempts fail until the
            # operator has put their key back.
            headers=kept(task, "webhook_headers") or None,
        )

    @asynccontextmanager
    async def open(self, *, limit: int, stopping: threading.Event) -> AsyncIterator[Transport]:
        """Return a transport; an attempt is short enough to end after the worker was stopped."""
        async with import_string(TRANSPORT)(limit=limit) as transport:
            yield transport
