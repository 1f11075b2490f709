"""The API does what its OpenAPI document says, whatever it is sent: Schemathesis finds nothing."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import pytest
from django.conf import settings

from tests.support.programs import free_port
from tests.support.receivers import wait_for

pytestmark = pytest.mark.e2e

ROOT = Path(settings.BASE_DIR)


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
    """Serve as script/run does; return the address."""
    log = tmp_path / "log"
    with log.open("wb") as shown:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=shown,
            stderr=shown,
        )
    try:
        # Two waits, as on a busy machine a first start takes some time until it is migrated.
        wait_for(lambda: "Torale is at" in log.read_text())
        wait_for(lambda: "worker_started" in log.read_text())
        yield environment["TORALE_URL"]
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def furnished(server, environment) -> dict[str, Any]:
    """Have one of each thing; return what the configuration leaves open."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.support.furnish"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=True,
    )
    return dict(json.loads(made.stdout))


def test_schemathesis_finds_nothing(server, furnished, environment, tmp_path):
    template = Template((ROOT / "tests" / "support" / "schemathesis.toml").read_text())
    config = tmp_path / "schemathesis.toml"
    config.write_text(template.substitute(furnished))

    found = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", f"{server}/openapi.json", "--no-color", "--output-sanitize", "false"),
        ],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert found.returncode == 0, found.stdout
