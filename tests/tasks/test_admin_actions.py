"""Operators run, pause, resume and complete the tasks of others."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Permission
from django.urls import reverse

from accounts.models import User
from executions.models import Execution
from tasks.models import State, Task
from tests.support.factories import make_pending_execution, make_task

LIST = reverse("admin:tasks_task_changelist")
#: Each action's permission, the states from which and to which it changes a task, and its log.
ACTIONS = {
    "pause": ("pause_task", "active", "paused", "Paused."),
    "resume": ("resume_task", "paused", "active", "Resumed."),
    "complete": ("complete_task", "active", "completed", "Completed."),
    "run_now": ("run_task", "active", "active", "Run now."),
}


@pytest.fixture
def log_in(db, client):
    """Return a browser in which a member of staff with only these permissions is logged in."""

    def with_permissions(*codenames: str):
        staff, _ = User.objects.get_or_create(email="staff@example.com", is_staff=True)
        staff.user_permissions.set(
            Permission.objects.filter(codename__in=["view_task", *codenames])
        )
        client.force_login(staff)
        return client

    return with_permissions


def act(client, action: str, *tasks: Task) -> list[str]:
    """Do `action` with the selected tasks, confirm it if asked, and return what is said then."""
    page = client.post(
        LIST,
        {"action": action, "_selected_action": [str(task.pk) for task in tasks]},
        follow=True,
    )
    if "question" in page.context:
        page = client.post(LIST, page.context["fields"], follow=True)
    return [str(message) for message in page.context["messages"]]


def button(task: Task, action: str) -> str:
    return reverse("admin:tasks_task_do", args=[task.pk, action])


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_changes_a_task_and_is_logged(log_in, owner, action):
    permission, before, after, logged = ACTIONS[action]
    task = make_task(owner, state=before)

    [said] = act(log_in(permission), action, task)

    assert said.endswith("1 of 1 tasks.")
    task.refresh_from_db()
    assert task.state == after
    assert Execution.objects.count() == (1 if action == "run_now" else 0)
    [entry] = LogEntry.objects.all()
    assert (entry.user.email, entry.action_flag, entry.object_id) == (
        "staff@example.com",
        CHANGE,
        str(task.pk),
    )
    assert entry.get_change_message() == logged


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_needs_its_permission(log_in, owner, action):
    permission, before, *_ = ACTIONS[action]
    others = [other for other, *_ in ACTIONS.values() if other != permission]
    task = make_task(owner, state=before)
    client = log_in(*others)

    client.post(LIST, {"action": action, "_selected_action": [str(task.pk)], "confirmed": task.pk})

    assert client.post(button(task, action), {"confirmed": task.pk}).status_code == 403
    task.refresh_from_db()
    assert task.state == before
    assert not Execution.objects.exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_an_action_with_several_tasks_asks_first(log_in, owner, action):
    permission, before, *_ = ACTIONS[action]
    tasks = [make_task(owner, state=before) for _ in range(2)]

    page = log_in(permission).post(
        LIST, {"action": action, "_selected_action": [str(task.pk) for task in tasks]}
    )

    assert "2 tasks" in page.context["question"]
    assert Task.objects.filter(state=before).count() == 2
    assert not Execution.objects.exists()


@pytest.mark.parametrize("action", ["pause", "resume", "run_now"])
def test_a_button_on_the_tasks_page_acts_at_once(log_in, owner, action):
    permission, before, after, _ = ACTIONS[action]
    task = make_task(owner, state=before)
    client = log_in(permission)

    page = client.post(button(task, action), follow=True)

    assert page.request["PATH_INFO"] == reverse("admin:tasks_task_change", args=[task.pk])
    task.refresh_from_db()
    assert task.state == after
    assert LogEntry.objects.count() == 1


@pytest.mark.parametrize("state", State.values)
def test_a_tasks_page_offers_what_its_state_allows(operator_client, owner, state):
    task = make_task(owner, state=state)

    page = operator_client.get(reverse("admin:tasks_task_change", args=[task.pk])).text

    offered = {action for action in ACTIONS if button(task, action) in page}
    is_active = state == State.ACTIVE
    assert offered == {"run_now", *(["pause", "complete"] if is_active else ["resume"])}


def test_what_cannot_be_done_is_said_and_does_not_stop_the_rest(log_in, owner):
    first, paused, done, last = (
        make_task(owner, name=name, state=state)
        for name, state in [
            ("first", "active"),
            ("paused", "paused"),
            ("done", "completed"),
            ("last", "active"),
        ]
    )

    said = act(log_in("pause_task"), "pause", first, paused, done, last)

    assert said == [
        "Paused 2 of 4 tasks.",
        "paused: It is paused already.",
        "done: Invalid state transition: completed -> paused",
    ]
    assert {entry.object_id for entry in LogEntry.objects.all()} == {str(first.pk), str(last.pk)}


def test_a_task_that_runs_is_not_started_again(log_in, owner):
    busy, idle = make_task(owner, name="busy"), make_task(owner)
    make_pending_execution(busy)

    said = act(log_in("run_task"), "run_now", busy, idle)

    assert said[0] == "Started 1 of 2 tasks."
    assert said[1].startswith("busy: Task is already running")


def test_resuming_keeps_to_the_owners_limit(log_in, owner, settings):
    settings.TORALE_MAX_ACTIVE_TASKS = 1
    tasks = [make_task(owner, state="paused") for _ in range(7)]

    said = act(log_in("resume_task"), "resume", *tasks)

    assert said[0] == "Resumed 1 of 7 tasks."
    assert said[-1] == "1 more tasks were left as they are, too."
    assert Task.objects.active().count() == 1
