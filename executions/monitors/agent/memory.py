"""What the agent remembers of a question from visit to visit; plain JSON in the task's state.

Of a model's own words it has the topic, made of the question alone, and the queries, which have no
addresses and instructions: what a page made a model say would reach every later visit.
"""

import json
from datetime import datetime
from hashlib import sha256
from typing import Any, Self

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError

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
    #: A digest of what else the answer depends on, such as the model.
    asked: str
    #: By query.
    searches: dict[str, str]
    #: By URL.
    pages: dict[str, str]


class Memory(BaseModel):
    """What is remembered of one question."""

    model_config = ConfigDict(validate_by_name=True, validate_by_alias=True)

    #: Which question it is; another one begins anew.
    question: str
    plan: Plan | None = None
    #: How often the condition was seen to be false after it had been true.
    spell: int = 0
    #: Whether it was true when last seen.
    holds: bool = False
    told: list[Told] = Field(default_factory=list)
    seen: list[Seen] = Field(default_factory=list)
    #: It has the queries, which may say what the task's `context` says: a name that begins with an
    #: underscore is shown to the owner only.
    looked: Looked | None = Field(default=None, alias="_looked")
    #: How many times in a row the model said that it is true, and was not believed.
    refused_count: int = 0
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

    @property
    def quotes(self) -> list[str]:
        """What earlier visits quoted."""
        kept = [each.quotes for each in self.told] + [each.quotes for each in self.seen]
        return [quote for quotes in kept for quote in quotes]

    def state(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return self.model_dump(mode="json", by_alias=True)


def digest(*parts: str) -> str:
    """Return a digest of texts."""
    return sha256("\0".join(parts).encode()).hexdigest()


def what_is_asked(question: Question) -> str:
    """Return a digest of what an answer depends on besides the question and what is looked at."""
    context = json.dumps(question.context, sort_keys=True)
    return digest(settings.TORALE_MODEL, str(settings.TORALE_MIN_CONFIDENCE), context)
