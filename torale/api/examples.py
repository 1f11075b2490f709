"""Example values for the OpenAPI document. Together they describe one task and its sends."""

from collections.abc import Mapping
from typing import Any

TASK = "019cb7f0-3c10-7d41-9f0e-5d1f0c6a7e10"
EXECUTION = "019cb83b-1a90-7c02-8b64-0f4a1e5d7c21"
USER = "019cb7ee-8a40-7b13-a2c5-7e9d3f1b6a32"
TIME = "2026-03-04T09:00:10Z"
PAGE = "https://shop.example/console"
RECEIVER = "https://receiver.example/hook"
NOTIFICATION = "**In stock** at https://shop.example/console"

#: Values by member name, or by `Component.member` where members of one name need several values.
VALUES: dict[str, Any] = {
    "APIKey.name": "laptop",
    "Attempt.status": "succeeded",
    "cost_usd": 0.0042,
    "count": 12,
    "Execution.id": EXECUTION,
    "Execution.status": "success",
    "FeedEntry.id": EXECUTION,
    "FeedEntry.status": "success",
    "GroundingSource.title": "Shop",
    "input_tokens": 9200,
    "Message.message": "Email verified",
    "Send.status": "sent",
    "SentCode.message": "Verification code sent to olive@example.com",
    "SendDetail.status": "sent",
    "Task.id": TASK,
    "Usage.model": "gpt-5-mini",
    "User.email": "olive@example.com",
    "User.id": USER,
    "WebhookConfig.url": RECEIVER,
    "WebhookTestResult.message": "Webhook delivered successfully (HTTP 200)",
    "activity": [{"action": "fetch", "url": PAGE}],
    "address": "olive@example.com",
    "condition_description": 'contains "In stock"',
    "code": "123456",
    "confidence": 100,
    "context": {"order": "A-113"},
    "duration_ms": 84,
    "email": "olive@example.com",
    "error_message": None,
    "evidence": 'The page says "In stock".',
    "execution_id": EXECUTION,
    "expires_in_minutes": 15,
    "failed_at": None,
    "first_name": "Olive",
    "forked_from_task_id": None,
    "headers": {"X-Token": "s3cret"},
    "http_status": 200,
    "id": "019cb83b-2b00-7e55-9d10-6c2f8a4e1b43",
    "immediate_execution_error": None,
    "is_public": False,
    "key": "sk_Zk3r0Jm2X9vQ7tB4nL6wYc8sD1fH5gPaKeRuTiOxMyE",
    "key_prefix": "sk_Zk3r0Jm",
    "last_execution_id": EXECUTION,
    "last_known_state": {"matched": True},
    "limit": 20,
    "name": "Is it back?",
    "next_attempt_at": None,
    "next_run": "2026-03-04T09:15:10Z",
    "notification": NOTIFICATION,
    "notification_email": "olive@example.com",
    "notification_type": "webhook",
    "offset": 0,
    "output_tokens": 640,
    "Preview.usage": None,
    "primary_email": "olive@example.com",
    "reason": None,
    "recipient": RECEIVER,
    "request_body": '{"id": "019cb83b-2b00-7e55-9d10-6c2f8a4e1b43", "object": "event"}',
    "request_headers": {"content-type": "application/json"},
    "Task.request_headers": {"Cookie": "********"},
    "response_body": "ok",
    "response_headers": {"content-type": "text/plain"},
    "response_status": 200,
    "schedule": "0 9 * * 1-5",
    "search_query": PAGE,
    "seconds": 12.4,
    "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "sources": [PAGE],
    "subscriber_count": 0,
    "task_name": "Is it back?",
    "task_search_query": PAGE,
    "task_user_id": USER,
    "timezone": "Europe/Berlin",
    "title": "Shop",
    "updated_at": None,
    "user_id": USER,
    "username": "olive",
    "verified_emails": ["olive@example.com"],
    "view_count": 3,
    "webhook_url": RECEIVER,
}


#: Examples by media type, for answers that are not JSON.
TEXTS = {
    "application/rss+xml": (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<rss version="2.0"><channel><title>Is it back?</title></channel></rss>'
    ),
    "text/csv": (
        "id,recipient,notification_type,status\r\n"
        f"019cb83b-2b00-7e55-9d10-6c2f8a4e1b43,{RECEIVER},webhook,sent\r\n"
    ),
    "text/plain": "torale_sends_due 0.0\n",
}

#: Values by format or type, for members that are not in VALUES.
PLAIN: dict[str, Any] = {
    "boolean": True,
    "date": "2026-03-04",
    "date-time": TIME,
    "integer": 1,
    "null": None,
    "object": {},
    "string": "text",
    "uri": PAGE,
    "uuid": TASK,
}


def example_of(
    schema: Mapping[str, Any], schemas: Mapping[str, Any], component: str = "", name: str = ""
) -> Any:
    """Return an example value for `schema`.

    Args:
        schema: the schema of the value.
        schemas: the document's components by name, to resolve `$ref`s.
        component: the name of the component that has the value as a member.
        name: the member's name.
    """
    own = f"{component}.{name}"
    match schema:
        case _ if own in VALUES or name in VALUES:
            example = VALUES[own if own in VALUES else name]
        case {"$ref": ref}:
            component = ref.rpartition("/")[2]
            example = example_of(schemas[component], schemas, component)
        case {"allOf": [inner, *_]} | {"oneOf": [inner, *_]}:
            example = example_of(inner, schemas, component, name)
        case {"items": items}:
            example = [example_of(items, schemas, component, name)]
        case {"properties": members}:
            example = {
                member: example_of(inner, schemas, component, member)
                for member, inner in members.items()
            }
        case {"enum": [first, *_]}:
            example = first
        case _:
            kinds = schema.get("type", "null")
            kind = schema.get("format", kinds if isinstance(kinds, str) else kinds[0])
            example = PLAIN.get(kind, PLAIN["string"])
    return example
