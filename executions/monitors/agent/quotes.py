"""Decide which quotes count as evidence; pure.

What a page says to language models is no evidence of what it says to people. So a quote that reads
like an instruction does not count, nor does any other quote of a page that has text for models.
What people are shown must not lead them anywhere, so a quote with an address does not count either.
"""

import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from executions.monitors.addresses import addresses_in
from executions.monitors.agent.disguises import (
    encoded_in,
    latin,
    skeleton,
    undisguised,
    unmarked,
    words_of_address,
)
from executions.pages.expression import compiled
from executions.pages.normal_form import folded, span_of

#: A shorter quote stands on many pages by chance.
SHORTEST = 15

#: A quote is shown with the rest of its sentence, unless that is longer.
SENTENCE_CHARACTERS = 600
#: White space between the end of a sentence and the beginning of one, or the end alone in scripts
#: that write no spaces. "No. 4" is none.
_SENTENCE_END = re.compile(
    '(?<=[.!?])\\s+(?=[A-Z\u00c0-\u00de\u0400-\u042f"\u201c\u201e\u00ab(])|(?<=[\u3002\uff01\uff1f])'
)

_WORD = re.compile(r"[^\W\d_]{2,}")
#: Characters that are never seen, and that no page needs: the tags of Unicode, which can spell out
#: a text that no reader sees, the overrides of the direction, and several selectors of variants in
#: a row, which can stand for the bytes of a text.
_HIDING = re.compile("[\U000e0000-\U000e007f\u202d\u202e]|[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
#: The flags of England, Scotland and Wales consist of tags after a black flag.
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+")

#: What tells the reader to do something, which no evidence needs to.
_FOR_READERS = re.compile(
    r"(?:^|[.!?:;,] )(?:please |now )?(?:click|tap|log in|sign in|log on|verify|confirm your"
    r"|(?:download|install|scan|copy|paste|open) (?:it|the|this|these|our|your|now|here|and)"
    r"|(?:pay|transfer|send|enter) (?:us|now|here|the|this|your|a|with|by|money|funds)"
    r"|call us|call now|text us|reply|contact|follow the link|visit (?:our|the|this|us)|act now)\b"
    r"|\b(?:click|tap) (?:here|below|the)\b|\byour (?:password|account|card|wallet|pin)\b"
    r"|\b(?:you|users|everyone|customers|recipients) (?:must|have to|need to)\b"
    r"|\b(?:melden sie sich|loggen sie sich|klicken sie|rufen sie|uberweisen sie|ihrem passwort)\b"
    r"|\b(?:cliquez|connectez-vous|appelez|telechargez|votre (?:mot de passe|compte|carte))\b"
    r"|\b(?:haga clic|haz clic|inicie sesion|inicia sesion|llame al|su contrasena|clique)\b"
    r"|\b(?:clicca|accedi|scarica|chiama il|la tua password|sua senha)\b"
)
#: A host, an email address, a telephone number, or what is made to look like one.
_ADDRESS_LIKE = re.compile(
    r"https?:|www\.|\w@\w|(?:^|[\s(])@\w{3,}|(?:^|[^:])//\w"
    r"|\b[\w-]+\s?(?:\[\.\]|\(\.\)|\(dot\)|\[dot\]| dot (?=com\b|net\b|org\b|info\b|example\b)"
    r"| punkt (?=com\b|de\b)| point (?=com\b|fr\b)| punto (?=com\b|es\b|it\b)|[。｡·•]| · )\s?"
    r"(?:com|net|org|info|example|shop|top|xyz|[a-z]{2,4})\b"
    r"|\b[\w-]{2,}\.(?:[a-z]{2,24})/\S|\b(?:javascript|data|mailto|tel|ftp|file):\S"
    r"|\+\d[\d\s()-]{7,}\d|\b0\d{2,4}[ /-]\d[\d /-]{4,}\d\b|\(\d{3}\) ?\d{3}-\d{4}|\b1-\d{3}-\d{3}-"
    r"|\b(?:bc1|0x)[0-9a-z]{20,}"
)
#: A word with a dot in it, which programs that show a text may make a link of.
_DOTTED = re.compile(r"(?<![\w.])(?:[a-z0-9-]{2,63}\.)+([a-z]{2,24})(?![\w.])")
#: What stands behind the dot in names of files and of software, and is no domain of interest.
_NO_DOMAINS = frozenset(
    (  # noqa: SIM905 - a list would need sixty lines
        "js ts jsx py rb rs go md php html htm css json xml yml yaml toml txt csv pdf png jpg svg "
        "exe dll sh cpp java class conf cfg ini log sql lock vue wasm deb rpm apk dmg iso tar gz"
    ).split()
)


def why_tainted(text: str, addresses: Iterable[str] = ()) -> str:
    """Return why a text counts as written for language models, in our words; empty if it does not.

    What stands there is not returned, because people are shown the reason.

    Args:
        text: the title and the text of a page, or the like.
        addresses: URLs that are shown with it.
    """
    if found := _HIDING.search(_FLAG.sub("", text)):
        return f"characters that nobody sees, U+{ord(found.group()[0]):04X}"
    if encoded_in(text):
        return "an encoded sentence"
    if why := _wording_in(skeleton(text)):
        return why
    for address in addresses:
        if why := _wording_in(skeleton(words_of_address(address))):
            return f"{why}, in an address"
    return ""


def leads_elsewhere(text: str) -> bool:
    """Return whether a text contains an address, a telephone number or the like."""
    plain = folded(text)
    return bool(
        addresses_in(text)
        or addresses_in(plain)
        or _ADDRESS_LIKE.search(plain)
        or any(found[1] not in _NO_DOMAINS for found in _DOTTED.finditer(plain))
    )


def is_for_readers(text: str) -> bool:
    """Return whether a text tells whoever reads it to do something."""
    return bool(why_tainted(text) or _FOR_READERS.search(skeleton(text)))


def is_mixed(text: str) -> bool:
    """Return whether a word has letters that look like Latin ones beside Latin ones."""
    return any(latin(word) != word for word in _WORD.findall(folded(text)))


def why_not_counted(text: str) -> str:
    """Return why a quote that stands on a page does not count; empty if it counts.

    It is the end of a sentence that begins with the quote.
    """
    if len(folded(text)) < SHORTEST:
        return f"is shorter than {SHORTEST} characters"
    if leads_elsewhere(text):
        return "contains an address"
    if is_mixed(text):
        return "mixes letters that look alike"
    if is_for_readers(text):
        return "reads like an instruction"
    return ""


def sentence_of(quote: str, text: str) -> str:
    """Return the sentence in which a quote stands, or its line; the quote itself if it is long.

    Args:
        quote: words that stand in `text`.
        text: a page, a line for each block.
    """
    span = span_of(quote, text)
    if span is None:
        return quote
    begin, end = span
    line_begin, line_end = text.rfind("\n", 0, begin) + 1, text.find("\n", end)
    line_end = len(text) if line_end < 0 else line_end
    before = [found.end() for found in _SENTENCE_END.finditer(text, line_begin, begin + 1)]
    after = _SENTENCE_END.search(text, end - 1, line_end)
    begin, end = before[-1] if before else line_begin, after.start() if after else line_end
    whole = text[begin:end].strip()
    return whole if len(whole) <= SENTENCE_CHARACTERS else quote


def is_quoted_from(quote: str, normal: str) -> bool:
    """Return whether a text, in its normal form, contains the quote."""
    return folded(quote) in normal


def _wording_in(plain: str) -> str:
    """Return which wording for models a text has, as it stands or read in another way."""
    whole, split = _wordings(), _wordings(only_split=True)
    texts = [(whole, plain), (split, " ".join(plain.split()))]
    texts += [(whole, other) for other in undisguised(plain)]
    return next(filter(None, (wordings.first_in(text) for wordings, text in texts)), "")


@dataclass(frozen=True, slots=True)
class _Wordings:
    """Wordings that are looked for at once."""

    names: Sequence[str]
    #: An RE2 expression with a group for each of them.
    expression: Any

    def first_in(self, text: str) -> str:
        """Return the name of the one that comes first in a text; empty if there is none."""
        found = self.expression.search(text)
        return self.names[found.lastindex - 1] if found else ""


@cache
def _wordings(*, only_split: bool = False) -> _Wordings:
    """Return the wordings for models, or those that are looked for over several lines, too."""
    path = Path(__file__).with_name("instructions.toml")
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    chosen = [each for each in data["wording"] if each.get("is_split") or not only_split]
    patterns = [unmarked(each["pattern"].replace("{model}", data["model"])) for each in chosen]
    return _Wordings(
        [each["what"] for each in chosen],
        compiled("|".join(f"({pattern})" for pattern in patterns)),
    )
