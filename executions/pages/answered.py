"""What a server answered to a visit, beside the page as it was before; pure."""

import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

from executions.pages.normal_form import folded
from executions.pages.page import Download, Page
from executions.pages.seen import Before, currencies_in
from executions.pages.visible_text import text_of
from executions.pages.wordings import TRIMMED, wordings

#: If at least this share of what was remembered stands on a page, it is the page.
SAME_PAGE = 0.5
#: The text of a wall is no longer than this. It may be shorter than the page was, too.
LITTLE_TEXT = 3000
#: No wall has a text of this length, even if it has lists to choose from.
LONG_TEXT = 20_000
#: At a first visit, when nothing is known of the page, a wall has even less text,
LITTLE_TEXT_AT_FIRST = 1000
#: no more than this besides the words by which it is known, or
LITTLE_BESIDES = 100
#: at least this share of such words;
WALL_WORDS = 0.4
#: and no more links than this, and no price.
LINKS_OF_A_WALL = 3
#: How many sentences of a text are compared with the wordings.
SENTENCES = 60
_SEGMENTS = re.compile("\\s*[|\u00b7\u2022\u00bb\u00ab<>/:]\\s*|\\s+-+\\s+")
SENTENCE_END = re.compile("(?<=[.!?\u2026])\\s+|(?<=[\u3002\uff01\uff1f])")


class Answered:
    """What the decisions look at; each part is made when it is first needed."""

    def __init__(self, download: Download, page: Page, before: Before | None) -> None:
        self.download = download
        self.page = page
        self.before = before

    @cached_property
    def is_same_page(self) -> bool:
        """Whether most of what was remembered stands here."""
        return self.share >= SAME_PAGE

    @cached_property
    def share(self) -> float:
        """How much of what was remembered stands here, from 0 to 1."""
        return 0 if self.before is None else self.before.share_in(self.page.text)

    @cached_property
    def text(self) -> str:
        """The text without the title."""
        return self._without_title(self.page.text)

    @cached_property
    def prose(self) -> str:
        """The text without what can be chosen from lists: an age gate may list all years."""
        document = self.page.document
        is_long = len(self.text) > LONG_TEXT
        if document is None or is_long or next(document.iter("select"), None) is None:
            return self.text
        return self._without_title(text_of(document, only_chosen=True))

    def _without_title(self, text: str) -> str:
        text, title = text.strip(), self.page.title
        return text.removeprefix(title).strip() if title else text

    @cached_property
    def says_little_else(self) -> bool:
        """Whether there is little text besides the words by which walls are known."""
        if self.before is not None:
            return len(self.prose) <= LITTLE_TEXT
        return (
            len(self.prose) <= LITTLE_TEXT_AT_FIRST
            and not self.has_links
            and not currencies_in(self.prose)
            and self.is_mostly_wall_words
        )

    @cached_property
    def is_mostly_wall_words(self) -> bool:
        """Whether the words by which walls are known are most of what it says."""
        words = sum(len(own) for own in self.wording if own != self.page.title)
        return len(self.prose) - words <= LITTLE_BESIDES or words >= WALL_WORDS * len(self.prose)

    @cached_property
    def has_links(self) -> bool:
        """Whether it has more links than a wall."""
        document = self.page.document
        links = () if document is None else document.iterfind(".//a[@href]")
        return sum(1 for _ in islice(links, LINKS_OF_A_WALL + 1)) > LINKS_OF_A_WALL

    @cached_property
    def text_before(self) -> str:
        """The text and the title that were remembered, folded."""
        return "" if self.before is None else folded(f"{self.before.seen.title} {self.before.text}")

    def is_new(self, words: str) -> bool:
        """Return whether these words, which are folded, did not stand on the page before."""
        return words not in self.text_before

    @cached_property
    def headlines(self) -> tuple[str, ...]:
        """The title and the first headings; for other content than HTML, the first line."""
        if self.page.document is None:
            texts = self.text.splitlines()[:1]
        else:
            headings = self.page.document.iter("h1")
            texts = [self.page.title, *(heading.text_content() for heading in islice(headings, 2))]
        return tuple(" ".join(text.split())[:200] for text in texts if text.strip())

    @cached_property
    def new_titles(self) -> tuple[tuple[str, frozenset[str]], ...]:
        """The headlines that are a title of any kind and did not stand here, with their parts."""
        parts = ((headline, parts_of(headline)) for headline in self.headlines)
        return tuple(
            (headline, own)
            for headline, own in parts
            if own & wordings().titles and self.is_new(folded(headline))
        )

    @cached_property
    def sentences(self) -> tuple[tuple[str, str], ...]:
        """The first sentences that did not stand on the page before, folded and as they are."""
        sentences = (
            (folded(sentence).lstrip(TRIMMED), sentence)
            for sentence in islice(_sentences(self.page.title, self.prose), SENTENCES)
        )
        return tuple(pair for pair in sentences if pair[0] and self.is_new(pair[0]))

    def says(self, phrases: Any, sentence: str) -> bool:
        """Return whether a sentence, or what follows its first colon, begins with any phrase."""
        return bool(phrases.match(sentence) or phrases.match(sentence.partition(": ")[2]))

    @cached_property
    def wording(self) -> tuple[str, ...]:
        """All that it says in words of any kind of answer that is no page."""
        said = (
            own
            for sentence, own in self.sentences
            if self.says(wordings().phrases, sentence) or parts_of(own) & wordings().titles
        )
        titles = (headline for headline, _ in self.new_titles)
        return tuple(dict.fromkeys([*said, *titles]))

    @cached_property
    def markup(self) -> bytes:
        """The body in lower case."""
        return self.download.body.lower()

    @cached_property
    def path(self) -> str:
        """The path that answered."""
        return urlsplit(self.download.url).path

    @cached_property
    def requested_path(self) -> str:
        """The path that the question names."""
        return urlsplit(self.download.requested_url).path


def _sentences(title: str, text: str) -> Iterator[str]:
    if title:
        yield title
    for line in text.splitlines():
        for sentence in SENTENCE_END.split(line.strip()[:1000]):
            if sentence:
                yield sentence


def parts_of(headline: str) -> frozenset[str]:
    """Return a title and its parts between separators, with status codes and without, folded."""
    whole = folded(headline)
    wholes = {whole, wordings().codes.sub(" ", whole)}
    return frozenset(
        _plain(segment) for each in wholes for segment in (each, *_SEGMENTS.split(each))
    )


def _plain(segment: str) -> str:
    return " ".join(segment.split()).strip(TRIMMED)
