"""`manage.py status` ends with 1 exactly when something needs a person, and says what to do."""

from datetime import timedelta

import pytest
from django.db.migrations.recorder import MigrationRecorder

from executions.monitors import UNDECRYPTABLE as UNDECRYPTABLE_HEADERS
from notifications.models import Lease
from notifications.operator_errors import SERVER_ERRORS, UNDECRYPTABLE
from tests.support.factories import (
    NOW,
    make_endpoint,
    make_execution,
    make_pending_execution,
    make_send,
    make_task,
)
from tests.support.jobs import end_job, make_failed_job, make_job, make_periodic_job, make_worker
from tests.support.run_status import run_status
from torale import __version__
from torale.models import Heartbeat, SchemaChange
from torale.uuid7 import uuid7

pytestmark = pytest.mark.django_db

ALL_IS_WELL = ["Nothing needs you."]
#: How long it takes until what waits for a worker counts as late.
LATE, NOT_LATE = timedelta(minutes=5, seconds=1), timedelta(minutes=5)


@pytest.fixture(autouse=True)
def _a_worker_does_its_work(at_now):
    Heartbeat.objects.update_or_create(name="scheduler", defaults={"at": NOW})
    make_worker(reported_at=NOW)


def status() -> tuple[int, list[str]]:
    """Run the command; return its exit status and the lines below the figures."""
    code, shown = run_status()
    return code, [
        line for line in shown.splitlines() if line.startswith(("NEEDS YOU: ", "Nothing"))
    ]


def assert_needs_you(*reasons: str) -> None:
    assert status() == (1, [f"NEEDS YOU: {reason}" for reason in reasons])


def assert_all_is_well() -> None:
    assert status() == (0, ALL_IS_WELL)


def test_an_installation_that_has_nothing_to_do_needs_nobody():
    assert_all_is_well()


def test_a_scheduler_that_is_late_although_a_worker_runs():
    Heartbeat.objects.update(at=NOW - timedelta(seconds=61))

    assert_needs_you(
        "Due tasks were last started 0:01:01 ago. Do: read the log of the worker; one runs, but "
        "starts no tasks."
    )


def test_a_scheduler_that_is_late_because_no_worker_runs(time_machine):
    time_machine.move_to(NOW + timedelta(days=2), tick=False)

    assert_needs_you(
        "Due tasks were last started 2 days, 0:00:00 ago. Do: start a worker (`manage.py worker`); "
        "none runs."
    )


def test_a_scheduler_that_has_never_run():
    Heartbeat.objects.all().delete()

    assert_needs_you(
        "Due tasks have never been started. Do: read the log of the worker; one runs, but starts "
        "no tasks."
    )


START_ANOTHER = "Do: see that a worker runs and has CPU time left; if so, start another one."


def make_late_visit(owner, at):
    make_task(owner, next_run_at=at)


def make_late_execution(owner, at):
    make_pending_execution(make_task(owner, next_run_at=at), next_attempt_at=at)


def make_late_job(_, at):
    make_job(schedule_at=at)


def make_late_send(owner, at):
    make_send(owner, status="queued", next_attempt_at=at)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (make_late_visit, "Visits"),
        (make_late_execution, "Visits"),
        (make_late_job, "Jobs of the queue"),
        (make_late_send, "Notifications"),
    ],
)
def test_what_has_waited_for_a_worker_for_more_than_five_minutes(owner, make, what):
    make(owner, NOW - NOT_LATE)
    assert_all_is_well()

    make(owner, NOW - LATE)

    assert_needs_you(f"{what} are late, the longest by 0:05:01. {START_ANOTHER}")


def test_visits_that_wait_for_a_slow_server_need_nobody(owner):
    at, hosts = NOW - LATE, ["slow.example:443"]
    make_pending_execution(
        make_task(owner, next_run_at=at),
        status="running",
        next_attempt_at=None,
        leased_until=NOW + timedelta(minutes=1),
        hosts=hosts,
    )
    make_pending_execution(make_task(owner, next_run_at=at), next_attempt_at=at, hosts=hosts)
    assert_all_is_well()

    make_pending_execution(
        make_task(owner, next_run_at=at), next_attempt_at=at, hosts=["other.example:443"]
    )

    assert_needs_you(f"Visits are late, the longest by 0:05:01. {START_ANOTHER}")


def test_notifications_that_wait_for_a_slow_receiver_need_nobody(owner):
    at, slow = NOW - LATE, "https://slow.example/hook"
    called = make_send(owner, status="queued", next_attempt_at=at, recipient=slow)
    Lease.objects.create(send=called, claim=uuid7(), until=NOW + timedelta(minutes=1))
    make_send(owner, status="queued", next_attempt_at=at, recipient=slow)
    assert_all_is_well()

    make_send(owner, status="queued", next_attempt_at=at)

    assert_needs_you(f"Notifications are late, the longest by 0:05:01. {START_ANOTHER}")


def test_failed_jobs_by_their_names():
    make_failed_job("send_verification_code")
    make_failed_job("run_preview")

    assert_needs_you(
        "2 jobs failed, the last of them run_preview, send_verification_code. Do: read the error "
        'in the worker\'s log and remove its cause; then retry or delete the job, as "The queue" '
        "in docs/debugging.md says."
    )


def test_a_regular_job_that_failed_and_has_succeeded_since_needs_nobody():
    end_job(make_periodic_job("prune_sends", timestamp=1), failed=True)
    end_job(make_periodic_job("prune_sends", timestamp=2))

    assert_all_is_well()


def make_email(owner, error: str, **fields):
    return make_send(
        owner,
        notification_type="email",
        recipient="reader@example.com",
        status="retrying",
        next_attempt_at=NOW + timedelta(hours=1),
        error_message=error,
        **fields,
    )


@pytest.mark.parametrize("error", SERVER_ERRORS)
def test_a_mail_server_that_cannot_be_used(owner, error):
    make_email(owner, f"{error}: why", attempt_count=3)

    assert_needs_you(
        f"1 email cannot leave: {error}: why. Do: see that EMAIL_URL is right and the mail server "
        "works. Emails that wait are attempted again by themselves."
    )


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (SERVER_ERRORS[0], {"attempt_count": 2}),
        (SERVER_ERRORS[0], {"attempt_count": 5, "earlier_attempt_count": 3}),
        ("The mail server answered 452 mailbox full", {"attempt_count": 3}),
    ],
    ids=["for a few minutes", "redelivered", "because of the recipient"],
)
def test_an_email_that_is_tried_again_needs_nobody(owner, error, attempts):
    make_email(owner, error, **attempts)

    assert_all_is_well()


def test_notifications_whose_secrets_no_key_decrypts(owner):
    make_send(
        owner,
        status="retrying",
        next_attempt_at=NOW + timedelta(hours=1),
        error_message=UNDECRYPTABLE,
    )

    assert_needs_you(
        "The secrets of 1 notification cannot be decrypted. Do: add the key that encrypted them "
        "to the end of TORALE_FIELD_KEYS."
    )


def test_tasks_whose_request_headers_no_key_decrypts(owner):
    task = make_task(
        owner,
        next_run_at=NOW + timedelta(hours=1),
        request_headers={"Cookie": "session=1"},
        failed_run_count=1,
        failing_since=NOW,
    )
    make_execution(task, status="failed", result=None, error_message=UNDECRYPTABLE_HEADERS)

    assert_needs_you(
        "The request headers of 1 task cannot be decrypted. Do: add the key that encrypted them "
        "to the end of TORALE_FIELD_KEYS."
    )


def test_what_only_its_owner_can_mend_needs_no_operator(owner):
    make_task(owner, next_run_at=NOW + timedelta(hours=1), failed_run_count=9, failing_since=NOW)
    make_endpoint(owner, url="https://failing.example/", failing_since=NOW - timedelta(days=3))
    make_endpoint(
        owner,
        url="https://off.example/",
        failing_since=NOW,
        switched_off_at=NOW,
        switched_off_because="it answered 410 Gone",
    )

    assert_all_is_well()


def test_several_things_have_a_line_each_the_cause_first(owner, time_machine):
    time_machine.move_to(NOW + LATE, tick=False)
    make_late_visit(owner, NOW)
    make_late_send(owner, NOW)

    code, lines = status()

    assert code == 1
    assert [line.split(" Do: ")[0] for line in lines] == [
        "NEEDS YOU: Due tasks were last started 0:05:01 ago.",
        "NEEDS YOU: Visits are late, the longest by 0:05:01.",
        "NEEDS YOU: Notifications are late, the longest by 0:05:01.",
    ]


def test_a_database_of_another_version_is_told_instead_of_figures():
    MigrationRecorder.Migration.objects.filter(app="tasks", name__startswith="0010_").delete()

    lacking = "The database lacks tasks.0010_permissions_of_the_desk"
    needs = f"which Torale {__version__} needs. Do: run `manage.py migrate`."
    assert run_status() == (1, f"NEEDS YOU: {lacking}, {needs}\n")


def test_so_is_one_with_which_this_version_does_not_work():
    SchemaChange.objects.create(app="tasks", name="9999_newer", is_additive=False)

    code, told = run_status()

    assert code == 1
    assert told.startswith("NEEDS YOU: The database has, or is about to get, tasks.9999_newer")
    assert "Do: start the newer version." in told


def test_additions_of_a_newer_version_need_nobody():
    SchemaChange.objects.create(app="tasks", name="9999_newer", is_additive=True)

    assert_all_is_well()
