import pytest
from django.db import connection

from tests.support.factories import make_send
from torale.api import streamed_csv

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/notifications/sends.csv"


def test_a_client_that_stops_reading_keeps_no_connection(owner, owner_client, monkeypatch):
    monkeypatch.setattr(streamed_csv, "ROWS_PER_FETCH", 2)
    for _ in range(5):
        make_send(owner)

    response = owner_client.get(PATH)
    parts = iter(response.streaming_content)
    next(parts)

    assert connection.connection is None  # it is back in the pool
    response.close()


def test_a_file_read_in_batches_is_whole(owner, owner_client, monkeypatch):
    monkeypatch.setattr(streamed_csv, "ROWS_PER_FETCH", 2)
    sends = [make_send(owner) for _ in range(5)]

    lines = owner_client.get(PATH).getvalue().decode().splitlines()[1:]

    assert [line.partition(",")[0] for line in lines] == [str(send.pk) for send in reversed(sends)]
