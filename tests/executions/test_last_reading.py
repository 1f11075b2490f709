"""What is remembered of a page so that its server can say that it has not changed."""

import pytest

from executions.pages.last_reading import condition_for

DATE = "Mon, 02 Mar 2026 09:30:00 GMT"


@pytest.mark.parametrize(
    ("headers", "condition"),
    [
        ({}, {}),
        ({"etag": '"a"'}, {"If-None-Match": '"a"'}),
        ({"etag": 'W/"a"'}, {"If-None-Match": 'W/"a"'}),
        ({"etag": '""'}, {"If-None-Match": '""'}),
        ({"etag": f'"{"a" * 1000}"'}, {"If-None-Match": f'"{"a" * 1000}"'}),
        (
            {"etag": '"a"', "last-modified": "Mon, 02 Mar 2026 09:00:00 GMT"},
            {"If-None-Match": '"a"'},
        ),
        (
            {"last-modified": "Mon, 02 Mar 2026 09:29:00 GMT"},
            {"If-Modified-Since": "Mon, 02 Mar 2026 09:29:00 GMT"},
        ),
        ({"last-modified": "Mon, 02 Mar 2026 09:29:01 GMT"}, {}),
        ({"last-modified": "Mon, 02 Mar 2027 09:00:00 GMT"}, {}),
        ({"last-modified": "Mon, 31 Feb 2026 09:00:00 GMT"}, {}),
        ({"last-modified": "Mon, 02 Mar 2026 09:00:00 +0000"}, {}),
        ({"last-modified": "yesterday"}, {}),
    ],
)
def test_which_validators_prove_something(headers, condition):
    assert condition_for({"date": DATE, **headers}) == condition


def test_a_time_without_the_servers_clock_proves_nothing():
    assert condition_for({"last-modified": "Mon, 02 Mar 2020 09:00:00 GMT"}) == {}
