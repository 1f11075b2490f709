"""The body a receiver gets, fixed when the send is recorded."""

import orjson

from executions.models import Execution
from tasks.models import Task

EVENT_TYPE = "task.condition_met"


def webhook_body(*, message_id: str, task: Task, execution: Execution) -> str:
    """Return the contract's event for a met condition, as JSON text."""
    event = {
        "id": message_id,
        "object": "event",
        "api_version": "v1",
        "event_type": EVENT_TYPE,
        "created_at": int(execution.completed_at.timestamp()) if execution.completed_at else None,
        "data": {
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
        },
    }
    if task.context is not None:
        event["data"]["context"] = task.context  # type: ignore[index]
    return orjson.dumps(event, option=orjson.OPT_UTC_Z).decode()


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
