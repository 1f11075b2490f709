"""Decide which pages are asked for only if they have changed since they were last read."""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.crypto import salted_hmac

from executions.monitors.protocol import Question
from executions.pages.examine import Look
from executions.pages.last_reading import LastReading, last_reading_in


def last_readings(
    question: Question,
    memories: Mapping[str, Mapping[str, Any]],
    headers: Mapping[str, str],
    look: Look,
) -> dict[str, LastReading]:
    """Return the readings that still count if their pages have not changed, by the pages' URLs.

    Args:
        question: what is asked.
        memories: what is remembered of its pages under its present rule.
        headers: the request headers. If one of them sets a condition, it is left alone.
        look: the look at the pages.
    """
    if look.is_second or any(name.lower().startswith("if-") for name in headers):
        return {}
    return {
        address: last
        for address, memory in memories.items()
        if (last := last_reading_in(memory))
        and last.is_usable(
            question.texts.get(address), request_headers=look.request_headers, at=look.at
        )
    }


def digest_of(headers: Mapping[str, str]) -> str:
    """Return a digest of request headers that gives nothing of them away; empty if there are none.

    With other headers, a server may show another page under the same validator.
    """
    if not headers:
        return ""
    written = json.dumps(sorted(headers.items()))
    return salted_hmac("executions.monitors.unchanged", written, algorithm="sha256").hexdigest()
