"""The event that a webhook tells, before it is put into a form."""

from datetime import datetime
from typing import Any

from executions.models import Execution
from tasks.models import Task

#: What a test of a webhook tells; no send does.
TEST = "webhook.test"


def event_of(
    *, message_id: str, event_type: str, task: Task, execution: Execution
) -> dict[str, Any]:
    """Return the contract's event about an execution of a task."""
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
    return {
        "id": message_id,
        "object": "event",
        "api_version": "v1",
        "event_type": event_type,
        "created_at": int(at.timestamp()) if at else None,
        "data": data,
    }


def trial_event(*, message_id: str, now: datetime) -> dict[str, Any]:
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
    return event_of(message_id=message_id, event_type=TEST, task=task, execution=execution)
