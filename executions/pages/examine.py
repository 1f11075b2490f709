"""Read what a visit brought and apply a condition to it: the work that runs in a child process."""

from collections.abc import Mapping
from typing import Any

from executions.pages.finding import Finding, find
from executions.pages.page import Download
from executions.pages.parse_page import parse_page
from executions.pages.rule import parse


def examine(
    condition: str,
    download: Download,
    memory: Mapping[str, Any] | None,
    text: bytes | None,  # noqa: ARG001 - what `Finding.text` was at the last visit
) -> Finding:
    """Read a page and apply a condition, given what was remembered about the page.

    Args:
        condition: a rule, as `rule.parse` takes it.
        download: the page as it was received.
        memory: `memory` of the last visit's finding; None at the first visit.
        text: the latest `text` of a finding that was not None.

    Raises:
        RuleError: the condition is not a rule.
        Unreadable: the page cannot be read as text.
    """
    page = parse_page(
        download.body,
        download.content_type,
        language=download.headers.get("content-language", ""),
        url=download.url,
    )
    return find(parse(condition), page, memory)
