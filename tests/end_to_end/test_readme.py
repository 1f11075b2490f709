"""The README's example, pasted into two terminals as a newcomer does."""

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.support.processes import free_port
from tests.support.receivers import wait_for
from tests.support.terminals import Terminal

pytestmark = pytest.mark.e2e

ROOT = Path(settings.BASE_DIR)
README = (ROOT / "README.md").read_text()
TRIED, AFTERWARDS = README.split("## Next steps")
BLOCKS = re.findall(r"```bash\n(.*?)```", TRIED, re.DOTALL)


@pytest.fixture
def moved(tmp_path) -> Callable[[str], str]:
    """Return a text with ports that are free here and a folder of the test's own."""
    ports = {port: str(free_port()) for port in ("8000", "8001", "9000")}

    def move(text: str) -> str:
        for port, free in ports.items():
            text = text.replace(port, free)
        return text.replace("var/shop", f"{tmp_path}/shop")

    return move


@pytest.fixture
def terminals(tmp_path, moved) -> Iterator[list[Terminal]]:
    environment = {
        **os.environ,
        "TORALE_DATA_DIR": f"{tmp_path}/var",
        "TORALE_LISTEN": moved("127.0.0.1:8000"),
        "TORALE_URL": moved("http://localhost:8000"),
    }
    opened = [Terminal(tmp_path / name, environment) for name in ("first", "second")]
    yield opened
    for terminal in reversed(opened):
        terminal.close()


@pytest.fixture
def started(terminals, moved) -> list[str]:
    """Paste the first block into the first terminal; return the others with the printed key."""
    first, _ = terminals
    start, *blocks = map(moved, BLOCKS)
    first.paste(f"exec env {start}")
    wait_for(lambda: "Torale is at" in first.screen)
    wait_for(lambda: "worker_started" in first.screen)
    [key] = re.findall(r"API key +(sk_\S+)", first.screen)
    return [block.replace("sk_…", key) for block in blocks]


def pasted_block_by_block(terminal: Terminal, blocks: list[str]) -> None:
    for block in blocks:
        terminal.answer_to(f"{block.rstrip()}\necho")


def pasted_in_one_go(terminal: Terminal, blocks: list[str]) -> None:
    terminal.paste("\n".join(blocks))


@pytest.mark.parametrize(
    "pasted",
    [
        pytest.param(pasted_block_by_block, marks=pytest.mark.slow),
        # The harder way: each command must leave the lines after it to the shell.
        pasted_in_one_go,
    ],
)
def test_the_example_tells_by_webhook_and_email_and_shows_the_record(
    terminals, started, pasted, tmp_path
):
    first, second = terminals

    pasted(second, started)

    wait_for(lambda: "signature verified" in second.screen)
    # What the last block asks for, as it is on the screen.
    wait_for(lambda: re.search(r'\{"sends":.*\}\[\{.*\}\]', second.screen))
    sends, notifications = re.search(r'(\{"sends":.*\})(\[\{.*\}\])', second.screen).groups()
    [execution] = json.loads(notifications)
    # Told by the visit that was asked for after the page had changed, not by the first one.
    assert f'{{"id":"{execution["id"]}"' in second.screen.partition('"sends":')[0]
    assert "In stock" in execution["notification"]
    assert {
        (send["notification_type"], send["status"], send["execution_id"])
        for send in json.loads(sends)["sends"]
    } == {(channel, "sent", execution["id"]) for channel in ("email", "webhook")}
    [mail] = (tmp_path / "var" / "mail").iterdir()
    assert "Subject: In stock: Is it back?" in mail.read_text()
    assert first.press_ctrl_c() == 0


@pytest.mark.slow
def test_the_commands_after_the_example_do_what_they_say(tmp_path, smtp_receiver, monkeypatch):
    blocks = re.findall(r"```bash\n(.*?)```", AFTERWARDS, re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines() if "manage.py" in line]
    smtp = f"smtp://127.0.0.1:{smtp_receiver.port}"
    monkeypatch.chdir(ROOT)
    environment = {**os.environ, "TORALE_DATA_DIR": f"{tmp_path}/var"}

    for command in [
        "script/venv requirements.txt",
        ".venv/bin/python manage.py migrate",
        *commands,
    ]:
        line = re.sub(r"smtp\+tls://\S+", smtp, command).replace("torale.backup", f"{tmp_path}/b")
        ended = subprocess.run(
            line, shell=True, env=environment, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr

    [mail] = smtp_receiver.messages
    assert mail["To"] == "you@example.com"
    assert (tmp_path / "b").stat().st_size > 1000
    for command in ("users invite", "doctor"):
        assert f"manage.py {command}" in AFTERWARDS
