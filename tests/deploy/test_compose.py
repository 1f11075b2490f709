"""compose.yaml: what it names is there, and its services work together, as plain processes.

Docker itself is not run. What a service starts, mounts and sets is taken from the file.
"""

import json
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
import yaml

from tests.support import preloaded_python
from tests.support.commands_run import check_command
from tests.support.needed import needs
from tests.support.nginx import Nginx
from tests.support.own_database import migrated_database
from tests.support.preloaded_python import ROOT
from tests.support.processes import answers, environment, free_port, manage
from tests.support.receivers import DEADLINE_S, HTTPAnswer, SMTPReceiver, wait_for

COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
#: The services that run Torale.
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "torale"}
#: Whoever may read the folders of the tests' server, if that runs as root.
NOBODY = 65534


def prepare(folder: Path, address: str) -> Path:
    """Run deploy/prepare in a folder, and return the folder of what it makes."""
    script = folder / "deploy" / "prepare"
    script.parent.mkdir()
    shutil.copy(ROOT / "deploy" / "prepare", script)
    subprocess.run([script, address], check=True, capture_output=True, timeout=30)
    return folder / "deploy" / "secrets"


def variables(file: Path) -> dict[str, str]:
    """Return what a file of environment variables sets."""
    return dict(line.split("=", 1) for line in file.read_text().splitlines())


def test_every_file_that_it_names_is_shipped_or_made_by_prepare(tmp_path):
    made = prepare(tmp_path, "https://torale.example")
    named = {
        *(service["env_file"] for service in OURS.values()),
        *(config["file"] for config in COMPOSE["configs"].values()),
        *(secret["file"] for secret in COMPOSE["secrets"].values()),
    }

    secret = {name for name in named if name.startswith("deploy/secrets/")}
    assert {Path(name).name for name in secret} == {path.name for path in made.iterdir()}
    assert [name for name in named - secret if not (ROOT / name).is_file()] == []
    assert made.stat().st_mode & 0o777 == 0o700


def test_what_prepare_has_made_stays(tmp_path):
    made = prepare(tmp_path, "https://torale.example:8443")
    before = {path.name: path.read_bytes() for path in made.iterdir()}
    subprocess.run([made.parent / "prepare"], check=True, capture_output=True, timeout=30)

    assert {path.name: path.read_bytes() for path in made.iterdir()} == before
    assert variables(made / "torale.env")["TORALE_URL"] == "https://torale.example:8443"


@pytest.mark.parametrize("name", OURS)
def test_a_service_runs_a_command_that_there_is_with_settings_that_there_are(name, tmp_path):
    documented = re.findall(
        r"^\| `([A-Z_]+)`", (ROOT / "docs" / "settings.md").read_text(), re.MULTILINE
    )
    made = prepare(tmp_path, "https://torale.example")

    check_command(OURS[name]["command"])
    assert {*OURS[name]["environment"], *variables(made / "torale.env")} <= {*documented}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_can_do_little_and_is_kept_running(name):
    service = SERVICES[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == ("no" if name == "migrate" else "unless-stopped")
    assert service["logging"]["options"]["max-size"]
    assert not service.get("privileged")


def test_every_service_volume_and_secret_that_one_needs_is_there():
    for service in SERVICES.values():
        assert {*service.get("depends_on", ())} <= {*SERVICES}
        assert {*service["networks"]} <= {*COMPOSE["networks"]}
        mounted = [volume.partition(":")[0] for volume in service.get("volumes", ())]
        assert {*mounted} <= {*COMPOSE["volumes"]}
        for kind in ("configs", "secrets"):
            needed = [
                use if isinstance(use, str) else use["source"] for use in service.get(kind, ())
            ]
            assert {*needed} <= {*COMPOSE[kind]}


def test_the_database_cannot_be_reached_from_outside():
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    assert SERVICES["postgres"]["networks"] == SERVICES["pgbouncer"]["networks"] == ["inside"]
    published = {name for name, service in SERVICES.items() if "ports" in service}
    assert published == {"proxy", "mailpit"}
    assert SERVICES["mailpit"]["ports"] == ["127.0.0.1:8025:8025"]


class Composed:
    """The services of compose.yaml as processes, at ports of 127.0.0.1."""

    def __init__(self, folder: Path, database: str, mail_port: int) -> None:
        self.folder = folder
        self.resources = ExitStack()
        self.programs: dict[str, Any] = {}
        self.pgbouncer_port = free_port()
        self.web_ports = {name: free_port() for name in ("web-a", "web-b")}
        upstreams = (ROOT / COMPOSE["configs"]["upstreams"]["file"]).read_text()
        for name, port in self.web_ports.items():
            assert f"server {name}:8000 resolve " in upstreams
            upstreams = upstreams.replace(f"{name}:8000 resolve", f"127.0.0.1:{port}")
        upstreams = re.sub(r"^resolver .*\n", "", upstreams, flags=re.MULTILINE)
        (folder / "nginx").mkdir()
        self.nginx = Nginx(folder / "nginx", upstreams)
        self.secrets = prepare(folder, f"https://localhost:{self.nginx.port}")
        self.url = variables(self.secrets / "torale.env")["TORALE_URL"]
        self.server = psycopg.conninfo.conninfo_to_dict(database)
        direct = (
            f"postgres://{self.server['user']}@/{self.server['dbname']}?host={self.server['host']}"
        )
        #: Where the names of services lead instead.
        self.moved = {
            r"@pgbouncer:6432/": f"@127.0.0.1:{self.pgbouncer_port}/",
            r"postgres://\S+@postgres:5432/torale": direct,
            r"//mailpit:1025": f"//127.0.0.1:{mail_port}",
        }

    def environment_of(self, name: str) -> dict[str, str]:
        """Return the settings of a service."""
        text = (self.secrets / "torale.env").read_text()
        for pattern, replacement in self.moved.items():
            text, count = re.subn(pattern, replacement, text)
            assert count == 1, pattern
        settings = dict(line.split("=", 1) for line in text.splitlines())
        settings |= {key: str(value) for key, value in SERVICES[name]["environment"].items()}
        listen = self.web_ports.get(name, 8000)
        return environment(
            **settings,
            TORALE_DATA_DIR=self.folder / "data",
            TORALE_LISTEN=f"127.0.0.1:{listen}",
            TORALE_WEBHOOK_ALLOW_PRIVATE="127.0.0.0/8",
        )

    def log_file(self, name: str) -> Path:
        """Return the file of what a program logs."""
        return self.folder / f"{name}.log"

    def start(self, name: str, number: int = 1) -> None:
        """Start a container of one of our services."""
        started = f"{name}-{number}"
        with self.log_file(started).open("wb") as log:
            self.programs[started] = preloaded_python.start(
                *("manage.py", *SERVICES[name]["command"]),
                environment=self.environment_of(name),
                stdout=log,
                stderr=log,
            )

    def start_pgbouncer(self) -> None:
        """Start pgbouncer with the configuration that is shipped, and other addresses."""
        # It refuses to run as root, and others have no access to the folders of the tests.
        mounted = Path(self.resources.enter_context(TemporaryDirectory()))
        mounted.chmod(0o755)
        shutil.copy(self.secrets / "userlist.txt", mounted)
        ini = (ROOT / COMPOSE["configs"]["pgbouncer"]["file"]).read_text()
        for shipped, here in {
            "host=postgres port=5432 dbname=torale": (
                f"host={self.server['host']} port=5432 dbname={self.server['dbname']}"
            ),
            "listen_addr = *": "listen_addr = 127.0.0.1",
            "listen_port = 6432": f"listen_port = {self.pgbouncer_port}",
            "/etc/pgbouncer/userlist.txt": f"{mounted}/userlist.txt",
        }.items():
            assert shipped in ini
            ini = ini.replace(shipped, here)
        (mounted / "pgbouncer.ini").write_text(ini)
        with self.log_file("pgbouncer").open("wb") as log:
            self.programs["pgbouncer"] = subprocess.Popen(
                ["pgbouncer", mounted / "pgbouncer.ini"],
                stderr=log,
                user=NOBODY if os.geteuid() == 0 else None,
            )
        wait_for(self.pgbouncer_answers)

    def pgbouncer_answers(self) -> bool:
        """Return whether pgbouncer accepts connections."""
        assert self.programs["pgbouncer"].poll() is None, self.log_file("pgbouncer").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.pgbouncer_port)) == 0

    def stop(self) -> None:
        """Stop all, those that were started last first."""
        self.nginx.stop()
        for program in reversed(self.programs.values()):
            program.terminate()
        for name, program in self.programs.items():
            if name == "pgbouncer":
                program.kill()
            program.wait(DEADLINE_S)
        self.resources.close()


@pytest.fixture
def composed(tmp_path_factory, django_db_setup, django_db_blocker) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("compose")
    mails = SMTPReceiver()
    with django_db_blocker.unblock(), migrated_database("compose") as database:
        composed = Composed(folder, database, mails.port)
        try:
            yield composed, mails
        finally:
            composed.stop()
            mails.close()


@pytest.mark.e2e
@needs("pgbouncer")
def test_pgbouncer_knows_the_role_and_each_clients_prepared_statements(composed):
    composed, _ = composed
    composed.start_pgbouncer()
    url = composed.environment_of("web-a")["DATABASE_URL"]
    wrong = psycopg.conninfo.make_conninfo(url, password="wrong")

    with pytest.raises(psycopg.OperationalError, match="authentication failed"):
        psycopg.connect(wrong)
    # By turns, they have one connection to the server.
    with (
        psycopg.connect(url, autocommit=True) as first,
        psycopg.connect(url, autocommit=True) as second,
    ):
        for client in (first, second, first, second):
            statement = "SELECT current_setting('plan_cache_mode'), %s::text"
            told = client.execute(statement, [client is first], prepare=True).fetchone()
            assert told == ("force_generic_plan", str(client is first).lower())
            pids = {each.execute("SELECT pg_backend_pid()").fetchone() for each in (first, second)}
            assert len(pids) == 1


@pytest.mark.e2e
@needs("nginx", "pgbouncer")
def test_a_person_is_told_by_mail_of_what_a_page_says(composed, http_receiver):
    composed, mails = composed
    http_receiver.answers = [
        HTTPAnswer(200, b"<title>Shop</title><p>In stock</p>", {"Content-Type": "text/html"})
    ]
    composed.start_pgbouncer()
    composed.start("migrate")
    migrated = composed.programs["migrate-1"].wait(DEADLINE_S)
    assert migrated == 0, composed.log_file("migrate-1").read_text()
    for name in ("web-a", "web-b", "worker"):
        for number in range(SERVICES[name].get("deploy", {}).get("replicas", 1)):
            composed.start(name, number + 1)
    composed.nginx.start()
    made = manage("create_first_admin", **composed.environment_of("web-a"))
    assert made.returncode == 0, made.stderr
    [key] = re.findall(r"API key +(sk_\S+)", made.stdout)
    for port in composed.web_ports.values():
        wait_for(partial(answers, f"http://127.0.0.1:{port}/readyz"))

    task = {
        "name": "Shop",
        "search_query": f"Is it in stock? {http_receiver.url}/",
        "condition_description": 'contains "in stock"',
        "run_immediately": True,
    }
    answer, body = composed.nginx.request(
        *("POST", "/api/v1/tasks", json.dumps(task).encode()),
        Authorization=f"Bearer {key}",
        Content_Type="application/json",
    )

    assert answer.status in {200, 201}, body
    [mail] = wait_for(lambda: mails.messages)
    assert mail["From"].startswith("Torale <torale@localhost")
    assert "In stock" in mail.get_body(("plain",)).get_content()
    assert composed.url in mail.get_body(("plain",)).get_content()
    # What does not work behind a pooler is tried again, and the log says so.
    for number in (1, 2):
        log = composed.log_file(f"worker-{number}").read_text()
        assert '"worker_started"' in log
        lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
        # In Python's development mode, asyncio tells of each slow step.
        told = [line for line in lines if line["level"] != "info" and line["logger"] != "asyncio"]
        assert told == []
        assert "Traceback" not in log
