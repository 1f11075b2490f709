"""Which executions a worker claims: users take turns, and a server is called by few at a time."""

from collections import Counter
from datetime import timedelta

import pytest

from accounts.models import User
from executions.models import Execution
from tasks.models import PageText
from tasks.visits import claim as module
from tasks.visits.claim import NOBODY, PER_HOST, give_back
from tests.support.factories import NOW, make_pending_execution, make_task, make_undecryptable
from tests.support.run_visits import claimed, take
from torale.fields import Undecryptable

pytestmark = pytest.mark.django_db

SECOND = timedelta(seconds=1)


def make_due(user: User, host: str = "", **fields) -> Execution:
    """Make an execution that is due at NOW; without `host`, of a page on a host of its own."""
    execution = make_pending_execution(make_task(user), **fields)
    execution.hosts = [f"{host or execution.pk}:443"]
    execution.save()
    return execution


def users(*names: str) -> list[User]:
    """Return users in the order in which they take turns."""
    return sorted(
        (User.objects.create_user(f"{name}@example.com") for name in names), key=lambda u: u.pk
    )


def owners(claim) -> list[str]:
    """Return who owns what was claimed, sorted."""
    return sorted(visit.question().asker for visit in claim.visits)


def test_a_claim_has_all_that_the_question_consists_of(owner):
    task = make_task(
        owner,
        search_query="https://shop.example/bread",
        condition_description="price < 12345678901234567890.5",
        last_known_state={"rule": "price", "exact": 12345678901234567890},
        context={"a": 1},
        request_headers={"Cookie": "a=b"},
        schedule="every 1 hour",
    )
    PageText.objects.keep(task, {"https://shop.example/bread": b"\x00text"})
    execution = make_pending_execution(task)

    [visit] = take(now=NOW + SECOND).visits

    assert visit.execution == execution
    assert visit.execution.attempt_count == 1
    assert visit.question().search_query == task.search_query
    assert visit.question().condition_description == task.condition_description
    assert visit.question().last_known_state == task.last_known_state
    assert visit.question().context == {"a": 1}
    assert visit.question().request_headers == {"Cookie": "a=b"}
    assert visit.question().texts == {"https://shop.example/bread": b"\x00text"}
    assert visit.question().asked_at == NOW + SECOND
    assert visit.question().networks == owner.networks()
    assert (visit.schedule, visit.is_calm, visit.is_large) == ("every 1 hour", True, False)


def test_headers_that_cannot_be_decrypted_hold_up_nobody(owner):
    task = make_task(owner, request_headers={"Cookie": "a=b"})
    make_undecryptable(task, "request_headers")
    bad, good = make_pending_execution(task), make_due(owner)

    visits = {visit.execution.pk: visit for visit in take(now=NOW).visits}

    assert isinstance(visits[bad.pk].question().request_headers, Undecryptable)
    assert visits[good.pk].question().request_headers == {}


def test_large_texts_are_left_for_later(owner, monkeypatch):
    monkeypatch.setattr(module, "SMALL", 10)
    task = make_task(owner)
    PageText.objects.keep(
        task, {"https://shop.example/": b"12345", "https://b.example/": b"123456"}
    )
    make_pending_execution(task)

    [visit] = take(now=NOW).visits

    assert (visit.is_large, visit.question().texts) == (True, {})


@pytest.mark.parametrize("field", ["context", "last_known_state"])
def test_large_json_is_left_for_later(owner, field):
    # The database compresses it to less than what counts as small.
    task = make_task(owner, **{field: {"same": ["again and again"] * 5_000}})
    make_pending_execution(task)

    [visit] = take(now=NOW).visits

    assert visit.is_large
    assert (visit.row["context"], visit.row["last_known_state"]) == (None, None)


@pytest.mark.parametrize(
    "standing",
    [
        {"failed_run_count": 1, "failing_since": NOW},
        {"failing_since": NOW, "failure_told_at": NOW},
        {"warnings": [{"text": "It looks dead."}]},
    ],
)
def test_a_task_on_which_something_stands_is_not_calm(owner, standing):
    make_pending_execution(make_task(owner, **standing))

    [visit] = take(now=NOW).visits

    assert not visit.is_calm


def test_a_user_with_many_due_visits_does_not_delay_the_first_of_the_others():
    many, one, other = users("many", "one", "other")
    for _ in range(20):
        make_due(many, next_attempt_at=NOW - timedelta(hours=1))
    for user in (one, other):
        make_due(user)

    found = Counter(owners(take(most=4, now=NOW)))

    assert found == {str(many.pk): 2, str(one.pk): 1, str(other.pk): 1}


def test_users_take_turns_from_claim_to_claim():
    people = users("a", "b", "c")
    for user in people:
        for _ in range(2):
            make_due(user)

    after, turns = NOBODY, []
    for _ in range(6):
        claim = take(most=1, after=after, now=NOW)
        after = claim.after
        turns += owners(claim)

    assert turns == [str(user.pk) for user in people] * 2


def test_more_users_than_one_claim_looks_at_all_get_their_turn(monkeypatch):
    monkeypatch.setattr(module, "USERS_PER_CLAIM", 2)
    people = users("a", "b", "c", "d", "e")
    for user in people[:4]:
        make_due(user, next_attempt_at=NOW + timedelta(hours=1))
    make_due(people[4])

    after, looks = NOBODY, 0
    while not (claim := take(after=after, now=NOW)).visits:
        assert claim.more_may_be_due
        after, looks = claim.after, looks + 1

    assert owners(claim) == [str(people[4].pk)]
    assert looks == 2


def test_looking_ends_when_nothing_is_due_of_many_users(monkeypatch):
    monkeypatch.setattr(module, "USERS_PER_CLAIM", 2)
    for user in users("a", "b", "c"):
        make_due(user, next_attempt_at=NOW + timedelta(hours=1))

    after, looks = NOBODY, 1
    while (claim := take(after=after, now=NOW)).more_may_be_due:
        after, looks = claim.after, looks + 1

    assert looks <= 3


def test_a_server_is_called_by_few_at_a_time(owner, stranger):
    for _ in range(3):
        make_due(owner, "shop.example")
        make_due(stranger, "shop.example")
    free = make_due(owner, next_attempt_at=NOW + SECOND)

    first, second = take(now=NOW), take(now=NOW + SECOND)

    assert owners(first) == sorted([str(owner.pk), str(stranger.pk)])
    assert len(first.visits) == PER_HOST
    assert [visit.execution for visit in second.visits] == [free]
    assert second.is_held_up


def test_a_server_is_free_again_when_a_visit_has_ended_or_its_worker_has_died(owner):
    for _ in range(3):
        make_due(owner, "shop.example")
    first = take(now=NOW).visits
    Execution.objects.filter(pk=first[0].execution.pk).update(
        status="success", leased_until=None, completed_at=NOW
    )

    assert len(take(now=NOW).visits) == 1
    assert take(now=NOW).visits == []
    Execution.objects.recover(now=NOW + timedelta(hours=1))
    assert len(take(now=NOW + timedelta(hours=1)).visits) == PER_HOST


def test_users_share_a_server_in_turn(owner, stranger):
    for _ in range(5):
        make_due(owner, "shop.example", next_attempt_at=NOW - timedelta(hours=1))
    make_due(stranger, "shop.example")

    assert owners(take(now=NOW)) == sorted([str(owner.pk), str(stranger.pk)])


def test_a_page_of_two_servers_waits_for_both(owner):
    for _ in range(PER_HOST):
        make_due(owner, "busy.example")
    both = make_due(owner, "busy.example")
    both.hosts = ["busy.example:443", "free.example:443"]
    both.save()

    assert both.pk not in {visit.execution.pk for visit in take(now=NOW).visits}
    assert take(now=NOW).visits == []


def test_a_page_of_two_servers_that_are_always_busy_is_visited_all_the_same(owner, stranger):
    hosts = ["one.example:443", "two.example:443"]
    for host in hosts * (PER_HOST + 1):
        make_pending_execution(make_task(stranger), hosts=[host])
    take(now=NOW)
    for _ in range(2):
        make_pending_execution(make_task(owner), hosts=hosts, next_attempt_at=NOW + SECOND)

    soon = take(now=NOW + timedelta(minutes=1))
    patiently = take(now=NOW + timedelta(minutes=1) + SECOND)
    then = take(now=NOW + timedelta(minutes=1) + SECOND)

    assert owners(soon) == owners(then) == []
    assert owners(patiently) == [str(owner.pk)]


@pytest.mark.parametrize("number", [3, 4, 30])
def test_executions_of_several_servers_that_are_due_together_do_not_wait_for_each_other(
    owner, number
):
    hosts = [f"{letter}.example:443" for letter in "abcde"]
    for _ in range(number):
        make_pending_execution(make_task(owner), hosts=hosts)

    assert len(take(now=NOW).visits) == PER_HOST


def test_a_user_leaves_room_for_the_next_ones(owner, stranger):
    for _ in range(10):
        make_due(owner)
    make_due(stranger)

    first = take(free=4, now=NOW)
    second = take(free=0, now=NOW)

    assert Counter(owners(first)) == {str(owner.pk): 2, str(stranger.pk): 1}
    assert second.visits == []
    assert second.is_held_up


@pytest.mark.parametrize(("free", "taken"), [(1, 1), (2, 1), (3, 2), (20, 10)])
def test_a_user_gets_no_more_than_half_of_a_small_worker(owner, free, taken):
    for _ in range(20):
        make_due(owner)

    assert len(take(free=free, now=NOW).visits) == taken
    assert take(free=free - taken, now=NOW).visits == []


def test_an_execution_is_claimed_when_it_is_due_and_only_once(owner):
    execution = make_due(owner, next_attempt_at=NOW + SECOND)

    assert take(now=NOW).visits == []
    assert claimed(execution.pk, now=NOW + SECOND)
    assert not claimed(execution.pk, now=NOW + SECOND)


def test_what_is_given_back_is_due_at_once_and_counts_as_no_attempt(owner):
    first = make_due(owner)
    retrying = make_due(owner, status="retrying", attempt_count=2)
    looked = make_due(owner, status="retrying", first_look_at=NOW)

    give_back(take(now=NOW).visits)

    for execution in (first, retrying, looked):
        execution.refresh_from_db()
    assert [(e.status, e.attempt_count, e.leased_until) for e in (first, retrying, looked)] == [
        ("pending", 0, None),
        ("retrying", 2, None),
        ("retrying", 0, None),
    ]
    assert len(take().visits) == 3


def test_what_another_attempt_has_is_not_given_back(owner):
    execution = make_due(owner)
    late = take(now=NOW).visits
    claimed(execution.pk, now=NOW + timedelta(hours=1))

    give_back(late)

    execution.refresh_from_db()
    assert (execution.status, execution.attempt_count) == ("running", 2)
