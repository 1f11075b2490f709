"""The client that openapi-python-client makes of docs/openapi.json, against a running server.

`script/clients` generates it as `torale_client`, checks the types of this file with it, and runs
it: each answer is parsed into the model that the document promises.
"""

import os
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from torale_client import AuthenticatedClient, Client
from torale_client.api.account import api_key_list, me_retrieve
from torale_client.api.notifications import (
    send_export,
    send_list,
    send_redeliver,
    send_retrieve,
    send_stats_retrieve,
)
from torale_client.api.public import (
    public_feed_list,
    public_task_list,
    public_task_retrieve,
    task_rss_retrieve,
)
from torale_client.api.tasks import (
    task_create,
    task_destroy,
    task_execute,
    task_execution_list,
    task_list,
    task_partial_update,
    task_retrieve,
)
from torale_client.api.webhooks import webhook_config_retrieve, webhook_delivery_list
from torale_client.models import (
    APIKey,
    EmailDestinationRequest,
    EmailDestinationType,
    Execution,
    ExecutionStatus,
    FeedEntry,
    NotificationType,
    PublicTasks,
    Send,
    SendDetail,
    SendPage,
    SendStats,
    SendStatus,
    Task,
    TaskChangeRequest,
    TaskRequest,
    TaskState,
    User,
    WebhookConfig,
    WebhookDelivery,
)

URL = os.environ["TORALE_URL"]
PAGE = os.environ["PAGE"]
TASK_ID, SEND_ID = UUID(os.environ["TASK_ID"]), UUID(os.environ["SEND_ID"])

owner = AuthenticatedClient(base_url=URL, token=os.environ["SECRET"])
#: Has no key. The generator takes a key that is optional for one that is required, hence Any.
anyone: Any = Client(base_url=URL)

Answer = TypeVar("Answer")


def expect(kind: type[Answer], answer: object) -> Answer:
    """Return `answer`, which the client must have parsed as `kind`."""
    assert isinstance(answer, kind), answer
    return answer


def sends() -> None:
    page = expect(
        SendPage,
        send_list.sync(client=owner, status=SendStatus.SENT, limit=1, task_id=TASK_ID),
    )
    [send] = page.sends
    assert (send.id, page.total) == (SEND_ID, 1)
    detail = expect(SendDetail, send_retrieve.sync(SEND_ID, client=owner))
    assert detail.notification_type == NotificationType.WEBHOOK
    assert expect(SendStats, send_stats_retrieve.sync(client=owner)).latency_ms
    assert str(SEND_ID) in expect(str, send_export.sync(client=owner))
    again = expect(Send, send_redeliver.sync(SEND_ID, client=owner))
    assert again.status == SendStatus.QUEUED


def tasks() -> None:
    made = expect(
        Task,
        task_create.sync(
            client=owner,
            body=TaskRequest(
                search_query=PAGE,
                condition_description='contains "In stock"',
                state=TaskState.PAUSED,
                notifications=[
                    EmailDestinationRequest(
                        type_=EmailDestinationType.EMAIL, address="owner@example.com"
                    )
                ],
            ),
        ),
    )
    execution = expect(Execution, task_execute.sync(made.id, client=owner))
    assert (execution.status, execution.started_at) == (
        ExecutionStatus.PENDING,
        execution.created_at,
    )
    [latest] = expect(list, task_execution_list.sync(made.id, client=owner))
    assert expect(Execution, latest).id == execution.id
    shown = expect(Task, task_retrieve.sync(made.id, client=owner))
    assert expect(Execution, shown.last_execution).id == execution.id
    renamed = task_partial_update.sync(made.id, client=owner, body=TaskChangeRequest(name="Shop"))
    assert expect(Task, renamed).name == "Shop"
    paused = expect(list, task_list.sync(client=owner, state=TaskState.PAUSED))
    assert [task.id for task in paused] == [made.id]
    gone = task_destroy.sync_detailed(made.id, client=owner)
    assert gone.status_code == HTTPStatus.NO_CONTENT, gone


def public() -> None:
    me = expect(User, me_retrieve.sync(client=owner))
    [listed] = expect(PublicTasks, public_task_list.sync(client=anyone)).tasks
    task = expect(Task, public_task_retrieve.sync(TASK_ID, client=anyone))
    assert (task.id, task.user_id) == (listed.id, me.id)
    [told] = expect(list, public_feed_list.sync(client=anyone))
    assert expect(FeedEntry, told).task_user_id == me.id
    assert "<rss" in expect(str, task_rss_retrieve.sync(TASK_ID, client=anyone))


def account() -> None:
    keys = expect(list, api_key_list.sync(client=owner))
    assert {expect(APIKey, key).name for key in keys} == {"caller", "spare"}
    assert expect(WebhookConfig, webhook_config_retrieve.sync(client=owner)).enabled
    attempts = expect(list, webhook_delivery_list.sync(client=owner, limit=10))
    assert all(isinstance(attempt, WebhookDelivery) for attempt in attempts)


if __name__ == "__main__":
    for drive in (sends, tasks, public, account):
        drive()
        print(f"ok    {drive.__name__}")
