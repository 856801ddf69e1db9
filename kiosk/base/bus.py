"""Bus: publish and subscribe, one contract for one process (MemoryBus) and for many (RedisBus).

Only a hint that shortens a wait: whoever hears nothing looks at the journal's tail each second. So losing Redis loses nothing,
and publish() never raises.
"""

from __future__ import annotations

import logging
import threading
from collections import defaultdict
from collections.abc import Callable
from importlib import import_module
from typing import Any, Protocol

from kiosk.base.errors import Problem

log = logging.getLogger("kiosk")
Hear = Callable[[str], None]


class Bus(Protocol):
    def publish(self, topic: str, payload: str) -> None: ...

    def subscribe(self, topic: str, hear: Hear) -> None: ...

    def close(self) -> None: ...


class MemoryBus:
    """All in this process; heard at once, in the publisher's thread."""

    def __init__(self) -> None:
        self._hearers: dict[str, list[Hear]] = defaultdict(list)
        self._lock = threading.Lock()

    def publish(self, topic: str, payload: str) -> None:
        with self._lock:
            hearers = list(self._hearers[topic])
        for hear in hearers:
            _safely(hear, payload)

    def subscribe(self, topic: str, hear: Hear) -> None:
        with self._lock:
            self._hearers[topic].append(hear)

    def close(self) -> None:
        with self._lock:
            self._hearers.clear()


class RedisBus:
    """Through Redis; heard in a thread of its own that comes back by itself after a break."""

    def __init__(self, url: str, *, prefix: str = "kiosk:") -> None:
        try:
            redis = import_module("redis")  # one process needs no Redis, and none of its 5 MB
        except ImportError as error:
            raise Problem("要用 redis://，请先安装：pip install 'kiosk[grown]'。") from error
        self._broken = (redis.RedisError, OSError)
        self._prefix = prefix
        self._client: Any = redis.Redis.from_url(url, socket_connect_timeout=2, socket_timeout=2, health_check_interval=15)
        self._listening: Any = redis.Redis.from_url(url, socket_connect_timeout=2)
        self._hearers: dict[str, list[Hear]] = defaultdict(list)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.healthy = False

    def publish(self, topic: str, payload: str) -> None:
        try:
            self._client.publish(self._prefix + topic, payload)
            self.healthy = True
        except self._broken:
            self.healthy = False

    def subscribe(self, topic: str, hear: Hear) -> None:
        with self._lock:
            self._hearers[topic].append(hear)
            if self._thread is None:
                self._thread = threading.Thread(target=self._listen, name="bus", daemon=True)
                self._thread.start()

    def close(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(3)
        self._client.close()
        self._listening.close()

    def _listen(self) -> None:
        while not self._stop.is_set():
            try:
                with self._listening.pubsub(ignore_subscribe_messages=True) as heard:
                    heard.psubscribe(self._prefix + "*")
                    self.healthy = True
                    self._take(heard)
            except self._broken:
                self.healthy = False
                self._stop.wait(0.5)

    def _take(self, heard: Any) -> None:
        while not self._stop.is_set():
            message = heard.get_message(timeout=0.5)
            if message is None:
                continue
            topic = message["channel"].decode().removeprefix(self._prefix)
            with self._lock:
                hearers = list(self._hearers.get(topic, ()))
            for hear in hearers:
                _safely(hear, message["data"].decode())


def open_bus(url: str) -> Bus:
    """memory:// or redis://host:port/n."""
    if url.startswith(("redis://", "rediss://", "unix://")):
        return RedisBus(url)
    if url == "memory://":
        return MemoryBus()
    raise Problem("bus_url 要写 memory:// 或 redis://…，现在是 %(url)s。", url=url)


def _safely(hear: Hear, payload: str) -> None:
    try:
        hear(payload)
    except Exception:  # one hearer's fault must not reach the publisher or the others
        log.exception("a hearer on the bus failed")
