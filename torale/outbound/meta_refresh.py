"""Find where a page sends its readers by `<meta http-equiv="refresh">` (HTML §4.2.5.3); pure."""

import html
import re

#: Seconds: after more, a person would have read the page.
MAX_DELAY_S = 5
#: How many bytes of a page are searched. Such a page is short, or says it in its head.
SEARCHED = 64 * 1024

#: What is looked at, and what may contain text that looks like it.
_TAG = re.compile(
    rb"<(?:(!--)|(noscript|script|style|template|textarea|title)(?=[\s/>])|meta(?=[\s/]))"
)
_ATTRIBUTE = re.compile(
    # The look-behind keeps the time linear.
    r"(?<![a-z-])([a-z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))",
    re.IGNORECASE,
)
_DELAY = re.compile(r"\s*(\d{1,9})[\d.]*(?=[\s;,])", re.ASCII)
_URL = re.compile(r"url\s*=\s*", re.IGNORECASE)


def target_of(page: bytes) -> str | None:
    """Return the URL, perhaps a relative one, that a page of HTML leads to; takes linear time.

    What is only for browsers without scripts, and what leads on after more than MAX_DELAY_S, does
    not count.
    """
    head = page[:SEARCHED]
    lowered = head.lower()
    at = 0
    while found := _TAG.search(lowered, at):
        comment, hiding = found.groups()
        end = b"-->" if comment else b"</" + hiding if hiding else b">"
        at = lowered.find(end, found.end())
        if at < 0:
            return None
        if not comment and not hiding:
            target = _target_in(head[found.end() : at].decode(errors="replace"))
            if target is not None:
                return target
    return None


def target_in(content: str) -> str | None:
    """Return the URL in the value of `content`, or of the header Refresh; None if it has none."""
    delay = _DELAY.match(content)
    if delay is None or int(delay[1]) > MAX_DELAY_S:
        return None
    url = content[delay.end() :].lstrip()
    if url.startswith((";", ",")):
        url = url[1:].lstrip()
    if named := _URL.match(url):
        url = url[named.end() :]
    if url.startswith(("'", '"')):
        url = url[1:].partition(url[0])[0]
    return url.strip() or None


def _target_in(attributes: str) -> str | None:
    values: dict[str, str] = {}
    for name, *quoted in _ATTRIBUTE.findall(attributes):
        values.setdefault(name.lower(), html.unescape("".join(quoted)))
    if values.get("http-equiv", "").strip().lower() != "refresh":
        return None
    return target_in(values.get("content", ""))
