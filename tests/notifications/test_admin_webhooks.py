"""Webhooks as the operator sees them: whether they fail, and what they answered last."""

from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse

from notifications.last_answers import FIND, LOOKED_THROUGH, attach_last_answers
from notifications.models import Attempt, WebhookEndpoint
from tests.support.factories import NOW, make_endpoint, make_send
from tests.support.plans import buffers, executed_plan, scans_of

LIST = reverse("admin:notifications_webhookendpoint_changelist")


def make_attempt(send, *, at=NOW, number=1, status=200, **values) -> Attempt:
    error = None if status < 300 else f"The receiver answered {status}."
    return Attempt.objects.create(
        send=send,
        number=number,
        started_at=at,
        duration_ms=500,
        status="failed" if error else "succeeded",
        response_status=status,
        error_message=error,
        **values,
    )


def test_the_list_shows_what_each_webhook_answered_last(operator_client, owner, stranger):
    broken = make_endpoint(owner, url="https://broken.example/", failing_since=NOW)
    works = make_endpoint(owner, url="https://works.example/")
    make_endpoint(stranger, url="https://unused.example/")
    later = NOW + timedelta(minutes=1)
    make_attempt(make_send(owner, endpoint=broken))
    failed = make_send(owner, endpoint=broken, status="retrying", created_at=later)
    make_attempt(failed, at=later, status=500)
    make_attempt(failed, at=later + timedelta(minutes=5), number=2, status=503)
    make_attempt(make_send(owner, endpoint=works), status=204)

    page = operator_client.get(LIST)

    answers = {
        endpoint.url: endpoint.last_attempt and endpoint.last_attempt.response_status
        for endpoint in page.context["cl"].result_list
    }
    assert answers == {
        "https://broken.example/": 503,
        "https://works.example/": 204,
        "https://unused.example/": None,
    }
    assert "The receiver answered 503." in page.text
    assert "2026-03-04 09:06:10" in page.text
    assert reverse("admin:notifications_notificationsend_change", args=[failed.pk]) in page.text


def test_the_page_of_a_webhook_shows_its_last_answer_and_no_secret(operator_client, owner):
    endpoint = make_endpoint(
        owner, url="https://hooks.slack.com/services/T0/B0/very-secret", format="slack"
    )
    send = make_send(owner, endpoint=endpoint, recipient=endpoint.url, status="failed")
    make_attempt(send, status=404, response_body="no_<b>team</b>")

    page = operator_client.get(
        reverse("admin:notifications_webhookendpoint_change", args=[endpoint.pk])
    )

    assert "The receiver answered 404." in page.text
    assert "no_&lt;b&gt;team" in page.text
    assert "very-secret" not in page.text


def test_the_list_costs_the_same_queries_for_any_number_of_rows(
    operator_client, owner, django_assert_num_queries
):
    make_attempt(make_send(owner))
    operator_client.get(LIST)
    with django_assert_num_queries(6) as one:
        operator_client.get(LIST)
    for number in range(25):
        make_attempt(make_send(owner, recipient=f"https://r{number}.example/"))

    with django_assert_num_queries(len(one)):
        operator_client.get(LIST)


def test_last_answers_are_found_among_the_newest_sends_only(owner, only_index_scans):
    busy, quiet = (make_endpoint(owner, url=f"https://{name}.example/") for name in ("busy", "old"))
    make_attempt(make_send(owner, endpoint=quiet))
    for number in range(LOOKED_THROUGH):
        make_send(owner, endpoint=busy, created_at=NOW + timedelta(minutes=number + 1))

    [found] = attach_last_answers([quiet])

    assert found.last_attempt is None


def test_last_answers_read_few_blocks_of_a_long_history(owner):
    endpoints = [make_endpoint(owner, url=f"https://r{number}.example/") for number in range(50)]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO notifications_notificationsend (
                id, user_id, task_id, task_name, execution_id, recipient, endpoint_id, host,
                notification_type, status, event_type, error_message, created_at, attempt_count,
                earlier_attempt_count, is_for_default_webhook
            )
            SELECT gen_random_uuid(), %(user)s, gen_random_uuid(), '', gen_random_uuid(), 'r',
                   %(first)s + i %% 50, '', 'webhook',
                   CASE WHEN i %% 3 = 0 THEN 'failed' ELSE 'sent' END, 'task.condition_met',
                   CASE WHEN i %% 3 = 0 THEN 'No.' END,
                   %(now)s::timestamptz + i * interval '1 minute', 1, 0, false
            FROM generate_series(1, 20000) i
            """,
            {"user": owner.pk, "first": endpoints[0].pk, "now": NOW},
        )
        cursor.execute(
            """
            INSERT INTO notifications_attempt (id, send_id, number, started_at, duration_ms, status)
            SELECT gen_random_uuid(), id, 1, created_at, 5, 'succeeded'
            FROM notifications_notificationsend
            """
        )
        cursor.execute("ANALYZE")
        statement = cursor.mogrify(
            FIND,
            {
                "ids": [endpoint.pk for endpoint in endpoints],
                "users": [owner.pk] * 50,
                "statuses": ["sent", "retrying", "failed"],
            },
        )

    plan = executed_plan(statement)
    assert "Seq Scan" not in scans_of("notifications_notificationsend", plan)
    assert "Seq Scan" not in scans_of("notifications_attempt", plan)
    assert buffers(plan) < 50 * 2 * 1.5 * LOOKED_THROUGH
    assert all(endpoint.last_attempt for endpoint in attach_last_answers(endpoints))


@pytest.mark.parametrize("state", ["failing_since", "switched_off_at"])
def test_failing_webhooks_and_those_switched_off_are_listed(operator_client, owner, state):
    off = {"switched_off_because": "gone"} if state == "switched_off_at" else {}
    wanted = make_endpoint(owner, url="https://a.example/", **{state: NOW}, **off)
    make_endpoint(owner, url="https://b.example/")

    page = operator_client.get(LIST, {f"{state}__isempty": "0"})

    assert [*page.context["cl"].result_list] == [wanted]
    assert WebhookEndpoint.objects.count() == 2
