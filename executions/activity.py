"""What a monitor did to find an answer, and what asking a language model cost, in words; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from executions.spending import dollars

#: How the outcome of a check is told, by its `passed`.
OUTCOMES = {True: "passed", False: "failed", None: "not made"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that a monitor did, or checked before it told anybody."""

    #: What it was, in words; it may quote what strangers wrote.
    text: str
    #: The page that was read, if any.
    url: str = ""
    #: What a check said; None if it was not made, and for everything else.
    passed: bool | None = None


def steps_of(result: Any) -> list[Step]:
    """Return the steps of an execution's or a preview's stored result, in order."""
    activity = result.get("activity") if isinstance(result, Mapping) else None
    return [step_of(each) for each in activity] if isinstance(activity, list) else []


def usage_of(result: Any) -> str:
    """Return what a language model cost for a stored result; empty if none was asked."""
    usage = result.get("usage") if isinstance(result, Mapping) else None
    if not isinstance(usage, Mapping):
        return ""
    requests, cost = usage.get("requests", 0), usage.get("cost_usd")
    return (
        f"{usage.get('model')}, asked {'once' if requests == 1 else f'{requests} times'}: "
        f"{usage.get('input_tokens', 0):,} tokens sent and {usage.get('output_tokens', 0):,} "
        f"received, {'price not known' if cost is None else dollars(cost)}, "
        f"{usage.get('seconds', 0):.0f} s"
    )


def step_of(step: Any) -> Step:
    """Return one step; the members of those that are not known here stand one after the other."""
    match step:
        case {"action": "search", "query": query, **others}:
            return Step(text=f"Searched for “{query}”{_end(others, results='{} found')}")
        case {"action": "read" | "fetch", "url": url, **others}:
            return Step(text=f"Read{_end(others, title='“{}”')}", url=str(url))
        case {"action": "check", "name": name, **others}:
            passed = others.pop("passed", None)
            passed = passed if isinstance(passed, bool) else None
            return Step(text=f"Check “{name}”: {OUTCOMES[passed]}{_end(others)}", passed=passed)
        case {"action": action, **others}:
            return Step(text=" ".join(map(str, [action, *others.values()])).strip())
        case Mapping():
            return Step(text=" ".join(map(str, step.values())))
        case _:
            return Step(text=str(step))


def _end(others: Mapping[Any, Any], **forms: str) -> str:
    """Return the rest of a step's sentence, after a colon.

    Args:
        others: the members that are not yet told.
        forms: how to tell some of them, by their names; the others stand as they are.
    """
    told = [forms.get(name, "{}").format(value) for name, value in others.items() if value != ""]
    return f": {'; '.join(told)}" if told else ""
