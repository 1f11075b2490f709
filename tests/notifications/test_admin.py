import pytest
from django.urls import reverse

from notifications.models import Attempt
from tests.support.factories import NOW, make_send, make_task

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

    with django_assert_max_num_queries(12):
        page = operator_client.get(page_of(send))

    assert "Answer 20." in page.text
    assert "Answer 21." not in page.text
    assert "1000 attempts" in page.text


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
