"""The review chain as a machine: whatever several people do in whatever order, only what was approved as it stands hangs.

The machine keeps books of its own — who wrote since the last approval, who checked what of this very submission, who asked — and holds
every deed that succeeds, and everything that hangs, against them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from kiosk import people
from kiosk.base.db import Database
from kiosk.base.errors import Problem
from kiosk.content import review, slides
from kiosk.content.review import TICKS, Step
from kiosk.content.slides import Draft, Revision, Slide, State, binding
from kiosk.disclosure import filing, topics
from kiosk.disclosure.filing import Told
from kiosk.disclosure.topics import Wanted
from kiosk.people import Actor, Role, may
from tests.conftest import NOON
from tests.support.cast import Cast
from tests.support.make import NOTICE

HOUR = timedelta(hours=1)
DUE = date(2026, 11, 24)
PEOPLE = ("leader", "second_leader", "head", "other_head", "author", "stand_in", "outsider")
WHO = st.sampled_from(PEOPLE)
TITLES = st.sampled_from(["甲稿", "乙稿", "丙稿"])
REASON = "请再改。"


@dataclass
class Book:
    """What the machine knows of one slide, from the deeds alone."""

    hands: set[int] = field(default_factory=set)  # who wrote or submitted since the last approval
    bound: str | None = None  # of the submission that waits
    demanded: frozenset[str] = frozenset()
    checked: set[str] = field(default_factory=set)
    asked_by: int | None = None
    hung: dict[int, str] = field(default_factory=dict)  # revision → hash it was approved with
    off: set[int] = field(default_factory=set)  # revisions that were returned, recalled or taken down

    def put_down(self) -> None:
        self.bound, self.checked, self.asked_by, self.demanded = None, set(), None, frozenset()


class Chain(RuleBasedStateMachine):
    database: Database
    cast: Cast

    @initialize()
    def open(self) -> None:
        self.session = self.database.session(writing=True)
        cast = self.now_cast = self.cast.seen_by(self.session)
        self.at: datetime = NOON
        other = people.add_person(self.session, login="fuze9", post="社会事务办副职", unit=cast.civil, by=None, at=NOON)
        people.grant(self.session, other, Role.SECTION_HEAD, cast.civil, by=None, at=NOON, founding=True)
        self.ids = {"author": cast.second_editor.id, "head": cast.head.id, "other_head": other.id, "leader": cast.leader.id,
                    "second_leader": cast.deputy.id, "stand_in": cast.editor.id, "outsider": cast.community.id}
        lent = people.name_deputy(self.session, cast.person(cast.leader), cast.person(cast.editor), NOON, NOON + 8 * HOUR,
                                  by=cast.administrator, at=NOON)
        people.consent_deputy(self.session, lent, by=cast.deputy, at=NOON)
        topics.set_classes(self.session, ["其他"], by=None, at=NOON)
        chains = (("照常的", ()), ("要核的", (Step.SECTION,)), ("要审的", tuple(Step)))
        self.topics = [topics.add(self.session, Wanted(name, "其他", cast.civil.id, "通知公告", chain=chain), by=None, at=NOON,
                                  since=NOON.date()).id for name, chain in chains]
        self.book = Book(hands={cast.second_editor.id})
        self.seen: str | None = None
        made = slides.make(self.session, "notice", Draft("甲稿", data=NOTICE, audience=(cast.civil.id,)), unit=cast.civil,
                           by=cast.second_editor, at=NOON)
        self.id = made.id
        self.session.flush()

    def teardown(self) -> None:
        if hasattr(self, "session"):
            self.session.rollback()
            self.session.close()

    # --- what people do ---------------------------------------------------------------------------------------------------

    @rule(who=WHO, title=TITLES)
    def edits(self, who: str, title: str) -> None:
        if self.does(lambda by: slides.revise(self.session, self.slide, Draft(title, data=NOTICE, audience=tuple(self.latest.audience)),
                                              by=by, at=self.at), who, may_edit=True):
            self.wrote(who)

    @rule(who=WHO, everywhere=st.booleans())
    def changes_the_audience(self, who: str, everywhere: bool) -> None:
        audience = (self.now_cast.office.id if everywhere else self.now_cast.civil.id,)
        if self.does(lambda by: slides.revise(self.session, self.slide, Draft(self.latest.title, data=NOTICE, audience=audience), by=by,
                                              at=self.at), who, may_edit=True):
            self.wrote(who)

    @rule(who=WHO)
    def submits(self, who: str) -> None:
        if self.does(lambda by: filing.submit(self.session, self.latest, by=by, at=self.at), who):
            self.book.put_down()
            self.book.hands.add(self.ids[who])
            self.book.bound = binding(self.latest)
            row = filing.of(self.session, self.slide)
            self.book.demanded = frozenset(str(step) for step in row.topic.chain) if row else frozenset()

    @rule(who=WHO)
    def withdraws(self, who: str) -> None:
        if self.does(lambda by: review.withdraw(self.session, self.latest, by=by, at=self.at), who):
            self.book.put_down()

    @rule(who=WHO, topic=st.integers(0, 2))
    def refiles(self, who: str, topic: int) -> None:
        self.does(lambda by: filing.file(self.session, self.slide, Told(self.topics[topic]), by=by, at=self.at), who)

    @rule(who=WHO, step=st.sampled_from(Step), stale=st.booleans())
    def checks(self, who: str, step: Step, stale: bool) -> None:
        seen = self.seen if stale else self.latest.bound
        urgent = self.book.hung.get(self.latest.id)
        if self.does(lambda by: review.check(self.session, self.latest, step, list(TICKS[step]), by=by, at=self.at, seen=seen), who):
            assert self.ids[who] not in self.book.hands or urgent is not None
            assert seen is None or seen == self.latest.bound == binding(self.latest)
            self.book.checked.add(str(step))

    @rule(who=WHO, stale=st.booleans())
    def approves(self, who: str, stale: bool) -> None:
        seen = self.seen if stale else self.latest.bound
        wanted = self.would_hang(who, seen)
        done = self.does(lambda by: review.approve(self.session, self.latest, by=by, at=self.at, seen=seen), who)
        assert done == wanted, "approved without right or check, or refused without cause"
        if done:
            self.hung()

    @rule(who=WHO)
    def asks_urgently(self, who: str) -> None:
        if self.does(lambda by: review.ask_urgently(self.session, self.latest, "暴雨", by=by, at=self.at, due=DUE), who):
            assert self.ids[who] not in self.book.hands
            assert self.book.asked_by is None or not self.may_urge(self.book.asked_by)
            self.book.asked_by = self.ids[who]

    @rule(who=WHO, stale=st.booleans())
    def confirms(self, who: str, stale: bool) -> None:
        seen = self.seen if stale else self.latest.bound
        if self.does(lambda by: review.confirm_urgently(self.session, self.latest, by=by, at=self.at, due=DUE, seen=seen), who):
            first = self.book.asked_by
            assert first is not None and first != self.ids[who], "two people"
            assert not {first, self.ids[who]} & self.book.hands, "neither wrote it"
            pair = [self.actor_of(first), self.actor(who)]
            assert any(may(each, "slide.approve", self.slide.unit_id) for each in pair), "one of them a leader"
            assert all(self.may_urge(each.id) for each in pair), "both may at this moment"
            self.hung()

    @rule(who=WHO)
    def takes_back_the_ask(self, who: str) -> None:
        if self.does(lambda by: review.take_back_urgent(self.session, self.latest, by=by, at=self.at), who):
            assert self.book.asked_by == self.ids[who]
            self.book.asked_by = None

    @rule(who=WHO)
    def returns(self, who: str) -> None:
        revision = self.latest
        if self.does(lambda by: review.send_back(self.session, revision, REASON, by=by, at=self.at), who):
            assert may(self.actor(who), "slide.review", self.slide.unit_id)
            self.book.put_down()
            self.book.off.add(revision.id) if revision.approved_at else None
            assert (revision.state, revision.reason) == (State.RETURNED, REASON)

    @rule(who=WHO)
    def recalls(self, who: str) -> None:
        live = self.slide.live
        if self.does(lambda by: review.recall(self.session, self.slide, "写错了。", by=by, at=self.at), who):
            assert live is not None
            self.book.off.add(live.id)

    @rule(hours=st.integers(1, 4))
    def time_goes_on(self, hours: int) -> None:
        """The stand-in's days run out."""
        self.at += hours * HOUR

    @precondition(lambda self: self.held("leader"))
    @rule()
    def a_grant_lapses(self) -> None:
        grant = next(each for each in self.now_cast.person(self.now_cast.leader).grants if each.active)
        people.end_grant(self.session, grant, by=self.now_cast.administrator, at=self.at)
        self.session.flush()

    @rule()
    def somebody_opens_the_page(self) -> None:
        """What a leader has on the screen, while others go on."""
        self.seen = self.latest.bound

    # --- what always holds --------------------------------------------------------------------------------------------------

    @invariant()
    def what_hangs_was_approved_as_it_stands(self) -> None:
        live = self.slide.live if hasattr(self, "id") else None
        if live is None:
            return
        assert live.id in self.book.hung, "it hangs, and nobody approved it"
        assert live.bound == binding(live) == self.book.hung[live.id], "it is not what was approved"
        assert live.state == State.APPROVED and live.recalled_at is None and live.id not in self.book.off

    @invariant()
    def what_waits_waits_for_somebody(self) -> None:
        if hasattr(self, "id") and self.latest.state == State.SUBMITTED:
            assert any(self.latest in review.waiting(self.session, self.actor(who), self.at) for who in PEOPLE), "a dead end"

    @invariant()
    def a_debt_is_known_until_it_is_paid(self) -> None:
        if not hasattr(self, "id"):
            return
        owing = {revision.id for _, revision in review.owed(self.session)}
        for revision in self.slide.revisions:
            if revision.state == State.APPROVED:
                assert (revision.id in owing) == bool(review.missing_steps(self.session, revision))

    # --- the machine's books --------------------------------------------------------------------------------------------------

    @property
    def slide(self) -> Slide:
        return slides.slide(self.session, self.id)

    @property
    def latest(self) -> Revision:
        return self.slide.latest

    def actor(self, who: str) -> Actor:
        return self.actor_of(self.ids[who])

    def actor_of(self, id: int) -> Actor:
        return people.actor(self.session, people.person(self.session, id), self.at)

    def held(self, who: str) -> bool:
        return hasattr(self, "id") and Role.LEADER in self.actor(who).roles

    def may_urge(self, id: int) -> bool:
        actor = self.actor_of(id)
        return id not in self.book.hands and any(may(actor, action, self.slide.unit_id) for action in ("slide.approve", "slide.check"))

    def would_hang(self, who: str, seen: str | None) -> bool:
        """Whether the books let this person approve now."""
        return (self.book.bound is not None and self.latest.state == State.SUBMITTED and self.ids[who] not in self.book.hands
                and may(self.actor(who), "slide.approve", self.slide.unit_id) and self.book.demanded <= self.book.checked
                and (seen is None or seen == self.book.bound) and self.book.bound == binding(self.latest))

    def wrote(self, who: str) -> None:
        assert may(self.actor(who), "slide.edit", self.slide.unit_id)
        self.book.put_down()
        self.book.hands.add(self.ids[who])

    def hung(self) -> None:
        self.book.hung[self.latest.id] = binding(self.latest)
        self.book.hands, self.book.bound, self.book.asked_by = set(), None, None

    def does(self, deed: Callable[[Actor], object], who: str, *, may_edit: bool = False) -> bool:
        """Whether it went through; a refusal changes nothing. The pages let only editors write, the domain trusts them there."""
        actor = self.actor(who)
        if may_edit and not may(actor, "slide.edit", self.slide.unit_id):
            return False
        before = (self.latest.id, self.latest.state, self.latest.bound, self.slide.live_id)
        try:
            deed(actor)
        except Problem:
            assert before == (self.latest.id, self.latest.state, self.latest.bound, self.slide.live_id), "a refusal left a trace"
            return False
        self.session.flush()
        return True


@pytest.fixture
def chain(template_office: tuple[Path, Cast], tmp_path: Path) -> Iterator[type[Chain]]:
    path, cast = template_office
    (tmp_path / "kiosk.db").write_bytes(path.read_bytes())
    database = Database(f"sqlite:///{tmp_path / 'kiosk.db'}")
    yield type("ChainHere", (Chain,), {"database": database, "cast": cast})
    database.close()


def test_whatever_people_do_only_what_was_approved_as_it_stands_hangs(chain: type[Chain]) -> None:
    run_state_machine_as_test(chain, settings=settings(
        max_examples=12, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)))
