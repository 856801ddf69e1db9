"""What the staff API takes and tells: the shapes that api's table names, checked at the door and shown in the document."""

from __future__ import annotations

from kiosk.content.geometry import THEMES
from kiosk.content.ingest import Progress
from kiosk.content.kinds import KINDS
from kiosk.content.slides import State
from kiosk.signage.boards import LAYOUTS, Status
from kiosk.signage.overrides import State as Inserted
from kiosk.signage.playlists import DWELL_LEAST, DWELL_MOST, HOURLY_MOST, ITEMS_MOST, WEIGHT_MOST
from kiosk.signage.rules import Days
from kiosk.web import receive
from kiosk.web.openapi import Schema, ids, maybe, moment, number, text, thing, whole, yes_or_no

_ID = whole("The id.")
_UNIT = whole("Unit; else the person's own.")
_EDITS = whole("The edits you have seen: 409 when somebody wrote in between.")
MORE = {"from": whole("How many to leave out."), "limit": whole("How many, at most 500.")}
REASON = thing({"reason": text("Why; up to 200 characters, told to the author.")}, "reason")
SEEN = thing({"seen": text("The `bound` of what was looked at.")})

# --- slides -----------------------------------------------------------------------------------------------------------

_DRAFT = {
    "kind": text("A kind of slide.", enum=sorted(KINDS)), "title": text("Title."), "unit": _UNIT,
    "topic": text("The topic of the catalogue, by code or name, which brings its column (栏目); or only a column of the wall."),
    "data": {"type": "object", "description": "What the kind holds.", "properties": {}},
    "start": moment("When it may hang first; null: from the approval on."), "end": moment("When it leaves; null: standing."),
    "audience": ids("Units on whose boards it may hang; else its own unit."),
}
NEW_SLIDE = thing({**_DRAFT, "playlists": ids("Playlists to join.")}, "kind", "title", "data")
SLIDE_WRITTEN = thing({**_DRAFT, "edits": _EDITS})
SLIDES_ASKED = {"state": text("Only in this state.", enum=list(State)), "q": text("Words of the title."),
                "before": whole("Only below this id."), "limit": MORE["limit"]}
UPLOAD = thing({"file": text("The file.", contentMediaType="application/octet-stream"), **receive.WORDS}, "file", open=True)
_REVISION = {
    "revision": _ID, "slide": _ID, "number": whole("First is 1."), "state": text("State of review.", enum=list(State)),
    "title": text("Title."), "topic": text("Column."), "start": moment("From."), "end": moment("To."), "audience": ids("Units."),
    "bound": maybe(text("The hash of all that an approval binds; give it back as `seen`.")),
    "reason": maybe(text("Why it was returned or recalled.")),
    "submitted": moment("When."), "approved": moment("When."), "recalled": moment("When."),
}

# --- playlists, groups, boards ----------------------------------------------------------------------------------------

_PLACES = {"groups": ids("Groups it hangs on."), "boards": ids("Boards it hangs on.")}
_ITEM = thing({
    "slide": whole("The slide."),
    "dwell": {"type": ["number", "null"], "minimum": DWELL_LEAST, "maximum": DWELL_MOST,
              "description": "Seconds a page; null: by the amount of text."},
    "weight": whole("Times in a round.", minimum=1, maximum=WEIGHT_MOST),
    "hourly": maybe(whole("Times an hour at most; null: without limit.", minimum=1, maximum=HOURLY_MOST)),
    "item": whole("Told, not taken: an item keeps its id by its slide."), "title": text("Told, not taken.")}, "slide")
_ITEMS = {"type": "array", "maxItems": ITEMS_MOST, "items": _ITEM, "description": "The whole order at once."}
NEW_PLAYLIST = thing({"name": text("Name."), "unit": _UNIT, "items": _ITEMS, **_PLACES}, "name")
ITEMS_SET = thing({"items": _ITEMS, **_PLACES, "edits": _EDITS}, "items")
_RULE = thing({
    "days": text("Which days it means.", enum=[each.value for each in Days]),
    "weekdays": {"type": "array", "items": {"type": "integer"}, "maxItems": 7, "description": "With `weekdays`: 0 is Monday."},
    "hours": {"type": "array", "maxItems": 8, "items": {"type": "array", "items": {"type": "integer"}, "maxItems": 2},
              "description": "[from, to] in minutes of the day; an end at or before the start is one of the next day. None: all day."},
    "first": maybe(text("First day, 2026-04-30.")), "last": maybe(text("Last day.")),
    "rrule": text("With `recurring`: RFC 5545, days only, counted from `first`."),
    "without": {"type": "array", "maxItems": 100, "items": {"type": "string"}, "description": "Days left out."}})
_CAMPAIGN = {
    "rule": _RULE, "level": text("What beats what.", enum=["usual", "preferred", "alone"]),
    "daypart": maybe(whole("Hours that have a name, in place of the rule's.")),
    "groups": ids("Groups on which it plays."), "boards": ids("Boards on which it plays.")}
NEW_CAMPAIGN = thing({"playlist": whole("What plays."), **_CAMPAIGN}, "playlist", "rule")
CAMPAIGN_CHANGED = thing({**_CAMPAIGN, "edits": _EDITS})
NEW_GROUP = thing({"name": text("Name."), "unit": _UNIT, "boards": ids("Its boards.")}, "name")
GROUP_CHANGED = thing({"name": text("Name."), "boards": ids("All its boards.")})
PANEL = ("width_mm", "height_mm", "width_px", "height_px", "rotation", "distance_mm")
_PANEL = thing({
    "width_mm": whole("Width of the picture in mm."), "height_mm": whole("Height in mm."), "width_px": whole("Pixels across."),
    "height_px": whole("Pixels down."), "rotation": whole("Degrees by which the page is turned.", enum=[0, 90, 180, 270]),
    "distance_mm": whole("From where people read, in mm.")})
_BOARD = {
    "name": text("Name."), "unit": _UNIT, "panel": _PANEL, "theme": text("Theme.", enum=list(THEMES)),
    "elder": yes_or_no("One step larger type."), "ticker": yes_or_no("A line at the foot for what notices put there."),
    "layout": text("How the page is divided; `side` and `columns` have a second zone.", enum=list(LAYOUTS)),
    "sleeps": yes_or_no("Dark outside the opening hours of its unit."),
    "overscan": whole("Margin in ‰ that the screen hides."),
    "groups": ids("Groups it belongs to."),
}
NEW_BOARD = thing(_BOARD, "name", "panel")
BOARD_CHANGED = thing(_BOARD)
PAIRED = thing({"code": text("The six characters on the screen."), **_BOARD}, "code", "name")

# --- urgent inserts ---------------------------------------------------------------------------------------------------

_INSERT = {
    "drill": yes_or_no("A drill, or the real thing."), "headline": text("What happened; up to 12 characters."),
    "text": text("What residents are to do; up to 40 characters, two sentences. Not shown in a drill."),
    "phone": text("Whom to call; else the unit's."),
    "minutes": whole("How long it stands, 5 to 480; else 30."), "all": yes_or_no("On every board that you may reach."),
    "groups": ids("Groups of boards."), "boards": ids("Boards."),
}
NEW_OVERRIDE = thing({**_INSERT, "slide": maybe(whole("A slide that hangs, in place of words.")),
                      "wanted": maybe(whole("Who shall confirm; else anybody entitled."))}, "drill")

# --- answers ------------------------------------------------------------------------------------------------------------

SCHEMAS: dict[str, Schema] = {
    "Upload": thing({
        "upload": _ID, "slide": maybe(_ID), "revision": maybe(_ID), "state": text("How far it is.", enum=list(Progress)),
        "name": text("The file's name."), "size": whole("Bytes."), "progress": number("Of the conversion, 0 to 1."),
        "pages": whole("How many pages it gave."), "problem": text("Why it failed and what to do.")},
        "upload", "state", "progress", "pages", open=True),
    "Revision": thing(_REVISION, "revision", "slide", "state", "title", open=True),
    "Slide": thing({
        **_REVISION, "kind": text("Kind."), "unit": _ID, "live": maybe(whole("The revision that hangs.")),
        "filed": maybe(text("The code of its topic in the catalogue; null before it is filed; told of a single slide.")),
        "hangs": yes_or_no("Whether it may be shown now."), "retired": yes_or_no("Whether it is in the archive."), "edits": _EDITS,
        "data": {"type": "object", "description": "What the kind holds; told of a single slide."},
        "revisions": {"type": "array", "items": {"$ref": "#/components/schemas/Revision"}}},
        "slide", "kind", "unit", "state", open=True),
    "Playlist": thing({"id": _ID, "name": text("Name."), "unit": _ID, "edits": _EDITS, "items": _ITEMS, **_PLACES},
                      "id", "name", "unit", "items", open=True),
    "Campaign": thing({"id": _ID, "playlist": _ID, **_CAMPAIGN, "edits": _EDITS}, "id", "playlist", "level", "rule", open=True),
    "Group": thing({"id": _ID, "name": text("Name."), "unit": _ID, "boards": ids("Its boards.")}, "id", "name", "boards", open=True),
    "Board": thing({
        **_BOARD, "id": _ID, "status": text("Whether it is heard.", enum=list(Status)), "online_since": moment("Since when."),
        "last_heartbeat": moment("When it was last heard."), "current": yes_or_no("Whether it holds the edition it should."),
        "wanted": {"type": "object", "description": "Edition and version it should hold."},
        "held": {"type": "object", "description": "Edition and version it holds, since when."},
        "shows": {"type": ["object", "null"], "description": "What it shows now: item, slide, revision, title, page, of."},
        "heartbeat": {"type": "object", "description": "What it last said of itself."},
        "token": text("Told once, when a board is made ahead of its screen.")},
        "id", "name", "unit", "panel", "status", open=True),
    "Override": thing({
        **_INSERT, "override": _ID, "unit": _ID, "state": text("How far it is.", enum=list(Inserted)), "slide": maybe(_ID),
        "asked_by": maybe(_ID), "asked": moment("When."), "confirmed_by": maybe(_ID), "confirmed": moment("When."),
        "ends": moment("When it leaves the boards, or left."), "form_due": maybe(text("The day by which the form is to be signed.")),
        "form_signed": moment("When."),
        "changed": {"type": "array", "items": {"type": "object"}, "description": "Boards that said they show it, and when."},
        "missing": ids("Boards that have not said so.")}, "state", open=True),
    "Document": {"type": "object", "description": "This document."},
}
