"""Commands of manage.py that a test starts, watches and ends."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support import preloaded_python
from tests.support.processes import PROGRAM_DEADLINE_S, environment
from tests.support.receivers import wait_for

#: Sets constants of modules before it runs a command: `{"module.NAME": number}`, as JSON.
WITH_CONSTANTS = """
import importlib, json, os, sys
import django
import manage
os.environ["DJANGO_SETTINGS_MODULE"] = "torale.settings"
django.setup()
for name, number in json.loads(sys.argv.pop(1)).items():
    module, _, constant = name.rpartition(".")
    assert hasattr(importlib.import_module(module), constant)
    setattr(sys.modules[module], constant, number)
manage.main()
"""


class Started:
    """A command in a process of its own; what it writes goes to a file."""

    def __init__(
        self, output: Path, *arguments: str, constants: Mapping[str, float], **values: object
    ) -> None:
        self.output = output
        program = ("-c", WITH_CONSTANTS, json.dumps(constants)) if constants else ("manage.py",)
        with output.open("ab") as file:
            self.process = preloaded_python.start(
                *program, *arguments, environment=environment(**values), stdout=file, stderr=file
            )

    @property
    def said(self) -> str:
        """Return what it wrote for people: all but its log."""
        lines = self.output.read_text().splitlines(keepends=True)
        return "".join(line for line in lines if not line.startswith("{"))

    def log(self, event: str) -> list[dict[str, Any]]:
        """Return what it has logged of an event."""
        lines = [line for line in self.output.read_text().splitlines() if line.startswith("{")]
        return [line for line in map(json.loads, lines) if line["event"] == event]

    def logged(self, event: str, count: int = 1) -> dict[str, Any]:
        """Wait until it has logged an event so many times; return the last of them."""
        wait_for(lambda: len(self.log(event)) >= count or self.has_ended())
        return self.log(event)[-1]

    def has_ended(self) -> bool:
        """Fail if it has ended, with what it wrote; otherwise return False."""
        assert self.process.poll() is None, self.output.read_text()
        return False

    def status(self) -> int:
        """Wait until it ends by itself, and return its exit status."""
        return self.process.wait(PROGRAM_DEADLINE_S)

    def stop(self) -> int:
        """End it as SIGTERM does, and return its exit status."""
        self.process.terminate()
        return self.status()


@contextmanager
def started(
    output: Path, *arguments: str, constants: Mapping[str, float] = {}, **values: object
) -> Iterator[Started]:
    """Start a command; end it with the block, if it has not ended by then.

    Args:
        output: the file for what it writes.
        arguments: what follows `manage.py` on the command line.
        constants: numbers to set in its modules, such as `{"torale.processes.REPORT_S": 0.1}`.
        values: its environment.
    """
    command = Started(output, *arguments, constants=constants, **values)
    try:
        yield command
    finally:
        try:
            command.stop()
        except subprocess.TimeoutExpired:
            command.process.kill()
            command.process.wait()
            raise
