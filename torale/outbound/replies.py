"""The result of a request to another server: its reply, or why there is none."""

import errno
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

#: The message is the same for an unknown name and for one that leads to a private address.
#: Otherwise, anyone could find out the names in our network by testing webhooks. The log tells the
#: two apart.
NO_PUBLIC_ADDRESS = (
    "No public address of the host {host} was found. "
    "An operator can allow private networks with TORALE_WEBHOOK_ALLOW_PRIVATE."
)

#: How many headers a Reply keeps, and how many bytes of them.
KEPT_HEADERS = 64
KEPT_HEADER_BYTES = 8 * 1024

#: Failures to connect that are the fault of this machine, not of the other server. They are raised
#: unchanged.
OWN_FAULTS = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Failure(StrEnum):
    """Why there is no answer."""

    #: The host's name is unknown, or has no address that may be called.
    DNS = "dns"
    #: No connection could be made: it was refused, or there is no route to the host.
    REFUSED = "refused"
    #: The connection broke before the answer was complete.
    RESET = "reset"
    #: No TLS connection could be made, or the certificate cannot be trusted.
    TLS = "tls"
    #: The answer did not come in time.
    TIMEOUT = "timeout"
    #: The answer is not HTTP.
    MALFORMED = "malformed"
    #: The answer is larger than the caller allows.
    TOO_LARGE = "too_large"
    #: There are more redirects than the caller allows.
    TOO_MANY_REDIRECTS = "too_many_redirects"
    #: The URL may not be called; trying again does not help.
    NOT_ALLOWED = "not_allowed"


class Unreachable(Exception):
    """There is no answer; the message says why, and reveals nothing about our own network."""

    def __init__(self, kind: Failure, message: str) -> None:
        super().__init__(message)
        self.kind = kind


# Not frozen, as making a frozen one takes three times as long. Nobody changes it.
@dataclass(slots=True, kw_only=True)
class Reply:
    """What a server answered."""

    #: The URL that answered: after redirects, the last one.
    url: str
    #: The HTTP status.
    status: int
    #: The headers by lower-case name, at most 8 KiB; repeated ones are joined by a comma.
    headers: dict[str, str]
    #: The body, or its beginning.
    body: bytes
    #: Whether `body` is only the beginning, because the body was too long or broke off.
    truncated: bool
    #: From the call to the end of reading, redirects included.
    duration_ms: int


#: The sentences for failures of both `fetch` and `exchange`; `host`, `port`, `seconds` and `reason`
#: are filled in.
NO_ANSWER_IN_TIME = "No answer from {host} within {seconds:g} s."
BAD_CERTIFICATE = "The TLS certificate of {host} is not valid: {reason}."
NO_TLS = "No TLS connection to {host}:{port} could be made."
CONNECTION_REFUSED = "The connection to {host}:{port} was refused."
NO_CONNECTION = "No connection to {host}:{port} could be made."
CLOSED_UNANSWERED = "{host} closed the connection without an answer."
NOT_HTTP = "The answer of {host} is not valid HTTP, or its headers are too large."
ENDLESS_INTERIM = "{host} sends one interim answer (100 to 199) after another and no final one."


def kept(raw_headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return headers as text that can be stored, leaving out those beyond the limits."""
    headers: dict[str, str] = {}
    room = KEPT_HEADER_BYTES
    for _, (raw_name, raw_value) in zip(range(KEPT_HEADERS), raw_headers, strict=False):
        size = len(raw_name) + len(raw_value)
        if size > room:
            continue
        room -= size
        name = raw_name.decode("ascii", "replace").lower()
        value = raw_value.decode("utf-8", "replace")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers
