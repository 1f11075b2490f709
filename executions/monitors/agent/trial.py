"""One small request to the model of the settings, to see whether it answers."""

import asyncio
from datetime import UTC, datetime

from pydantic import BaseModel
from pydantic_ai import Agent, ToolOutput
from pydantic_ai.messages import ModelResponse

from executions.failures import FailureKind
from executions.monitors.agent.faults import AGAIN, failure_of
from executions.monitors.agent.models import ModelMisconfigured, open_model
from torale.doctor import Finding, Verdict

#: Seconds that the request may take.
PATIENCE_S = 20
#: Failures that may be gone at the next attempt, or do not come at every attempt.
_PASSING = (FailureKind.RATE_LIMIT, FailureKind.AGENT_ERROR)


class Ready(BaseModel):
    """What the model says by calling a tool, as it must when it answers a question."""

    is_ready: bool


def try_model(name: str) -> Finding:
    """Ask the model once, and return a finding of that name about its answer."""
    try:
        response = asyncio.run(_ask())
    except ModelMisconfigured as error:
        text, _, remedy = str(error).partition(". ")
        remedy = f"{remedy[:1].lower()}{remedy[1:]}" or "change it."
        return Finding(name, Verdict.PROBLEM, f"{text.rstrip('.')}.", remedy)
    except Exception as error:  # noqa: BLE001 - failure_of raises those that are bugs
        failure = failure_of(error, now=datetime.now(UTC))
        verdict = Verdict.WARNING if failure.kind in _PASSING else Verdict.PROBLEM
        text = str(failure).replace(f" {AGAIN}", "")
        remedy = "see that TORALE_MODEL names a model that calls tools, and look at its address "
        return Finding(name, verdict, text, remedy + "and key.")
    if response.failed_attempts:
        text = f"TORALE_MODEL does not answer; its fallback {response.model_name} does."
        remedy = "ask TORALE_MODEL alone, without TORALE_FALLBACK_MODEL, to see why."
        return Finding(name, Verdict.WARNING, text, remedy)
    return Finding(name, Verdict.OK, f"The language model {response.model_name} answers.")


async def _ask() -> ModelResponse:
    async with open_model(timeout_s=PATIENCE_S) as model:
        agent = Agent(model, output_type=ToolOutput(Ready, name="ready"), retries=0)
        result = await agent.run("Say that you are ready.", timeout=PATIENCE_S)
        return result.response
