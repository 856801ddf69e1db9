"""The year 2026 with a frozen clock: four communities, thirty topics, two processes, every day: `make trial` prints what was told."""

from __future__ import annotations

import time
from collections import Counter
from datetime import date, timedelta

import pytest

from tests.support.year import ALL, years

pytestmark = [pytest.mark.trial, pytest.mark.timeout(3600)]  # 17 minutes on two busy cores
FIRST, LAST, TOPICS = date(2026, 1, 1), date(2026, 12, 31), 30
ASLEEP = [date(2026, 6, 22) + n * timedelta(days=1) for n in range(7)]  # a week without a server


def test_every_reminder_of_a_year_comes_on_its_working_day_and_once(parts, monkeypatch):
    start = time.monotonic()
    with years(parts, TOPICS, first=FIRST) as year:
        year.run(FIRST, LAST, monkeypatch, asleep=ASLEEP)
        told, faults = year.told(), year.faults()
    stages = Counter(stage for _, _, _, stage, _ in told)
    off = sum(not ALL.works(FIRST + n * timedelta(days=1)) for n in range((LAST - FIRST).days + 1))
    stood = ", ".join(f"{count} {name}" for name, count in stages.items())
    print(f"\n{TOPICS} topics, {len(year.duties)} duties, {len(told)} reminders ({stood}), "
          f"{len(year.sent)} messages, {off} days off, {year.runs} runs of two processes in {time.monotonic() - start:.0f} s")
    assert len(told) > 1000 and set(stages) == {"ahead", "eve", "today", "overdue", "head", "leader"}
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:20])
