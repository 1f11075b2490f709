"""Stand-ins for chat services, which check the rules in the services' documentation."""

import json
import re
from typing import Any

from tests.support.receivers import HTTPAnswer, Request


def faults_for_slack(request: Request) -> list[str]:
    """https://docs.slack.dev/reference/block-kit/blocks/section-block, "Text object"."""
    body = json.loads(request.body)
    texts = [block["text"] for block in body["blocks"]]
    shown = [body["text"], *(text["text"] for text in texts)]
    mention = re.compile(r"<[!@#]|&(?!amp;|lt;|gt;)|<(?!https?://[^<>]*>)")
    return [
        *(["no text"] if not body["text"] else []),
        *(["too long"] if any(not 0 < len(text["text"]) <= 3000 for text in texts) else []),
        *(["not verbatim"] if any(text["verbatim"] is not True for text in texts) else []),
        *(["not escaped"] if any(mention.search(text) for text in shown) else []),
    ]


def faults_for_discord(request: Request) -> list[str]:
    """https://discord.com/developers/docs/resources/webhook#execute-webhook, "Embed limits"."""
    body = json.loads(request.body)
    [embed] = body["embeds"]
    title, description = units(embed["title"]), units(embed["description"])
    return [
        *([] if re.match(r"/api/v10/webhooks/\d+/\w+", request.path) else ["no such path"]),
        *([] if 0 < title <= 256 and 0 < description <= 4096 else ["too long"]),
        *([] if title + description <= 6000 else ["too long in all"]),
        *([] if body["allowed_mentions"] == {"parse": []} else ["mentions"]),
    ]


def faults_for_ntfy(request: Request) -> list[str]:
    """https://docs.ntfy.sh/publish/#publish-as-json, "Limitations"."""
    body = json.loads(request.body)
    return [
        *([] if request.path.partition("?")[0] == "/" else ["no such path"]),
        *([] if re.fullmatch("[-_A-Za-z0-9]{1,64}", body["topic"]) else ["bad topic"]),
        *([] if 0 < len(body["message"].encode()) <= 4096 else ["too long"]),
        *([] if len(request.body) <= 8192 else ["too long in all"]),
    ]


def faults_for_telegram(request: Request) -> list[str]:
    """https://core.telegram.org/bots/api#sendmessage."""
    body = json.loads(request.body)
    return [
        *([] if re.fullmatch(r"/bot\d+:\w+/sendMessage", request.path) else ["no such path"]),
        *([] if body["chat_id"] else ["no chat"]),
        *([] if 0 < units(body["text"]) <= 4096 else ["too long"]),
        *([] if not {"parse_mode", "entities"} & body.keys() else ["markup"]),
        *([] if not re.search(r"@\w", body["text"]) else ["mentions"]),
    ]


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


FAULTS = {
    "slack": faults_for_slack,
    "discord": faults_for_discord,
    "ntfy": faults_for_ntfy,
    "telegram": faults_for_telegram,
}
#: The path of a webhook URL of each service, as a user copies it.
PATHS = {
    "slack": "/services/T0/B0/s3cret",
    "discord": "/api/webhooks/123/s3cret?wait=true",
    "ntfy": "/s3cret-topic",
    "telegram": "/bot123:s3cret/sendMessage?chat_id=-100123",
}
ACCEPTED: dict[str, Any] = {
    "slack": HTTPAnswer(200, b"ok"),
    "discord": HTTPAnswer(204),
    "ntfy": HTTPAnswer(200, b'{"id": "x"}'),
    "telegram": HTTPAnswer(200, b'{"ok": true}'),
}


def answer_of(service: str, request: Request) -> HTTPAnswer:
    """Return the answer of `service` to a request: 400 with the faults, if there are any."""
    faults = FAULTS[service](request)
    return HTTPAnswer(400, ", ".join(faults).encode()) if faults else ACCEPTED[service]
