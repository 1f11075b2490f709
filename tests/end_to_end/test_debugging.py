"""The commands of docs/debugging.md, pasted into three terminals beside a running database."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from tests.support.processes import environment, free_port, manage
from tests.support.receivers import wait_for
from tests.support.terminals import Terminal

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

PAGE = (Path(settings.BASE_DIR) / "docs" / "debugging.md").read_text()
#: Stores a send that failed to reach the receiver, as `manage.py shell` runs it.
FAILED_SEND = """
from tests.support.factories import make_send
send = make_send(User.objects.get(), recipient='{recipient}', status='failed')
print(send.pk)
"""


def blocks(heading: str = "") -> list[str]:
    """Return the commands below a heading; without one, those at the beginning of the page."""
    section = PAGE.partition(f"\n## {heading}\n")[2] if heading else PAGE
    return re.findall(r"```bash\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)


class Installation:
    """A migrated installation with an admin, on ports that are free here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {port: str(free_port()) for port in ("8000", "9000")}
        self.values = {
            "TORALE_DATA_DIR": folder / "var",
            "TORALE_LISTEN": self.moved("127.0.0.1:8000"),
            "TORALE_URL": self.moved("http://localhost:8000"),
        }
        self.manage("migrate", "--verbosity=0")
        [self.key] = re.findall(r"API key +(sk_\S+)", self.manage("create_first_admin"))
        self.terminals: list[Terminal] = []

    def moved(self, text: str) -> str:
        for port, free in self.ports.items():
            text = text.replace(port, free)
        return text

    def manage(self, *arguments: str) -> str:
        ended = manage(*arguments, **self.values)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def terminal(self) -> Terminal:
        output = self.folder / f"terminal{len(self.terminals)}"
        self.terminals.append(Terminal(output, environment(**self.values)))
        return self.terminals[-1]

    def close(self) -> None:
        while self.terminals:
            self.terminals.pop().close()


@pytest.fixture(scope="module")
def migrated(tmp_path_factory) -> Installation:
    return Installation(tmp_path_factory.mktemp("debugging"))


@pytest.fixture
def installation(migrated) -> Iterator[Installation]:
    """The installation, without terminals."""
    yield migrated
    migrated.close()


def pasted(terminal: Terminal, block: str) -> str:
    """Paste a block, wait until it has run, and return what it has shown."""
    before = terminal.screen
    terminal.answer_to(f"{block.rstrip()}\necho")
    return terminal.screen.removeprefix(before)


def shown(terminal: Terminal, send_id: str) -> Any:
    """Return the JSON of a send that was shown last."""
    begin = terminal.screen.rindex(f'{{"id":"{send_id}"')
    return json.JSONDecoder().raw_decode(terminal.screen, begin)[0]


def test_each_command_shows_what_the_page_says(installation):
    terminal = installation.terminal()
    dbshell, status = blocks()
    [healthchecks] = blocks("The queue")
    [plan] = blocks("Slow queries")

    # psql reads its statements from the standard input, as there is no person here.
    assert "(1 row)" in pasted(terminal, f"{dbshell.strip()} <<< 'SELECT 1'")
    assert re.search(r"^Scheduler +ran \d+ s ago$", pasted(terminal, status), re.MULTILINE)
    assert "Database connection: OK" in pasted(terminal, healthchecks)
    shown = pasted(terminal, plan)
    assert "Limit" in shown
    assert "Execution Time" in shown


def test_a_delivery_is_reproduced_with_a_worker_in_the_foreground(installation):
    web, worker, third = (installation.terminal() for _ in range(3))
    start_web, start_worker = blocks("One worker in the foreground")
    receive, try_out, redeliver, look = map(installation.moved, blocks("Reproducing a delivery"))
    recipient = installation.moved("http://localhost:9000/")
    stored = installation.manage("shell", "-c", FAILED_SEND.format(recipient=recipient))
    send_id = stored.split()[-1]

    web.paste(start_web)
    # In the place of its shell, so that Ctrl-C shows with which status it ends.
    worker.paste(start_worker.replace(".venv", "exec .venv"))
    wait_for(lambda: "worker_started" in worker.screen)
    pasted(third, receive.replace("sk_…", installation.key))
    third.answer_to(
        installation.moved("curl -s --retry 30 --retry-connrefused localhost:8000/readyz")
    )

    tried = pasted(third, try_out)
    assert "Webhook delivered successfully (HTTP 204)" in tried
    assert "webhook.test" in tried
    assert "signature verified" in tried

    pasted(third, redeliver.replace("SEND_ID", send_id))
    wait_for(lambda: third.screen.count("signature verified") == 2)
    wait_for(lambda: '"status":"sent"' in pasted(third, look))
    [attempt] = shown(third, send_id)["attempts"]
    assert (attempt["status"], attempt["response_status"]) == ("succeeded", 204)

    assert worker.press_ctrl_c() == 0
    assert "worker_stopped" in worker.screen
