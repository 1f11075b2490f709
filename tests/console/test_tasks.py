"""The list of tasks, and the page of a task for its owner and for others."""

import re

import pytest

from tasks.models import Task
from tasks.standing import after_answer
from tasks.view_counts import view_counter
from tests.support.factories import (
    NOW,
    days,
    make_execution,
    make_pending_execution,
    make_send,
    make_task,
)
from tests.support.model_results import MODEL, MODEL_SHOWN
from torale.uuid7 import uuid7

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_now")]
URL = "/tasks"


def url(task) -> str:
    return f"{URL}/{task.pk}"


def names(page) -> list[str]:
    """The names of the tasks on a page of the list, in their order."""
    return re.findall(r'<h2><a href="/tasks/[0-9a-f-]{36}">([^<]*)</a></h2>', page.text)


def words(page) -> str:
    """The text of the page's content, on one line."""
    main = page.text.partition("<main")[2].partition("</main>")[0]
    return " ".join(re.sub(r"<[^>]*>", " ", main.partition(">")[2]).split())


# The list


def test_who_has_no_tasks_is_led_to_the_form(owner_browser):
    page = owner_browser.get(URL)

    assert "Nothing is watched yet" in page.text
    assert "Create your first task" in page.text


def test_ones_own_tasks_are_listed_newest_first(owner, stranger, owner_browser):
    make_task(owner, name="Bread", created_at=NOW - days(1))
    make_task(owner, name="Boots")
    make_task(stranger, name="Secret", is_public=True)

    assert names(owner_browser.get(URL)) == ["Boots", "Bread"]


@pytest.mark.parametrize(
    ("state", "listed"),
    [
        ("active", ["Active"]),
        ("paused", ["Paused"]),
        ("completed", ["Completed"]),
        ("asleep", ["Completed", "Paused", "Active"]),
        ("\0", ["Completed", "Paused", "Active"]),
    ],
)
def test_the_tabs_keep_the_tasks_in_a_state(owner, owner_browser, state, listed):
    for age, each in enumerate(("completed", "paused", "active")):
        make_task(owner, name=each.capitalize(), state=each, created_at=NOW - days(age))

    assert names(owner_browser.get(URL, {"state": state})) == listed


def test_a_state_without_tasks_says_so(owner, owner_browser):
    make_task(owner)

    assert "No such tasks" in owner_browser.get(URL, {"state": "paused"}).text


def test_a_state_that_does_not_exist_is_not_taken_for_one_without_tasks(owner_browser):
    assert "Nothing is watched yet" in owner_browser.get(URL, {"state": "asleep"}).text


def test_a_page_has_fifty_tasks_and_links_to_the_others_in_the_same_state(owner, owner_browser):
    for number in range(51):
        make_task(owner, name=f"Task {number}", created_at=NOW - days(number))

    first = owner_browser.get(URL, {"state": "active"})
    second = owner_browser.get(URL, {"state": "active", "page": "2"})

    assert len(names(first)) == 50
    assert 'href="?state=active&amp;page=2" rel="next"' in first.text
    assert names(second) == ["Task 50"]
    assert 'href="?state=active&amp;page=1" rel="prev"' in second.text


@pytest.mark.parametrize(
    ("page", "listed"),
    [("1000000000", "Task 50"), ("9" * 5000, "Task 0"), ("-1", "Task 50"), ("x", "Task 0")],
)
def test_a_page_that_is_none_is_the_first_or_the_last(owner, owner_browser, page, listed):
    for number in range(51):
        make_task(owner, name=f"Task {number}", created_at=NOW - days(number))

    assert names(owner_browser.get(URL, {"page": page}))[0] == listed


def test_it_says_what_was_last_seen(owner, owner_browser):
    make_task(owner, name="New")
    seen = make_task(owner, name="Seen")
    make_execution(seen, result={"evidence": "Sold out."})
    make_pending_execution(make_task(owner, name="Visited"))
    make_execution(
        make_task(owner, name="Failing", failed_run_count=1),
        status="failed",
        error_message="The server answered 500.",
    )

    page = words(owner_browser.get(URL))

    assert "New Not visited yet." in page
    assert "Seen Seen now: Sold out." in page
    assert "Visited Being visited now." in page
    assert "Failing Failing Could not look now: The server answered 500." in page


def test_it_says_what_there_is_to_warn_of_and_when_the_next_visit_is(owner, owner_browser):
    make_task(
        owner,
        warnings=after_answer([], ["Nothing on the page matches."], now=NOW),
        next_run_at=NOW + days(2),
    )

    page = words(owner_browser.get(URL))

    assert "Warning Nothing on the page matches." in page
    assert "Next visit: 2 days from now" in page


@pytest.mark.parametrize("count", [1, 50])
def test_the_list_takes_as_many_queries_for_fifty_tasks_as_for_one(
    owner, owner_browser, count, django_assert_num_queries
):
    for _ in range(count):
        make_execution(make_task(owner))

    with django_assert_num_queries(5):  # session, user, count, tasks, their last executions
        owner_browser.get(URL)


# A task's page, for its owner


def test_the_owner_sees_what_was_told_to_whom_and_what_went_wrong(owner, owner_browser):
    task = make_task(owner, name="Boots", notification_email="olive@example.com")
    told = make_execution(task, notification="**In stock**", created_at=NOW - days(2))
    send = make_send(owner, task=task, execution=told, recipient="https://r.example/hook")
    make_execution(task, notification="Gone again.", created_at=NOW - days(1))
    make_execution(task, status="failed", error_message="The server answered 500.")

    page = owner_browser.get(url(task))

    text = words(page)
    assert "Could not look: The server answered 500." in text
    assert "Gone again. Nobody was told." in text
    assert f'<a href="/notifications/{send.pk}">https://r.example/hook</a>' in page.text
    assert "<strong>In stock</strong>" in page.text
    assert text.index("answered 500") < text.index("Gone again") < text.index("Told:")


def test_the_page_leads_to_why_and_to_the_tasks_notifications(owner, owner_browser):
    task = make_task(owner)
    execution = make_execution(task)

    page = owner_browser.get(url(task)).text

    assert f'href="/notifications?task_id={task.pk}"' in page
    assert f'href="/why/{task.pk}"' in page
    assert f'href="/why/{execution.pk}"' in page


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, "Tells owner@example.com"),
        ({"notification_email": "x@example.com"}, "Tells x@example.com Shared"),
        ({"webhook_url": "https://r.example/"}, "Tells torale webhook https://r.example/ Shared"),
        ({"is_muted": True}, "Tells No email, because somebody unsubscribed."),
    ],
)
def test_the_page_says_who_is_told(owner, owner_browser, fields, told):
    assert told in words(owner_browser.get(url(make_task(owner, **fields))))


def test_warnings_stand_at_the_top_of_the_page(owner, owner_browser):
    task = make_task(owner, warnings=after_answer([], ["Nothing matches."], now=NOW))

    assert '<p class="note waiting">Nothing matches.</p>' in owner_browser.get(url(task)).text


def test_older_visits_are_on_pages_of_their_own(owner, owner_browser):
    task = make_task(owner)
    for number in range(101):
        make_execution(
            task, notification=f"Told {number}.", created_at=NOW - days(number), hosts=[]
        )

    first = owner_browser.get(url(task))
    [older] = re.findall(r'href="(\?before=[^"]*)" rel="next"', first.text)
    second = owner_browser.get(url(task) + older)

    assert "Told 99." in first.text
    assert "Told 100." not in first.text
    assert "Told 100." in second.text
    assert "Told 99." not in second.text
    assert 'rel="next"' not in second.text
    assert f'<a href="{url(task)}">Newest</a>' in second.text


def test_a_link_to_a_visit_shows_it_first(owner, owner_browser):
    task = make_task(owner)
    make_execution(task, notification="Later.")
    wanted = make_execution(task, notification="Wanted.", created_at=NOW - days(1))

    page = owner_browser.get(url(task), {"execution": str(wanted.pk)})

    assert f'id="visit-{wanted.pk}"' in page.text
    assert "Later." not in page.text


@pytest.mark.parametrize("parameter", ["before", "execution"])
def test_a_visit_that_is_not_the_tasks_shows_none(owner, stranger, owner_browser, parameter):
    task = make_task(owner)
    make_execution(task, notification="Told.")
    foreign = make_execution(make_task(stranger), notification="Secret.")

    for unknown in (foreign.pk, uuid7()):
        page = owner_browser.get(url(task), {parameter: str(unknown)})

        assert "No older visits are kept." in page.text
        assert "Secret." not in page.text


@pytest.mark.parametrize("id_", ["", "\0", "17", "x" * 10_000])
def test_a_damaged_address_shows_the_newest(owner, owner_browser, id_):
    task = make_task(owner)
    make_execution(task, notification="Told.")

    assert "Told." in owner_browser.get(url(task), {"before": id_}).text


@pytest.mark.parametrize("count", [1, 50])
def test_a_page_takes_as_many_queries_for_fifty_visits_as_for_one(
    owner, owner_browser, count, django_assert_num_queries
):
    task = make_task(owner)
    for number in range(count):
        execution = make_execution(task, notification="Told.", created_at=NOW - days(number))
        make_send(owner, task=task, execution=execution, recipient=f"https://r.example/{number}")

    with django_assert_num_queries(5):  # session, user, task, executions, sends
        owner_browser.get(url(task))


# A task's page, for others


@pytest.fixture
def public_task(owner):
    """A public task whose every private member says so."""
    task = make_task(
        owner,
        name="Boots",
        is_public=True,
        notification_email="private@example.com",
        webhook_url="https://private.example/hook",
        webhook_headers={"X-Token": "private"},
        context={"order": "private"},
        failed_run_count=3,
        warnings=after_answer([], ["private warning"], now=NOW),
    )
    told = make_execution(
        task,
        notification="**In stock**",
        result={
            "evidence": "It says so.",
            "failed_pages": [{"url": "https://shop.example/", "error": "private error"}],
            "activity": [{"action": "search", "query": "private query", "results": 1}],
            "usage": {**MODEL["usage"], "model": "private model"},
        },
        grounding_sources=[{"url": "https://shop.example/", "title": "The shop"}],
    )
    make_send(owner, task=task, execution=told, recipient="https://private.example/hook")
    make_execution(task, status="failed", error_message="private error")
    make_execution(task, result={"evidence": "private evidence: nothing was told"})
    return task


@pytest.fixture(params=["visitor", "stranger"])
def other(request, client, stranger):
    """A browser of somebody else, who has logged in or not."""
    if request.param == "stranger":
        client.force_login(stranger)
    return client


def test_a_private_task_is_for_others_as_one_that_is_not_there(owner, other):
    there = other.get(url(make_task(owner)))
    missing = other.get(f"{URL}/{uuid7()}")

    assert there.status_code == missing.status_code == 404
    assert there.text == missing.text


def test_others_see_of_a_public_task_what_was_told_and_nothing_private(public_task, other):
    page = other.get(url(public_task))

    text = words(page)
    for shown in ("Boots", "In stock", "It says so.", "The shop", "Active"):
        assert shown in text
    assert "private" not in page.text
    assert "owner@example.com" not in page.text
    assert "/why/" not in page.text
    assert f"{url(public_task)}/" not in page.text.replace(f"{url(public_task)}/rss", "").replace(
        f"{url(public_task)}/fork", ""
    )


def test_the_owner_sees_what_a_model_did_and_cost(owner, owner_browser):
    task = make_task(owner)
    make_execution(task, result={"evidence": "Nothing new.", **MODEL})

    page = owner_browser.get(url(task)).text

    for shown in MODEL_SHOWN:
        assert shown in page


def test_the_owner_sees_no_steps_of_a_visit_that_asked_no_model(owner, owner_browser):
    task = make_task(owner)
    fetch = {"action": "fetch", "url": "https://shop.example/step"}
    make_execution(task, result={"evidence": "Nothing new.", "activity": [fetch]})

    assert "shop.example/step" not in owner_browser.get(url(task)).text


def test_others_do_not_see_that_a_task_is_failing(public_task, other):
    assert "Failing" not in other.get(url(public_task)).text


def test_others_do_not_find_visits_that_told_nothing(public_task, other):
    silent = public_task.executions.filter(notification=None).first()

    page = other.get(url(public_task), {"execution": str(silent.pk)})

    assert "No older visits are kept." in page.text


def test_a_visit_counts_as_a_view_and_the_owners_does_not(public_task, client, owner):
    client.get(url(public_task))
    client.head(url(public_task))
    client.force_login(owner)
    client.get(url(public_task))

    assert view_counter.take() == {public_task.pk: 1}


def test_who_opens_too_many_pages_is_told_to_wait(public_task, client, owner):
    answers = [client.get(url(public_task)) for _ in range(61)]
    client.force_login(owner)

    assert {answer.status_code for answer in answers[:60]} == {200}
    assert answers[60].status_code == 429
    assert answers[60].headers["Retry-After"] == "50"  # from 9:00:10 to 9:01
    assert "Wait a minute" in answers[60].text
    assert "In stock" not in answers[60].text
    assert client.get(url(public_task)).status_code == 200


def test_another_address_has_a_limit_of_its_own(public_task, client):
    for _ in range(61):
        client.get(url(public_task))

    assert client.get(url(public_task), REMOTE_ADDR="192.0.2.1").status_code == 200


@pytest.mark.parametrize("count", [1, 50])
def test_a_public_page_takes_as_many_queries_for_fifty_visits_as_for_one(
    owner, client, count, django_assert_num_queries
):
    task = make_task(owner, is_public=True)
    for number in range(count):
        make_execution(task, notification="Told.", created_at=NOW - days(number))

    with django_assert_num_queries(3):  # task, limit, executions
        client.get(url(task))


def test_every_link_of_a_public_page_leads_somewhere(public_task, client):
    page = client.get(url(public_task))

    for address in set(re.findall(r'href="(/[^"#]*)"', page.text)):
        found = client.get(address, follow=True)
        assert found.status_code == 200, address
        found.getvalue()  # which closes a static file


def test_a_task_that_was_shared_and_is_private_again_is_gone(public_task, client):
    Task.objects.update(is_public=False)

    assert client.get(url(public_task)).status_code == 404


@pytest.mark.parametrize(
    ("question", "state", "shown"),
    [
        ("https://shop.example/", None, "every 15 minutes"),
        ("When is the Quill 4 released?", None, "every day"),
        ("When is the Quill 4 released?", {"plan": {"hours_between_visits": 6.0}}, "every 6 hours"),
        ("When is it?", {"plan": {"hours_between_visits": 0.5}}, "every 30 minutes"),
        ("When is it?", {"plan": {"hours_between_visits": 1e9}}, "every 30 days"),
        ("When is it?", {"plan": "forged"}, "every day"),
    ],
)
def test_the_page_of_a_task_says_how_often_its_question_is_asked(
    owner, owner_browser, answered_questions, question, state, shown
):
    task = make_task(
        owner, search_query=question, condition_description="changes", last_known_state=state
    )

    assert shown in owner_browser.get(f"/tasks/{task.pk}").text
