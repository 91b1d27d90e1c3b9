"""How often each key may ask, counted over the last minute in this process."""

from __future__ import annotations

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class Rates:
    """Counts requests by key; several server processes each count their own."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def wait_of(self, key: str, per_minute: int) -> int:
        """0, and the request counts; or the whole seconds after which `key` may ask again."""
        item = RateLimitItemPerMinute(per_minute)
        if self._limiter.hit(item, key):
            return 0
        return max(1, math.ceil(self._limiter.get_window_stats(item, key).reset_time - time.time()))
