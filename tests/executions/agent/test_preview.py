"""What a person sees of a question that is tried."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from executions.monitors.agent import AgentMonitor
from executions.monitors.agent.reading import MOST_CHARACTERS
from tests.support.agent_visits import QUESTION, SAYS, URL, plays, report
from tests.support.small_web import WebPage


def test_a_preview_shows_the_beginning_of_long_pages_and_why_others_could_not_be_read(
    small_web, scripted_model, monkeypatch
):
    dead = "http://dead.example/page"
    small_web.pages[URL] = WebPage(f"<title>Quill 4</title><p>{SAYS}</p><p>{'word ' * 5000}</p>")
    small_web.pages[dead] = WebPage("gone", status=503)
    scripted_model.judge = plays(report())
    monkeypatch.setattr(
        "executions.monitors.agent.AiohttpSessions", lambda **_: small_web.sessions()
    )
    question = replace(QUESTION, search_query=f"Is it announced? {URL} {dead}")

    preview = asyncio.run(
        AgentMonitor().preview(question, time_limit=timedelta(seconds=20), progress=lambda _: None)
    )

    shown, failed = preview.pages
    assert (shown["url"], shown["title"], shown["error"]) == (URL, "Quill 4", None)
    assert len(shown["text"]) <= MOST_CHARACTERS
    assert shown["characters"] > 20_000
    assert failed["url"] == dead
    assert "503" in failed["error"]
    assert any(dead in warning for warning in preview.warnings)
