"""Write a notification about a page; pure."""

import re
from collections.abc import Iterable

from executions.pages.verdict import Entry, Listing


def tell(title: str, address: str, summary: str, listings: Iterable[Listing] = ()) -> str:
    """Return the notification in Markdown; nothing that the page says becomes markup in it."""
    return "\n\n".join(
        [f"**{_plain(title)}**", _plain(summary), *map(_listed, listings), _link(address)]
    )


def tell_finding(
    title: str, summary: str, quotes: Iterable[tuple[str, str, str]], end: str = ""
) -> str:
    """Return the notification in Markdown of what was found in answer to a question.

    Args:
        title: what the question is about.
        summary: what was found, as a sentence.
        quotes: what pages say, each with the page's URL and the day on which it was published.
        end: a last sentence; empty if there is none.
    """
    cited = [
        f"“{_plain(text)}” {_link(url)}{f' ({published})' if published else ''}"
        for text, url, published in quotes
    ]
    return "\n\n".join([f"**{_plain(title)}**", _plain(summary), *cited, *([end] if end else [])])


def _listed(listing: Listing) -> str:
    lines = [f"- {_entry(entry)}" for entry in listing.entries]
    if listing.more:
        lines.append(f"- … and {listing.more} more")
    return "\n".join([f"{listing.title}:", "", *lines])


def _entry(entry: Entry) -> str:
    # At the beginning of a line, more characters start markup. A zero-width space takes no room.
    text = re.sub(r"^(?=[#+=-]|\d+[.)]|$)", "\N{ZERO WIDTH SPACE}", _plain(entry.text))
    return f"{text} {_link(entry.url)}" if entry.url else text


def _link(address: str) -> str:
    return f"<{address.replace('<', '%3C').replace('>', '%3E')}>"


def _plain(text: str) -> str:
    # Only characters that start markup in the middle of a line are escaped: a title follows two
    # asterisks, and evidence begins with a word of ours. More backslashes would make the raw
    # Markdown, which some people see as text, harder to read.
    return re.sub(r"([\\`*_\[\]<>&~|])", r"\\\1", " ".join(text.split()))
