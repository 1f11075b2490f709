"""Shells into which tests paste commands from the documents, as a person does."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from tests.support.receivers import wait_for


class Terminal:
    """A shell into which blocks of commands are pasted. `screen` is everything it has shown."""

    def __init__(self, output: Path, environment: dict[str, str]) -> None:
        self.output = output
        with output.open("wb") as shown:
            self.shell = subprocess.Popen(
                ["bash"],
                cwd=settings.BASE_DIR,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=shown,
                stderr=shown,
                start_new_session=True,
            )

    @property
    def screen(self) -> str:
        return self.output.read_text()

    def paste(self, block: str) -> None:
        assert self.shell.stdin
        self.shell.stdin.write(f"{block}\n".encode())
        self.shell.stdin.flush()

    def answer_to(self, command: str) -> str:
        """Return the line that `command` prints."""
        before = self.screen.count("<end>")
        self.paste(f"echo; {command}; echo '<end>'")
        wait_for(lambda: self.screen.count("<end>") > before)
        return self.screen.split("<end>")[-2].splitlines()[-1]

    def press_ctrl_c(self) -> int:
        """Interrupt the shell and its programs, and return the shell's exit status."""
        os.killpg(self.shell.pid, signal.SIGINT)
        return self.shell.wait(30)

    def close(self) -> None:
        """End the shell and the programs it left in the background."""
        assert self.shell.stdin
        with suppress(ProcessLookupError):
            os.killpg(self.shell.pid, signal.SIGTERM)
        self.shell.stdin.close()
        self.shell.wait(30)
