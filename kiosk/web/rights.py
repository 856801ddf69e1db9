"""Rights: which action each route of staff and programs needs, and whose thing its id names. The one table; who has which action stands
in people.ACTIONS. A route that is not in the table is closed, and fails the build.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import request

from kiosk.base.errors import Forbidden
from kiosk.people import must
from kiosk.web.request import actor

SIGNED_IN = "signed in"  # no action: everybody who is
SIDES = ("/staff", "/api")


@dataclass(frozen=True)
class Right:
    """`action`: of people.ACTIONS, or SIGNED_IN; `of`: what the route's id names, "" for none. The domain asks again for the very thing."""

    action: str
    of: str = ""


_TABLE = (
    # --- content and its review ---
    (SIGNED_IN, "", "content.home"),
    ("slide.read", "slide", "content.slide content.receipts api.slide"),
    ("slide.read", "revision", "looks.look looks.media looks.picture review.form review.form_pdf"),
    ("slide.read", "upload", "api.upload_state"),
    ("slide.read", "", "api.list_slides"),
    ("slide.edit", "", "content.today content.mine content.upload content.uploads content.receive_file content.write_new content.make "
                       "content.preview content.read_sheet content.sheet_template looks.blank looks.photo api.upload api.make_slide "
                       "api.tus.create api.tus.head api.tus.append api.tus.terminate"),
    ("slide.edit", "slide", "content.save content.retire legible.choose api.revise_slide"),
    ("slide.edit", "upload", "content.drop_upload"),
    ("slide.submit", "", "content.submit_many"),
    ("slide.submit", "slide", "content.submit content.withdraw"),
    ("slide.submit", "revision", "api.submit_revision"),
    ("slide.review", "", "review.inbox"),
    ("slide.review", "revision", "review.look_over review.check review.send_back review.ask_urgently review.confirm_urgently "
                                 "review.take_back_urgent"),
    ("slide.approve", "", "review.batch review.approve_many"),
    ("slide.approve", "revision", "review.approve api.approve_revision api.return_revision"),
    ("slide.recall", "slide", "content.recall api.recall_slide"),
    # --- public notices that run ---
    ("slide.read", "", "objection.running"),
    ("slide.edit", "slide", "objection.ask"),
    ("slide.approve", "slide", "objection.agree objection.refuse"),
    ("slide.approve", "revision", "objection.sign"),
    # --- whether it hung ---
    ("slide.read", "slide", "proof.slide proof.certify"),
    ("slide.read", "certificate", "proof.certificate proof.certificate_json proof.certificate_pdf"),
    (SIGNED_IN, "", "proof.check proof.do_check"),
    # --- the duty ---
    ("duty.read", "", "duty.topics duty.units"),
    ("duty.read", "unit", "duty.unit"),
    ("duty.note", "unit", "duty.note duty.do_note duty.confirm"),
    ("duty.note", "happening", "duty.drop"),
    ("duty.note", "confirmation", "duty.undo"),
    ("topic.read", "", "catalogue.book catalogue.figures catalogue.figures_book catalogue.gaps catalogue.gaps_book catalogue.records "
                       "catalogue.records_book"),
    ("topic.read", "topic", "catalogue.topic"),
    ("topic.read", "record", "catalogue.record"),
    ("topic.edit", "", "catalogue.new catalogue.add catalogue.rule catalogue.classes catalogue.set_classes catalogue.bring catalogue.look "
                       "catalogue.store"),
    ("topic.edit", "topic", "catalogue.edit catalogue.change catalogue.end"),
    # --- boards and what plays on them ---
    ("board.read", "", "signage.boards signage.groups api.list_boards api.list_groups"),
    ("board.read", "board", "signage.board signage.screen signage.note_call api.board"),
    ("board.read", "group", "signage.group"),
    ("board.edit", "", "signage.pairing signage.pair signage.waiting signage.make_group api.make_board api.make_group api.pair_board"),
    ("board.edit", "board", "signage.change_board_form signage.change_board signage.pairing_again signage.pair_again signage.tell_board "
                            "signage.end_board api.change_board"),
    ("board.read", "", "relays.listing"),
    ("board.read", "relay", "relays.one"),
    ("board.edit", "relay", "relays.change relays.pair_again relays.end"),
    ("board.edit", "group", "signage.change_group api.change_group"),
    ("override.ask", "", "overrides.home overrides.ask overrides.take_in api.ask_override api.list_overrides"),
    ("override.ask", "override", "overrides.one overrides.end overrides.called api.override api.end_override"),
    ("override.confirm", "override", "overrides.confirming overrides.confirm overrides.refuse overrides.sign api.confirm_override"),
    ("boards.stop", "", "overrides.stopping overrides.stop overrides.lift"),
    ("playlist.read", "", "signage.playlists schedule.week schedule.moment schedule.dayparts api.list_playlists api.list_campaigns"),
    ("playlist.read", "campaign", "schedule.campaign api.campaign"),
    ("playlist.read", "playlist", "signage.playlist api.playlist"),
    ("playlist.edit", "", "signage.make_playlist schedule.new schedule.add schedule.sentence schedule.add_daypart api.make_playlist "
                          "api.make_campaign"),
    ("playlist.edit", "campaign", "schedule.change schedule.move schedule.remove api.change_campaign api.remove_campaign"),
    ("playlist.edit", "daypart", "schedule.change_daypart schedule.remove_daypart"),
    ("playlist.edit", "playlist", "signage.save_playlist signage.choose_slides signage.add_slides signage.place_playlist "
                                  "signage.rename_playlist signage.remove_playlist signage.set_transition api.set_items"),
    ("source.edit", "", "sources.sources sources.add sources.try_out"),
    ("source.edit", "source", "sources.source sources.change sources.look sources.end sources.propose sources.end_rule"),
    ("slide.approve", "", "sources.rules"),
    ("slide.approve", "source", "sources.agree sources.refuse"),
    # --- the office and its people ---
    ("board.edit", "relay", "parcels.export parcels.take_back"),
    ("office.edit", "", "backups.backups backups.confirm"),
    ("office.edit", "", "office.office office.addresses office.add_address office.deliveries office.days office.set_day office.paste_days "
                        "office.clear_days"),
    ("office.edit", "address", "office.try_address office.end_address"),
    ("office.edit", "delivery", "office.renew_delivery"),
    ("people.read", "", "people.people people.units"),
    ("people.read", "person", "people.person"),
    ("people.read", "unit", "people.unit"),
    ("people.edit", "", "people.person_new people.add_person people.add_unit"),
    ("people.edit", "person", "people.grant people.renew_link people.disable people.enable people.unlock"),
    ("people.edit", "grant", "people.end_grant"),
    ("people.edit", "unit", "people.change_unit"),
    ("people.consent", "", "people.consents"),
    ("people.consent", "grant", "people.consent"),
    ("people.consent", "deputy", "deputies.consent"),
    (SIGNED_IN, "", "deputies.deputies deputies.name people.me people.change_password people.make_token office.see"),
    (SIGNED_IN, "deputy", "deputies.end"),
    (SIGNED_IN, "token", "people.end_token"),
)
RIGHTS: Mapping[str, Right] = {name: Right(action, of) for action, of, names in _TABLE for name in names.split()}
# What nobody need be signed in for, with the reason why it may be so.
OPEN: Mapping[str, str] = {
    "content.front": "leads to the sign-in page", "people.sign_in": "the door", "people.do_sign_in": "the door",
    "people.sign_out": "out is always open", "people.language": "before signing in", "people.link": "its token is the right",
    "people.use_link": "its token is the right", "looks.hangs": "what hangs is public, and stands beside the sign-in",
    "looks.look_css": "the style of what hangs", "looks.font": "the font of what hangs", "api.openapi": "the API tells itself",
    "api.tus.options": "what the protocol asks first",
}


def guard() -> None:
    """Before every request to staff pages and the API: only for people who may do this somewhere."""
    if request.endpoint is None or not request.path.startswith(SIDES) or request.endpoint in OPEN:
        return
    right = RIGHTS.get(request.endpoint)
    if right is None:
        raise Forbidden("这个页面还没有写明谁能用，先不开放。请告诉管理员。")
    who = actor()
    if right.action != SIGNED_IN:
        must(who, right.action)
