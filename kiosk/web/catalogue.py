"""Staff pages of the catalogue: topics and classes, Excel in and out, what was disclosed, the year's figures."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("catalogue", __name__)
