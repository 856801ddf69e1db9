"""The kinds of slide there are. The tuple is the register; KINDS finds one by its name."""

from __future__ import annotations

from kiosk.content.kind import Kind
from kiosk.content.kinds.finance import Finance
from kiosk.content.kinds.goals import Goals
from kiosk.content.kinds.media import Media
from kiosk.content.kinds.notice import Notice
from kiosk.content.kinds.objection import Objection
from kiosk.content.kinds.staff import Staff
from kiosk.content.kinds.stream import Stream
from kiosk.content.kinds.table import Table
from kiosk.content.kinds.webpage import Webpage
from kiosk.content.kinds.workflow import Workflow

TUPLE: tuple[type[Kind], ...] = (Notice, Workflow, Finance, Staff, Goals, Objection, Table, Webpage, Stream, Media)
KINDS: dict[str, type[Kind]] = {kind.name: kind for kind in TUPLE}
