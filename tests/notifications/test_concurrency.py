from notifications.delivery.concurrency import (
    HIGHEST_LIMIT,
    HOSTS_REMEMBERED,
    INITIAL_LIMIT,
    LOWEST_LIMIT,
    ConcurrencyLimits,
)


def grown(limits: ConcurrencyLimits, host: str) -> None:
    """Have `host` answer quickly until its limit does not grow any more."""
    for _ in range(8):
        limits.begin([host])
        limits.adapt(host, quickly=True)


def test_an_unknown_host_begins_with_little():
    assert ConcurrencyLimits().free("a") == INITIAL_LIMIT


def test_a_quick_host_gets_twice_as_much_each_time_up_to_the_most():
    limits = ConcurrencyLimits()

    found = []
    for _ in range(7):
        limits.begin(["a"])
        limits.adapt("a", quickly=True)
        found.append(limits.free("a"))

    assert found == [16, 32, 64, 128, 256, HIGHEST_LIMIT, HIGHEST_LIMIT]


def test_one_slow_attempt_leaves_a_single_one_at_a_time():
    limits = ConcurrencyLimits()
    grown(limits, "a")
    limits.begin(["a"])

    limits.adapt("a", quickly=False)

    assert limits.free("a") == LOWEST_LIMIT


def test_a_host_that_hangs_costs_the_others_nothing():
    limits = ConcurrencyLimits()

    limits.begin(["dead"] * INITIAL_LIMIT)

    assert (limits.free("dead"), limits.free("alive")) == (0, INITIAL_LIMIT)
    assert limits.known() == {"dead": 0}


def test_a_host_is_left_out_until_a_quarter_of_its_ration_is_free():
    limits = ConcurrencyLimits()
    grown(limits, "a")
    limits.begin(["a"] * HIGHEST_LIMIT)

    claimed, told = [], []
    for _ in range(HIGHEST_LIMIT):
        told.append(limits.adapt("a", quickly=True))
        claimed.append(limits.known()["a"])

    first = HIGHEST_LIMIT // 4 - 1
    assert told.index(True) == first
    assert told.count(True) == 1
    assert claimed == [0] * first + [*range(HIGHEST_LIMIT // 4, HIGHEST_LIMIT + 1)]


def test_the_past_takes_no_memory_but_for_the_slow():
    limits = ConcurrencyLimits()
    limits.begin(["slow"])
    limits.adapt("slow", quickly=False)

    for number in range(HOSTS_REMEMBERED + 10):
        limits.begin([f"host {number}"])
        limits.adapt(f"host {number}", quickly=True)

    known = limits.known()
    assert known["slow"] == LOWEST_LIMIT
    assert len(known) <= HOSTS_REMEMBERED


def test_what_was_not_attempted_leaves_the_ration_as_it_was():
    limits = ConcurrencyLimits()
    limits.begin(["a"] * 3)

    for _ in range(3):
        limits.end("a")

    assert limits.free("a") == INITIAL_LIMIT
