"""The body a receiver gets, fixed when the send is recorded."""

from datetime import datetime
from typing import Any

import orjson

from executions.models import Execution
from tasks.models import Task

#: What a test of a webhook tells; no send does.
TEST = "webhook.test"


def webhook_body(*, message_id: str, event_type: str, task: Task, execution: Execution) -> str:
    """Return the contract's event about an execution of a task, as JSON text."""
    data: dict[str, Any] = {
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
    at = execution.completed_at
    event = {
        "id": message_id,
        "object": "event",
        "api_version": "v1",
        "event_type": event_type,
        "created_at": int(at.timestamp()) if at else None,
        "data": data,
    }
    return orjson.dumps(event, option=orjson.OPT_UTC_Z).decode()


def trial_body(*, message_id: str, now: datetime) -> str:
    """Return the event that tries a webhook: with sample data in the shape of a real one."""
    page = "https://shop.example/console"
    task = Task(name="Is it back?", search_query=page, condition_description='contains "In stock"')
    execution = Execution(
        task=task,
        notification="This is a test of your webhook. No condition was met.",
        result={"evidence": 'The page says "In stock".'},
        grounding_sources=[{"url": page, "uri": page, "title": "Shop"}],
        completed_at=now,
    )
    return webhook_body(message_id=message_id, event_type=TEST, task=task, execution=execution)
