import csv
import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from notifications.models import Attempt
from notifications.operator_errors import UNDECRYPTABLE
from tests.conftest import client_of
from tests.support.factories import (
    NOW,
    make_endpoint,
    make_execution,
    make_pending_execution,
    make_send,
    make_spending,
    make_task,
)
from tests.support.jobs import make_job
from tests.support.live_processes import make_process
from tests.support.run_status import run_status
from torale.models import Heartbeat, Process

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _some_of_each(owner, time_machine):
    time_machine.move_to(NOW, tick=False)
    Heartbeat.objects.update_or_create(
        name="scheduler", defaults={"at": NOW - timedelta(seconds=95)}
    )
    make_task(owner, next_run_at=NOW - timedelta(seconds=80))
    make_task(owner, next_run_at=NOW + timedelta(seconds=80))
    make_task(owner, state="paused")
    make_task(owner, next_run_at=NOW + timedelta(days=1), failed_run_count=1, failing_since=NOW)
    make_pending_execution(make_task(owner, next_run_at=NOW + timedelta(days=1)))
    make_job(schedule_at=NOW - timedelta(seconds=40))
    make_process("web", version="0.2.9", started_at=NOW - timedelta(days=1))
    make_process(version="0.10.0")
    make_process(version="0.3.0", seen_at=NOW - timedelta(seconds=31))
    make_send(owner, status="queued", next_attempt_at=NOW - timedelta(seconds=90))
    make_send(owner, status="retrying", next_attempt_at=NOW + timedelta(hours=1))
    sent = make_send(owner)
    for number, error in enumerate([None, None, "No."], 1):
        Attempt.objects.create(
            send=sent,
            number=number,
            started_at=NOW - timedelta(seconds=30),
            duration_ms=5,
            status="failed" if error else "succeeded",
            error_message=error,
        )
    Attempt.objects.create(
        send=sent,
        number=4,
        started_at=NOW - timedelta(minutes=2),
        duration_ms=5,
        status="succeeded",
    )
    make_endpoint(owner, url="https://failing.example/", failing_since=NOW - timedelta(hours=1))
    make_endpoint(
        owner,
        url="https://off.example/",
        failing_since=NOW,
        switched_off_at=NOW,
        switched_off_because="it answered 410 Gone",
    )


def test_the_command_shows_how_everything_is_doing():
    code, shown = run_status()

    assert code == 1
    assert shown == (
        "Processes        web                 torale1:100  since 2026-03-03 09:00:10  0.2.9 "
        "(not the newest)\n"
        "                 deliver jobs visit  torale1:101  since 2026-03-04 09:00:10  0.10.0\n"
        "Scheduler        LATE: it ran 95 s ago\n"
        "Visits           2 overdue, the longest for 80 s\n"
        "Tasks            1 failing\n"
        "Jobs             1 waiting, the longest due for 40 s\n"
        "Failed jobs      0, of which 0 were not run again\n"
        "Queued           1\n"
        "Retrying         1\n"
        "Due now          1, the longest for 90 s\n"
        "Last minute      2 accepted, 1 not\n"
        "Mail server      0 emails cannot leave\n"
        "Undecryptable    0 notifications, 0 tasks\n"
        "Webhooks         1 failing, 1 switched off\n"
        "  https://failing.example/ since 2026-03-04 08:00\n"
        "  https://off.example/ since 2026-03-04 09:00, switched off, because it answered 410 "
        "Gone\n"
        "NEEDS YOU: Due tasks were last started 0:01:35 ago. Do: read the log of the worker; one "
        "runs, but starts no tasks.\n"
    )


@pytest.mark.parametrize(
    ("ago", "line"),
    [
        (timedelta(seconds=4), "Scheduler        ran 4 s ago"),
        (None, "Scheduler        LATE: it has never run"),
    ],
    ids=["lately", "never"],
)
def test_the_command_tells_whether_the_scheduler_runs(ago, line):
    Heartbeat.objects.all().delete()
    if ago:
        Heartbeat.objects.create(name="scheduler", at=NOW - ago)

    _, shown = run_status()

    assert shown.splitlines()[2] == line


def test_the_command_tells_that_nothing_runs():
    Process.objects.all().delete()

    _, shown = run_status()

    assert shown.startswith("Processes        none\n")


def test_prometheus_gets_the_same_numbers(operator):
    response = client_of(operator).get("/metrics", headers={"Accept": "text/plain;q=1, */*;q=0.1"})

    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain")
    figures = [line for line in response.text.splitlines() if not line.startswith("#")]
    assert [line for line in figures if not line.startswith("torale_process")] == [
        "torale_scheduler_last_run_seconds 95.0",
        "torale_tasks_overdue 2.0",
        "torale_tasks_oldest_overdue_seconds 80.0",
        "torale_tasks_failing 1.0",
        "torale_tasks_undecryptable 0.0",
        'torale_jobs{status="waiting"} 1.0',
        'torale_jobs{status="failed"} 0.0',
        "torale_jobs_oldest_due_seconds 40.0",
        "torale_model_month_dollars 0.0",
        "torale_model_month_tokens 0.0",
        "torale_model_users_close_to_budget 0.0",
        "torale_model_failed_last_day 0.0",
        'torale_sends_unfinished{status="queued"} 1.0',
        'torale_sends_unfinished{status="retrying"} 1.0',
        "torale_sends_due 1.0",
        "torale_sends_oldest_due_seconds 90.0",
        "torale_sends_undecryptable 0.0",
        "torale_emails_refused 0.0",
        'torale_attempts_last_minute{status="succeeded"} 2.0',
        'torale_attempts_last_minute{status="failed"} 1.0',
        'torale_webhook_endpoints{state="failing"} 1.0',
        'torale_webhook_endpoints{state="switched_off"} 1.0',
        'torale_webhook_failing_seconds{host="failing.example"} 3600.0',
        'torale_webhook_failing_seconds{host="off.example"} 0.0',
    ]


def test_sends_that_cannot_be_decrypted_are_counted(owner, operator):
    make_send(owner, status="retrying", error_message=UNDECRYPTABLE)

    response = client_of(operator).get("/metrics")

    assert "torale_sends_undecryptable 1.0" in response.text.splitlines()


def test_what_the_model_costs_and_fails_is_counted(owner, stranger, operator, settings):
    make_spending(owner, usd=Decimal("0.25"), tokens=1000)
    make_spending(stranger, usd=settings.TORALE_USER_BUDGET_USD, tokens=500)
    task = make_task(owner)
    for kind, ago in [("agent_error", 1), ("agent_error", 25), ("network", 1)]:
        created = NOW - timedelta(hours=ago)
        make_execution(task, status="failed", failure_kind=kind, created_at=created)

    shown = client_of(operator).get("/metrics").text.splitlines()

    assert [line for line in shown if line.startswith("torale_model")] == [
        "torale_model_month_dollars 5.25",
        "torale_model_month_tokens 1500.0",
        "torale_model_users_close_to_budget 1.0",
        "torale_model_failed_last_day 1.0",
    ]


def test_a_users_key_is_refused_as_the_numbers_are_everybodys(owner_client):
    response = owner_client.get("/metrics")

    assert response.status_code == 403
    assert response.json() == {"detail": "You do not have permission to perform this action."}


def test_programs_get_the_figures_and_what_needs_a_person():
    out = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("status", "--format=json", stdout=out)

    shown = json.loads(out.getvalue())

    assert (shown["visits_overdue"], shown["sends_retrying"], shown["queue_waiting"]) == (2, 1, 1)
    assert shown["visits_since_last_run"] == 95.0
    done = {name: shown[f"processes_{name}"] for name in ("web", "deliver", "jobs", "visit")}
    assert done == {"web": 1, "deliver": 1, "jobs": 1, "visit": 1}
    assert shown["processes"][0] == {
        "does": "web",
        "host": "torale1",
        "pid": 100,
        "started_at": "2026-03-03T09:00:10Z",
        "version": "0.2.9",
        "is_newest_version": False,
    }
    assert [process["is_newest_version"] for process in shown["processes"]] == [False, True]
    assert shown["needs_you"] == [
        {
            "about": "scheduler",
            "what": "Due tasks were last started 0:01:35 ago.",
            "remedy": "read the log of the worker; one runs, but starts no tasks.",
        }
    ]


def test_a_spreadsheet_gets_the_figures_in_one_row():
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("status", "--format=csv", stdout=out)

    [row] = csv.DictReader(out.getvalue().splitlines())

    assert (row["sends_due"], row["processes_web"]) == ("1", "1")
