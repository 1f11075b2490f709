"""Executions as the operator sees them."""

from decimal import Decimal
from http import HTTPStatus

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from executions.models import Execution, ExecutionStatus
from tests.support.factories import (
    make_execution,
    make_pending_execution,
    make_send,
    make_spending,
    make_task,
)
from tests.support.model_results import MODEL, MODEL_SHOWN

LIST = "/admin/executions/execution/"
SPENDING = "/admin/executions/spending/"


@pytest.fixture
def execution(owner) -> Execution:
    return make_execution(make_task(owner, name="Bread"), notification="**It is there.**")


def shown(response) -> list[Execution]:
    """Return the rows of a list page."""
    assert response.status_code == HTTPStatus.OK
    return list(response.context["cl"].result_list)


def test_the_operator_sees_executions_newest_first(operator_client, execution):
    newer = make_pending_execution(execution.task)

    response = operator_client.get(LIST)

    assert shown(response) == [newer, execution]
    page = response.content.decode()
    assert "Bread" in page
    assert str(execution.pk) in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"status__exact": "success"}, ["met", "not met"]),
        ({"status__exact": "failed"}, ["failed"]),
        ({"failed": "timeout"}, ["failed"]),
        ({"failed": "network"}, []),
        ({"notification__isempty": "0"}, ["met"]),
        ({"notification__isempty": "1"}, ["failed", "not met"]),
        ({"created_at__gte": "2026-03-05 00:00:00+00:00"}, []),
        ({"created_at__gte": "2026-03-04 00:00:00+00:00"}, ["failed", "met", "not met"]),
    ],
    ids=[
        "success",
        "failed",
        "timed out",
        "unreachable",
        "met",
        "not met",
        "too new",
        "new enough",
    ],
)
def test_the_operator_filters_executions(operator_client, owner, query, names):
    make_execution(make_task(owner, name="met"), notification="Told.")
    make_execution(make_task(owner, name="not met"))
    failed = {"status": ExecutionStatus.FAILED, "failure_kind": "timeout"}
    make_execution(make_task(owner, name="failed"), **failed)

    response = operator_client.get(LIST, query)

    assert sorted(execution.task.name for execution in shown(response)) == names


@pytest.mark.parametrize("by", ["pk", "task_id"])
def test_the_operator_finds_an_execution_by_an_id(operator_client, owner, execution, by):
    make_execution(make_task(owner))

    response = operator_client.get(LIST, {"q": str(getattr(execution, by))})

    assert shown(response) == [execution]


@pytest.mark.parametrize("text", ["bread", "018f0000-0000-7000-8000-000000000000"])
@pytest.mark.usefixtures("execution")
def test_the_operator_finds_nothing_by_another_text(operator_client, text):
    response = operator_client.get(LIST, {"q": text})

    assert shown(response) == []


def test_the_list_costs_as_many_queries_at_25_rows_as_at_1(operator_client, owner, execution):
    operator_client.get(LIST)  # fills the cache of content types

    with CaptureQueriesContext(connection) as at_1:
        operator_client.get(LIST)
    for _ in range(24):
        make_execution(make_task(owner))
    with CaptureQueriesContext(connection) as at_25:
        response = operator_client.get(LIST)

    assert len(shown(response)) == 25
    assert len(at_25) == len(at_1)
    assert execution in shown(response)


def test_the_operator_reads_an_execution(operator_client, execution):
    response = operator_client.get(f"{LIST}{execution.pk}/change/")

    assert response.status_code == HTTPStatus.OK
    page = response.content.decode()
    assert "<strong>It is there.</strong>" in page
    assert 'name="_save"' not in page


def test_an_executions_page_is_rendered_for_people(
    operator_client, owner, stranger, django_assert_max_num_queries
):
    task = make_task(owner, name="Bread", search_query="Is it there? https://bakery.example/")
    execution = make_execution(
        task,
        notification="Gone:\n\n- <script>old</script>\n\nNew:\n\n- Rye ![spy](https://spy.example/)",
        result={
            "evidence": "The text “Rye” is on the page.",
            "confidence": 100,
            "sources": ["https://bakery.example/"],
            "activity": [{"action": "fetch", "url": "https://bakery.example/list"}, "odd"],
            "failed_pages": [{"url": "https://closed.example/", "error": "It answered 503."}],
        },
        grounding_sources=[{"url": "https://bakery.example/", "title": "Our breads"}],
    )
    sends = [
        make_send(owner, task=task, execution=execution, event_type=event)
        for event in ("task.condition_met", "task.warning")
    ]
    foreign = make_send(stranger)
    url = f"{LIST}{execution.pk}/change/"
    operator_client.get(url)

    with django_assert_max_num_queries(7):
        page = operator_client.get(url).text

    for text in [
        "Is it there?",
        "&lt;script&gt;old",
        "<li>Rye",
        "The text “Rye” is on the page.",
        "Our breads",
        "https://bakery.example/list",
        "It answered 503.",
        *(reverse("admin:notifications_notificationsend_change", args=[s.pk]) for s in sends),
    ]:
        assert text in page
    assert "spy.example" not in page
    assert str(foreign.pk) not in page


@pytest.mark.parametrize("result", [None, [], {"activity": None}, {"evidence": None}], ids=str)
def test_a_page_shows_an_execution_of_whatever_result(operator_client, owner, result):
    execution = make_execution(make_task(owner), result=result)

    response = operator_client.get(f"{LIST}{execution.pk}/change/")

    assert "The condition was not met." in response.text


def test_a_failed_executions_page_says_why(operator_client, owner):
    execution = make_execution(
        make_task(owner), status="failed", failure_kind="transient", error_message="It timed out."
    )

    assert "It timed out." in operator_client.get(f"{LIST}{execution.pk}/change/").text


@pytest.mark.parametrize(
    "path", ["add/", "{id}/change/", "{id}/delete/"], ids=["add", "change", "delete"]
)
def test_the_operator_cannot_touch_executions(operator_client, execution, path):
    before = Execution.objects.values().get()

    response = operator_client.post(LIST + path.format(id=execution.pk), {"post": "yes"})

    assert response.status_code == HTTPStatus.FORBIDDEN
    assert Execution.objects.values().get() == before


def test_the_operator_is_offered_no_action(operator_client, execution):
    response = operator_client.get(LIST)

    assert shown(response) == [execution]
    assert response.context["cl"].model_admin.get_actions(response.wsgi_request) == {}


def test_a_user_who_is_not_staff_is_sent_to_the_login(client, owner):
    client.force_login(owner)

    response = client.get(LIST)

    assert response.status_code == HTTPStatus.FOUND
    assert response["Location"] == f"{reverse('admin:login')}?next={LIST}"


def test_an_executions_page_tells_what_the_model_did_and_cost(operator_client, owner):
    execution = make_execution(
        make_task(owner),
        result={"evidence": "Nothing new.", "confidence": 90, "sources": [], **MODEL},
    )

    page = operator_client.get(f"{LIST}{execution.pk}/change/").text

    for text in [*MODEL_SHOWN, '<li class="good">Check “evi', '<li class="bad">Check “sche']:
        assert text in page
    assert 'href="javascript' not in page


def test_the_operator_sees_spending_by_user_and_month_the_newest_first(
    operator_client, owner, stranger, django_assert_max_num_queries
):
    make_spending(owner, month="2026-02-01", usd=Decimal("1234.5"), tokens=12_345_678, run_count=7)
    make_spending(stranger, usd=Decimal("0.004"), unpriced_tokens=1_000)
    operator_client.get(SPENDING)

    with django_assert_max_num_queries(8):
        page = operator_client.get(SPENDING)

    assert [(str(row), row.user) for row in shown(page)] == [
        ("2026-03", stranger),
        ("2026-02", owner),
    ]
    for text in ["$1,234.50", "12,345,678", "$0.0040", "1,000", "owner@example.com"]:
        assert text in page.text


@pytest.mark.parametrize("by", ["email", "pk"])
def test_the_operator_finds_what_a_user_spent(operator_client, owner, stranger, by):
    found = make_spending(owner)
    make_spending(stranger)

    page = operator_client.get(SPENDING, {"q": str(getattr(owner, by))})

    assert [row.pk for row in shown(page)] == [found.pk]
