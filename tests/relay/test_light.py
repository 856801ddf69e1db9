"""A relay is light, and starts where the server cannot."""

from __future__ import annotations

import subprocess
import sys

from tests.house.test_layers import ROOT

HEAVY = ("sqlalchemy", "PIL", "alembic", "kiosk.content", "kiosk.people", "openpyxl", "flask_babel")


def test_it_loads_neither_database_nor_content_nor_what_windows_has_not():
    """fcntl is missing there, and so are epoll and gunicorn."""
    asked = f"""
import http.client, select, ssl, sys, zoneinfo, flask, flask_sock
from cryptography.hazmat.primitives.asymmetric import ed25519
sys.modules["fcntl"] = None
del select.epoll
sys.platform = "win32"
import kiosk.relaying, kiosk.web.relay
print([name for name in {HEAVY} + ("gunicorn",) if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr


def test_the_command_line_says_in_one_line_what_is_wrong(tmp_path):
    for words, told in ((["--server", "kiosk.example.cn"], "--server"), (["--server", "https://a.cn", "--night", "10 pm"], "--night"),
                        (["--server", "https://a.cn", "--ca", str(tmp_path / "none.pem")], "none.pem"),
                        (["--server", "https://a.cn", "--kbps", "-1"], "--kbps"),
                        (["--server", "https://a.cn", "--port", "99999"], "65535")):
        done = subprocess.run([sys.executable, "-m", "kiosk", "relay", "--data", str(tmp_path / "relay"), *words], cwd=ROOT,
                              capture_output=True, text=True, check=False)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1 and told in done.stderr


def test_every_command_is_listed_and_the_relay_says_what_it_takes():
    listed = subprocess.run([sys.executable, "-m", "kiosk", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "relay" in listed.stdout and "serve" in listed.stdout
    told = subprocess.run([sys.executable, "-m", "kiosk", "relay", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(word in told.stdout for word in ("--server", "--night", "--kbps", "--ca"))
