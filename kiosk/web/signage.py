"""Staff pages about signage."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("signage", __name__)


@bp.get("/staff/playlists")
def playlists() -> str:
    return ""


@bp.get("/staff/boards")
def boards() -> str:
    return ""
