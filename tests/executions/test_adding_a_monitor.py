"""The monitor that docs/adding-a-monitor.md shows works as it is printed there."""

import ast
import re
import subprocess
import sys

import pytest
from django.conf import settings

from executions import monitors
from executions.monitors import Answer, BadQuestion, Question, check, monitor_for
from tests.support import asking
from tests.support.factories import NOW
from tests.support.receivers import HTTPAnswer
from torale.outbound.url_check import networks_of

PAGE = (settings.BASE_DIR / "docs" / "adding-a-monitor.md").read_text()
MODULE, REGISTRY = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture(autouse=True)
def added(monkeypatch, tmp_path):
    """Add the monitor as the page says."""
    (tmp_path / "uptime.py").write_text(MODULE)
    monkeypatch.setattr(monitors, "__path__", [*monitors.__path__, str(tmp_path)])
    registry = ast.literal_eval(REGISTRY.partition(" = ")[2])
    monkeypatch.setattr(monitors, "MONITORS", registry)
    yield
    sys.modules.pop("executions.monitors.uptime", None)
    monitors._monitor.cache_clear()


def ask(url: str, state: dict[str, object] | None = None) -> Answer:
    question = Question(
        search_query=url,
        condition_description="is down",
        last_known_state=state,
        asked_at=NOW,
        networks=networks_of(email="owner@example.com", is_staff=False),
    )
    return asking.ask(question)


def test_the_page_adds_one_monitor_to_those_there_are(monkeypatch):
    shown = [*monitors.MONITORS.items()]
    monkeypatch.undo()

    assert shown[1:] == [*monitors.MONITORS.items()]


@pytest.mark.parametrize(
    ("condition", "kind"), [("is down", "UptimeMonitor"), ("changes", "PageMonitor")]
)
def test_each_question_goes_to_its_monitor(condition, kind):
    chosen = monitor_for(search_query="https://shop.example/", condition_description=condition)

    assert type(chosen).__name__ == kind


@pytest.mark.parametrize("url", ["the shop", "http://127.0.0.1/"])
def test_a_question_that_cannot_be_answered_is_refused(url):
    with pytest.raises(BadQuestion) as refusal:
        check(search_query=url, condition_description="is down", networks=())

    assert [*refusal.value.faults] == ["search_query"]


def test_a_page_that_goes_down_is_told_once(http_receiver):
    http_receiver.answers = [HTTPAnswer(200), HTTPAnswer(503)]

    up = ask(http_receiver.url)
    down = ask(http_receiver.url, up.state)
    still = ask(http_receiver.url, down.state)

    assert [answer.condition_met for answer in (up, down, still)] == [False, True, False]
    assert down.notification == f"<{http_receiver.url}> is down. It answers 503."


def test_a_server_that_is_gone_is_down(http_receiver):
    url = http_receiver.url
    http_receiver.close()

    answer = ask(url)

    assert answer.condition_met
    assert "was refused" in answer.evidence


def test_the_example_is_short_and_in_the_style_of_the_project():
    code = [line for line in MODULE.splitlines() if line.strip()]
    imports_and_docstrings = re.compile(r'\s*(from |import |""")')
    path = "executions/monitors/uptime.py"
    for command in (["check"], ["format", "--check"]):
        ended = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", path, "-"],
            input=MODULE,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            check=False,
        )
        assert not ended.returncode, ended.stdout

    assert len([line for line in code if not imports_and_docstrings.match(line)]) <= 36
