"""Whose confined call is made next."""

import threading
from dataclasses import dataclass

from executions.confined_queue import HEAVY_S, Queue
from tests.support.receivers import DEADLINE_S, wait_for


class Calls:
    """Notes the order in which calls are made; `gate` holds up those that wait for it."""

    def __init__(self, queue: Queue) -> None:
        self.queue = queue
        self.made: list[str] = []
        self.gate = threading.Event()

    def put(self, name: str, *, cpu_s: float = 0.0, waits: bool = False) -> None:
        """Queue a call of the asker who is the first letter of `name`."""
        self.queue.put(NotedCall(self, name, cpu_s, waits), asker=name[0])

    def wait_for(self, *names: str) -> None:
        wait_for(lambda: set(names) <= set(self.made))


@dataclass
class NotedCall:
    calls: Calls
    name: str
    cpu_s: float
    waits: bool

    def run(self) -> float:
        self.calls.made.append(self.name)
        if self.waits:
            self.calls.gate.wait(DEADLINE_S)
        return self.cpu_s


def test_askers_take_turns_by_what_they_have_used():
    calls = Calls(Queue(threads=1, for_light=0))
    calls.put("a1", cpu_s=0.5, waits=True)
    calls.wait_for("a1")
    for name in ("a2", "a3"):
        calls.put(name, cpu_s=0.5)
    for name in ("b1", "b2", "b3", "b4"):
        calls.put(name, cpu_s=0.2)

    calls.gate.set()
    calls.wait_for("a3", "b4")

    assert calls.made == ["a1", "b1", "b2", "b3", "a2", "b4", "a3"]


def test_heavy_askers_leave_threads_to_the_light_ones():
    calls = Calls(Queue(threads=1, for_light=1))
    calls.put("a1", cpu_s=HEAVY_S * 2)
    calls.wait_for("a1")
    wait_for(lambda: "a" in calls.queue._used)
    calls.put("a2", waits=True)
    calls.wait_for("a2")
    calls.put("a3")

    for number in range(20):
        calls.put(f"b{number}")
    calls.wait_for("b19")

    assert "a3" not in calls.made
    calls.gate.set()
    calls.wait_for("a3")


def test_what_was_used_long_ago_is_forgotten(monkeypatch):
    now = [1000.0]
    monkeypatch.setattr("executions.confined_queue.time.monotonic", lambda: now[0])
    calls = Calls(Queue(threads=1, for_light=0))
    for name in ("a1", "b1"):
        calls.put(name, cpu_s=3.0)
    calls.wait_for("a1", "b1")
    wait_for(lambda: set(calls.queue._used) == {"a", "b"})

    now[0] += 3600
    calls.put("c1", cpu_s=0.1)
    wait_for(lambda: "c" in calls.queue._used)

    assert set(calls.queue._used) == {"c"}
