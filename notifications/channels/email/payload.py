"""What an email is rendered from, fixed when the send is recorded."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from executions.models import Execution
from tasks.models import Task


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


def notices_body(notices: Sequence[Mapping[str, Any]]) -> str:
    """Return what an email is rendered from that tells one or more notices, as JSON text.

    Args:
        notices: the `send_id`, `task_id`, `subject` and `text` of each.
    """
    return orjson.dumps({"notices": notices}).decode()
