"""A model and a search engine that know the answer to every question, for whole programs.

`python -m tests.support.answered_questions` serves both until SIGTERM. It prints the environment
variables with which Torale asks them, each on a line of its own.
"""

import json
import re
import signal
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

import pytest

from tests.support.receivers import HTTPAnswer, HTTPReceiver, Request
from tests.support.scripted_model import NAME, Body, Reply, ScriptedModel, calls, tools_of

#: What the page about a question says.
SAYS = "It is official: what everybody was waiting for is here, says the maker."
_QUESTION = re.compile(r"^The question: (.+)$", re.MULTILINE)
_URL = re.compile(r"http://127\.0\.0\.1:\d+/about/\S+")


class AnsweredQuestions:
    """Finds one page for each search, and reports what it says."""

    def __init__(self) -> None:
        self.model = ScriptedModel()
        self.model.judge = reply_to
        self.web = HTTPReceiver()
        self.web.judge = self._answer_to

    @property
    def settings(self) -> dict[str, str]:
        """The settings with which Torale asks both."""
        return {
            "TORALE_MODEL": f"openai-chat:{NAME}",
            "TORALE_MODEL_URL": self.model.url,
            "TORALE_SEARCH": f"searxng+{self.web.url}",
        }

    def _answer_to(self, request: Request) -> HTTPAnswer:
        parts = urlsplit(request.path)
        if parts.path == "/search":
            [words] = parse_qs(parts.query)["q"]
            url = f"{self.web.url}/about/{quote(words)}"
            found = {"url": url, "title": words, "content": "News"}
            return json_answer({"query": words, "results": [found]})
        body = f"<title>News</title><h1>News of today</h1><p>{SAYS}</p>".encode()
        return HTTPAnswer(200, body, {"Content-Type": "text/html; charset=utf-8"})

    def close(self) -> None:
        self.model.close()
        self.web.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def reply_to(body: Body) -> Reply:
    """Search, read what was found, and report what it says."""
    offered = tools_of(body)
    said = "\n".join(str(message.get("content")) for message in body["messages"])
    if "ready" in offered:
        return calls(("ready", {"is_ready": True}))
    if "judge" in offered:
        return calls(("judge", {"agrees": True}))
    question = _QUESTION.search(said)
    assert question, said
    if "plan" in offered:
        return calls(("plan", plan_for(question[1])))
    urls = _URL.findall(said)
    if not urls:
        return calls(("search", {"query": question[1][:60]}))
    if SAYS not in said:
        return calls(("read", {"url": urls[0]}))
    quotes = [{"url": urls[0], "text": SAYS}]
    return calls(("report", {"holds": True, "confidence": 97, "value": None, "quotes": quotes}))


def plan_for(question: str) -> dict[str, Any]:
    return {
        "topic": question[:80],
        "value_kind": "yes",
        "is_once_only": False,
        "depends_on_time": False,
        "hours_between_visits": 6,
    }


def json_answer(value: object) -> HTTPAnswer:
    return HTTPAnswer(200, json.dumps(value).encode(), {"Content-Type": "application/json"})


@pytest.fixture
def answered_questions(settings, loopback_allowed) -> Iterator[AnsweredQuestions]:
    """Start both, and name them in the settings."""
    with AnsweredQuestions() as answered:
        for name, value in answered.settings.items():
            setattr(settings, name, value)
        yield answered


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT, signal.SIGTERM])
    with AnsweredQuestions() as served:
        print(*(f"{name}={value}" for name, value in served.settings.items()), sep="\n", flush=True)
        signal.sigwait([signal.SIGINT, signal.SIGTERM])
