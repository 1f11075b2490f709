"""How many requests each caller has made in the last minute, counted by all processes in a cache.

The libraries take 20 MB, so this is imported only if CACHE_URL is set.
"""

import time
from typing import Final

import structlog
from limits import RateLimitItemPerMinute
from limits.storage.redis import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from torale.api.request_counts import Count, RequestCounts

logger = structlog.get_logger(__name__)

#: Seconds that a request waits for the cache at each step.
PATIENCE_S: Final = 0.25
#: Seconds for which this process counts alone after the cache did not answer, so that the requests
#: of that time need not wait for it, too.
ALONE_S: Final = 10


def storage_at(url: str) -> RedisStorage:
    """Return where counts are kept, in the cache at `url`; this does not connect yet."""
    return RedisStorage(
        url,
        key_prefix="torale:requests",
        socket_timeout=PATIENCE_S,
        socket_connect_timeout=PATIENCE_S,
    )


class SharedCounts:
    """Counts in Redis or Valkey, and in this process while that does not answer.

    Args:
        url: the address of the cache.
        alone: counts while the cache does not answer.
    """

    def __init__(self, url: str, *, alone: RequestCounts) -> None:
        self._limiter = MovingWindowRateLimiter(storage_at(url))
        self._alone = alone
        self._alone_until = 0.0

    def count(self, caller: str, *, most: int) -> Count:
        """Count a request."""
        if time.monotonic() >= self._alone_until:
            try:
                return self._shared(caller, most)
            except RedisError as error:
                self._alone_until = time.monotonic() + ALONE_S
                logger.warning("cache_unavailable", error=str(error), counting_alone_s=ALONE_S)
        return self._alone.count(caller, most=most)

    def _shared(self, caller: str, most: int) -> Count:
        limit = RateLimitItemPerMinute(most)
        is_allowed = self._limiter.hit(limit, caller)
        stats = self._limiter.get_window_stats(limit, caller)
        return Count(is_allowed, stats.remaining, max(0.0, stats.reset_time - time.time()))
