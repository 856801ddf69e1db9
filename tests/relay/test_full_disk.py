"""A disk that is really full: a small tmpfs. What is held stays, orders are obeyed, and it goes on when there is room."""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from pathlib import Path

import pytest

from kiosk.relay.store import RESERVE, Identity, Store
from tests.relay.conftest import BOARD, TOKEN
from tests.relay.test_mirror import Relay
from tests.support.front import Front, fronting
from tests.support.office import until

SIZE = 28 << 20


@pytest.fixture
def small(tmp_path):
    """A file system of 28 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], capture_output=True).returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def test_a_full_disk_takes_nothing_from_the_boards_and_holds_no_recall_up(small: Path, centre) -> None:
    store = Store(small / "relay")
    store.become(Identity(1, "kr_1", (centre.signer.public,)))
    store.know({BOARD: hashlib.sha256(TOKEN.encode()).hexdigest()})
    with fronting(Front()) as front:
        relay = Relay(store, front, centre)
        old = centre.ref(centre.edition(b"small"))
        relay.tell(old)
        assert relay.ask()
        new = centre.ref(centre.edition(b"f" * (SIZE - RESERVE)))
        relay.tell(new)
        relay.mirror._round()
        filling = threading.Thread(target=relay.mirror.filling, daemon=True)
        filling.start()
        until(lambda: relay.mirror.state.trouble == "disk", 60, "it does not say that the disk is full")
        assert relay.served == old and store.missing(old) == []
        with (small / "foreign").open("wb") as file, pytest.raises(OSError, match="space"):
            while True:  # somebody else fills the rest: now not even a ref can be written
                file.write(b"x" * 65_536)
                file.flush()
        recalled = centre.ref(old["edition"], recalled=[1])
        relay.tell(recalled)
        relay.mirror._round()
        assert relay.served == recalled, "a full disk holds a recall up"
        assert store.is_gone(centre.put(b"small"))
        (small / "foreign").unlink()
        again = centre.ref(centre.edition(b"smaller"))
        relay.tell(again)
        relay.mirror._round()
        relay.mirror._fill.set()
        until(lambda: store.boards[BOARD].ref == again, 60, "it does not go on when there is room")
        assert Store(small / "relay").boards[BOARD].served == again
        relay.mirror._stopping.set()
        relay.mirror._fill.set()
        filling.join(20)
        relay.mirror.upstream.hang_up()
