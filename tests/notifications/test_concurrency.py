from notifications.delivery.concurrency import FIRST, LEAST, MOST, REMEMBERED, Rations


def grown(rations: Rations, host: str) -> None:
    """Have `host` answer quickly until its ration does not grow any more."""
    for _ in range(8):
        rations.take([host])
        rations.settle(host, quickly=True)


def test_an_unknown_host_begins_with_little():
    assert Rations().free("a") == FIRST


def test_a_quick_host_gets_twice_as_much_each_time_up_to_the_most():
    rations = Rations()

    found = []
    for _ in range(7):
        rations.take(["a"])
        rations.settle("a", quickly=True)
        found.append(rations.free("a"))

    assert found == [16, 32, 64, 128, 256, MOST, MOST]


def test_one_slow_attempt_leaves_a_single_one_at_a_time():
    rations = Rations()
    grown(rations, "a")
    rations.take(["a"])

    rations.settle("a", quickly=False)

    assert rations.free("a") == LEAST


def test_a_host_that_hangs_costs_the_others_nothing():
    rations = Rations()

    rations.take(["dead"] * FIRST)

    assert (rations.free("dead"), rations.free("alive")) == (0, FIRST)
    assert rations.exhausted() == ["dead"]
    assert rations.known() == {"dead": 0}


def test_a_host_is_left_out_until_a_quarter_of_its_ration_is_free():
    rations = Rations()
    grown(rations, "a")
    rations.take(["a"] * MOST)

    told = [rations.settle("a", quickly=True) for _ in range(MOST)]

    assert told.index(True) == MOST // 4 - 1
    assert told.count(True) == 1
    assert rations.exhausted() == []


def test_the_past_takes_no_memory_but_for_the_slow():
    rations = Rations()
    rations.take(["slow"])
    rations.settle("slow", quickly=False)

    for number in range(REMEMBERED + 10):
        rations.take([f"host {number}"])
        rations.settle(f"host {number}", quickly=True)

    known = rations.known()
    assert known["slow"] == LEAST
    assert len(known) <= REMEMBERED


def test_what_was_not_attempted_leaves_the_ration_as_it_was():
    rations = Rations()
    rations.take(["a"] * 3)

    for _ in range(3):
        rations.give_back("a")

    assert rations.free("a") == FIRST
    assert rations.exhausted() == []
