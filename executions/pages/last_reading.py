"""Remember a reading of a page so that its server can say that nothing has changed; pure.

RFC 9110 §8.8 says what validators are, and §13 how requests with them are answered.
"""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from hashlib import blake2b
from typing import Any, Self

from executions.pages.finding import Finding
from executions.pages.page import READING, Download

#: After this time a page is read in whole, whatever its server would say: some say that nothing has
#: changed when it has.
WHOLE_EVERY = timedelta(hours=6)
#: A page that changes twice in a second may have the same Last-Modified each time. It proves
#: something only if it was this much in the past (RFC 9110 §8.8.2.2).
STRONG_AFTER = timedelta(seconds=60)
#: How many characters of the evidence are remembered.
EVIDENCE_CHARACTERS = 1000
#: RFC 9110 §8.8.3, without obs-text, which cannot be sent again unchanged; at most 1 kB.
_ETAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,1000}"')
#: RFC 9110 §5.6.7, in the one form that is sent.
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT")
#: The members of a page's memory.
_LAST_READING = "last_reading"
_VALIDATORS_LIE = "validators_lie"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastReading:
    """The last reading of a page in whole, for visits at which its server says it is the same."""

    #: When it was, in ISO 8601.
    at: str
    #: The URL that answered.
    url: str
    #: The header by which that URL is asked whether it has changed.
    condition: dict[str, str]
    #: A digest of the body.
    body: str
    #: A digest of what was remembered of the text.
    text: str
    #: A keyed digest of the request headers; empty if there were none.
    request_headers: str
    #: The page's title, empty when it has none.
    title: str
    #: What the rule said of the page.
    evidence: str
    #: The warnings that stand while it stays the same.
    warnings: tuple[str, ...]

    @classmethod
    def of(
        cls,
        download: Download,
        finding: Finding,
        text: bytes,
        *,
        request_headers: str,
        at: datetime,
    ) -> Self | None:
        """Return what to remember of a reading; None without a validator that proves anything.

        Args:
            download: what the server answered, in whole.
            finding: what was found, and would be found again if the page stays as it is.
            text: what is remembered of its text from now on.
            request_headers: the digest of those that were sent.
            at: when the page was received.
        """
        condition = condition_for(download.headers)
        if not condition:
            return None
        shown = finding.evidence
        if len(shown) > EVIDENCE_CHARACTERS:
            shown = f"{shown[:EVIDENCE_CHARACTERS]}…"
        return cls(
            at=at.isoformat(),
            url=download.url,
            condition=condition,
            body=digest(download.body),
            text=digest(text),
            request_headers=request_headers,
            title=finding.title,
            evidence=shown,
            warnings=finding.warnings,
        )

    @property
    def read_at(self) -> datetime:
        """When it was."""
        return datetime.fromisoformat(self.at)

    def is_usable(self, text: bytes | None, *, request_headers: str, at: datetime) -> bool:
        """Return whether the page may be asked for only if it has changed since this reading.

        Args:
            text: what is remembered of the page's text. It is another one if a first look has been
                stored since, whose second look was never taken.
            request_headers: the digest of those that would be sent.
            at: when the page is visited.
        """
        return (
            timedelta(0) <= at - self.read_at < WHOLE_EVERY
            and self.request_headers == request_headers
            and self.text == digest(text or b"")
        )

    def unchanged(self, memory: Mapping[str, Any], *, at: datetime) -> Finding:
        """Return what is found if the page has not changed since.

        Args:
            memory: what is remembered of the page; this reading is part of it.
            at: when the page is visited.
        """
        return Finding(
            title=self.title,
            holds=memory["holds"],
            is_news=False,
            evidence=f"{self.evidence} The page has not changed since it was read at "
            f"{self.read_at:%Y-%m-%d %H:%M} UTC (304 Not Modified).",
            memory={**memory, "seen": {**memory["seen"], "at": at.isoformat()}},
            warnings=self.warnings,
        )


def last_reading_in(memory: Mapping[str, Any]) -> LastReading | None:
    """Return the reading that is remembered of a page; None if there is none of this version."""
    if _LAST_READING not in memory or memory.get("reading") != READING:
        return None
    values = memory[_LAST_READING]
    return LastReading(**values | {"warnings": tuple(values["warnings"])})


def without_last_reading(memory: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is remembered of a page, so that it is read in whole at the next visit."""
    return {name: value for name, value in memory.items() if name != _LAST_READING}


def validators_lie(
    memory: Mapping[str, Any] | None, download: Download, *, request_headers: str
) -> bool:
    """Return whether the server gives different pages the same validator, now or earlier.

    Args:
        memory: what was remembered of the page before this visit.
        download: what the server answered, in whole.
        request_headers: the digest of those that were sent.
    """
    if memory is None:
        return False
    if memory.get(_VALIDATORS_LIE):
        return True
    last = last_reading_in(memory)
    return (
        last is not None
        and (last.url, last.request_headers) == (download.url, request_headers)
        and last.condition == condition_for(download.headers)
        and last.body != digest(download.body)
    )


def remembered(last: LastReading | None, *, lies: bool) -> dict[str, Any]:
    """Return what to add to a page's memory.

    Args:
        last: the reading; None if it is not to be remembered.
        lies: whether the server's validators prove nothing.
    """
    return {
        **({_VALIDATORS_LIE: True} if lies else {}),
        **({_LAST_READING: asdict(last) | {"warnings": [*last.warnings]}} if last else {}),
    }


def condition_for(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the header that asks whether an answer with these headers is still the current one.

    Args:
        headers: the answer's, by lower-case name.
    """
    etag = headers.get("etag", "")
    if _ETAG.fullmatch(etag):
        return {"If-None-Match": etag}
    modified = headers.get("last-modified", "")
    modified_at, answered_at = _date(modified), _date(headers.get("date", ""))
    if modified_at and answered_at and answered_at - modified_at >= STRONG_AFTER:
        return {"If-Modified-Since": modified}
    return {}


def digest(content: bytes) -> str:
    """Return a digest by which the same content is known."""
    return blake2b(content, digest_size=16).hexdigest()


def _date(value: str) -> datetime | None:
    if not _HTTP_DATE.fullmatch(value):
        return None
    try:
        return parsedate_to_datetime(value)
    except ValueError:  # such as the 31st of February
        return None
