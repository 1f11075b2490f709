"""Remove secret header values from a page that shows them, so that they are not quoted; pure."""

from collections.abc import Iterator, Mapping

#: Shorter values are not removed: they would be found in many words.
SHORTEST = 8
#: What replaces a value.
REMOVED = b"********"


def without_values(body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a page without the values of the headers that were sent for it.

    Some pages show what a client sent. From there a value would get into evidence, notifications
    and what is remembered.

    Args:
        body: the page.
        headers: the request headers by name.
    """
    for secret in sorted({*_secrets(headers)}, key=len, reverse=True):
        body = body.replace(secret.encode(), REMOVED)
    return body


def _secrets(headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in headers.items():
        parts = [value.strip()]
        if name.lower() == "cookie":
            parts += [pair.partition("=")[2].strip() for pair in value.split(";")]
        elif name.lower() == "authorization":
            parts.append(value.strip().partition(" ")[2].strip())
        yield from (part for part in parts if len(part) >= SHORTEST)
