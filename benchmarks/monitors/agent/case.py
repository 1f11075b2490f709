"""A case of the agent: a question, dated visits, what the web says at each, and what must be told.

A case is a folder with a `case.toml`, the pages that it names, and an `answers.json` with what a
model said. docs/performance.md describes the files.
"""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

#: Where the cases are, in a folder for each group.
FOLDER = Path(__file__).with_name("cases")
#: How many cases each group has.
GROUPS = {
    "twins": 40,
    "rumours": 15,
    "sequences": 15,
    "stale": 10,
    "numbers": 10,
    "contradictions": 5,
    "dead": 5,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a server answers at an address."""

    text: str
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One visit, and what must come of it."""

    at: datetime
    #: Whether the owner must be told.
    is_due: bool
    #: Whether the condition is true, be it told already or not.
    holds: bool
    #: The values of which one must be told, in the form of their kind; empty if there is none.
    values: tuple[str, ...]
    #: Parts of the pages that may be quoted as evidence.
    quotes: tuple[str, ...]
    #: What the search finds, as `url`, `title`, `snippet` and `published`.
    results: tuple[Mapping[str, str], ...]
    #: All pages that there are, by URL.
    pages: Mapping[str, Served]


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a model said in one visit."""

    #: The tools that it called, turn by turn, each with its arguments.
    turns: tuple[tuple[tuple[str, dict[str, Any]], ...], ...]
    #: What it reported.
    report: dict[str, Any]
    #: What it reported when it was asked to mend its report.
    mended: dict[str, Any]
    #: The second opinion.
    judge: dict[str, Any]
    #: What is wrong with it; empty if nothing is.
    mistake: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A question, its visits, and what a model said in them."""

    group: str
    name: str
    question: str
    condition: str
    #: The kind of its value: `yes`, `date`, `price` or `name`.
    value: str
    context: dict[str, Any] | None
    steps: tuple[Step, ...]
    plan: dict[str, Any]
    said: tuple[Said, ...]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Return the case in a folder."""
        data = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
        answers = json.loads((folder / "answers.json").read_text(encoding="utf-8"))
        return cls(
            group=folder.parent.name,
            name=folder.name,
            question=data["question"],
            condition=data["condition"],
            value=data["value"],
            context=data.get("context"),
            steps=_steps(data["steps"], folder),
            plan=answers["plan"],
            said=tuple(map(_said, answers["visits"])),
        )

    def __str__(self) -> str:
        return f"{self.group}/{self.name}"


def read_cases(*, only: Iterable[str] = (), folder: Path = FOLDER) -> list[Case]:
    """Return the cases, sorted by group and name.

    Args:
        only: texts of which a case's group/name must contain one; all cases if there are none.
        folder: where the groups are.
    """
    wanted = tuple(only) or ("",)
    return [
        Case.read(path.parent)
        for path in sorted(folder.glob("*/*/case.toml"))
        if any(text in f"{path.parent.parent.name}/{path.parent.name}" for text in wanted)
    ]


def _steps(steps: list[dict[str, Any]], folder: Path) -> tuple[Step, ...]:
    """Return the steps. Each has the results and pages of the one before, and those it names."""
    results: tuple[Mapping[str, str], ...] = ()
    pages: dict[str, Served] = {}
    read = []
    for step in steps:
        results = tuple(step.get("results", results))
        named = step.get("pages", {}).items()
        pages = {**pages, **{url: _served(page, folder) for url, page in named}}
        read.append(
            Step(
                at=step["at"],
                is_due=step["tell"],
                holds=step.get("holds", step["tell"]),
                values=tuple(step.get("values", ())),
                quotes=tuple(step.get("quotes", ())),
                results=results,
                pages=pages,
            )
        )
    return tuple(read)


def _served(page: str | dict[str, Any], folder: Path) -> Served:
    given: dict[str, Any] = {"file": page} if isinstance(page, str) else page
    text = (folder / given["file"]).read_text(encoding="utf-8")
    return Served(text=text, status=given.get("status", 200))


def _said(visit: dict[str, Any]) -> Said:
    return Said(
        turns=tuple(tuple((name, given) for name, given in turn) for turn in visit["turns"]),
        report=visit["report"],
        mended=visit.get("mended", visit["report"]),
        judge=visit["judge"],
        mistake=visit.get("mistake", ""),
    )
