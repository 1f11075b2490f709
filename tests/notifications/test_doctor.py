"""`manage.py doctor` finds what is wrong, and says how to mend it."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from tests.support.caches import Cache
from tests.support.database_clock import fast_machine
from tests.support.factories import (
    NOW,
    days,
    make_endpoint,
    make_execution,
    make_task,
)
from tests.support.jobs import make_failed_job
from tests.support.live_processes import make_process
from tests.support.needed import needs
from tests.support.processes import free_port, manage
from torale import __version__
from torale.models import Heartbeat, Process, SchemaChange, SecretProof

pytestmark = pytest.mark.django_db

SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture(autouse=True)
def _all_is_well(at_now, http_receiver, smtp_receiver, settings):
    Heartbeat.objects.update_or_create(name="scheduler", defaults={"at": NOW})
    make_process()
    SecretProof.objects.all().delete()  # made anew, with the tests' secrets
    settings.TORALE_URL = http_receiver.url


def examined() -> tuple[int, dict[str, dict[str, str]]]:
    """Return the exit status, and what was found by name."""
    out, code = StringIO(), 0
    try:
        call_command("doctor", "--format=json", stdout=out)
    except SystemExit as end:
        code = int(end.code or 0)
    return code, {finding["name"]: finding for finding in json.loads(out.getvalue())}


def assert_problem(name: str, text: str, remedy: str) -> None:
    code, found = examined()
    assert (code, found[name]["verdict"]) == (1, "problem")
    assert text in found[name]["text"]
    assert remedy in found[name]["remedy"]


def assert_warning(name: str, text: str, remedy: str) -> None:
    code, found = examined()
    assert (code, found[name]["verdict"]) == (0, "warning")
    assert text in found[name]["text"]
    assert remedy in found[name]["remedy"]


def test_an_installation_that_works_has_no_problem():
    code, found = examined()

    assert code == 0
    assert {name: finding["verdict"] for name, finding in found.items()} == {
        "settings": "ok",
        "disk": "ok",
        "address": "warning",
        "web": "ok",
        "database": "ok",
        "direct address": "ok",
        "cache": "ok",
        "secrets": "ok",
        "migrations": "ok",
        "clock": "ok",
        "processes": "ok",
        "mail server": "ok",
        "workers": "ok",
        "scheduler": "ok",
        "visits": "ok",
        "jobs": "ok",
        "sends": "ok",
        "failed jobs": "ok",
        "emails": "ok",
        "secrets of sends": "ok",
        "secrets of tasks": "ok",
        "webhooks": "ok",
        "network": "ok",
        "model": "ok",
        "search": "ok",
    }


def test_people_see_a_line_each_and_what_to_do():
    out = StringIO()
    call_command("doctor", stdout=out)

    assert "ok       migrations        The tables are those of this version.\n" in out.getvalue()
    assert "\n                           Do: set TORALE_URL to the public" in out.getvalue()


def test_a_direct_address_with_another_time_zone(settings):
    options = {**connection.settings_dict["OPTIONS"], "options": "-c timezone=Asia/Tokyo"}
    settings.DATABASE_DIRECT = {**connection.settings_dict, "OPTIONS": options}

    _, found = examined()

    assert found["direct address"]["verdict"] == "ok"


@needs("redis-server")
def test_the_cache_that_counts_requests_answers_or_not(settings, tmp_path):
    with Cache(tmp_path) as cache:
        settings.CACHE_URL = cache.url
        assert examined()[1]["cache"] == {
            "name": "cache",
            "verdict": "ok",
            "text": "The cache answers.",
            "remedy": "",
        }

    assert_warning("cache", "does not answer (Error 111 connecting to", "CACHE_URL is right")


def test_a_scheduler_that_is_late():
    Heartbeat.objects.update(at=NOW - days(1))

    assert_problem("scheduler", "Due tasks were last started", "read the log of the worker")


def test_no_worker_although_the_web_server_runs():
    Process.objects.update(command="web", does="web")

    assert examined()[1]["processes"]["text"] == f"1 process is alive, of version {__version__}."
    assert_problem("workers", "No worker is alive.", "`manage.py worker`")


def test_processes_of_different_versions():
    make_process("deliver jobs visit", version="0.0.9")
    make_process("web", version="99.10.0")
    make_process("web", version="99.9.0")

    assert_warning(
        "processes",
        f"4 processes are alive, of the versions 0.0.9, {__version__}, 99.10.0, 99.9.0.",
        "restart those that are not of 99.10.0",
    )


def test_nothing_that_runs():
    Process.objects.all().delete()

    assert examined()[1]["processes"] == {
        "name": "processes",
        "verdict": "warning",
        "text": "No process is alive.",
        "remedy": "start `manage.py web` and `manage.py worker`, or `manage.py serve`.",
    }


def test_a_failed_job():
    make_failed_job()

    assert_problem("failed jobs", "1 job failed", "read the error in the worker's log")


def test_a_mail_server_that_is_down(settings):
    settings.EMAIL_PORT = free_port()

    assert_problem("mail server", f"127.0.0.1:{settings.EMAIL_PORT} cannot be used", "EMAIL_URL")


def test_emails_that_are_only_files(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"

    assert_warning("mail server", "Emails are only written to", "set EMAIL_URL")


def test_an_address_without_tls(settings):
    settings.TORALE_URL = "http://torale.invalid"

    assert_warning("address", "API keys travel unencrypted", "put a proxy with TLS in front")
    assert_warning("web", "http://torale.invalid/healthz does not answer", "`manage.py web`")


def test_a_clock_that_is_wrong():
    with fast_machine():
        _, found = examined()

    assert found["clock"]["verdict"] == "warning"
    assert found["clock"]["text"].startswith("This machine's clock and the database's differ by ")


def test_a_full_disk(settings):
    settings.TORALE_DATA_DIR = Path("/proc")  # which never has free space

    assert_problem("disk", "0.0 GB are free", "make room")


def test_settings_that_are_not_for_production(settings):
    settings.TORALE_URL, settings.SESSION_COOKIE_SECURE = "https://torale.invalid", False
    settings.CSRF_COOKIE_SECURE, settings.SECURE_HSTS_SECONDS = True, 60

    _, found = examined()

    assert found["settings"]["verdict"] == "warning"
    assert "(security.W010)" in found["settings"]["text"]


def test_other_secrets_than_those_of_the_database(settings):
    examined()
    settings.SECRET_KEY = "another one"

    assert_problem("secrets", "used with another SECRET_KEY.", "set the value that the other")


def test_tables_of_another_version_keep_what_needs_them_from_being_checked():
    MigrationRecorder.Migration.objects.filter(app="notifications").delete()

    assert_problem("migrations", "lacks notifications.0001_initial", "run `manage.py migrate`")
    assert examined()[1]["work"]["verdict"] == "skipped"


def test_tables_of_a_newer_version_with_which_this_one_does_not_work():
    SchemaChange.objects.create(app="tasks", name="9999_newer", is_additive=False)

    assert_problem("migrations", "about to get, tasks.9999_newer", "start the newer version.")


def test_tables_of_a_newer_version_with_which_it_works():
    SchemaChange.objects.create(app="tasks", name="9999_newer", is_additive=True)

    assert_warning("migrations", "tasks.9999_newer of a newer version", "replace the processes")
    assert examined()[1]["workers"]["verdict"] == "ok"


def test_webhooks_that_fail_are_their_owners_business(owner):
    make_endpoint(owner, failing_since=NOW)

    assert_warning("webhooks", "1 webhooks fail", "their owners are told")


@pytest.mark.parametrize("answered", [0, 1])
def test_a_machine_without_internet(owner, answered):
    task = make_task(owner)
    for number in range(6):
        make_execution(
            task,
            **(
                {"status": "failed", "failure_kind": "network", "error_message": "No address."}
                if number >= answered
                else {}
            ),
        )

    if answered:
        assert examined()[1]["network"]["text"] == "1 of the last 6 visits got an answer."
    else:
        assert_problem("network", "The last 6 visits all got no answer.", "name servers")


@pytest.mark.e2e
def test_a_database_that_is_away(tmp_path):
    address = f"postgres://torale@127.0.0.1:{free_port()}/torale"

    ended = manage("doctor", TORALE_DATA_DIR=tmp_path, DATABASE_URL=address)

    assert ended.returncode == 1
    assert "problem  database          The database cannot be used: " in ended.stdout
    assert "skipped  migrations        Not checked; see database.\n" in ended.stdout
    assert "Traceback" not in ended.stderr
