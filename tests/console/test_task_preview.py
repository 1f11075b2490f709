"""“Try it now” in the form of a task."""

import re

import pytest
from django.utils import timezone

from tasks.models import Task
from tasks.previews import Preview
from tests.support.factories import days, make_preview, make_task
from tests.support.model_results import MODEL, MODEL_SHOWN
from tests.support.task_forms import FIELDS, NEW, edit_url, errors, form_of, shown
from torale.uuid7 import uuid7

pytestmark = pytest.mark.django_db

RESULT = {
    "holds": True,
    "evidence": "It says so.",
    "warnings": ["Nothing on the page matches."],
    "pages": [
        {
            "url": "https://shop.example/bread",
            "title": "Bread",
            "text": "Bread, sold out",
            "price": {"amount": "2.50", "currency": "EUR"},
            "selected": [{"selector": 'css("b")', "text": "2,50 €"}],
            "items": [],
            "error": None,
        }
    ],
}


def finished(owner, **fields) -> Preview:
    return make_preview(owner, status="success", result=RESULT, **fields)


def test_to_try_it_requests_a_preview_and_stores_no_task(owner, owner_browser):
    page = owner_browser.post(NEW, {**FIELDS, "name": "Typed", "try": "1"})

    preview = Preview.objects.get()
    assert (preview.user, preview.status) == (owner, "pending")
    assert (preview.search_query, preview.condition_description) == (
        "https://shop.example/bread",
        "changes",
    )
    assert "The question is being tried." in page.text
    assert f'hx-get="/tasks/previews/{preview.pk}"' in page.text
    assert shown(page)["name"] == "Typed"
    assert not Task.objects.exists()


def test_to_try_a_change_does_not_store_it(owner, owner_browser):
    task = make_task(owner)
    fields = {**form_of(owner_browser, task), "condition_description": "new items", "try": "1"}

    owner_browser.post(edit_url(task), fields)

    assert Preview.objects.get().condition_description == "new items"
    task.refresh_from_db()
    assert task.condition_description == 'contains "In stock"'


def test_only_two_previews_are_made_at_once(owner, owner_browser):
    make_preview(owner)
    make_preview(owner)

    [fault] = errors(owner_browser.post(NEW, {**FIELDS, "try": "1"}))["__all__"]

    assert fault == "You have 2 previews that have not finished. Wait for one of them."


@pytest.mark.usefixtures("at_now")
def test_only_ten_previews_are_made_in_a_minute(owner_browser):
    for _ in range(10):
        owner_browser.post(NEW, {**FIELDS, "try": "1"})
        Preview.objects.all().delete()

    [fault] = errors(owner_browser.post(NEW, {**FIELDS, "try": "1"}))["__all__"]

    assert fault == "You may request 10 previews a minute."
    assert not Preview.objects.exists()


def test_anothers_previews_do_not_delay_ones_own(stranger, owner_browser):
    make_preview(stranger)
    make_preview(stranger)

    assert errors(owner_browser.post(NEW, {**FIELDS, "try": "1"})) == {}


def test_htmx_gets_the_form_and_a_browser_without_scripts_the_page(owner, owner_browser):
    whole = owner_browser.post(NEW, {**FIELDS, "try": "1"})
    part = owner_browser.post(NEW, {**FIELDS, "try": "1"}, headers={"hx-request": "true"})

    assert whole.text.startswith("<!doctype html>")
    assert part.text.lstrip().startswith('<form id="task-form"')
    assert "<html" not in part.text


def test_the_result_says_whether_the_condition_holds_and_what_was_read(owner, owner_browser):
    preview = finished(owner)

    part = owner_browser.get(f"/tasks/previews/{preview.pk}").text

    assert part.lstrip().startswith('<div id="preview"')
    assert "hx-get" not in part
    for words in (
        "The condition holds now.",
        "It says so.",
        "Nothing on the page matches.",
        "Bread, sold out",
        "Price: 2.50 EUR",
        "2,50 €",
    ):
        assert words in part


def test_a_failure_says_why(owner, owner_browser):
    preview = make_preview(owner, status="failed", error_message="The server answered 500.")

    part = owner_browser.get(f"/tasks/previews/{preview.pk}").text

    assert '<p class="note bad">The server answered 500.</p>' in part


def test_who_waits_is_asked_to_wait_on_with_and_without_scripts(owner, owner_browser):
    preview = make_preview(owner)

    part = owner_browser.get(f"/tasks/previews/{preview.pk}").text

    assert f'hx-get="/tasks/previews/{preview.pk}"' in part
    assert f'name="preview" value="{preview.pk}">Show the result</button>' in part


@pytest.mark.parametrize("whose", ["old", "strangers", "none"])
def test_a_result_that_is_not_ones_own_or_too_old_is_not_shown(
    owner, stranger, owner_browser, whose
):
    id_ = {
        "old": lambda: finished(owner, expires_at=timezone.now() - days(1)).pk,
        "strangers": lambda: finished(stranger).pk,
        "none": uuid7,
    }[whose]()

    part = owner_browser.get(f"/tasks/previews/{id_}").text
    page = owner_browser.post(NEW, {**FIELDS, "preview": str(id_)}).text

    for answer in (part, page):
        assert "This result is no longer kept. Try again." in answer
        assert "It says so." not in answer


def test_show_the_result_keeps_what_was_typed_and_stores_nothing(owner, owner_browser):
    preview = finished(owner)

    page = owner_browser.post(NEW, {**FIELDS, "name": "Typed", "preview": str(preview.pk)})

    assert "The condition holds now." in page.text
    assert shown(page)["name"] == "Typed"
    assert Preview.objects.count() == 1
    assert not Task.objects.exists()


def test_rules_that_fit_the_page_are_suggested_and_tried_by_a_button(owner, owner_browser):
    page = owner_browser.post(NEW, {**FIELDS, "preview": str(finished(owner).pk)})
    rules = re.findall(r'name="rule" value="([^"]*)"', page.text)

    assert rules == ["price &lt; 2.50", "does not contain &quot;sold out&quot;"]

    tried = owner_browser.post(NEW, {**FIELDS, "rule": "price < 2.50"})

    assert shown(tried)["condition_description"] == "price < 2.50"
    assert Preview.objects.latest("created_at").condition_description == "price < 2.50"
    assert not Task.objects.exists()


def test_a_rule_that_is_none_is_an_error_at_the_condition(owner_browser):
    page = owner_browser.post(NEW, {**FIELDS, "rule": "nonsense"})

    assert {*errors(page)} == {"condition_description"}
    assert not Preview.objects.exists()


def test_what_a_model_did_and_cost_is_shown(owner, owner_browser):
    asked = make_preview(owner, status="success", result=RESULT | MODEL)

    part = owner_browser.get(f"/tasks/previews/{asked.pk}").text

    for shown_words in ("What was done", *MODEL_SHOWN):
        assert shown_words in part
    not_asked = owner_browser.get(f"/tasks/previews/{finished(owner).pk}").text
    assert "What was done" not in not_asked
