"""Staff pages of deputies: who stands in for whom, from when until when."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("deputies", __name__)
