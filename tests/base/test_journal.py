"""The journal: no act without its trace, no trace without its act, and nobody mends it unseen."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, update

from kiosk.base import journal
from kiosk.base.journal import Cursor, Entry, Follower, Head, Listener
from kiosk.people import UnitKind, add_unit
from tests.conftest import NOON


@pytest.fixture
def kept(parts):
    """Three entries, committed."""
    write(parts, 3)
    return parts.database


def write(parts, count, verb="trial.done"):
    with parts.database.write() as session:
        for number in range(count):
            journal.record(session, verb, "trial", by=None, at=NOON, number=number, words="通知")


def faults(database):
    with database.read() as session:
        return list(journal.verify(session))


def test_a_chain_that_nobody_touched_is_whole(kept):
    assert faults(kept) == []


def test_an_empty_journal_is_whole(parts):
    assert faults(parts.database) == []


@pytest.mark.parametrize("change", [{"verb": "trial.undone"}, {"data": {"number": 9}}, {"by_post": "某人"}, {"subject_id": 4},
                                    {"at": NOON.replace(hour=5)}])
def test_an_entry_that_was_changed_is_seen(kept, change):
    with kept.write() as session:
        session.execute(update(Entry).where(Entry.seq == 2).values(**change))
    assert faults(kept) == ["entry 2 was changed"]


def test_an_entry_that_was_taken_out_is_seen(kept):
    with kept.write() as session:
        session.execute(delete(Entry).where(Entry.seq == 2))
    assert faults(kept) == ["entry 2 is missing", "entry 3 does not follow the one before it"]


def test_the_end_cut_off_is_seen(kept):
    with kept.write() as session:
        session.execute(delete(Entry).where(Entry.seq == 3))
    assert faults(kept) == ["the last entry is not number 3"]


def test_an_entry_forged_with_a_hash_of_its_own_is_seen_by_the_next(kept):
    with kept.write() as session:
        forged = session.get(Entry, 2)
        forged.data = {"number": 9}
        forged.hash = journal._hash(forged)
    assert faults(kept) == ["entry 3 does not follow the one before it"]


def test_an_act_that_was_rolled_back_leaves_no_trace(parts):
    with pytest.raises(ZeroDivisionError), parts.database.write() as session:
        journal.record(session, "trial.done", "trial", by=None, at=NOON)
        raise ZeroDivisionError
    with parts.database.read() as session:
        assert journal.tail(session) == 0


def test_an_entry_tells_who_did_what_to_what(session, cast):
    unit = add_unit(session, kind=UnitKind.COMMUNITY, name="南山社区", parent=cast.office, by=cast.administrator, at=NOON)
    entry = journal.about(session, unit)[0]
    assert (entry.verb, entry.subject_kind, entry.subject_id) == ("unit.added", "unit", unit.id)
    assert (entry.by_id, entry.by_post, entry.at) == (cast.administrator.id, "党政办管理员", NOON)


def test_what_happened_to_a_thing_is_told_latest_first(session, cast, make):
    slide = make.slide(state="approved")
    assert [entry.verb for entry in journal.about(session, slide)] == ["slide.approved", "slide.submitted", "slide.made"]


# --- followers --------------------------------------------------------------------------------------------------------


class Ear:
    """A listener that notes what it hears, and stumbles as often as it is told."""

    def __init__(self, stumbles: int = 0) -> None:
        self.heard: list[int] = []
        self.stumbles = stumbles

    def hear(self, entries):
        if self.stumbles:
            self.stumbles -= 1
            raise ZeroDivisionError
        self.heard += [entry.seq for entry in entries]


def follower(database, *listeners, told=None):
    return Follower(database, listeners, on_error=lambda name, _: (told if told is not None else []).append(name))


def test_a_durable_listener_reads_on_where_it_stopped_even_after_a_restart(parts):
    write(parts, 3)
    ear = Ear()
    follower(parts.database, Listener("refs", ear.hear, durable=True)).run_once()
    write(parts, 2)
    follower(parts.database, Listener("refs", ear.hear, durable=True)).run_once()
    assert ear.heard == [1, 2, 3, 4, 5]


def test_a_local_listener_hears_what_comes_after_its_start(parts):
    write(parts, 3)
    ear = Ear()
    following = follower(parts.database, Listener("nudges", ear.hear, durable=False))
    following.start()
    write(parts, 2)
    following.wake()
    for _ in range(100):
        if ear.heard:
            break
        following._stop.wait(0.02)
    following.stop()
    assert ear.heard == [4, 5]


def test_a_listener_that_stumbled_hears_it_again(parts):
    write(parts, 2)
    ear, told = Ear(stumbles=1), []
    following = follower(parts.database, Listener("refs", ear.hear, durable=True), told=told)
    following.run_once()
    assert (ear.heard, told) == ([], ["refs"])
    following.run_once()
    assert ear.heard == [1, 2]


def test_one_that_stumbles_does_not_silence_the_other(parts):
    write(parts, 2)
    broken, ear = Ear(stumbles=99), Ear()
    follower(parts.database, Listener("broken", broken.hear, durable=True), Listener("refs", ear.hear, durable=True)).run_once()
    assert ear.heard == [1, 2]


def test_the_follower_finds_what_another_process_wrote_within_its_pause(parts):
    ear = Ear()
    following = Follower(parts.database, [Listener("refs", ear.hear, durable=True)], pause=0.05, on_error=lambda *_: None)
    following.start()
    write(parts, 1)  # nobody wakes it
    for _ in range(100):
        if ear.heard:
            break
        following._stop.wait(0.02)
    following.stop()
    assert ear.heard == [1]


def test_there_is_nothing_to_do_twice(parts):
    write(parts, 1)
    following = follower(parts.database, Listener("refs", Ear().hear, durable=True))
    assert following.run_once()
    assert not following.run_once()
    with parts.database.read() as session:
        assert session.get(Cursor, "refs").seq == 1


def test_a_long_backlog_is_carried_in_order(parts):
    write(parts, 1100)
    ear = Ear()
    following = follower(parts.database, Listener("refs", ear.hear, durable=True))
    while following.run_once():
        pass
    assert ear.heard == list(range(1, 1101))
    with parts.database.read() as session:
        assert session.get(Head, 1).seq == 1100
