"""Read a page for a language model: the work that runs in a child process."""

from dataclasses import dataclass
from hashlib import sha256

from executions.monitors.agent.quotes import why_tainted
from executions.pages.noise import without_noise
from executions.pages.normal_form import folded
from executions.pages.page import Download
from executions.pages.plain_reading import read_plainly


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """A page as a model may read it."""

    #: The URL that was asked for.
    url: str
    title: str
    #: What a person sees, a line for each block.
    text: str
    #: The same in its normal form, in which quotes are looked for.
    normal: str
    #: The links, as their text and URL.
    links: tuple[tuple[str, str], ...]
    #: The day on which it says that it was published, as an ISO date; empty if it says none.
    published: str
    #: What on it is written for models; empty if there is nothing.
    taint: str
    #: The same whenever the page says the same.
    digest: str


def read(download: Download) -> PageRead:
    """Return the page that a server answered with.

    Args:
        download: the page as it was received.

    Raises:
        NotThePage: the server answered with something else.
        Unreadable: the page cannot be read as text.
    """
    reading = read_plainly(download)
    lines = [folded(line) for line in reading.text.splitlines()]
    steady = without_noise([*enumerate(lines)])
    return PageRead(
        url=download.requested_url,
        title=reading.title,
        text=reading.text,
        normal=folded(reading.text),
        links=tuple(reading.links),
        published=reading.published,
        taint=why_tainted(f"{reading.title}\n{reading.text}"),
        digest=sha256("\n".join(steady).encode()).hexdigest(),
    )
