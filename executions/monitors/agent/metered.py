"""A model that counts what a visit uses, and stops at its limits."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from pydantic_ai import RunContext
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.messages import ModelMessage, ModelRequest, ModelResponse
from pydantic_ai.models import Model, ModelRequestParameters, StreamedResponse
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_core import to_json

from executions.monitors.agent.models import MOST_OUTPUT_TOKENS

#: Tokens are estimated by this many bytes of UTF-8 each. A token of English has four; most tokens
#: of Chinese are a character or two, which have three bytes each.
BYTES_PER_TOKEN = 3


class OutOfTokens(Exception):
    """The next request would exceed what a visit may use, and was not made."""


class Metered(WrapperModel):
    """A model with limits that hold for all runs of a visit together.

    The limits of the library are checked after a request was paid for, and not at all where a
    server does not say how many tokens it took. Here each request is estimated before it is made,
    and counted by the estimate if the server does not say.

    A fallback is counted with the model that it replaces, as one request.

    Attributes:
        requests: how many requests were made, those that failed included.
        input_tokens: how many tokens were sent.
        output_tokens: how many tokens were received.
        models: the names of the models that answered, each once, in order.
        responses: the replies, for their price.
        lost_tokens: how many of the input tokens belong to requests that got no reply, because they
            took too long or broke off. The provider may charge for them.
        last_input_tokens: how many tokens the last request had.
    """

    def __init__(self, wrapped: Model, *, most_tokens: int, most_requests: int) -> None:
        super().__init__(wrapped)
        self.most_tokens = most_tokens
        self.most_requests = most_requests
        self.requests = 0
        self.input_tokens = 0
        self.output_tokens = 0
        self.models: list[str] = []
        self.responses: list[ModelResponse] = []
        self.lost_tokens = 0
        self.last_input_tokens = 0

    @property
    def tokens_left(self) -> int:
        """How many tokens may still be sent and received."""
        return max(0, self.most_tokens - self.input_tokens - self.output_tokens)

    @property
    def requests_left(self) -> int:
        """How many requests may still be made."""
        return max(0, self.most_requests - self.requests)

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """Ask the model.

        Raises:
            OutOfTokens: the request would exceed a limit; it was not made.
        """
        estimate = self._begin(messages, model_settings, model_request_parameters)
        with self._losing(estimate):
            response = await super().request(messages, model_settings, model_request_parameters)
        self._count(response, estimate)
        return response

    @asynccontextmanager
    async def request_stream(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
        run_context: RunContext[Any] | None = None,
    ) -> AsyncIterator[StreamedResponse]:
        """Ask the model for a stream, which counts when it ends or breaks off.

        Raises:
            OutOfTokens: the request would exceed a limit; it was not made.
        """
        estimate = self._begin(messages, model_settings, model_request_parameters)
        async with super().request_stream(
            messages, model_settings, model_request_parameters, run_context
        ) as stream:
            try:
                yield stream
            finally:
                self._count(stream.get(), estimate)

    @contextmanager
    def _losing(self, estimate: int) -> Iterator[None]:
        """Count what was sent if there is no reply, unless the server refused it by a status."""
        try:
            yield
        except ModelHTTPError:
            raise
        except BaseException:
            self.input_tokens += estimate
            self.lost_tokens += estimate
            raise

    def _begin(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        parameters: ModelRequestParameters,
    ) -> int:
        """Count a request, and return how many tokens it will send, about.

        Raises:
            OutOfTokens: it would exceed a limit.
        """
        estimate = _size(messages, parameters) // BYTES_PER_TOKEN
        most_output = (model_settings or {}).get("max_tokens", MOST_OUTPUT_TOKENS)
        if not self.requests_left:
            raise OutOfTokens(f"All {self.most_requests} requests to the model were used.")
        if estimate + most_output > self.tokens_left:
            raise OutOfTokens(
                f"{self.tokens_left} of {self.most_tokens} tokens are left, but the next request "
                f"may take {estimate + most_output}."
            )
        self.requests += 1
        return estimate

    def _count(self, response: ModelResponse, estimate: int) -> None:
        usage = response.usage
        # A fallback answered: what was sent to the model that failed may cost, too.
        failed = estimate * len(response.failed_attempts or ())
        self.input_tokens += failed
        self.lost_tokens += failed
        self.last_input_tokens = usage.input_tokens or estimate
        if usage.unmeasured_requests or not usage.total_tokens:
            self.input_tokens += estimate
            self.output_tokens += _size_of_all(response.parts) // BYTES_PER_TOKEN
        else:
            self.input_tokens += usage.input_tokens
            self.output_tokens += usage.output_tokens
        if response.model_name and response.model_name not in self.models:
            self.models.append(response.model_name)
        self.responses.append(response)


def _size(messages: Iterable[ModelMessage], parameters: ModelRequestParameters) -> int:
    """Return how many bytes of text a request has, about."""
    size = sum(
        len(to_json([tool.name, tool.description, tool.parameters_json_schema]))
        for tool in (*parameters.function_tools, *parameters.output_tools)
    )
    instructions = None
    for message in messages:
        size += _size_of_all(message.parts)
        if isinstance(message, ModelRequest):
            instructions = message.instructions or instructions
    return size + len((instructions or "").encode())


def _size_of_all(parts: Iterable[object]) -> int:
    """Return how many bytes of text the parts of a message have: contents, or calls of tools."""
    return sum(
        len(to_json(getattr(part, name, None), fallback=str))
        for part in parts
        for name in ("content", "args", "tool_name")
    )
