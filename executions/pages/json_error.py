"""Know an error in JSON that is answered with the status 200; pure."""

from collections.abc import Mapping
from typing import Any

from executions.failures import FailureKind
from executions.pages.answered import Answered
from executions.pages.no_page import NoPage
from executions.pages.wordings import wordings


def json_error(answer: Answered) -> NoPage | None:
    """Return that the JSON is an error: only its members say so, as its status does not."""
    data = answer.page.data
    is_problem = "problem+json" in answer.download.content_type  # RFC 9457
    if not isinstance(data, dict) or not (
        is_problem or (_says_error(data) and all(_is_about_errors(*item) for item in data.items()))
    ):
        return None
    if answer.is_same_page and answer.before is not None and answer.before.text == answer.page.text:
        return None
    return NoPage(
        what="an error in JSON",
        advice="It is visited again soon.",
        failure=FailureKind.NETWORK,
        wording=tuple(answer.page.text.splitlines()),
        quote=" ".join(answer.page.text.split()),
    )


def _says_error(data: Mapping[str, Any]) -> bool:
    members = {name.lower(): value for name, value in data.items()}
    codes = [members.get(name) for name in ("status", "code", "statuscode", "status_code")]
    has_words = any(members.get(name) for name in ("message", "msg", "detail", "error", "errors"))
    return (
        bool(members.get("error") or members.get("errors"))
        or members.get("success") is False
        # Alone, it may be what the page is about: whether something is all right.
        or (members.get("ok") is False and len(members) > 1)
        or any(isinstance(code, int) and 400 <= code < 600 for code in codes)  # noqa: PLR2004
        or (has_words and isinstance(members.get("data"), dict) and _says_error(members["data"]))
        or (has_words and str(members.get("status")).lower() in wordings().error_statuses)
    )


def _is_about_errors(name: str, value: Any) -> bool:
    """Return whether a member describes an error rather than what was asked for."""
    is_empty = value is None or value in ([], {}, "")
    is_more = name.lower() == "data" and isinstance(value, dict)
    return (
        is_empty
        or name.lower() in wordings().error_members
        or (is_more and all(member.lower() in wordings().error_members for member in value))
    )
