import csv
import tracemalloc
from io import StringIO

import pytest
from django.db import connection

from tests.support.factories import NOW, days, make_execution, make_send, make_task
from torale.api import streamed_csv

LIST = "/api/v1/notifications/sends"
PATH = f"{LIST}.csv"
HEADER = (
    "id,user_id,task_id,execution_id,recipient,notification_type,status,error_message,created_at"
)


def rows(response) -> list[dict[str, str]]:
    text = response.getvalue().decode()
    return list(csv.DictReader(StringIO(text, newline=""), strict=True))


def test_the_file_holds_exactly_these_columns(owner, owner_client):
    task = make_task(owner)
    execution = make_execution(task)
    send = make_send(owner, task=task, execution=execution)

    response = owner_client.get(PATH)

    assert response.status_code == 200
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="sends.csv"'
    assert response.getvalue().decode() == (
        f"{HEADER}\r\n"
        f"{send.pk},{owner.pk},{task.pk},{execution.pk},https://receiver.example/hook,webhook,sent,"
        ",2026-03-04T09:00:10Z\r\n"
    )


def test_no_send_is_a_header_alone(owner_client):
    assert owner_client.get(PATH).getvalue().decode() == f"{HEADER}\r\n"


def test_the_newest_send_comes_first(owner, owner_client):
    older, newer = make_send(owner), make_send(owner, created_at=NOW + days(1))

    assert [row["id"] for row in rows(owner_client.get(PATH))] == [str(newer.pk), str(older.pk)]


def test_a_cell_with_commas_quotes_and_lines_is_read_back_as_it_was(owner, owner_client):
    text = 'He said "no, never",\r\nand: grüß Gott 🎉'
    make_send(owner, status="failed", error_message=text)

    [row] = rows(owner_client.get(PATH))

    assert row["error_message"] == text


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"], ids=repr)
def test_a_cell_that_a_spreadsheet_would_run_is_made_harmless(owner, owner_client, start):
    make_send(owner, status="failed", error_message=f"{start}cmd|' /C calc'!A0")

    [row] = rows(owner_client.get(PATH))

    assert row["error_message"] == f"'{start}cmd|' /C calc'!A0"


def test_the_lists_filters_hold(owner, owner_client):
    wanted = make_send(owner, status="failed")
    make_send(owner)

    response = owner_client.get(PATH, {"status": "failed"})

    assert [row["id"] for row in rows(response)] == [str(wanted.pk)]


def test_limit_offset_and_cursor_do_not_apply(owner, owner_client):
    for _ in range(3):
        make_send(owner)

    response = owner_client.get(PATH, {"limit": "1", "offset": "x", "cursor": "x"})

    assert len(rows(response)) == 3


def test_nobody_elses_sends_are_in_it(owner, stranger_client):
    make_send(owner)

    assert rows(stranger_client.get(PATH)) == []


def test_a_trailing_slash_makes_no_difference(owner, owner_client):
    make_send(owner)

    assert owner_client.get(f"{PATH}/").getvalue() == owner_client.get(PATH).getvalue()


@pytest.mark.parametrize("slash", ["", "/"])
def test_the_list_is_csv_for_those_who_accept_it(owner, owner_client, slash):
    make_send(owner)

    response = owner_client.get(f"{LIST}{slash}", headers={"accept": "text/csv"})

    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert "Accept" in response["Vary"]
    assert response.getvalue() == owner_client.get(PATH).getvalue()


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/json, text/csv"])
def test_the_list_is_json_unless_only_csv_will_do(owner_client, accept):
    assert owner_client.get(LIST, headers={"accept": accept}).json() == {"sends": [], "total": 0}


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_the_path_of_the_file_says_what_it_is_whatever_is_accepted(owner_client, accept):
    response = owner_client.get(PATH, headers={"accept": accept})

    assert response["Content-Type"] == "text/csv; charset=utf-8"


def test_other_endpoints_do_not_speak_csv(owner, owner_client):
    send = make_send(owner)

    for path in (f"{LIST}/{send.pk}", f"{LIST}/stats", "/api/v1/tasks"):
        response = owner_client.get(path, headers={"accept": "text/csv"})

        assert response.status_code == 406
        assert response.json() == {"detail": "Could not satisfy the request Accept header."}


@pytest.mark.parametrize(
    ("path", "accept"), [(PATH, "*/*"), (PATH, "text/csv"), (LIST, "text/csv")]
)
def test_a_bad_filter_is_422_in_json(owner_client, path, accept):
    response = owner_client.get(path, {"status": "gone"}, headers={"accept": accept})

    assert response.status_code == 422
    assert response["Content-Type"] == "application/json"
    [fault] = response.json()["detail"]
    assert (fault["loc"], fault["input"]) == (["query", "status"], "gone")


@pytest.mark.parametrize(
    ("path", "accept"), [(PATH, "*/*"), (PATH, "text/csv"), (LIST, "text/csv")]
)
def test_no_key_is_401_in_json(anonymous_client, path, accept):
    response = anonymous_client.get(path, headers={"accept": accept})

    assert response.status_code == 401
    assert response["Content-Type"] == "application/json"
    assert response.json() == {"detail": "Authorization header missing"}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_file_can_only_be_read(owner_client, method):
    response = getattr(owner_client, method)(PATH)

    assert response.status_code == 405
    assert response.json() == {"detail": f'Method "{method.upper()}" not allowed.'}


@pytest.mark.parametrize("sends", [1, 50])
def test_the_file_costs_a_query_besides_the_key_and_the_limit(
    owner, owner_client, sends, django_assert_num_queries
):
    for _ in range(sends):
        make_send(owner)
    owner_client.get(LIST)

    with django_assert_num_queries(3):
        assert len(rows(owner_client.get(PATH))) == sends


def multiply(count: int) -> None:
    """Make so many more of the one send that there is."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO notifications_notificationsend
                (id, user_id, task_id, execution_id, task_name, event_type, recipient, host,
                 endpoint_id, is_for_default_webhook, notification_type, status, created_at,
                 attempt_count, earlier_attempt_count)
            SELECT gen_random_uuid(), user_id, task_id, gen_random_uuid(), task_name, event_type,
                   recipient, host, endpoint_id, false, notification_type, status,
                   created_at - number * interval '1 s', 1, 0
            FROM (SELECT * FROM notifications_notificationsend LIMIT 1) send,
                 generate_series(1, %s) number
            """,
            [count],
        )


def most_memory(client) -> tuple[int, int]:
    """Return how many lines the file has, and the most bytes that reading it took."""
    tracemalloc.start()
    try:
        count = sum(part.count(b"\r\n") for part in client.get(PATH).streaming_content)
        return count, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_four_times_the_sends_take_no_more_memory(owner, owner_client, monkeypatch):
    monkeypatch.setattr(streamed_csv, "ROWS_PER_FETCH", 1000)
    make_send(owner)
    multiply(2_499)
    most_memory(owner_client)
    few, few_bytes = most_memory(owner_client)
    multiply(7_500)

    many, many_bytes = most_memory(owner_client)

    assert (few, many) == (2_501, 10_001)
    assert many_bytes < few_bytes * 1.1
