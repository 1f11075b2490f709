"""How many attempts each receiver may have under way, so that a dead one delays nobody else; pure.

This works like TCP's slow start: a receiver begins with a low limit, which doubles after each quick
attempt and falls to a single attempt after a slow one.
"""

from collections import Counter
from collections.abc import Iterable

#: The limit of a receiver about which nothing is known, and so the most that a dead one costs.
INITIAL_LIMIT = 8
#: The limit that a quick receiver can reach.
HIGHEST_LIMIT = 512
#: The limit of a receiver that is slow.
LOWEST_LIMIT = 1
#: How many hosts' limits are remembered.
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
        """Return how many sends may be claimed for each host; INITIAL_LIMIT for all others.

        It is 0 for a host that has too few attempts free for claiming to be worth it.
        """
        return {
            host: 0 if self._is_exhausted(host) else self.free(host)
            for host in {*self._under_way, *self._limits}
        }

    def _is_exhausted(self, host: str) -> bool:
        return self._under_way[host] * 4 > self._limits.get(host, INITIAL_LIMIT) * 3

    def begin(self, hosts: Iterable[str]) -> None:
        """Count an attempt for each of `hosts`."""
        self._under_way.update(hosts)

    def _forget_idle(self) -> None:
        """Forget quick hosts that are idle, as all that is remembered is passed to each claim."""
        self._limits = {
            host: limit
            for host, limit in self._limits.items()
            if limit < INITIAL_LIMIT or host in self._under_way
        }

    def end(self, host: str) -> None:
        """Count an attempt as ended that says nothing about the host, or was not made."""
        self._under_way[host] -= 1
        if not self._under_way[host]:
            del self._under_way[host]

    def adapt(self, host: str, *, quickly: bool) -> bool:
        """Count an attempt as ended, and adapt the host's limit.

        Args:
            host: the receiver.
            quickly: whether it answered soon, whatever it answered.

        Returns:
            Whether claiming for the host is worth it again, and was not before.
        """
        was_exhausted = self._is_exhausted(host)
        self.end(host)
        doubled = min(HIGHEST_LIMIT, self._limits.get(host, INITIAL_LIMIT) * 2)
        self._limits[host] = doubled if quickly else LOWEST_LIMIT
        if len(self._limits) > HOSTS_REMEMBERED:
            self._forget_idle()
        return was_exhausted and not self._is_exhausted(host)
