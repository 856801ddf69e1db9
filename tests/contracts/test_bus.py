"""One contract over both buses: who has subscribed hears, nobody's fault reaches another, publishing never fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from kiosk.base.bus import Bus, MemoryBus, RedisBus, open_bus
from kiosk.base.errors import Problem
from tests.support import servers

REDIS = pytest.param("redis", marks=pytest.mark.grown)


@pytest.fixture(params=["memory", REDIS])
def bus(request: pytest.FixtureRequest) -> Iterator[Bus]:
    made = open_bus("memory://" if request.param == "memory" else request.getfixturevalue("redis_server").url)
    yield made
    made.close()


def hears(bus: Bus, topic: str, payload: str, heard: list[str], *, within: float = 5.0) -> bool:
    """Publish until it is heard: a subscription begins a moment after it was asked for."""
    return until(lambda: (bus.publish(topic, payload), payload in heard)[1], within)


def until(true: Callable[[], bool], within: float = 5.0) -> bool:
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_everybody_who_subscribed_hears(bus):
    one, two = [], []
    bus.subscribe("journal", one.append)
    bus.subscribe("journal", two.append)
    assert hears(bus, "journal", "七", one)
    assert until(lambda: "七" in two)


def test_another_topic_is_not_heard(bus):
    journal, other = [], []
    bus.subscribe("journal", journal.append)
    bus.subscribe("other", other.append)
    assert hears(bus, "journal", "1", journal)
    assert other == []


def test_one_hearers_fault_does_not_silence_the_next(bus):
    heard = []

    def stumble(payload: str) -> None:
        raise ZeroDivisionError

    bus.subscribe("journal", stumble)
    bus.subscribe("journal", heard.append)
    assert hears(bus, "journal", "1", heard)
    assert hears(bus, "journal", "2", heard)


def test_publishing_to_nobody_is_no_fault(bus):
    bus.publish("journal", "1")


def test_closing_twice_is_no_fault(bus):
    bus.subscribe("journal", lambda _: None)
    bus.close()
    bus.close()


@pytest.mark.grown
def test_what_one_process_publishes_the_other_hears(redis_server):
    here, there, heard = open_bus(redis_server.url), open_bus(redis_server.url), []
    there.subscribe("journal", heard.append)
    assert hears(here, "journal", "1", heard)
    here.close()
    there.close()


@pytest.mark.grown
def test_two_offices_on_one_redis_do_not_hear_each_other(redis_server):
    ours, theirs = RedisBus(redis_server.url, prefix="kiosk:a:"), RedisBus(redis_server.url, prefix="kiosk:b:")
    at_ours, at_theirs = [], []
    ours.subscribe("journal", at_ours.append)
    theirs.subscribe("journal", at_theirs.append)
    assert hears(ours, "journal", "1", at_ours)
    assert hears(theirs, "journal", "2", at_theirs)
    assert "2" not in at_ours
    assert "1" not in at_theirs
    ours.close()
    theirs.close()


@pytest.mark.grown
def test_a_bus_whose_redis_went_away_stays_quiet_and_comes_back_by_itself():
    with servers.redis_server() as redis:
        bus, heard = RedisBus(redis.url), []
        bus.subscribe("journal", heard.append)
        assert hears(bus, "journal", "before", heard)
        redis.stop()
        bus.publish("journal", "lost")
        assert not bus.healthy
        redis.start()
        assert hears(bus, "journal", "after", heard, within=10)
        assert "lost" not in heard
        bus.close()


def test_an_unknown_address_is_refused_with_the_two_that_work():
    with pytest.raises(Problem, match="memory://"):
        open_bus("amqp://localhost")


def test_memory_is_the_default_kind():
    assert isinstance(open_bus("memory://"), MemoryBus)
