"""Ask a monitor as a worker does, without a task."""

import asyncio
from datetime import timedelta

from executions import monitors
from executions.monitors import Answer, Preview, Question
from torale.outbound.aiohttp_sessions import AiohttpSessions


def ask(question: Question) -> Answer:
    """Return the answer of the monitor that takes `question`."""

    async def main() -> Answer:
        async with AiohttpSessions(limit=10) as sessions:
            return await monitors.ask(question, sessions=sessions)

    return asyncio.run(main())


def preview(question: Question) -> Preview:
    """Return what the monitor that takes `question` would see and answer."""
    return asyncio.run(monitors.preview(question, time_limit=timedelta(seconds=20)))
