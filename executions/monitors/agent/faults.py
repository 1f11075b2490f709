"""Why a language model gave no answer, in our kinds of failures and our words; pure."""

from datetime import datetime, timedelta
from types import TracebackType

from pydantic_ai import exceptions as of_model

from executions.failures import LONGEST_REST, FailureKind
from executions.monitors.agent.metered import OutOfTokens
from executions.monitors.agent.models import ModelMisconfigured
from executions.monitors.protocol import AskFailed, joined

#: What follows a failure that may be gone at the next attempt.
AGAIN = "It will be asked again."

#: What each exception means: the kind of failure, and what the task's owner is told of the cause
#: and of what follows. The first class that fits counts, so that subclasses come before their
#: bases. `{model}` is the model's name, and `{status}` the status of the answer if there was one.
FAULTS: tuple[tuple[type[BaseException], FailureKind, str, str], ...] = (
    (
        of_model.ModelRateLimitError,
        FailureKind.RATE_LIMIT,
        "The language model {model} refuses more requests for now.",
        AGAIN,
    ),
    (
        of_model.ModelQuotaExceededError,
        FailureKind.SYSTEM_ERROR,
        "The account with the provider of the language model {model} has no credit left.",
        "The operator must add some, or set another TORALE_MODEL.",
    ),
    (
        of_model.ModelTimeoutError,
        FailureKind.TIMEOUT,
        "The language model {model} did not answer in time.",
        AGAIN,
    ),
    (
        of_model.ModelRequestTimeout,
        FailureKind.TIMEOUT,
        "The language model {model} did not answer in time.",
        AGAIN,
    ),
    (
        of_model.RunTimedOut,
        FailureKind.TIMEOUT,
        "The language model did not finish in time.",
        AGAIN,
    ),
    (
        of_model.ModelConnectionError,
        FailureKind.NETWORK,
        "The server of the language model {model} could not be reached, or broke off.",
        AGAIN,
    ),
    (
        of_model.ModelUnavailableError,
        FailureKind.NETWORK,
        "The server of the language model {model} is not available{status}.",
        AGAIN,
    ),
    (
        of_model.ModelServerError,
        FailureKind.NETWORK,
        "The server of the language model {model} failed{status}.",
        AGAIN,
    ),
    (
        of_model.ModelContextWindowExceededError,
        FailureKind.AGENT_ERROR,
        "What was read is too long for the language model {model}.",
        AGAIN,
    ),
    (
        of_model.ModelAuthenticationError,
        FailureKind.SYSTEM_ERROR,
        "The provider of the language model {model} refuses the key{status}.",
        "The operator must set a valid one.",
    ),
    (
        of_model.ModelNotFoundError,
        FailureKind.SYSTEM_ERROR,
        "The language model {model} was not found{status}.",
        "The operator must correct its name, or TORALE_MODEL_URL.",
    ),
    (
        of_model.ModelRequestRejectedError,
        FailureKind.SYSTEM_ERROR,
        "The provider of the language model {model} does not accept our requests{status}.",
        "The operator must set a model that can call tools.",
    ),
    (
        of_model.ContentFilterError,
        FailureKind.AGENT_ERROR,
        "The language model refused to answer.",
        AGAIN,
    ),
    (
        of_model.OutputTokenLimitExceeded,
        FailureKind.AGENT_ERROR,
        "The language model's answer was too long, and was cut off.",
        AGAIN,
    ),
    (
        of_model.UsageLimitExceeded,
        FailureKind.AGENT_ERROR,
        "The language model found no answer within the limits of a visit.",
        AGAIN,
    ),
    (
        OutOfTokens,
        FailureKind.AGENT_ERROR,
        "The language model found no answer within the limits of a visit.",
        AGAIN,
    ),
    # The exceptions of a server's answer that has no meaning.
    (
        of_model.UnexpectedModelBehavior,
        FailureKind.AGENT_ERROR,
        "The language model gave no usable answer.",
        AGAIN,
    ),
    (
        of_model.ModelAPIError,
        FailureKind.AGENT_ERROR,
        "The language model gave no usable answer.",
        AGAIN,
    ),
)

#: The packages that read a model's replies. They raise anything at a reply of another form.
_READERS = ("pydantic_ai.models", "openai", "anthropic")


def failure_of(error: BaseException, *, now: datetime) -> AskFailed:
    """Return the failure that an exception of a model or its run stands for.

    If several models were asked, it is the failure that is retried most often.

    Args:
        error: the exception. Its text may repeat what was sent, and is not used.
        now: when it was raised.

    Raises:
        TypeError: the exception is not the model's fault, but a bug here.
    """
    if isinstance(error, of_model.FallbackExceptionGroup):
        return joined([failure_of(each, now=now) for each in error.exceptions])
    if isinstance(error, ModelMisconfigured):
        return AskFailed(FailureKind.SYSTEM_ERROR, f"The operator must correct a setting. {error}")
    for class_, kind, cause, what_follows in FAULTS:
        if isinstance(error, class_):
            message = f"{_filled(cause, error)} {what_follows}"
            return AskFailed(kind, message, retry_after=_rest(error, now))
    if isinstance(error, Exception) and _is_from_reading_a_reply(error.__traceback__):
        return failure_of(of_model.UnexpectedModelBehavior("a reply of another form"), now=now)
    raise TypeError("not a failure of a language model") from error


def _filled(sentence: str, error: BaseException) -> str:
    status = f" (status {error.status_code})" if isinstance(error, of_model.ModelHTTPError) else ""
    return sentence.format(model=getattr(error, "model_name", ""), status=status)


def _rest(error: BaseException, now: datetime) -> datetime | None:
    seconds = getattr(error, "retry_after", None)
    if seconds is None:
        return None
    return now + timedelta(seconds=min(seconds, LONGEST_REST.total_seconds()))


def _is_from_reading_a_reply(traceback: TracebackType | None) -> bool:
    """Return whether an exception was raised by the code that reads replies."""
    name = ""
    while traceback:
        name = traceback.tb_frame.f_globals.get("__name__", "")
        traceback = traceback.tb_next
    return any(name == reader or name.startswith(f"{reader}.") for reader in _READERS)
