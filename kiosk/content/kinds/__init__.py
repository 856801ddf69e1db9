"""The kinds of slide there are. The tuple is the register; KINDS finds one by its name."""

from __future__ import annotations

from kiosk.content.kind import Kind
from kiosk.content.kinds.finance import Finance
from kiosk.content.kinds.media import Media
from kiosk.content.kinds.notice import Notice

TUPLE: tuple[type[Kind], ...] = (Notice, Finance, Media)
KINDS: dict[str, type[Kind]] = {kind.name: kind for kind in TUPLE}
