"""The buttons of a task's page."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.messages import get_messages
from django.db import transaction
from django.test import Client

from executions.models import Execution
from notifications.models import NotificationSend
from tasks.lifecycle import PUBLIC_WITH_HEADERS
from tasks.models import Task
from tests.support.factories import (
    NOW,
    days,
    make_execution,
    make_pending_execution,
    make_send,
    make_task,
    make_undecryptable,
)
from tests.support.races import apart, wait_until_another_waits

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]

ACTIONS = ["run", "pause", "resume", "share", "unshare", "fork", "delete", "edit"]


def press(browser, task, button: str):
    """Press a button of the task's page."""
    return browser.post(f"/tasks/{task.pk}/{button}")


def said(answer) -> list[str]:
    """What the next page says."""
    return [f"{each.level_tag}: {each}" for each in get_messages(answer.wsgi_request)]


def test_run_visits_the_page_now(owner, owner_browser):
    task = make_task(owner, next_run_at=NOW + days(1))

    answer = press(owner_browser, task, "run")

    assert answer.headers["Location"] == f"/tasks/{task.pk}"
    assert said(answer) == ["success: The page is being visited. What is found appears below."]
    assert Execution.objects.get().status == "pending"


def test_to_run_it_twice_visits_the_page_once(owner, owner_browser):
    task = make_task(owner)

    press(owner_browser, task, "run")
    second = owner_browser.post(f"/tasks/{task.pk}/run", follow=True)

    assert Execution.objects.count() == 1
    assert "The page is being visited already." in second.text
    assert "force=true" not in second.text


def test_a_page_that_asks_comes_before_a_pause_from_a_mail(owner, owner_browser):
    task = make_task(owner, name="Boots")

    for asked in (owner_browser.get, owner_browser.head):
        assert asked(f"/tasks/{task.pk}/pause").status_code == 200

    assert "Pause “Boots”?" in owner_browser.get(f"/tasks/{task.pk}/pause").text
    assert Task.objects.get().state == "active"


@pytest.mark.parametrize("state", ["paused", "completed"])
def test_who_opens_an_old_mails_link_reads_that_nothing_is_visited(owner, owner_browser, state):
    task = make_task(owner, state=state)

    page = owner_browser.get(f"/tasks/{task.pk}/pause").text

    assert f"It is {state} already, and not visited." in page
    assert f'action="/tasks/{task.pk}/pause"' not in page


def test_pause_and_resume(owner, owner_browser):
    task = make_task(owner)

    paused = press(owner_browser, task, "pause")
    assert said(paused) == ["success: Paused. The page is no longer visited."]
    task.refresh_from_db()
    assert (task.state, task.next_run_at) == ("paused", None)

    resumed = press(owner_browser, task, "resume")
    assert said(resumed)[-1] == "success: Resumed. The page is visited at once."
    task.refresh_from_db()
    assert (task.state, task.next_run_at) == ("active", NOW)


@pytest.mark.parametrize("button", ["pause", "resume", "share", "unshare"])
def test_to_press_a_button_in_two_tabs_does_it_once_and_is_no_error(owner, owner_browser, button):
    task = make_task(
        owner,
        state="paused" if button == "resume" else "active",
        is_public=button == "unshare",
    )

    first = press(owner_browser, task, button)
    once = Task.objects.values("state", "next_run_at", "is_public").get()
    second = press(owner_browser, task, button)

    assert first.status_code == second.status_code == 302
    assert Task.objects.values("state", "next_run_at", "is_public").get() == once


def test_what_is_completed_cannot_be_paused(owner, owner_browser):
    task = make_task(owner, state="completed")

    answer = press(owner_browser, task, "pause")

    [words] = said(answer)
    assert words.startswith("error: ")
    assert Task.objects.get().state == "completed"


def test_too_many_active_tasks_are_refused_with_the_number(owner, owner_browser, settings):
    settings.TORALE_MAX_ACTIVE_TASKS = 1
    make_task(owner)
    task = make_task(owner, state="paused")

    answer = press(owner_browser, task, "resume")

    assert said(answer) == [
        "error: You have 1 active tasks, the most a user may have. Pause or complete one first."
    ]
    assert Task.objects.get(pk=task.pk).state == "paused"


def test_share_and_make_private(owner, owner_browser):
    task = make_task(owner)

    press(owner_browser, task, "share")
    assert Client().get(f"/tasks/{task.pk}").status_code == 200

    press(owner_browser, task, "unshare")
    assert Client().get(f"/tasks/{task.pk}").status_code == 404


def test_a_page_behind_a_log_in_is_not_shared(owner, owner_browser):
    task = make_task(owner, request_headers={"Cookie": "secret"})

    answer = press(owner_browser, task, "share")

    assert said(answer) == [f"error: {PUBLIC_WITH_HEADERS}"]
    assert not Task.objects.get().is_public


@pytest.mark.parametrize("button", ["pause", "run", "share", "fork", "delete"])
def test_a_task_whose_secrets_cannot_be_read_is_no_server_error(owner, owner_browser, button):
    task = make_task(owner, request_headers={"Cookie": "x"}, webhook_headers={"X-Token": "x"})
    make_undecryptable(task, "request_headers", "webhook_headers")

    answer = press(owner_browser, task, button)

    assert answer.status_code == 302
    assert not Task.objects.filter(is_public=True).exists()


def test_a_copy_of_ones_own_task_is_paused_and_keeps_whom_to_tell(owner, owner_browser):
    task = make_task(owner, name="Boots", webhook_url="https://r.example/", is_public=True)

    answer = press(owner_browser, task, "fork")

    copy = Task.objects.exclude(pk=task.pk).get()
    assert answer.headers["Location"] == f"/tasks/{copy.pk}"
    assert (copy.name, copy.state, copy.is_public) == ("Boots (Copy)", "paused", False)
    assert copy.webhook_url == "https://r.example/"


def test_a_copy_of_anothers_public_task_keeps_nothing_private(owner, stranger, client):
    task = make_task(
        owner,
        name="Boots",
        is_public=True,
        notification_email="private@example.com",
        webhook_url="https://private.example/",
        context={"order": "private"},
    )
    client.force_login(stranger)

    answer = client.post(f"/tasks/{task.pk}/fork", follow=True)

    assert "This is your copy. It is paused: check it, then resume it." in answer.text
    assert "private" not in answer.text
    copy = Task.objects.get(user=stranger)
    assert (copy.notification_email, copy.webhook_url, copy.context) == (None, None, None)


def test_anothers_private_task_cannot_be_copied(owner, stranger, client):
    task = make_task(owner)
    client.force_login(stranger)

    assert press(client, task, "fork").status_code == 404
    assert Task.objects.count() == 1


@pytest.mark.parametrize("button", [name for name in ACTIONS if name != "fork"])
def test_others_cannot_change_a_public_task(owner, stranger, client, button):
    task = make_task(owner, is_public=True)
    before = Task.objects.values().get()
    client.force_login(stranger)

    assert press(client, task, button).status_code == 404
    assert client.get(f"/tasks/{task.pk}/{button}").status_code in (404, 405)

    assert Task.objects.values().get() == before
    assert not Execution.objects.exists()


@pytest.mark.parametrize("button", ACTIONS)
def test_who_has_not_logged_in_is_asked_to(owner, client, button):
    task = make_task(owner, is_public=True)

    answer = press(client, task, button)

    assert answer.headers["Location"] == f"/log-in?next=/tasks/{task.pk}/{button}"


@pytest.mark.parametrize("button", ACTIONS)
def test_another_site_cannot_press_a_button(owner, button):
    task = make_task(owner)
    before = Task.objects.values().get()
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(owner)

    assert press(browser, task, button).status_code == 403

    assert [Task.objects.values().get(), Execution.objects.count()] == [before, 0]


@pytest.mark.parametrize("method", ["get", "head", "options", "put", "delete"])
@pytest.mark.parametrize("button", ACTIONS)
def test_only_a_post_changes_something(owner, owner_browser, button, method):
    task = make_task(owner)
    before = Task.objects.values().get()

    answer = getattr(owner_browser, method)(f"/tasks/{task.pk}/{button}")

    assert answer.status_code in (200, 405)
    assert [Task.objects.values().get(), Execution.objects.count()] == [before, 0]


def test_delete_asks_and_keeps_the_record_of_notifications(owner, owner_browser):
    task = make_task(owner, name="Boots")
    execution = make_execution(task, notification="Told.")
    make_send(owner, task=task, execution=execution)

    asked = owner_browser.get(f"/tasks/{task.pk}/delete")
    assert "Delete “Boots”?" in asked.text
    assert Task.objects.exists()

    answer = press(owner_browser, task, "delete")
    assert answer.headers["Location"] == "/tasks"
    assert said(answer) == ["success: “Boots” is deleted. The record of its notifications stays."]
    assert not Task.objects.exists()
    assert NotificationSend.objects.exists()


@pytest.mark.parametrize("button", ACTIONS)
def test_a_button_of_a_task_that_is_deleted_is_not_found(owner, owner_browser, button):
    task = make_task(owner)
    make_pending_execution(task)
    Task.objects.all().delete()

    assert owner_browser.post(f"/tasks/{task.pk}/{button}").status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("button", ACTIONS)
def test_a_task_that_is_deleted_while_a_button_is_pressed_is_no_server_error(
    owner, owner_browser, button
):
    task = make_task(owner)
    fields = {
        "search_query": "https://shop.example/",
        "schedule": "auto",
        "time_zone": "UTC",
    }

    with ThreadPoolExecutor() as threads:
        with transaction.atomic():
            Task.objects.select_for_update().get()
            pressed = threads.submit(
                apart, owner_browser.post, f"/tasks/{task.pk}/{button}", fields
            )
            wait_until_another_waits()
            Task.objects.all().delete()
        answer = pressed.result()

    assert answer.status_code == (302 if button == "delete" else 404)
    assert not Task.objects.exists()
