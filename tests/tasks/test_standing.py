"""How long a warning stands."""

from tasks.standing import StandingWarning, after_answer, after_failure, all_told, to_tell
from tests.support.factories import NOW, days


def visits(standing) -> dict[str, int]:
    return {each["text"]: each["visits"] for each in standing}


def test_a_warning_is_counted_while_every_answer_repeats_it():
    first = after_answer([], ["dead", "short"], now=NOW)
    second = after_answer(first, ["dead", "cut", "dead"], now=NOW + days(1))

    assert visits(second) == {"dead": 2, "cut": 1}
    assert [each["since"] for each in second] == [
        NOW.isoformat(),
        (NOW + days(1)).isoformat(),
    ]


def test_a_failure_counts_no_warning_of_an_answer_and_ends_none():
    before = after_answer([], ["dead"], now=NOW)

    failed = after_failure(before, ["gone"], now=NOW)
    failed_again = after_failure(failed, ["gone"], now=NOW)

    assert visits(failed_again) == {"dead": 1, "gone": 2}
    assert visits(after_failure(failed_again, [], now=NOW)) == {"dead": 1}
    assert visits(after_answer(failed_again, ["dead"], now=NOW)) == {"dead": 2}


def test_a_warning_is_told_once():
    standing: list[StandingWarning] = []
    for _ in range(3):
        assert to_tell(standing) == []
        standing = after_answer(standing, ["dead"], now=NOW)

    assert [each["text"] for each in to_tell(standing)] == ["dead"]
    standing = after_answer(all_told(standing), ["dead"], now=NOW)
    assert to_tell(standing) == []


def test_a_warning_that_comes_later_is_told_by_itself():
    standing: list[StandingWarning] = []
    for texts in (["dead"], ["dead"], ["dead", "short"]):
        standing = after_answer(standing, texts, now=NOW)
    standing = all_told(standing)
    for _ in range(2):
        standing = after_answer(standing, ["dead", "short"], now=NOW)

    assert [each["text"] for each in to_tell(standing)] == ["short"]
