"""The formats of a webhook's body: one entry for each chat service; pure.

The body for a service has the title, the evidence and the link of an event, within the limits that
the service documents. What a page says cannot mention anybody or become markup.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from yarl import URL

#: The escapes that Slack documents ("Escaping text"); without "<" there is no `<!channel>`.
SLACK_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
#: Characters that start markup in Discord's Markdown.
DISCORD_MARKUP = re.compile(r"([\\`*_~|\[\]<>#:@])")
#: The path of a topic's URL in ntfy.
NTFY_TOPIC = re.compile(r"/[-_A-Za-z0-9]{1,64}/?")
#: Query parameters of a Telegram URL that say where the message goes.
TELEGRAM_PLACE = ("chat_id", "message_thread_id")
WORD_JOINER = "\N{WORD JOINER}"


@dataclass(frozen=True, slots=True)
class Notice:
    """The parts of an event that a chat shows."""

    #: The task's name, on one line.
    title: str
    #: What the monitor saw.
    evidence: str
    #: The URL of the first page; None if the answer names no page.
    link: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How an event is sent to one service."""

    #: Returns the JSON value of the body, for the URL that the user gave.
    body: Callable[[Notice, URL], Mapping[str, Any]]
    #: Returns the URL to call.
    target: Callable[[URL], URL] = lambda url: url
    #: Returns why the service cannot have such a URL, or None.
    refusal: Callable[[URL], str | None] = lambda _: None
    #: The names that lead to the seconds to wait in the JSON body of a 429.
    wait: tuple[str, ...] = ()


def shortened(text: str, most: int, measure: Callable[[str], int]) -> str:
    """Return `text`, cut and ended with "…" if `measure` finds it longer than `most`."""
    if measure(text) <= most:
        return text
    length = bisect_right(range(len(text)), most, key=lambda end: measure(f"{text[:end]}…")) - 1
    return f"{text[: max(0, length)].rstrip()}…"


def utf16_units(text: str) -> int:
    """Return the length of `text` as Discord and Telegram count it."""
    return len(text.encode("utf-16-le", "replace")) // 2


def json_bytes(text: str) -> int:
    """Return how many bytes `text` takes in a JSON body, at least as many as in UTF-8."""
    return len(orjson.dumps(text)) - 2


def slack_escaped(text: str) -> str:
    """Return `text` so that Slack's mrkdwn shows it unchanged."""
    return text.translate(SLACK_ESCAPES)


def discord_escaped(text: str) -> str:
    """Return `text` so that Discord's Markdown shows it unchanged."""
    return DISCORD_MARKUP.sub(r"\\\1", text)


def _slack(notice: Notice, _url: URL) -> Mapping[str, Any]:
    """Slack, "Incoming webhooks" and "Section block": 3,000 characters of text."""

    def section(text: str, mark: str = "{}") -> Mapping[str, Any]:
        cut = shortened(text, 3000 - len(mark), lambda part: len(slack_escaped(part)))
        # Without `verbatim`, Slack would look for the names of people and channels.
        text_object = {"type": "mrkdwn", "verbatim": True, "text": mark.format(slack_escaped(cut))}
        return {"type": "section", "text": text_object}

    blocks = [section(notice.title, "*{}*"), section(notice.evidence)]
    if notice.link:
        blocks.append(section(notice.link, "<{}>"))
    return {"text": slack_escaped(notice.title), "blocks": blocks}


def _discord(notice: Notice, _url: URL) -> Mapping[str, Any]:
    """Discord, "Execute webhook" and "Embed limits": title 256, description 4,096, in all 6,000."""

    def units(text: str) -> int:
        return utf16_units(discord_escaped(text))

    embed = {
        "title": discord_escaped(shortened(notice.title, 256, units)),
        "description": discord_escaped(shortened(notice.evidence, 4096, units)),
        **({"url": notice.link} if notice.link else {}),
    }
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _ntfy(notice: Notice, url: URL) -> Mapping[str, Any]:
    """ntfy, "Publish as JSON": a message of 4,096 bytes, a body of 8,192."""
    return {
        "topic": url.path.strip("/"),
        "title": shortened(notice.title, 250, json_bytes),
        "message": shortened(notice.evidence, 4096, json_bytes),
        **({"click": notice.link} if notice.link else {}),
    }


def _telegram(notice: Notice, url: URL) -> Mapping[str, Any]:
    """Telegram Bot API, `sendMessage`: 4,096 characters of plain text."""
    link = f"\n\n{notice.link}" if notice.link else ""
    title = shortened(_unmentioned(notice.title), 256, utf16_units)
    room = 4096 - utf16_units(f"{title}\n\n{link}")
    evidence = shortened(_unmentioned(notice.evidence), room, utf16_units)
    place = {name: url.query[name] for name in TELEGRAM_PLACE if name in url.query}
    return {**place, "text": f"{title}\n\n{evidence}{link}"}


def _unmentioned(text: str) -> str:
    # Telegram turns @name into a mention and /name into a command, even in plain text.
    return re.sub(r"([@/])(?=\w)", rf"\1{WORD_JOINER}", text)


def _ntfy_refusal(url: URL) -> str | None:
    if NTFY_TOPIC.fullmatch(url.path):
        return None
    return "a URL of ntfy ends in the topic, such as https://ntfy.sh/my-topic."


def _telegram_refusal(url: URL) -> str | None:
    if url.path.endswith("/sendMessage") and url.query.get("chat_id"):
        return None
    return (
        "a URL of Telegram is https://api.telegram.org/bot<token>/sendMessage?chat_id=<chat>, with "
        "the bot's token and the chat's id."
    )


#: The services by name. Our own format is not among them: its body is the event itself.
FORMATS: dict[str, Format] = {
    "slack": Format(body=_slack),
    # Version 10 gives its waits in seconds. Without a version, Discord uses its oldest.
    "discord": Format(
        body=_discord,
        target=lambda url: url.with_path(
            re.sub(r"^/api/webhooks/", "/api/v10/webhooks/", url.raw_path), encoded=True
        ).with_query(url.query),
        wait=("retry_after",),
    ),
    "ntfy": Format(
        body=_ntfy,
        target=lambda url: url.with_path("/").with_query(url.query),
        refusal=_ntfy_refusal,
    ),
    "telegram": Format(
        body=_telegram,
        target=lambda url: url.with_query(None),
        refusal=_telegram_refusal,
        wait=("parameters", "retry_after"),
    ),
}


def notice_of(event: Mapping[str, Any]) -> Notice:
    """Return the parts of an event from `event_of` that a chat shows."""
    data = event["data"]
    sources = data["result"]["grounding_sources"] or [{}]
    title = " ".join(data["task"]["name"].split())
    return Notice(
        title=title,
        evidence=data["result"]["answer"] or data["execution"]["notification"] or title,
        link=sources[0].get("url"),
    )


def formatted(event: Mapping[str, Any], *, format_: str, url: str) -> str:
    """Return the body of `event` in a format, as JSON text."""
    value = event
    if service := FORMATS.get(format_):
        value = service.body(notice_of(event), URL(url))
    return orjson.dumps(value, option=orjson.OPT_UTC_Z).decode()


def refusal(url: str, *, format_: str) -> str | None:
    """Return why the format's service cannot have `url`, as the end of a sentence, or None."""
    service = FORMATS.get(format_)
    return service.refusal(URL(url)) if service else None


def target_of(url: str, *, format_: str) -> str:
    """Return the URL to call, for the URL that the user gave."""
    service = FORMATS.get(format_)
    return str(service.target(URL(url))) if service else url


def wait_of(body: bytes, *, format_: str) -> float | None:
    """Return how many seconds the body of a 429 asks to wait; None if it does not say."""
    service = FORMATS.get(format_)
    if service is None or not service.wait:
        return None
    try:
        value = orjson.loads(body)
        for name in service.wait:
            value = value[name]
    except (ValueError, KeyError, TypeError, IndexError):
        return None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value >= 0 else None
