"""The queue's door. In: a Config. Out: a patient Redis connection and the one queue; rows stay the truth, not these."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as Away
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as Slow
from redis.retry import Retry
from rq import Queue

from service.config import Config

NAME = "goodword"
SERIALIZER = "json"
"""Payloads are names and ids that anybody may read; pickle could be made to run code."""

_LONGEST = 100
"""Bytes that a Unix socket's path may have nearly everywhere (Linux 107, macOS 103)."""

__all__ = [
    "NAME",
    "SERIALIZER",
    "RedisError",
    "connection",
    "expected",
    "lose_patience",
    "queue",
    "socket_of",
    "url_of",
]


def socket_of(settings: Config) -> Path:
    """Return the embedded queue server's socket: in the data folder, or, if that is too deep, a short place."""
    path = settings.queue_socket
    if len(str(path).encode()) <= _LONGEST:
        return path
    short = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"goodword-{short}" / "valkey.sock"


def url_of(settings: Config) -> str:
    """Return the Redis URL in use: the configured one, or the embedded server's socket."""
    return settings.redis_url or f"unix://{socket_of(settings)}"


def expected(settings: Config) -> bool:
    """Return whether there should be a queue: one was named, or the embedded server has opened its door by now.

    Before `goodword up` and the demo begin to serve there is none, and nobody needs to be warned of that.
    """
    return bool(settings.redis_url) or socket_of(settings).exists()


class Patience(ExponentialWithJitterBackoff):
    """Waits between two tries, until `lose_patience`: who is to stop must not wait for a server that is gone."""

    lost = False

    def compute(self, failures: int) -> float:
        """Return the seconds to wait after this many failures."""
        return 0.0 if Patience.lost else float(super().compute(failures))


def lose_patience() -> None:
    """Make every patient connection of this process give up at its next failures."""
    Patience.lost = True


def connection(settings: Config, patient: bool = True) -> Redis:
    """Return a connection. A patient one waits out a restart of Redis (about a minute), else it gives up within 2 s."""
    retry = Retry(Patience(base=0.2, cap=5), 20 if patient else 1)
    return Redis.from_url(
        url_of(settings),
        retry=retry,
        retry_on_error=[Away, Slow],
        socket_connect_timeout=5 if patient else 1,
        **({} if patient else {"socket_timeout": 2}),
    )


def queue(redis: Redis) -> Queue:
    """Return the queue of all jobs."""
    return Queue(NAME, connection=redis, serializer=SERIALIZER)
