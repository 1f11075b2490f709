"""Read a page for a language model: the work that runs in a child process."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from executions.monitors.agent.quotes import why_tainted
from executions.pages.noise import without_noise
from executions.pages.normal_form import folded
from executions.pages.page import Download
from executions.pages.plain_reading import read_plainly

#: How many characters of a page a model reads. Of a long page, so many are its beginning.
MOST_CHARACTERS = 6000
BEGINNING = 2000
#: Stands where lines of a long page are left out.
LEFT_OUT = "\n[…]\n"
#: Shorter words stand on every page.
SHORTEST_WORD = 4
MOST_WORDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRead:
    """A page as a model may read it."""

    #: The URL that was asked for.
    url: str
    #: The one that answered after redirects: what stands on the page is the word of its host.
    answered: str
    title: str
    #: What a person sees, a line for each block; of a long page, a part.
    text: str
    #: How many characters a person sees.
    characters: int
    #: `text` in its normal form, in which quotes are looked for. There is a line break where lines
    #: are left out, so that no quote has words from before and after it.
    normal: str
    #: The links, as their text and URL.
    links: tuple[tuple[str, str], ...]
    #: The day on which it says that it was published, as an ISO date; empty if it says none.
    published: str
    #: What on it is written for models, in our words; empty if there is nothing. Then it is not
    #: shown to a model.
    taint: str
    #: The same whenever the page says the same.
    digest: str


def read(download: Download, words: Sequence[str]) -> PageRead:
    """Return the page that a server answered with.

    Args:
        download: the page as it was received.
        words: what a long page is searched for, from `words_of`.

    Raises:
        NotThePage: the server answered with something else.
        Unreadable: the page cannot be read as text.
    """
    reading = read_plainly(download)
    lines = [folded(line) for line in reading.text.splitlines()]
    steady = without_noise([*enumerate(lines)])
    parts = parts_of(reading.text, words)
    return PageRead(
        url=download.requested_url,
        answered=reading.url,
        title=reading.title,
        text=LEFT_OUT.join(parts),
        characters=len(reading.text),
        normal="\n".join(map(folded, parts)),
        links=tuple(reading.links),
        published=reading.published,
        taint=why_tainted(
            f"{reading.title}\n{reading.text}",
            [download.requested_url, *(url for _, url in reading.links)],
        ),
        digest=sha256("\n".join(steady).encode()).hexdigest(),
    )


def words_of(*texts: str) -> list[str]:
    """Return the words of a question by which long pages are searched, in their normal form."""
    words = re.findall(r"\w+", folded(" ".join(texts)))
    return [word for word in dict.fromkeys(words) if len(word) >= SHORTEST_WORD][:MOST_WORDS]


def parts_of(text: str, words: Sequence[str]) -> list[str]:
    """Return a text, or of a long one the beginning and the parts that have most of the words.

    Args:
        text: the text, a line for each block.
        words: words in their normal form.
    """
    if len(text) <= MOST_CHARACTERS:
        return [text]
    lines = text[BEGINNING:].splitlines()
    # A line counts with those around it: a price often stands below the name of its product.
    plain = map(folded, lines)
    own = [sum(word in line for word in words) for line in plain]
    scores = [sum(own[max(0, n - 1) : n + 2]) + score for n, score in enumerate(own)]
    room, chosen = MOST_CHARACTERS - BEGINNING, set[int]()
    for number in sorted(range(len(lines)), key=lambda n: -scores[n]):
        room -= len(lines[number]) + 1
        if room < 0 or not scores[number]:
            break
        chosen.add(number)
    parts = [text[:BEGINNING]]
    last = -1
    for number in sorted(chosen):
        if number == last + 1:
            parts[-1] = f"{parts[-1]}\n{lines[number]}" if number else parts[-1] + lines[number]
        else:
            parts.append(lines[number])
        last = number
    return parts
