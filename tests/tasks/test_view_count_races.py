"""Many threads that view, and threads that store what was viewed."""

import logging
from collections.abc import Callable

import pytest
from django.conf import settings

from tasks.models import Task
from tasks.view_counts import ViewCounter
from tests.support.factories import make_task, refused_rows
from tests.support.processes import database_url, python
from tests.support.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_no_view_is_lost_while_others_are_stored(owner, stranger):
    task = make_task(owner, is_public=True)
    counter = ViewCounter()

    def view() -> None:
        for _ in range(50):
            counter.add(task, by=stranger)

    at_once(view, view, counter.store, view, counter.store)
    counter.store()

    task.refresh_from_db()
    assert task.view_count == 150


def test_processes_that_viewed_the_same_tasks_do_not_wait_for_each_other(owner, stranger):
    tasks = [make_task(owner, is_public=True) for _ in range(50)]
    processes = [ViewCounter() for _ in range(4)]

    def views_of(process: ViewCounter, order: list[Task]) -> Callable[[], None]:
        def job() -> None:
            for _ in range(10):
                for task in order:
                    process.add(task, by=stranger)
                process.store()

        return job

    at_once(
        *(
            views_of(process, tasks if number % 2 else tasks[::-1])
            for number, process in enumerate(processes)
        )
    )

    assert set(Task.objects.values_list("view_count", flat=True)) == {40}


def test_what_the_background_thread_cannot_store_is_lost_with_a_line_in_the_log(
    owner, stranger, caplog
):
    task = make_task(owner, is_public=True)
    counter = ViewCounter()
    counter.add(task, by=stranger)

    with refused_rows("tasks_task", "true"), caplog.at_level(logging.WARNING):
        at_once(counter._store_in_background)

    assert "views_lost" in caplog.text
    assert counter.take() == {}


#: A process that counts a view and ends in order before the view is stored.
SERVER = """
import sys
import django
django.setup()
from django.contrib.auth.models import AnonymousUser
from tasks.models import Task
from tasks.view_counts import view_counter
task_id, user_id = sys.argv[1:]
view_counter.add(Task(pk=task_id, user_id=user_id), by=AnonymousUser())
"""


def test_a_server_that_is_stopped_stores_its_last_views(owner):
    task = make_task(owner, is_public=True)

    ended = python(
        *("-c", SERVER, str(task.pk), str(owner.pk)),
        DATABASE_URL=database_url(),
        DJANGO_SETTINGS_MODULE="torale.settings",
        TORALE_DATA_DIR=settings.TORALE_DATA_DIR,
    )

    assert (ended.returncode, ended.stderr) == (0, "")
    task.refresh_from_db()
    assert task.view_count == 1
