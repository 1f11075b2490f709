"""The form in which a task is written and changed."""

import pytest

from executions.models import Execution
from tasks.models import Task
from tasks.previews import Preview
from tests.support.factories import (
    make_address,
    make_task,
    make_undecryptable,
    make_unverified_address,
)
from tests.support.task_forms import FIELDS, NEW, edit_url, errors, form_of, shown

pytestmark = pytest.mark.django_db

# A new task


def test_the_form_comes_filled_in(owner_browser):
    page = owner_browser.get(NEW)

    assert shown(page) == {
        **FIELDS,
        "search_query": "",
        "condition_description": None,
        "name": None,
        "webhook_url": None,
        "webhook_format": None,
    }


def test_a_link_can_name_the_page(owner_browser):
    page = owner_browser.get(NEW, {"url": 'https://shop.example/"><script>'})

    assert shown(page)["search_query"] == 'https://shop.example/"><script>'
    assert "<script>" not in page.text


def test_a_page_is_enough_for_a_task(owner, owner_browser):
    answer = owner_browser.post(NEW, FIELDS)

    task = Task.objects.get()
    assert answer.headers["Location"] == f"/tasks/{task.pk}"
    assert (task.user, task.search_query) == (owner, "https://shop.example/bread")
    assert (task.condition_description, task.schedule, task.is_public) == ("changes", "auto", False)
    assert Execution.objects.get().task == task


def test_a_question_in_plain_words_is_its_own_condition(owner_browser, answered_questions):
    question = "When do tickets for the Riverside festival go on sale?"

    owner_browser.post(NEW, {**FIELDS, "search_query": question})

    task = Task.objects.get()
    assert (task.search_query, task.condition_description) == (question, question)


def test_the_form_offers_plain_words_where_there_is_a_model(owner_browser, answered_questions):
    assert "A question in plain words" in owner_browser.get(NEW).text


def test_the_form_offers_no_plain_words_without_a_model(owner_browser):
    assert "plain words" not in owner_browser.get(NEW).text


def test_all_that_is_filled_in_is_stored(owner, owner_browser):
    make_address(owner, email="second@example.com")

    owner_browser.post(
        NEW,
        {
            **FIELDS,
            "condition_description": 'contains "In stock"',
            "name": "Bread",
            "schedule": "0 9 * * 1-5",
            "time_zone": "Europe/Berlin",
            "notification_email": "second@example.com",
            "webhook_url": "https://r.example/hook",
        },
    )

    task = Task.objects.get()
    assert (task.name, task.condition_description) == ("Bread", 'contains "In stock"')
    assert (task.schedule, task.time_zone) == ("0 9 * * 1-5", "Europe/Berlin")
    assert (task.notification_email, task.webhook_url) == (
        "second@example.com",
        "https://r.example/hook",
    )


FAULTS = [
    ("search_query", "", "This field is required."),
    ("search_query", "the shop", "Name the page to watch"),
    ("search_query", "javascript:alert(1)", "Name the page to watch"),
    ("search_query", "http://10.0.0.1/", "10.0.0.1 is not a public address."),
    ("search_query", "http://169.254.169.254/meta", "not a public address"),
    ("search_query", "x" * 2001, "at most 2000 characters"),
    ("condition_description", "contains", "contains"),
    ("condition_description", 'contains "In stock', "The quote that opens here is not closed"),
    ("condition_description", "x" * 2001, "at most 2000 characters"),
    ("name", "x" * 201, "at most 200 characters"),
    ("schedule", "", "This field is required."),
    ("schedule", "hourly, please", "Write auto, an interval such as every 30 minutes"),
    ("schedule", "every 1 minutes", "minutes"),
    ("schedule", "0 0 30 2 *", ""),
    ("time_zone", "Bread/Shop", "Write the IANA name of a time zone"),
    ("time_zone", "../../etc/passwd", "Write the IANA name of a time zone"),
    ("notification_email", "stranger@example.com", "Select a valid choice."),
    ("notification_email", "unverified@example.com", "Select a valid choice."),
    ("webhook_url", "https://10.0.0.1/hook", "10.0.0.1 is not a public address."),
    ("webhook_url", "ftp://r.example/", "The URL must start with http:// or https://."),
    ("webhook_url", "javascript:alert(1)", "The URL must start with http:// or https://."),
    ("webhook_url", "x" * 2049, "at most 2048 characters"),
    ("webhook_format", "smoke", "Select a valid choice."),
]
NULLS = [(name, "\0", "") for name in FIELDS]


@pytest.mark.parametrize("button", [{}, {"try": "1"}], ids=["create", "try"])
@pytest.mark.parametrize(("name", "value", "fault"), [*FAULTS, *NULLS])
def test_an_error_stands_at_its_field(owner, owner_browser, name, value, fault, button):
    make_unverified_address(owner, email="unverified@example.com")

    page = owner_browser.post(NEW, {**FIELDS, name: value, **button})

    [[at, [words]]] = errors(page).items()
    assert at == name
    assert fault in words
    assert f'id="id_{name}_error"' in page.text
    assert not Task.objects.exists()
    assert not Preview.objects.exists()


def test_a_webhook_of_a_service_needs_the_services_url(owner_browser):
    fields = {"webhook_url": "https://r.example/", "webhook_format": "telegram"}

    [[at, [words]]] = errors(owner_browser.post(NEW, {**FIELDS, **fields})).items()

    assert at == "webhook_url"
    assert "does not fit the format telegram" in words
    assert not words.startswith("Invalid notification")


def test_several_faults_are_all_shown_and_what_was_typed_stays(owner_browser):
    given = {**FIELDS, "search_query": "the shop", "time_zone": "Bread", "name": "Typed"}

    page = owner_browser.post(NEW, given)

    assert {*errors(page)} == {"search_query", "time_zone"}
    assert shown(page) == given


def test_too_many_active_tasks_are_refused(owner, owner_browser, settings):
    settings.TORALE_MAX_ACTIVE_TASKS = 1
    make_task(owner)

    [fault] = errors(owner_browser.post(NEW, FIELDS))["__all__"]

    assert "You have 1 active tasks" in fault
    assert Task.objects.count() == 1


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"preview": "\0"},
        {"preview": "17"},
        {**FIELDS, "rule": "\0"},
        {**FIELDS, "rule": "x" * 100_000},
        {
            name: "\ud83e\udd84".encode("utf-16", "surrogatepass").decode("utf-16") * 300
            for name in FIELDS
        },
        dict.fromkeys(FIELDS, "\x1b\x0b\u202e"),
        {f"field{number}": "1" for number in range(2000)},
        {"name": "x" * 2_000_000},
    ],
    ids=["nothing", "null", "no id", "null rule", "long rule", "emoji", "controls", "many", "long"],
)
def test_nonsense_is_no_server_error_and_stores_nothing(owner_browser, given):
    assert owner_browser.post(NEW, given).status_code in (200, 400)
    assert not Task.objects.exists()


@pytest.mark.parametrize("content_type", ["application/json", "multipart/form-data; boundary=x"])
def test_a_body_that_is_no_form_is_no_server_error(owner_browser, content_type):
    answer = owner_browser.post(NEW, data="{", content_type=content_type)

    assert answer.status_code in (200, 400)


def test_to_open_the_form_takes_as_many_queries_for_fifty_addresses_as_for_one(
    owner, owner_browser, django_assert_num_queries
):
    for number in range(50):
        make_address(owner, email=f"{number}@example.com")

    with django_assert_num_queries(3):  # session, user, addresses
        owner_browser.get(NEW)


# To change a task


@pytest.fixture
def task(owner):
    """A task with all that the form does not show."""
    return make_task(
        owner,
        name="Bread",
        search_query="https://shop.example/bread",
        webhook_url="https://r.example/hook",
        webhook_method="PUT",
        webhook_headers={"X-Token": "secret"},
        request_headers={"Cookie": "secret"},
        context={"order": "17"},
    )


def test_to_save_without_a_change_changes_nothing(owner_browser, task):
    names = [field.name for field in Task._meta.fields if field.name != "updated_at"]
    before = Task.objects.values(*names).get()

    answer = owner_browser.post(edit_url(task), form_of(owner_browser, task))

    assert answer.headers["Location"] == f"/tasks/{task.pk}"
    assert Task.objects.values(*names).get() == before


def test_what_the_form_does_not_show_stays(owner_browser, task):
    owner_browser.post(
        edit_url(task),
        {**form_of(owner_browser, task), "name": "Boots", "condition_description": "changes"},
    )

    task.refresh_from_db()
    assert (task.name, task.condition_description) == ("Boots", "changes")
    assert (task.webhook_method, task.webhook_headers) == ("PUT", {"X-Token": "secret"})
    assert (task.request_headers, task.context) == ({"Cookie": "secret"}, {"order": "17"})


def test_the_form_shows_no_header(owner_browser, task):
    assert "secret" not in owner_browser.get(edit_url(task)).text


def test_another_receiver_does_not_get_the_old_ones_headers(owner_browser, task):
    owner_browser.post(
        edit_url(task), {**form_of(owner_browser, task), "webhook_url": "https://other.example/"}
    )

    task.refresh_from_db()
    assert (task.webhook_url, task.webhook_method) == ("https://other.example/", "POST")
    assert not task.webhook_headers


def test_another_shop_does_not_get_the_old_ones_cookie(owner_browser, task):
    owner_browser.post(
        edit_url(task), {**form_of(owner_browser, task), "search_query": "https://other.example/"}
    )

    task.refresh_from_db()
    assert task.request_headers is None


def test_nobody_is_told_by_webhook_once_it_is_emptied(owner_browser, task):
    owner_browser.post(edit_url(task), {**form_of(owner_browser, task), "webhook_url": ""})

    task.refresh_from_db()
    assert task.webhook_url is None


def test_an_address_that_is_no_longer_verified_is_shown_and_kept(owner, owner_browser):
    task = make_task(owner, notification_email="gone@example.com")

    answer = owner_browser.post(edit_url(task), form_of(owner_browser, task))

    assert answer.status_code == 302
    task.refresh_from_db()
    assert task.notification_email == "gone@example.com"


def test_an_error_of_a_change_stands_at_its_field_and_nothing_is_stored(owner_browser, task):
    before = Task.objects.values().get()

    page = owner_browser.post(
        edit_url(task), {**form_of(owner_browser, task), "name": "Boots", "schedule": "x"}
    )

    assert {*errors(page)} == {"schedule"}
    assert Task.objects.values().get() == before


def test_secrets_that_cannot_be_read_are_no_server_error(owner_browser, task):
    make_undecryptable(task, "request_headers", "webhook_headers")

    answer = owner_browser.post(edit_url(task), form_of(owner_browser, task))

    assert answer.status_code in (200, 302)
    assert owner_browser.get(f"/tasks/{task.pk}").status_code == 200


def test_others_cannot_open_the_form_even_of_a_public_task(owner, stranger, client):
    task = make_task(owner, is_public=True)
    client.force_login(stranger)

    assert client.get(edit_url(task)).status_code == 404
    assert client.post(edit_url(task), FIELDS).status_code == 404
