"""The language model of the settings, and what it costs."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from functools import cache

from django.conf import settings
from genai_prices import calc_price
from pydantic_ai.exceptions import UserError
from pydantic_ai.messages import ModelMessage, ModelResponse
from pydantic_ai.models import Model, infer_model
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

#: The most tokens that a model may write in one reply.
MOST_OUTPUT_TOKENS = 2000

_GUIDE = "https://pydantic.dev/docs/ai/models/"
#: Models cost more for each token of a long text; this is as long as any model reads.
_LONG = 1_000_000


class ModelMisconfigured(Exception):
    """The settings name no model that can be asked; the message says what to change."""


class _Once(WrapperModel):
    """A model that is asked once and for a limited time, where its client would ask again.

    The client's own retries would wait as long as the server says, and keep the fallback waiting.
    """

    def __init__(self, wrapped: Model, *, timeout_s: float) -> None:
        super().__init__(wrapped)
        self._limits = ModelSettings(
            max_retries=0, request_timeout=timeout_s, max_tokens=MOST_OUTPUT_TOKENS
        )

    @property
    def settings(self) -> ModelSettings:
        """Return what holds for every request; an agent's own settings go before it."""
        return ModelSettings(**{**(super().settings or {}), **self._limits})


@asynccontextmanager
async def open_model(*, timeout_s: float) -> AsyncIterator[Model]:
    """Open the model of TORALE_MODEL, which TORALE_FALLBACK_MODEL replaces where it fails.

    Its connections are closed at the end.

    Args:
        timeout_s: how many seconds each of the two may take for one request.

    Raises:
        ModelMisconfigured: the settings name no model that can be asked.
    """
    # In a thread: making a client takes as long as many visits' other work.
    [model, *fallback] = await asyncio.to_thread(_models)
    together = FallbackModel(model, *fallback) if fallback else model
    async with _Once(together, timeout_s=timeout_s) as opened:
        yield opened


def worst_price() -> Decimal | None:
    """Return what one token costs at most, in US dollars; None if that is not known.

    It is the price of the dearer of the model and its fallback, and of a token that is written if
    it is dearer than one that is read.

    Raises:
        ModelMisconfigured: the settings name no model that can be asked.
    """
    return _worst_price(
        settings.TORALE_MODEL, settings.TORALE_MODEL_URL, settings.TORALE_FALLBACK_MODEL
    )


def cost_of(messages: Iterable[ModelMessage]) -> Decimal | None:
    """Return what the replies among `messages` cost together, in US dollars.

    Args:
        messages: the messages of a run; those that are no replies cost nothing.

    Returns:
        The sum, or None if the price of one of the replies is not known.
    """
    total = Decimal(0)
    for message in messages:
        if not isinstance(message, ModelResponse):
            continue
        # A price is looked up by the server's address. By a model's name alone, one that runs on a
        # server of one's own would cost what it costs at its maker's.
        if message.usage.unmeasured_requests or not (message.model_name and message.provider_url):
            return None
        try:
            price = calc_price(
                message.usage,
                message.model_name,
                provider_api_url=message.provider_url,
                genai_request_timestamp=message.timestamp,
            )
        except (LookupError, ValueError):
            return None
        total += price.total_price
    return total


@cache
def _worst_price(*_: str) -> Decimal | None:
    """Return the worst price for these settings; kept, because finding it makes clients."""
    prices = [_price_of(model) for model in _models()]
    known = [price for price in prices if price is not None]
    return max(known) if len(known) == len(prices) else None


def _price_of(model: Model) -> Decimal | None:
    if not model.base_url:
        return None
    usage = RequestUsage(input_tokens=_LONG, output_tokens=_LONG)
    try:
        price = calc_price(usage, model.model_name, provider_api_url=model.base_url)
    except (LookupError, ValueError):
        return None
    # Some providers take a fee for each request besides.
    if price.total_price > price.input_price + price.output_price:
        return None
    return max(price.input_price, price.output_price) / _LONG


def _models() -> list[Model]:
    """Return the model of the settings, and the fallback if there is one.

    Raises:
        ModelMisconfigured: one of them cannot be asked.
    """
    if settings.TORALE_MODEL_URL and settings.TORALE_MODEL:
        models: list[Model] = [_at_own_address(settings.TORALE_MODEL, settings.TORALE_MODEL_URL)]
    else:
        models = [_by_name("TORALE_MODEL")]
    return models + ([_by_name("TORALE_FALLBACK_MODEL")] if settings.TORALE_FALLBACK_MODEL else [])


def _at_own_address(name: str, url: str) -> Model:
    # Names such as `llama3:8b` have colons of their own.
    name = re.sub(r"^openai(-chat)?:", "", name)
    key = os.environ.get("OPENAI_API_KEY")
    provider = OpenAICompatibleProvider("openai-compatible", base_url=url, api_key=key)
    return OpenAIChatModel(name, provider=provider)


def _by_name(setting: str) -> Model:
    """Return the model that a setting names.

    Raises:
        ModelMisconfigured: it cannot be asked.
    """
    name = getattr(settings, setting)
    if ":" not in name:  # the library has a model `test`, which makes its answers up
        raise ModelMisconfigured(
            f"{setting} is {name!r}. Set it to a model with its provider, such as "
            "openai:gpt-5-mini, or to none."
        )
    try:
        return infer_model(name)
    except ImportError as error:
        [command] = re.findall(r'pip install "[^"]+"', str(error)) or ["see " + _GUIDE]
        raise ModelMisconfigured(
            f"{setting} is {name!r}, which needs a Python package that is not installed: {command}"
        ) from error
    except UserError as error:
        raise ModelMisconfigured(_what_to_change(setting, name, error)) from error


def _what_to_change(setting: str, name: str, error: UserError) -> str:
    if variables := re.findall(r"`([A-Z][A-Z0-9_]+)`", error.message):
        needed = " or ".join(variables)
        return f"{setting} is {name!r}, which needs the environment variable {needed}. Set it."
    reason = error.message.partition(". ")[0].replace("`", "").rstrip(".")
    return f"{setting} is {name!r}, which cannot be used. {reason}. The names are at {_GUIDE}"
