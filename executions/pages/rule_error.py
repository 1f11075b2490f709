"""Say what is wrong with a condition, where, and what to write instead; pure."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from lark import Token

from executions.pages.rule import quoted

FORMS = (
    'changes, contains "…", does not contain "…", matches /…/, css("…") < 100, json("$.…") >= 5, '
    'price < 100, in stock, new items or exists css("…")'
)
QUOTES = {
    '"': '"',
    "'": "'",
    "“": "”",
    "„": "“",
    "”": "”",
    "«": "»",
    "»": "«",
    "‘": "’",  # noqa: RUF001 - on purpose
}
#: Words that a text follows, and how this looks. The text in a selector follows its kind.
BEFORE_TEXT = {
    "_CONTAINS": ("contains", 'contains "In stock"'),
    "_DOES_NOT_CONTAIN": ("does not contain", 'does not contain "In stock"'),
    "css": ("css(", 'css(".price")'),
    "xpath": ("xpath(", 'xpath("//b")'),
    "json": ("json(", 'json("$.price")'),
}
#: Words that an expression follows, and how this looks.
BEFORE_REGEX = {
    "_MATCHES": ("matches", "matches /in stock/i"),
    "_DOES_NOT_MATCH": ("does not match", "does not match /sold out/i"),
    "_IGNORING": ("ignoring", r"ignoring /\d+ views/"),
}


class RuleError(ValueError):
    """The condition is not a rule; the message points at the fault.

    Attributes:
        position: which character of the condition is at fault, counted from 1.
    """

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message, position)
        self.position = position

    def __str__(self) -> str:
        return f"{self.args[0]} (character {self.position})"


def fault_at(
    at: int, *, text: str, tokens: Sequence[Token], accepted: AbstractSet[str]
) -> RuleError:
    """Return the error for a condition that breaks off or goes on wrongly.

    Args:
        at: how many characters of `text` are right.
        text: the condition.
        tokens: the tokens up to there.
        accepted: the names of the grammar's terminals that could follow them.
    """
    word = next(iter(text[at : at + 40].split()), "")
    if "TEXT" in accepted and word[:1] in QUOTES:
        message = f"The quote that opens here is not closed by {QUOTES[word[0]]}."
    elif "_CONTAINS" in accepted:
        message = f"{_no_rule(word, tokens)} Write {FORMS}."
    elif "_RPAR" in accepted:
        return _unclosed(at, word, tokens)
    else:
        message = _missing(tokens, accepted)
    return RuleError(message, at + 1)


def _no_rule(word: str, tokens: Sequence[Token]) -> str:
    if word:
        return f"Unknown condition {quoted(word)}."
    return "A condition is missing here." if tokens else "The condition is empty."


def _unclosed(at: int, word: str, tokens: Sequence[Token]) -> RuleError:
    if tokens[-1].type == "TEXT" and [token.type for token in tokens[-3:-1]] == ["KIND", "_LPAR"]:
        message = f"The parenthesis after {tokens[-3].lower()} is not closed."
        return RuleError(message, _end(tokens[-1]) + 1)
    opened: list[Token] = []
    for token in tokens:
        if token.type == "_LPAR":
            opened.append(token)
        elif token.type == "_RPAR":
            opened.pop()
    message = f"The parenthesis at character {_begin(opened[-1]) + 1} is not closed"
    return RuleError(f"{message} before {quoted(word)}." if word else f"{message}.", at + 1)


def _missing(tokens: Sequence[Token], accepted: AbstractSet[str]) -> str:
    last = tokens[-1]
    if "NUMBER" in accepted:
        also = ', or a text in quotes like "Open"' if "TEXT" in accepted else ""
        return f"A number is missing here, written like 1299.95{also}."
    if "TEXT" in accepted:
        before, example = BEFORE_TEXT[
            tokens[-2].lower() if last.type == "_LPAR" else str(last.type)
        ]
        return f"The text after {before} needs quotes: {example}."
    if "REGEX" in accepted:
        before, example = BEFORE_REGEX[last.type]
        return f"The expression after {before} needs slashes: {example}."
    if "ORDER" in accepted:
        return "A comparison is missing here: write one of < <= > >= == !=."
    if "KIND" in accepted:
        return 'A part of the page is missing here: write css("…"), xpath("…"), json("…") or feed.'
    return "The second number is missing here: write between 10 and 20."


def _begin(token: Token) -> int:
    return token.start_pos or 0


def _end(token: Token) -> int:
    return token.end_pos or 0
