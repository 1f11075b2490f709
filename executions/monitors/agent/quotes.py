"""Decide which quotes count as evidence; pure.

What a page says to language models is no evidence of what it says to people. So a quote that reads
like an instruction does not count, nor does any other quote of a page that has text for models.
What people are shown must not lead them anywhere, so a quote with an address does not count either.
"""

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from executions.monitors.addresses import addresses_in
from executions.pages.expression import compiled
from executions.pages.normal_form import folded

#: A shorter quote stands on many pages by chance.
SHORTEST = 15
#: How many characters of what was found on a page are shown.
SHOWN_CHARACTERS = 80

#: Letters of other scripts that look like Latin ones, and what they look like.
_LOOK_ALIKES = str.maketrans(
    "абвгдеѕіјкӏмнопрсԁтухуԛԝαβεικηνορτχω",
    "a6brdesijklmhonpcdtyxyqwabeiknvoptxw",
)
_LATIN = re.compile(r"[a-z]")
_WORD = re.compile(r"[^\W\d_]{2,}")
#: Characters that are never seen, and that no page needs: the tags of Unicode, which can spell out
#: a text that no reader sees, and the overrides of the direction.
_HIDING = re.compile("[\U000e0000-\U000e007f\u202d\u202e]")
#: The flags of England, Scotland and Wales consist of tags after a black flag.
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+")

#: What tells the reader to do something, which no evidence needs to.
_FOR_READERS = re.compile(
    r"(?:^|[.!?:;,] )(?:please |now )?(?:click|tap|log in|sign in|log on|download|install|scan|pay|"
    r"transfer|send|enter|verify|confirm your|call us|call now|text us|reply|contact|open the|"
    r"follow the link|visit (?:our|the|this|us)|act now|copy|paste)\b"
    r"|\b(?:click|tap) (?:here|below|the)\b|\byour (?:password|account|card|wallet|pin)\b"
    r"|\b(?:you|users|everyone|customers|recipients) (?:must|have to|need to)\b"
)
#: A host, an email address, a telephone number, or what is made to look like one.
_ADDRESS_LIKE = re.compile(
    r"https?:|www\.|\w@\w|\b[\w-]+\s?(?:\[\.\]|\(dot\)|\[dot\]| dot )\s?[\w-]+"
    r"|\b[\w-]{2,}\.(?:[a-z]{2,24})/\S|\b(?:javascript|data|mailto|tel|ftp|file):\S"
    r"|\+\d[\d\s()-]{7,}\d"
)


def skeleton(text: str) -> str:
    """Return the form of a text in which instructions are looked for.

    It is the normal form of each line, without marks on letters. In words with Latin letters, the
    letters that only look like them are replaced.
    """
    text = "\n".join(folded(line) for line in text.splitlines())
    if text.isascii():
        return text
    text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return _WORD.sub(lambda word: _latin(word.group()), text)


def why_tainted(text: str) -> str:
    """Return what on a page is written for language models; empty if there is nothing.

    Args:
        text: its title and its text.
    """
    if found := _HIDING.search(_FLAG.sub("", text)):
        return f"U+{ord(found.group()):04X}"
    if found := _for_models().search(skeleton(text)):
        return " ".join(found.group().split())[:SHOWN_CHARACTERS]
    return ""


def is_mixed(text: str) -> bool:
    """Return whether a word has letters that look like Latin ones beside Latin ones."""
    return any(_latin(word) != word for word in _WORD.findall(folded(text)))


def why_not_counted(text: str) -> str:
    """Return why a quote that stands on a page does not count; empty if it counts.

    It is the end of a sentence that begins with the quote.
    """
    if len(folded(text)) < SHORTEST:
        return f"is shorter than {SHORTEST} characters"
    if addresses_in(text) or _ADDRESS_LIKE.search(folded(text)):
        return "contains an address"
    if is_mixed(text):
        return "mixes letters that look alike"
    if why_tainted(text) or _FOR_READERS.search(skeleton(text)):
        return "reads like an instruction"
    return ""


def stands_in(quote: str, texts: Iterable[str]) -> bool:
    """Return whether one of the texts, in their normal form, contains the quote."""
    sought = folded(quote)
    return any(sought in text for text in texts)


def _latin(word: str) -> str:
    return word.translate(_LOOK_ALIKES) if _LATIN.search(word) else word


@cache
def _for_models() -> Any:
    """Return the RE2 expression that finds text for models."""
    path = Path(__file__).with_name("instructions.toml")
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    model = data["model"]
    addressed = data["addressed"].replace("{model}", model)
    return compiled(
        "|".join(
            wording["pattern"].replace("{model}", model).replace("{addressed}", addressed)
            for wording in data["wording"]
        )
    )
