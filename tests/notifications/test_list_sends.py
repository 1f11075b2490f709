import pytest

from tests.support.factories import make_send, make_task

URL = "/api/v1/notifications/sends"


def ids(response) -> list[str]:
    return [send["id"] for send in response.json()["sends"]]


def test_a_recipient_with_a_nul_is_422(owner_client):
    response = owner_client.get(URL, {"recipient": "a\0b"})

    assert response.status_code == 422
    [fault] = response.json()["detail"]
    assert (fault["loc"], fault["input"]) == (["query", "recipient"], "a\0b")


def test_every_bad_parameter_is_named_at_once(owner_client):
    response = owner_client.get(URL, {"status": "gone", "task_id": "x"})

    assert [fault["loc"][1] for fault in response.json()["detail"]] == ["task_id", "status"]


def test_pages_join_to_the_whole_and_link_to_each_other(owner, owner_client):
    sends = [make_send(owner) for _ in range(7)]
    base = f"http://testserver{URL}"

    pages = [owner_client.get(URL, {"limit": 3, "offset": offset}) for offset in (0, 3, 6)]

    joined = [id_ for page in pages for id_ in ids(page)]
    assert joined == [str(send.pk) for send in reversed(sends)]
    assert pages[0].headers["Link"] == (
        f'<{base}?limit=3>; rel="first", '
        f'<{base}?limit=3&offset=3>; rel="next", '
        f'<{base}?limit=3&offset=6>; rel="last"'
    )
    assert pages[1].headers["Link"] == (
        f'<{base}?limit=3>; rel="first", '
        f'<{base}?limit=3>; rel="prev", '
        f'<{base}?limit=3&offset=6>; rel="next", '
        f'<{base}?limit=3&offset=6>; rel="last"'
    )


@pytest.mark.parametrize("filters", [{}, {"status": "sent"}, {"recipient": "a@example.com"}])
def test_the_largest_offset_is_beyond_the_end(owner, owner_client, filters):
    make_send(owner)

    response = owner_client.get(URL, {**filters, "offset": 2**31 - 1})

    assert (response.status_code, ids(response)) == (200, [])


def test_links_keep_the_filters(owner, owner_client):
    for _ in range(2):
        make_send(owner)

    response = owner_client.get(URL, {"notification_type": "webhook", "limit": 1})

    assert (
        f'<http://testserver{URL}?limit=1&notification_type=webhook&offset=1>; rel="next"'
        in response.headers["Link"]
    )


@pytest.mark.parametrize("rows", [1, 50])
def test_a_page_costs_one_query_besides_the_key(
    owner, owner_client, rows, django_assert_num_queries
):
    task = make_task(owner)
    for _ in range(rows):
        make_send(owner, task=task)
    owner_client.get(URL)

    with django_assert_num_queries(2):
        assert owner_client.get(URL).json()["total"] == rows


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_list_can_only_be_read(owner_client, method):
    response = getattr(owner_client, method)(URL)

    assert response.status_code == 405
    assert response.json() == {"detail": f'Method "{method.upper()}" not allowed.'}
