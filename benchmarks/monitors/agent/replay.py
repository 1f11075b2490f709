"""Say in a visit what a model said: the answers of a case, in the place of a model."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.test import override_settings

from benchmarks.monitors.agent.case import Case
from tests.support.scripted_model import NAME, Reply, ScriptedModel, calls, tools_of

#: A token is taken to be so many characters.
CHARACTERS_PER_TOKEN = 4


class Replay:
    """A model that says what the answers of a case say."""

    def __init__(self, model: ScriptedModel) -> None:
        model.judge = self._reply
        self._case: Case | None = None
        self._number = 0
        self._turn = 0

    def begin(self, case: Case, number: int) -> None:
        """Get ready for a visit, which is counted from 0."""
        self._case, self._number, self._turn = case, number, 0

    def _reply(self, body: dict[str, Any]) -> Reply:
        assert self._case
        said = self._case.said[self._number]
        tools = set(tools_of(body))
        if "plan" in tools:
            return _call(body, ("plan", self._case.plan))
        if "judge" in tools:
            return _call(body, ("judge", said.judge))
        turn, self._turn = self._turn, self._turn + 1
        if turn < len(said.turns) and tools >= {name for name, _ in said.turns[turn]}:
            return _call(body, *said.turns[turn])
        # What comes after the first report is asked because of its faults.
        report = said.report if turn <= len(said.turns) else said.mended
        return _call(body, ("report", report))


@contextmanager
def replaying() -> Iterator[Replay]:
    """Start a server for the replay, and name it in the settings."""
    with scripted() as model:
        yield Replay(model)


@contextmanager
def scripted() -> Iterator[ScriptedModel]:
    """Start a scripted model, and name it in the settings."""
    model = ScriptedModel()
    try:
        with override_settings(
            TORALE_MODEL=f"openai-chat:{NAME}", TORALE_MODEL_URL=model.url, TORALE_FALLBACK_MODEL=""
        ):
            yield model
    finally:
        model.close()


def _call(body: dict[str, Any], *tools: tuple[str, dict[str, Any]]) -> Reply:
    sent, received = (len(json.dumps(part)) // CHARACTERS_PER_TOKEN for part in (body, tools))
    return calls(*tools, usage=(sent, received))
