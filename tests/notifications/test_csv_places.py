"""Clients that do not read what they download must leave the server its threads."""

import pytest

from tests.support.factories import NOW, make_send

URL = "/api/v1/notifications/sends.csv"


@pytest.fixture
def download(owner, owner_client):
    """Return a function that begins a download."""
    make_send(owner)
    return lambda: owner_client.get(URL)


def test_a_third_download_at_once_is_429_and_the_lists_go_on(download, owner_client):
    unread = [download() for _ in range(2)]

    third = download()

    assert [response.status_code for response in unread] == [200, 200]
    assert third.status_code == 429
    assert third.headers["Retry-After"] == "10"
    assert third.json()["detail"].startswith(
        "Other files are being downloaded; try again in a moment."
    )
    assert owner_client.get("/api/v1/notifications/sends").status_code == 200


def test_a_download_that_was_read_or_left_makes_room(download):
    read, left = download(), download()
    b"".join(read.streaming_content)
    for close in left._resource_closers:  # as a server does whose client is gone
        close()

    assert [download().status_code, download().status_code] == [200, 200]


def test_the_eleventh_download_of_a_minute_is_429_whichever_process_serves_it(
    download, stranger_client, time_machine
):
    time_machine.move_to(NOW, tick=False)
    for _ in range(10):
        # As a server does at the end of an answer. `close` would close the test's connection, too.
        for close in download()._resource_closers:
            close()

    eleventh = download()

    assert eleventh.status_code == 429
    assert eleventh.headers["Retry-After"] == "50"
    assert eleventh.json()["detail"].startswith("At most 10 downloads a minute are made.")
    # It occupies no place.
    assert [stranger_client.get(URL).status_code for _ in range(2)] == [200, 200]


def test_a_download_that_found_no_place_does_not_count(download, time_machine):
    time_machine.move_to(NOW, tick=False)
    unread = [download() for _ in range(2)]
    assert {download().status_code for _ in range(10)} == {429}
    for response in unread:
        for close in response._resource_closers:
            close()

    assert download().status_code == 200
