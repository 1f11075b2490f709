"""What happens to the processes of `serve` and `web --processes` when the system is in trouble."""

import asyncio
import os
import signal
import sys

from structlog.testing import capture_logs

from tests.support.receivers import DEADLINE_S, wait_for
from torale import supervised


def test_one_that_the_system_cannot_start_now_is_tried_again(tmp_path, monkeypatch):
    monkeypatch.setattr(supervised, "COMES_UP_S", 0)
    monkeypatch.setattr(supervised, "PAUSE_S", 0.05)
    python, really = tmp_path / "python", sys.executable
    monkeypatch.setattr(sys, "executable", str(python))

    async def run() -> None:
        async with asyncio.timeout(DEADLINE_S):
            programs = {"web process 1": ["version"]}
            running = asyncio.create_task(supervised.run_together(programs, command="web"))
            await asyncio.to_thread(wait_for, lambda: entries)
            (tmp_path / "new").write_text(f'#!/bin/sh\nexec {really} "$@"\n')
            (tmp_path / "new").chmod(0o700)
            (tmp_path / "new").rename(python)
            await asyncio.to_thread(wait_for, lambda: entries[-1]["event"] == "process_restarted")
            os.kill(os.getpid(), signal.SIGTERM)
            await running

    with capture_logs() as entries:
        asyncio.run(run())

    assert entries[0]["event"] == "process_not_started"
    assert entries[0]["name"] == "web process 1"
    assert "No such file or directory" in entries[0]["error"]
    restarted = next(entry for entry in entries if entry["event"] == "process_restarted")
    assert (restarted["name"], restarted["status"]) == ("web process 1", 0)
