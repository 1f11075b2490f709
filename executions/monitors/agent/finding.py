"""What a language model may propose: the only forms in which its words reach the rest of the code.

The descriptions are part of what the model reads.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from executions.pages.storable import storable

#: How many quotes a finding may have, and how many characters each of them.
MOST_QUOTES = 5
QUOTE_CHARACTERS = 500


class ValueKind(StrEnum):
    """What kind of value answers a question."""

    #: None: the condition is true or not.
    YES = "yes"
    #: A day, a month, a quarter or a year.
    DATE = "date"
    #: A number with a currency or without.
    PRICE = "price"
    #: A few words, such as the name of a product or of a person, or a version.
    NAME = "name"


#: A text that the database can store.
Text = Annotated[str, AfterValidator(storable)]
#: A year, in hours; nobody waits longer.
MOST_HOURS = 8784


class _Proposal(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Plan(_Proposal):
    """How to watch for the answer to a question.

    The model that makes it has seen no page, so no page can have a say in it.
    """

    topic: Annotated[Text, Field(max_length=200)] = Field(
        description="What the question is about, as a title of two to eight words."
    )
    value_kind: ValueKind = Field(
        description="The kind of value that answers the question: `date` for when something "
        "happens, `price` for what something costs, `name` for who, which or which version, `yes` "
        "if there is nothing to tell but that the condition is true."
    )
    is_once_only: bool = Field(
        description="Whether the question is answered for good once the condition is true, as "
        'that of "when is the release date announced?" is; false if the condition can become '
        "false and true again, as a price below a limit can."
    )
    depends_on_time: bool = Field(
        description="Whether the condition can become true on a certain day by itself, although "
        'no page changes, as "a week before the concert" can.'
    )
    hours_between_visits: Annotated[float, Field(gt=0, le=MOST_HOURS)] = Field(
        description="How many hours may pass between two looks without telling too late: 1 for "
        "what is sold out in minutes, 24 for news, 168 for what takes months."
    )


class Quote(_Proposal):
    """What a page says, word for word."""

    url: Text = Field(description="The address of the page, as you read it.")
    text: Annotated[Text, Field(max_length=QUOTE_CHARACTERS)] = Field(
        description="One sentence or line of the page, copied exactly, of at least 15 characters."
    )


class Finding(_Proposal):
    """What a model has found out."""

    holds: bool = Field(description="Whether the condition is true now.")
    confidence: Annotated[int, Field(ge=0, le=100)] = Field(
        description="How certain that is, in percent: 95 if the source itself says so, 50 if you "
        "cannot tell."
    )
    value: Annotated[Text, Field(max_length=100)] | None = Field(
        default=None,
        description="The value that answers the question, if it holds, in the form asked for. "
        "Null if there is none.",
    )
    quotes: Annotated[list[Quote], Field(max_length=MOST_QUOTES)] = Field(
        description="What the pages that you have read say of it: first the sentence that says "
        "most clearly whether the condition is true, and if there is a value, one that contains it."
    )
    hours_until_next_visit: Annotated[float, Field(gt=0, le=MOST_HOURS)] | None = Field(
        default=None,
        description="In how many hours to look again, if a page says that something is due sooner "
        "than usual.",
    )


class SecondOpinion(_Proposal):
    """The verdict of a model that sees only the quotes."""

    agrees: bool = Field(
        description="Whether the quotes alone show that the condition is true now, and that the "
        "value is right if there is one."
    )
