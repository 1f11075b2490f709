"""What the agent remembers of a question from visit to visit; plain JSON in the task's state.

Nothing of a model's prose is in it: what a page made a model say would reach every later visit.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any, Self

from django.conf import settings
from pydantic import BaseModel, Field, ValidationError

from executions.monitors.agent.finding import Plan
from executions.monitors.protocol import Question

#: How many visits' evidence is remembered, and how many tellings: as many as one could read.
LAST_VISITS = 5
MOST_TOLD = 50


class Told(BaseModel):
    """What people were told."""

    at: datetime
    #: How often the condition had been seen to be false by then.
    spell: int
    #: The normal form of the value, and what people read of it.
    key: str
    shown: str
    quotes: list[str]


class Seen(BaseModel):
    """What a visit saw."""

    at: datetime
    holds: bool
    #: The quotes that counted.
    quotes: list[str]


class Looked(BaseModel):
    """What was looked at when the model was last asked, and digests of what was there."""

    #: When the model was last asked.
    at: datetime
    #: What the answer depends on besides: the model and the like.
    asked: str
    #: By query.
    searches: dict[str, str]
    #: By URL.
    pages: dict[str, str]


class Memory(BaseModel):
    """What is remembered of one question."""

    #: Which question it is; another one begins anew.
    question: str
    plan: Plan | None = None
    #: How often the condition was seen to be false after it had been true.
    spell: int = 0
    #: Whether it was true when last seen.
    holds: bool = False
    told: list[Told] = Field(default_factory=list)
    seen: list[Seen] = Field(default_factory=list)
    looked: Looked | None = None
    #: How certain the last answer was.
    confidence: int = 0

    @classmethod
    def of(cls, question: Question) -> Self:
        """Return what is remembered of `question`; nothing after it was changed."""
        key = digest(question.search_query, question.condition_description)
        try:
            memory = cls.model_validate(question.last_known_state or {})
        except ValidationError:  # the state of another monitor
            return cls(question=key)
        return memory if memory.question == key else cls(question=key)

    def state(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return self.model_dump(mode="json")


def latest(
    looked_at: Mapping[str, str], *, before: Iterable[str], most: int, always: Iterable[str] = ()
) -> dict[str, str]:
    """Return the digests of what was looked at last.

    If a visit looked again at all that earlier ones looked at, visits would take ever longer.

    Args:
        looked_at: the digests of what was looked at in this visit, by query or URL.
        before: the queries or URLs of the visit before, in their order.
        most: how many to return.
        always: what is returned besides, however long ago it was first looked at.
    """
    names = [name for name in dict.fromkeys((*before, *looked_at)) if name in looked_at]
    kept = {*names[-most:], *always}
    return {name: looked_at[name] for name in names if name in kept}


def digest(*parts: str) -> str:
    """Return a digest of texts."""
    return sha256("\0".join(parts).encode()).hexdigest()


def what_is_asked(question: Question) -> str:
    """Return a digest of what an answer depends on besides the question and what is looked at."""
    context = json.dumps(question.context, sort_keys=True)
    return digest(settings.TORALE_MODEL, str(settings.TORALE_MIN_CONFIDENCE), context)
