"""The data of no_pages.toml: by what answers that are no page are known."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from executions.failures import FailureKind
from executions.pages.expression import compiled
from executions.pages.normal_form import folded

#: What may stand before and after a title or a sentence without belonging to it.
TRIMMED = " .,!?…:;-_*#~()[]\"'¡¿⚠❌🔒🚧"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of answer that is no page; no_pages.toml says what each member is."""

    name: str
    what: str
    advice: str
    failure: FailureKind
    headers: Mapping[str, str]
    urls: tuple[str, ...]
    markup: tuple[bytes, ...]
    widgets: tuple[bytes, ...]
    titles: frozenset[str]
    texts: Any
    later: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Wordings:
    """All that no_pages.toml says."""

    #: The kinds, in the order in which they are tried.
    kinds: tuple[Kind, ...]
    #: The titles of all kinds.
    titles: frozenset[str]
    #: An RE2 expression that matches what any kind's `texts` or `later` does.
    phrases: Any
    #: Matches a status code and the words beside it.
    codes: re.Pattern[str]
    #: The ids of elements that scripts fill with the page.
    roots: frozenset[str]
    #: An RE2 expression that finds the path of a log-in form.
    log_in_path: Any
    #: Parameters by which a log-in form knows where to return to.
    return_parameters: frozenset[str]
    #: Members of JSON that may stand beside an error.
    error_members: frozenset[str]
    #: Values of the member "status" that mean an error.
    error_statuses: frozenset[str]
    #: Each sign of a currency and the currency's name.
    currencies: Mapping[str, str]
    #: An RE2 expression that finds an amount; its groups are the sign before or behind it.
    amounts: Any

    def kind(self, name: str) -> Kind:
        """Return the kind of this name."""
        return next(kind for kind in self.kinds if kind.name == name)


@cache
def wordings() -> Wordings:
    """Return the data, read once in each process."""
    data = tomllib.loads(Path(__file__).with_name("no_pages.toml").read_text(encoding="utf-8"))
    currencies = {
        folded(sign): name for name, signs in data["currencies"].items() for sign in signs
    }
    sign = _any_of(sorted(currencies, key=len, reverse=True))
    kinds = tuple(map(_kind, data["kind"]))
    return Wordings(
        kinds=kinds,
        titles=frozenset().union(*(kind.titles for kind in kinds)),
        phrases=_beginning(
            phrase
            for kind in data["kind"]
            for phrase in (*kind.get("texts", ()), *kind.get("later", ()))
        ),
        codes=re.compile(
            rf"[\[(]?\b[45]\d\d\b(?: ?[!(]+\d?)?[\])]?|\b(?:{_any_of(data['code_words'])})\b"
        ),
        roots=frozenset(data["roots"]),
        log_in_path=compiled(
            rf"(?:^|/)(?:{_any_of(data['log_in']['paths'])})(?:[/.;]|$)", ignore_case=True
        ),
        return_parameters=frozenset(data["log_in"]["parameters"]),
        error_members=frozenset(data["json"]["members"]),
        error_statuses=frozenset(data["json"]["statuses"]),
        currencies=currencies,
        amounts=compiled(
            rf"(?:^|[^\pL\d$])({sign})\.?\s?\d|\d\s?({sign})(?:[^\pL\d]|$)", ignore_case=True
        ),
    )


def _kind(data: Mapping[str, Any]) -> Kind:
    return Kind(
        name=data["name"],
        what=data["what"],
        advice=data["advice"],
        failure=FailureKind(data["failure"]),
        headers=data.get("headers", {}),
        urls=tuple(data.get("urls", ())),
        markup=tuple(mark.encode() for mark in data.get("markup", ())),
        widgets=tuple(mark.encode() for mark in data.get("widgets", ())),
        titles=frozenset(folded(title).strip(TRIMMED) for title in data.get("titles", ())),
        texts=_beginning(data.get("texts", ())),
        later=_beginning(data.get("later", ())),
    )


def _any_of(texts: Iterable[str]) -> str:
    return "|".join(map(re.escape, texts))


def _beginning(phrases: Iterable[str]) -> Any:
    """Return an RE2 expression that matches a sentence that begins with any of `phrases`."""
    escaped = _any_of(folded(phrase).lstrip(TRIMMED.replace("*", "")) for phrase in phrases)
    # If there are none, "$a" matches nothing.
    return compiled(escaped.replace(r"\*\ ", ".{0,30}?") or "$a")
