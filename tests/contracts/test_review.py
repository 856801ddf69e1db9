"""Two people at the same moment, over both databases: one act comes after the other, and what hangs was approved as it stands."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.db import Database
from kiosk.base.errors import Conflict, Problem
from kiosk.content import review, slides
from kiosk.content.review import TICKS, Step
from kiosk.content.slides import Draft, Slide, State, binding
from kiosk.disclosure import filing, topics
from kiosk.disclosure.filing import Told
from kiosk.disclosure.topics import Wanted
from kiosk.people import Actor
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.make import NOTICE

DUE = date(2026, 11, 24)
ROUNDS = 4
Deed = Callable[[Session, Slide], object]


@dataclass
class Office:
    """One department's slide, and those who meet over it."""

    database: Database
    cast: Cast
    lax: int
    strict: int

    def slide(self, *, chain: tuple[Step, ...] = (), approved: bool = False, asked: bool = False, draft: bool = False) -> int:
        """A slide of the department, as far as it has come."""
        cast = self.cast
        with self.database.write() as session:
            unit = people.unit(session, cast.civil.id)
            made = slides.make(session, "notice", Draft("停水通知", data=NOTICE), unit=unit, by=cast.second_editor, at=NOON)
            if not draft:
                review.submit(session, made.latest, by=cast.second_editor, at=NOON, chain=chain)
            if approved:
                review.approve(session, made.latest, by=cast.leader, at=NOON)
            if asked:
                review.ask_urgently(session, made.latest, "暴雨", by=cast.head, at=NOON, due=DUE)
            return made.id

    def at_once(self, id: int, *deeds: Deed) -> list[bool]:
        """All deeds start together, each as a request of its own that has looked at the slide already; whether each went through."""
        gate = threading.Barrier(len(deeds))

        def act(deed: Deed) -> bool:
            if self.database.sqlite:
                gate.wait()  # one writer: the second begins when the first has ended
            try:
                with self.database.write() as session:
                    slide = slides.slide(session, id)
                    _ = slide.latest.state, slide.live, slide.unit.name
                    if not self.database.sqlite:
                        gate.wait()
                    deed(session, slide)
            except Problem:
                return False
            return True

        with ThreadPoolExecutor(len(deeds)) as pool:
            done = list(pool.map(act, deeds))
        self.check(id)
        return done

    def check(self, id: int) -> None:
        """What hangs is what was approved."""
        with self.database.read() as session:
            slide = slides.slide(session, id)
            numbers = [each.number for each in slide.revisions]
            assert numbers == sorted(set(numbers)), "two revisions of one number"
            if slide.live is not None:
                assert slide.live.state == State.APPROVED and slide.live.bound == binding(slide.live), "it hangs as nobody approved it"
                assert slide.live.recalled_at is None and slide.retired_at is None


@pytest.fixture
def office(database: Database) -> Office:
    with database.write() as session:
        cast = Cast.made(session, NOON)
        topics.set_classes(session, ["其他"], by=None, at=NOON)
        lax, strict = (topics.add(session, Wanted(name, "其他", cast.civil.id, "通知公告", chain=chain), by=None, at=NOON,
                                  since=NOON.date()).id for name, chain in (("照常的", ()), ("要审的", tuple(Step))))
    return Office(database, cast, lax, strict)


def approve(by: Actor) -> Deed:
    return lambda session, slide: review.approve(session, slide.latest, by=by, at=NOON)


def edit(by: Actor, expect: int | None = None) -> Deed:
    return lambda session, slide: slides.revise(session, slide, Draft("换了内容", data=NOTICE), by=by, at=NOON, expect=expect)


def confirm(by: Actor) -> Deed:
    return lambda session, slide: review.confirm_urgently(session, slide.latest, by=by, at=NOON, due=DUE)


def test_an_edit_and_an_approval_at_the_same_moment_never_mix(office: Office) -> None:
    for _ in range(ROUNDS):
        id = office.slide()
        approved, edited = office.at_once(id, approve(office.cast.leader), edit(office.cast.second_editor))
        assert edited, "an edit always goes through: into the draft, or into the next version"
        with office.database.read() as session:
            slide = slides.slide(session, id)
            assert (slide.live is not None) == approved
            assert slide.latest.state == State.DRAFT and len(slide.revisions) == (2 if approved else 1)


def test_of_two_leaders_one_approves(office: Office) -> None:
    for _ in range(ROUNDS):
        assert sorted(office.at_once(office.slide(), approve(office.cast.leader), approve(office.cast.deputy))) == [False, True]


def test_a_withdrawal_and_an_approval_at_the_same_moment_are_one_of_the_two(office: Office) -> None:
    def withdraw(session: Session, slide: Slide) -> None:
        review.withdraw(session, slide.latest, by=office.cast.second_editor, at=NOON)
    for _ in range(ROUNDS):
        assert sorted(office.at_once(office.slide(), approve(office.cast.leader), withdraw)) == [False, True]


def test_a_return_and_an_approval_at_the_same_moment_leave_nothing_returned_on_the_wall(office: Office) -> None:
    def send_back(session: Session, slide: Slide) -> None:
        review.send_back(session, slide.latest, "再改。", by=office.cast.deputy, at=NOON)
    for _ in range(ROUNDS):
        id = office.slide()
        office.at_once(id, approve(office.cast.leader), send_back)
        with office.database.read() as session:
            slide = slides.slide(session, id)
            assert (slide.live is None) == (slide.latest.state == State.RETURNED)


def test_a_confirmation_and_an_edit_at_the_same_moment_never_mix(office: Office) -> None:
    for _ in range(ROUNDS):
        id = office.slide(chain=(Step.SECTION,), asked=True)
        office.at_once(id, confirm(office.cast.leader), edit(office.cast.second_editor))


def test_of_two_asks_one_counts_and_of_two_confirmations_one(office: Office) -> None:
    def ask(by: Actor) -> Deed:
        return lambda session, slide: review.ask_urgently(session, slide.latest, "暴雨", by=by, at=NOON, due=DUE)
    for _ in range(ROUNDS):
        id = office.slide(chain=(Step.SECTION,))
        assert sorted(office.at_once(id, ask(office.cast.head), ask(office.cast.leader))) == [False, True]
        asked = office.slide(chain=(Step.SECTION,), asked=True)
        assert sorted(office.at_once(asked, confirm(office.cast.leader), confirm(office.cast.deputy))) == [False, True]


def test_a_check_counts_for_nothing_that_was_edited_at_the_same_moment(office: Office) -> None:
    def check(session: Session, slide: Slide) -> None:
        review.check(session, slide.latest, Step.SECTION, list(TICKS[Step.SECTION]), by=office.cast.head, at=NOON)
    for _ in range(ROUNDS):
        id = office.slide(chain=(Step.SECTION,))
        office.at_once(id, check, edit(office.cast.second_editor))
        with office.database.write() as session:
            latest = slides.slide(session, id).latest
            review.submit(session, latest, by=office.cast.second_editor, at=NOON, chain=(Step.SECTION,))
            assert review.missing_steps(session, latest) == [Step.SECTION]


def test_a_stricter_topic_and_a_submission_at_the_same_moment_never_skip_its_checks(office: Office) -> None:
    def file(session: Session, slide: Slide) -> None:
        filing.file(session, slide, Told(office.strict), by=office.cast.second_editor, at=NOON)

    def submit(session: Session, slide: Slide) -> None:
        filing.submit(session, slide.latest, by=office.cast.second_editor, at=NOON)
    for _ in range(ROUNDS):
        id = office.slide(draft=True)
        with office.database.write() as session:
            filing.file(session, slides.slide(session, id), Told(office.lax), by=office.cast.second_editor, at=NOON)
        office.at_once(id, file, submit)
        with office.database.read() as session:
            slide = slides.slide(session, id)
            filed = filing.of(session, slide)
            assert filed is not None and slide.latest.state == State.SUBMITTED
            assert set(filed.topic.chain) <= set(slide.latest.chain), "filed under a topic whose checks it never had"


def test_two_who_write_on_at_the_same_moment_do_not_open_two_versions(office: Office) -> None:
    for _ in range(ROUNDS):
        id = office.slide(approved=True)
        done = office.at_once(id, edit(office.cast.second_editor, 0), edit(office.cast.head, 0))
        with office.database.read() as session:
            assert len(slides.slide(session, id).revisions) == 2
        assert any(done)


def test_a_recall_and_the_next_approval_at_the_same_moment_leave_nothing_recalled_on_the_wall(office: Office) -> None:
    def recall(session: Session, slide: Slide) -> None:
        review.recall(session, slide, "写错了。", by=office.cast.second_editor, at=NOON)
    for _ in range(ROUNDS):
        id = office.slide(approved=True)
        with office.database.write() as session:
            slide = slides.slide(session, id)
            latest = slides.revise(session, slide, Draft("第二版", data=NOTICE), by=office.cast.second_editor, at=NOON)
            review.submit(session, latest, by=office.cast.second_editor, at=NOON)
        assert office.at_once(id, recall, approve(office.cast.leader)) == [True, True]


def test_what_is_put_away_at_the_moment_of_its_approval_does_not_hang(office: Office) -> None:
    def retire(session: Session, slide: Slide) -> None:
        slides.retire(session, slide, by=office.cast.second_editor, at=NOON)
    for _ in range(ROUNDS):
        office.at_once(office.slide(), retire, approve(office.cast.leader))


def test_the_loser_is_told_so_in_a_sentence(office: Office) -> None:
    id = office.slide()
    office.at_once(id, approve(office.cast.leader), approve(office.cast.deputy))
    with office.database.write() as session, pytest.raises(Conflict, match="待审核"):
        review.approve(session, slides.slide(session, id).latest, by=office.cast.deputy, at=NOON)
