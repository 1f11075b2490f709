from datetime import timedelta

import pytest
from django.urls import reverse

from notifications.models import Attempt, SendStatus
from tests.support.factories import NOW, make_execution, make_send, make_task
from torale.uuid7 import uuid7

LIST = reverse("admin:notifications_notificationsend_changelist")


def page_of(send) -> str:
    return reverse("admin:notifications_notificationsend_change", args=[send.pk])


def test_the_operator_sees_everybodys_sends(operator_client, owner, stranger):
    make_send(owner, recipient="https://olive.example/")
    make_send(stranger, recipient="https://sam.example/")

    page = operator_client.get(LIST)

    assert "https://olive.example/" in page.text
    assert "https://sam.example/" in page.text


@pytest.mark.parametrize(
    "query",
    [
        {"status__exact": "failed"},
        {"notification_type__exact": "email"},
        {"q": "wanted@example.com"},
    ],
    ids=lambda query: next(iter(query)),
)
def test_filters_and_search_narrow_the_list(operator_client, owner, query):
    make_send(owner, recipient="https://other.example/")
    make_send(owner, status="failed", notification_type="email", recipient="wanted@example.com")

    page = operator_client.get(LIST, query)

    assert "wanted@example.com" in page.text
    assert "https://other.example/" not in page.text


def test_a_sends_page_shows_its_attempts(operator_client, owner):
    send = make_send(owner, status="retrying", error_message="The receiver answered 503.")
    Attempt.objects.create(
        send=send,
        number=1,
        started_at=NOW,
        duration_ms=12,
        status="failed",
        response_status=503,
        response_body="come back later",
        error_message="The receiver answered 503.",
    )

    page = operator_client.get(page_of(send))

    assert "come back later" in page.text


def test_a_sends_page_shows_twenty_of_many_attempts(
    operator_client, owner, django_assert_max_num_queries
):
    send = make_send(owner, status="retrying", error_message="The receiver answered 503.")
    Attempt.objects.bulk_create(
        Attempt(
            send=send,
            number=number,
            started_at=NOW,
            duration_ms=12,
            status="failed",
            error_message=f"Answer {number}.",
        )
        for number in range(1, 1001)
    )
    operator_client.get(page_of(send))

    with django_assert_max_num_queries(10):
        page = operator_client.get(page_of(send))

    assert "Answer 981." in page.text
    assert "Answer 980." not in page.text
    page = operator_client.get(page_of(send), {"before": "981"})
    assert "Answer 980." in page.text
    assert "Answer 961." in page.text
    assert "Answer 981." not in page.text


@pytest.mark.parametrize("before", ["x", "-1", "999999", "²"])
def test_a_bad_number_of_an_attempt_shows_the_newest(operator_client, owner, before):
    page = operator_client.get(page_of(make_send(owner)), {"before": before})

    assert "Accepted by the receiver" in page.text


def test_a_sends_page_tells_its_life_in_order(operator_client, owner, stranger):
    task = make_task(owner, name="Boots")
    execution = make_execution(task, notification="**Shop**\n\nIn stock <b>now</b>.")
    send = make_send(owner, task=task, execution=execution, status="failed", body='{"news": 1}')
    sibling = make_send(
        owner, task=task, execution=execution, notification_type="email", recipient="o@example.com"
    )
    make_send(stranger, recipient="https://foreign.example/")
    Attempt.objects.create(
        send=send,
        number=1,
        started_at=NOW,
        duration_ms=1234,
        status="failed",
        request_headers={
            "webhook-id": str(send.pk),
            "webhook-signature": "v1,signed",
            "X-Torale-Signature": "t=1,v1=signed",
        },
        response_status=503,
        response_headers={"server": "nginx", "set-cookie": "very-secret"},
        response_body="<i>down</i>",
        error_message="The receiver answered 503.",
    )

    text = operator_client.get(page_of(send)).text

    told = [
        "Condition met",
        "<strong>Shop</strong>",
        "Recorded",
        "{&quot;news&quot;: 1}",
        "Attempt 1: failed, answered 503",
        "took 1234 ms",
        f"webhook-id: {send.pk}",
        "server: nginx",
        "&lt;i&gt;down&lt;/i&gt;",
        "Given up",
    ]
    places = [text.find(each) for each in told]
    assert -1 not in places
    assert places == sorted(places)
    assert "&lt;b&gt;now" in text
    assert "signed" not in text.replace("assigned", "")
    assert "very-secret" not in text
    assert page_of(sibling) in text
    assert "foreign.example" not in text
    assert reverse("admin:tasks_task_change", args=[task.pk]) in text
    assert reverse("admin:executions_execution_change", args=[execution.pk]) in text


def test_the_page_of_a_send_whose_task_is_gone_says_so(operator_client, owner):
    send = make_send(owner, task_id=uuid7())

    page = operator_client.get(page_of(send))

    assert "The execution has been deleted." in page.text


@pytest.mark.parametrize("status", SendStatus.values)
def test_a_send_has_the_button_that_makes_sense(operator_client, owner, status):
    text = operator_client.get(page_of(make_send(owner, status=status))).text

    is_waiting = status in {"queued", "retrying"}
    assert ("Give up" in text) is is_waiting
    assert ("Deliver again" in text) is not is_waiting


def test_a_list_of_one_task_and_of_one_owner(operator_client, owner, stranger):
    boots, tents = make_task(owner, name="Boots"), make_task(owner, name="Tents")
    of_boots, of_tents = make_send(owner, task=boots), make_send(owner, task=tents)
    make_send(stranger)
    failed = make_send(owner, task=boots, status="failed")

    def found(**query):
        return {send.pk for send in operator_client.get(LIST, query).context["cl"].result_list}

    of_owner = {"user__id__exact": str(owner.pk)}
    of_task = {"task_id__exact": str(boots.pk)}
    assert found(**of_owner) == {of_boots.pk, of_tents.pk, failed.pk}
    assert found(**of_task) == {of_boots.pk, failed.pk}
    assert found(**of_task, **of_owner) == {of_boots.pk, failed.pk}
    assert found(**of_task, user__id__exact=str(stranger.pk)) == set()
    assert found(**of_task, status__exact="failed") == {failed.pk}
    assert found(**of_owner, status__exact="failed") == {failed.pk}
    assert found(**of_owner, q="tents") == {of_tents.pk}
    assert found(**of_owner, q="example.com") == {of_boots.pk, of_tents.pk, failed.pk}
    assert found(**of_owner, q="stranger@") == set()
    assert found(**of_task, q="receiver.example") == {of_boots.pk, failed.pk}
    assert found(**of_task, q="tents") == set()
    assert found(**of_task, q=str(failed.pk)) == {failed.pk}
    assert found(**of_owner, q=str(of_tents.pk)) == {of_tents.pk}


@pytest.mark.parametrize("name", ["task_id__exact", "user__id__exact"])
def test_a_filter_by_what_is_no_id_shows_no_error_page(operator_client, name):
    assert operator_client.get(LIST, {name: "x"}, follow=True).status_code == 200


@pytest.mark.parametrize(
    ("since", "until", "hours"),
    [
        ("today", "", [1, 8]),
        ("yesterday", "today", [-1]),
        ("7d", "", [-1, 1, 8]),
        ("2h", "", [8]),
        ("8:00", "", [8]),
        ("08:00:00", "8:01", [8]),
        ("2026-03-04", "2026-03-04 08:00", [1]),
        ("2026-03-04T09:00+02:00", "", [8]),
        ("", "today", [-200, -1]),
    ],
)
def test_a_range_of_time_is_written_as_people_say_it(
    operator_client, owner, at_now, since, until, hours
):
    midnight = NOW.replace(hour=0, minute=0, second=0)
    sends = {
        make_send(owner, created_at=midnight + timedelta(hours=hour)).pk: hour
        for hour in (-200, -1, 1, 8)
    }

    page = operator_client.get(LIST, {"created_at__gte": since, "created_at__lt": until})

    assert sorted(sends[send.pk] for send in page.context["cl"].result_list) == hours


@pytest.mark.parametrize("text", ["soon", "25:00", "2026-13-01", "0001-01-01", "999999w", "9:"])
def test_what_is_no_time_is_said_and_nothing_is_listed(operator_client, owner, text):
    make_send(owner)

    page = operator_client.get(LIST, {"created_at__gte": text})

    [message] = page.context["messages"]
    assert str(message).startswith(f"“{text}” is not a time. Write it like 9:00")
    assert not page.context["cl"].result_list


def test_the_form_for_times_keeps_the_other_filters(operator_client, owner):
    page = operator_client.get(LIST, {"status__exact": "failed", "q": "boots", "p": "1"})

    bar = page.context["cl"].time_bar
    assert bar.others == [("status__exact", "failed"), ("q", "boots")]


def test_names_of_tasks_and_owners_are_completed(operator_client, owner):
    make_task(owner, name="Boots")

    def completed(app, model, field, term):
        query = {"app_label": app, "model_name": model, "field_name": field, "term": term}
        return operator_client.get(reverse("admin:autocomplete"), query).json()["results"]

    assert [each["text"] for each in completed("executions", "execution", "task", "boo")] == [
        "Boots"
    ]
    assert [
        each["id"] for each in completed("notifications", "notificationsend", "user", "owner@")
    ] == [str(owner.pk)]


def test_a_sends_page_shows_no_secret_header(operator_client, owner):
    send = make_send(owner, headers={"X-Token": "very-secret"})

    page = operator_client.get(page_of(send))

    assert page.status_code == 200
    assert "very-secret" not in page.text


@pytest.mark.parametrize("action", ["add", "change", "delete"])
def test_the_record_is_not_changed_here(operator_client, owner, action):
    arguments = [] if action == "add" else [make_send(owner).pk]

    response = operator_client.post(
        reverse(f"admin:notifications_notificationsend_{action}", args=arguments), {}
    )

    assert response.status_code == 403


def test_the_list_costs_the_same_queries_for_any_number_of_rows(
    operator_client, owner, django_assert_num_queries
):
    make_send(owner, task=make_task(owner))
    operator_client.get(LIST)
    with django_assert_num_queries(4) as one:
        operator_client.get(LIST)
    for _ in range(25):
        make_send(owner, task=make_task(owner))

    with django_assert_num_queries(len(one)):
        operator_client.get(LIST)
