"""The page that says why somebody was told, or why nobody was."""

import pytest

from tests.support.factories import make_execution, make_send, make_task
from torale.uuid7 import uuid7

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]


@pytest.fixture
def browser(client, owner):
    client.force_login(owner)
    return client


@pytest.fixture
def send(owner):
    task = make_task(owner, name="Boots & <b>more</b>")
    execution = make_execution(task, notification="Met.")
    return make_send(owner, task=task, execution=execution, status="failed")


@pytest.mark.parametrize("name", ["pk", "execution_id", "task_id"])
def test_it_gives_the_verdict_and_leads_to_what_it_is_about(browser, send, name):
    page = browser.get(f"/why/{getattr(send, name)}").text

    assert "was given up: The receiver answered 500." in page
    assert "Boots &amp; &lt;b&gt;more&lt;/b&gt;" in page
    assert f'href="/notifications/{send.pk}"' in page
    assert f'href="/tasks/{send.task_id}"' in page
    assert f'?execution={send.execution_id}#visit-{send.execution_id}"' in page


def test_nothing_leads_to_what_is_deleted(browser, owner):
    send = make_send(owner, task_name="Boots")

    page = browser.get(f"/why/{send.task_id}").text

    assert "The task is no longer kept" in page
    assert f'href="/notifications/{send.pk}"' in page
    assert "/tasks/" not in page


@pytest.mark.parametrize("name", ["pk", "execution_id", "task_id"])
def test_it_is_only_for_the_owner(client, stranger, send, name):
    client.force_login(stranger)

    assert client.get(f"/why/{getattr(send, name)}").status_code == 404


def test_a_public_task_is_explained_to_its_owner_only(client, owner, stranger):
    task = make_task(owner, is_public=True)
    client.force_login(stranger)

    assert client.get(f"/why/{task.pk}").status_code == 404


def test_an_unknown_id_is_not_found(browser):
    assert browser.get(f"/why/{uuid7()}").status_code == 404


def test_who_has_not_logged_in_is_asked_to(client, send):
    assert client.get(f"/why/{send.pk}").headers["Location"] == f"/log-in?next=/why/{send.pk}"


@pytest.mark.parametrize("count", [1, 50])
def test_a_task_takes_the_same_queries_however_much_it_has_done(
    browser, owner, count, django_assert_max_num_queries
):
    task = make_task(owner)
    for number in range(count):
        execution = make_execution(task, notification="Met")
        make_send(
            owner,
            task=task,
            execution=execution,
            recipient=f"https://receiver.example/{number}",
            status="failed",
        )

    with django_assert_max_num_queries(17):
        browser.get(f"/why/{task.pk}")
