"""`manage.py doctor` asks the language model once, and says how to mend what is wrong."""

import threading

import pytest

from executions.diagnoses import look_at_model
from executions.monitors.agent import trial
from tests.support.processes import fresh_python
from tests.support.scripted_model import ScriptedModel, calls, fails, says, stalls, tools_of
from torale.doctor import Finding, Verdict

REMEDY = "see that TORALE_MODEL names a model that calls tools, and look at its address and key."


def test_no_model_is_no_problem_and_loads_no_library():
    program = """
import sys, django
django.setup()
from executions.diagnoses import look_at_model
print(*(finding.text for finding in look_at_model()), "pydantic_ai" in sys.modules)
"""

    ended = fresh_python("-c", program, DJANGO_SETTINGS_MODULE="torale.settings", TORALE_MODEL="")

    said = "No language model is set; questions in plain words are refused."
    assert ended.stdout == f"{said} False\n", ended.stderr


def test_a_model_that_calls_its_tool_is_well(scripted_model):
    scripted_model.answers = [calls(("ready", {"is_ready": True}))]

    found = [*look_at_model()]

    assert found == [Finding("model", Verdict.OK, "The language model scripted answers.")]
    assert [tools_of(body) for body in scripted_model.requests] == [["ready"]]


@pytest.mark.parametrize(
    ("reply", "verdict", "text"),
    [
        (says("I am ready."), Verdict.WARNING, "The language model gave no usable answer."),
        (
            fails(429),
            Verdict.WARNING,
            "The language model scripted refuses more requests for now.",
        ),
        (
            fails(500),
            Verdict.PROBLEM,
            "The server of the language model scripted failed (status 500).",
        ),
    ],
    ids=["no call", "429", "500"],
)
def test_a_model_that_does_not_answer_is_told_after_one_request(
    scripted_model, reply, verdict, text
):
    scripted_model.answers = [reply]

    found = [*look_at_model()]

    assert found == [Finding("model", verdict, text, REMEDY)]
    assert len(scripted_model.requests) == 1


def test_a_model_that_stalls_is_given_up(scripted_model, monkeypatch):
    monkeypatch.setattr(trial, "PATIENCE_S", 0.2)
    scripted_model.answers = [stalls(threading.Event())]

    [finding] = look_at_model()

    assert finding.verdict is Verdict.PROBLEM
    assert "in time" in finding.text


def test_a_fallback_that_had_to_answer_is_a_warning(scripted_model, settings, monkeypatch):
    fallback = ScriptedModel()
    fallback.answers = [calls(("ready", {"is_ready": True}))]
    monkeypatch.setenv("OLLAMA_BASE_URL", fallback.url)
    settings.TORALE_FALLBACK_MODEL = "ollama:second"
    scripted_model.answers = [fails(500)]

    [finding] = look_at_model()
    fallback.close()

    assert finding.verdict is Verdict.WARNING
    assert finding.text == "TORALE_MODEL does not answer; its fallback second does."


def test_a_setting_that_is_wrong_is_a_problem(settings, monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    settings.TORALE_MODEL, settings.TORALE_MODEL_URL = "openai:gpt-5-mini", ""

    [finding] = look_at_model()

    assert finding == Finding(
        "model",
        Verdict.PROBLEM,
        "TORALE_MODEL is 'openai:gpt-5-mini', which needs the environment variable OPENAI_API_KEY.",
        "set it.",
    )
