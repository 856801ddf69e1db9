"""After an outage many boards come back at once, and nobody waits for them: a small one of tests/bench/reconnect.py."""

from __future__ import annotations

import pytest

from tests.bench import reconnect
from tests.support.office import Office

pytestmark = pytest.mark.journey
BOARDS, WITHIN, PATIENCE = 60, 3.0, 30.0


def test_boards_that_come_back_together_all_get_their_ref_and_staff_still_sign_in(office: Office) -> None:
    storm = reconnect.outage(office, reconnect.many(office, BOARDS), WITHIN)
    assert len(storm.returns) == BOARDS and storm.failures() == []
    assert storm.signed_in and max(storm.signed_in) < PATIENCE
    assert storm.p95() < PATIENCE
