"""How many attempts each receiver may have under way, so that a dead one delays nobody else; pure.

Like TCP's slow start: a receiver begins with little, gets twice as much whenever it is quick, and
falls back to a single attempt at a time when it keeps one waiting.
"""

from collections import Counter
from collections.abc import Iterable

#: What a receiver that nothing is known of may have under way: all that a dead one costs at first.
INITIAL_LIMIT = 8
#: What a quick receiver may have.
HIGHEST_LIMIT = 512
#: What one that keeps attempts waiting may have.
LOWEST_LIMIT = 1
#: Hosts whose limit is remembered.
HOSTS_REMEMBERED = 1_000


class ConcurrencyLimits:
    """The limits of one worker's receivers, by host."""

    def __init__(self) -> None:
        self._limits: dict[str, int] = {}
        self._under_way: Counter[str] = Counter()

    def free(self, host: str) -> int:
        """Return how many more attempts `host` may have."""
        return max(0, self._limits.get(host, INITIAL_LIMIT) - self._under_way[host])

    def known(self) -> dict[str, int]:
        """Return `free` for each host that may have other than INITIAL_LIMIT more."""
        return {host: self.free(host) for host in {*self._under_way, *self._limits}}

    def exhausted(self) -> list[str]:
        """Return the hosts that may have so few more that claiming for them does not pay yet."""
        return [host for host in self._under_way if self._is_exhausted(host)]

    def _is_exhausted(self, host: str) -> bool:
        return self._under_way[host] * 4 > self._limits.get(host, INITIAL_LIMIT) * 3

    def begin(self, hosts: Iterable[str]) -> None:
        """Note an attempt for each of `hosts`."""
        self._under_way.update(hosts)

    def _forget_idle(self) -> None:
        """Let idle quick hosts begin anew next time: what is remembered is handed to each claim."""
        self._limits = {
            host: limit
            for host, limit in self._limits.items()
            if limit < INITIAL_LIMIT or host in self._under_way
        }

    def end(self, host: str) -> None:
        """Note that an attempt ended and tells nothing of the host, or was not made."""
        self._under_way[host] -= 1
        if not self._under_way[host]:
            del self._under_way[host]

    def adapt(self, host: str, *, quickly: bool) -> bool:
        """Note how an attempt ended: quickly, whatever came of it, or only after a long wait.

        Returns:
            Whether claiming for the host pays again, and did not before.
        """
        was_exhausted = self._is_exhausted(host)
        self.end(host)
        doubled = min(HIGHEST_LIMIT, self._limits.get(host, INITIAL_LIMIT) * 2)
        self._limits[host] = doubled if quickly else LOWEST_LIMIT
        if len(self._limits) > HOSTS_REMEMBERED:
            self._forget_idle()
        return was_exhausted and not self._is_exhausted(host)
