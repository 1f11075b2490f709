"""The API does what its OpenAPI document says, whatever it is sent: Schemathesis finds nothing."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from string import Template
from typing import Any

import pytest
from django.conf import settings

from tests.support import preloaded_python
from tests.support.processes import PROGRAM_DEADLINE_S, free_port
from tests.support.receivers import wait_for

pytestmark = pytest.mark.e2e

ROOT = Path(settings.BASE_DIR)
#: Calls with the document's examples.
EXAMPLES = "examples"
#: Calls with each limit of each parameter, kept and crossed.
LIMITS = "coverage"
#: Calls made up at random, one by one, and one with what another has answered.
RANDOM = "fuzzing,stateful"


@pytest.fixture
def environment(tmp_path) -> dict[str, str]:
    port = free_port()
    return {
        **os.environ,
        "TORALE_DATA_DIR": f"{tmp_path}/var",
        "TORALE_LISTEN": f"127.0.0.1:{port}",
        "TORALE_URL": f"http://127.0.0.1:{port}",
        "TORALE_REQUESTS_PER_MINUTE": "0",
        "TORALE_PROXIES": "1",
        "SCHEMATHESIS_HOOKS": "tests.support.schemathesis_hooks",
        "PYTHONPATH": str(ROOT),
        "PYTHONDEVMODE": "",
    }


@pytest.fixture
def server(environment, tmp_path) -> Iterator[str]:
    """Serve the API alone, with no worker; return the address."""
    run("manage.py", "migrate", environment=environment)
    log = tmp_path / "log"
    with log.open("wb") as shown:
        web = preloaded_python.start(
            *("manage.py", "web"), environment=environment, stdout=shown, stderr=shown
        )
    try:
        wait_for(lambda: answers(environment["TORALE_URL"]))
        yield environment["TORALE_URL"]
    finally:
        web.terminate()
        web.wait(PROGRAM_DEADLINE_S)


def answers(url: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{url}/readyz") as response:
        return bool(response.status == 200)
    return False


@pytest.fixture
def furnished(server, environment) -> dict[str, Any]:
    """Have one of each thing; return what the configuration leaves open."""
    made: dict[str, Any] = json.loads(
        run("tests/support/create_one_of_each.py", environment=environment)
    )
    return made


def run(*arguments: str, environment: dict[str, str]) -> str:
    ended = preloaded_python.run(*arguments, environment=environment, timeout=PROGRAM_DEADLINE_S)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.mark.parametrize(
    "phases", [EXAMPLES, *(pytest.param(each, marks=pytest.mark.slow) for each in (LIMITS, RANDOM))]
)
def test_schemathesis_finds_nothing(server, furnished, environment, tmp_path, phases):
    template = Template((ROOT / "tests" / "support" / "schemathesis.toml").read_text())
    config = tmp_path / "schemathesis.toml"
    config.write_text(template.substitute(furnished))

    found = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", f"{server}/openapi.json", "--no-color", "--output-sanitize", "false"),
            *("--phases", phases),
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout
