"""Ids that sort by creation."""

import time
from concurrent.futures import ThreadPoolExecutor
from uuid import RFC_4122, UUID

from torale.uuid7 import uuid7


def test_an_id_is_a_version_7_uuid():
    made = uuid7()

    assert type(made) is UUID
    assert (made.version, made.variant) == (7, RFC_4122)


def test_an_id_begins_with_the_millisecond_it_was_made_in():
    before = time.time_ns() // 1_000_000
    made = uuid7()
    after = time.time_ns() // 1_000_000

    assert before <= made.int >> 80 <= after


def test_ids_sort_as_they_were_made_however_quickly():
    made = [uuid7() for _ in range(20_000)]

    assert made == sorted(made)


def test_ids_made_by_threads_at_once_are_all_different():
    with ThreadPoolExecutor(4) as threads:
        batches = threads.map(lambda _: [uuid7() for _ in range(5_000)], range(4))
        made = [id_ for batch in batches for id_ in batch]

    assert len(set(made)) == 20_000
