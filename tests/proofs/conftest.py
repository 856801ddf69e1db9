"""One warm Chromium for all proofs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.proof import Proof, proving


@pytest.fixture(scope="session")
def proof() -> Iterator[Proof]:
    with proving() as warm:
        yield warm
