"""Staff pages of the office's own settings: where reminders go and what became of them, days off and days worked."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("office", __name__)
