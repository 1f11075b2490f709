from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from tasks.metrics import visit_status
from tests.support.factories import (
    NOW,
    make_execution,
    make_pending_execution,
    make_send,
    make_task,
)

LIST = reverse("admin:tasks_task_changelist")


def test_the_operator_sees_everybodys_tasks(operator_client, owner, stranger):
    make_task(owner, name="Olive's")
    make_task(stranger, name="Sam's")

    page = operator_client.get(LIST)

    assert "Olive&#x27;s" in page.text
    assert "Sam&#x27;s" in page.text


def test_a_tasks_page_shows_no_header_values(operator_client, owner):
    task = make_task(
        owner,
        webhook_url="https://r.example/",
        webhook_headers={"X-Token": "very-secret"},
        request_headers={"Cookie": "very-secret"},
    )

    page = operator_client.get(reverse("admin:tasks_task_change", args=[task.pk]))

    assert page.status_code == 200
    assert "very-secret" not in page.text


@pytest.mark.usefixtures("at_now")
@pytest.mark.parametrize(
    ("trouble", "names"),
    [("failing", ["failing"]), ("overdue", ["abandoned", "due", "not begun"])],
)
def test_the_operator_filters_tasks_in_trouble(operator_client, owner, stranger, trouble, names):
    later = NOW + timedelta(hours=1)
    make_task(owner, name="fine", next_run_at=later)
    make_task(owner, name="failing", next_run_at=later, failed_run_count=1, failing_since=NOW)
    make_task(owner, name="due", next_run_at=NOW)
    make_pending_execution(make_task(owner, name="not begun", next_run_at=NOW))
    for name, until in (("under way", later), ("abandoned", NOW)):
        running = {"status": "running", "next_attempt_at": None, "leased_until": until}
        make_pending_execution(make_task(owner, name=name, next_run_at=NOW), **running)
    make_task(stranger, name="of nobody", next_run_at=NOW)
    User.objects.filter(pk=stranger.pk).update(is_active=False)

    page = operator_client.get(LIST, {"trouble": trouble})

    assert sorted(task.name for task in page.context["cl"].result_list) == names
    if trouble == "overdue":
        assert visit_status(now=NOW).overdue == len(names)


@pytest.mark.parametrize("action", ["add", "change", "delete"])
def test_tasks_are_not_changed_here(operator_client, owner, action):
    arguments = [] if action == "add" else [make_task(owner).pk]

    response = operator_client.post(reverse(f"admin:tasks_task_{action}", args=arguments), {})

    assert response.status_code == 403


def test_filters_narrow_the_list(operator_client, owner):
    make_task(owner, name="awake")
    make_task(owner, name="asleep", state="paused")

    page = operator_client.get(LIST, {"state__exact": "paused"})

    assert "asleep" in page.text
    assert "awake" not in page.text


def test_the_list_costs_the_same_queries_for_any_number_of_rows(
    operator_client, owner, django_assert_num_queries
):
    make_task(owner)
    operator_client.get(LIST)
    with django_assert_num_queries(4) as one:
        operator_client.get(LIST)
    for _ in range(25):
        make_task(owner)

    with django_assert_num_queries(len(one)):
        operator_client.get(LIST)


@pytest.mark.parametrize("trouble", ["failing", "overdue"])
def test_tasks_in_trouble_are_listed(operator_client, owner, trouble):
    later = timezone.now() + timedelta(hours=1)
    wanted = make_task(
        owner,
        failed_run_count=2 if trouble == "failing" else 0,
        next_run_at=NOW if trouble == "overdue" else later,
    )
    make_task(owner, next_run_at=later)
    make_task(owner, state="paused")

    page = operator_client.get(LIST, {"trouble": trouble})

    assert [*page.context["cl"].result_list] == [wanted]


def test_a_tasks_page_shows_its_newest_executions_and_their_sends(
    operator_client, owner, stranger, django_assert_num_queries
):
    task = make_task(
        owner,
        warnings=[
            {
                "text": "There is no price.",
                "since": "2026-03-04",
                "visits": 3,
                "is_told": False,
                "is_of_failure": False,
            }
        ],
    )
    url = reverse("admin:tasks_task_change", args=[task.pk])
    execution = make_execution(task, notification="Met.")
    send = make_send(owner, task=task, execution=execution)
    make_execution(make_task(stranger), result={"evidence": "foreign"})
    operator_client.get(url)
    with django_assert_num_queries(6) as one:
        page = operator_client.get(url)

    assert "There is no price." in page.text
    assert reverse("admin:executions_execution_change", args=[execution.pk]) in page.text
    assert reverse("admin:notifications_notificationsend_change", args=[send.pk]) in page.text
    assert "foreign" not in page.text
    assert "Earlier executions" not in page.text

    for number in range(25):
        newer = make_execution(
            task, created_at=NOW + timedelta(minutes=number + 1), notification="Met."
        )
        make_send(owner, task=task, execution=newer)
    with django_assert_num_queries(len(one)):
        page = operator_client.get(url)

    assert page.text.count("Condition met") == 20
    assert "Earlier executions" in page.text
