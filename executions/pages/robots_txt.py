"""Read a robots.txt (RFC 9309); pure."""

from protego import Protego

#: The name by which a robots.txt means Torale (RFC 9309 §2.2.1).
USER_AGENT = "Torale"


def allows(content: bytes, url: str) -> bool:
    """Return whether a robots.txt allows Torale to visit a page.

    Args:
        content: the robots.txt, of which anything may be wrong. Lines that say nothing do not
            count.
        url: the page's URL.
    """
    rules = Protego.parse(content.decode("utf-8-sig", "replace"))
    return rules.can_fetch(url, USER_AGENT)
