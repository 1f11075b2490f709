"""The body a receiver gets, fixed when the send is recorded."""

from datetime import datetime
from typing import Any

import orjson

from executions.models import Execution
from tasks.models import Task

CONDITION_MET = "task.condition_met"
TEST = "webhook.test"


def webhook_body(*, message_id: str, task: Task, execution: Execution) -> str:
    """Return the contract's event for a met condition, as JSON text."""
    data = {
        "task": {
            "id": task.pk,
            "name": task.name,
            "search_query": task.search_query,
            "condition_description": task.condition_description,
        },
        "execution": {
            "id": execution.pk,
            "notification": execution.notification,
            "completed_at": execution.completed_at,
        },
        "result": {
            "answer": (execution.result or {}).get("evidence"),
            "grounding_sources": execution.grounding_sources,
        },
    }
    if task.context is not None:
        data["context"] = task.context
    return _event(message_id, CONDITION_MET, data, at=execution.completed_at)


def trial_body(*, message_id: str, now: datetime) -> str:
    """Return the event that tries a webhook, as JSON text: the same frame, with data of no task."""
    return _event(message_id, TEST, {"message": "This is a test; no condition was met."}, at=now)


def email_body(*, task: Task, execution: Execution) -> str:
    """Return what the email is rendered from, as JSON text."""
    return orjson.dumps(
        {
            "task_id": task.pk,
            "task_name": task.name,
            "search_query": task.search_query,
            "condition_description": task.condition_description,
            "notification": execution.notification,
            "completed_at": execution.completed_at,
        },
        option=orjson.OPT_UTC_Z,
    ).decode()


def _event(message_id: str, event_type: str, data: dict[str, Any], at: datetime | None) -> str:
    event = {
        "id": message_id,
        "object": "event",
        "api_version": "v1",
        "event_type": event_type,
        "created_at": int(at.timestamp()) if at else None,
        "data": data,
    }
    return orjson.dumps(event, option=orjson.OPT_UTC_Z).decode()
