"""The command `relay`. Loaded alone: it runs where the server cannot (Windows), and without the weight of content and database."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kiosk import console, serving
from kiosk.base.clock import now
from kiosk.base.errors import Problem
from kiosk.relay import sticks
from kiosk.relay.courier import Courier
from kiosk.relay.options import Options, options_of
from kiosk.relay.store import Store
from kiosk.relay.upstream import Upstream
from kiosk.serving import Ready

ABOUT = "start a relay: a mirror of the server beside its boards, which play without the line"
PATIENCE = 60.0
WORDS = ("server", "data", "host", "port", "ca", "kbps", "night")


def main(words: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    parser = argparse.ArgumentParser(prog="kiosk")
    add_to(parser.add_subparsers(required=True, metavar="COMMAND"))
    arguments = parser.parse_args(words)
    os.umask(0o027)
    try:
        return run(arguments)
    except Problem as problem:
        print(console.worded(problem), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def add_to(commands: Any) -> None:
    """The command's words, beside those of the others."""
    relay: argparse.ArgumentParser = commands.add_parser("relay", help=ABOUT, description=ABOUT)
    relay.set_defaults(run=run)
    relay.add_argument("--server", metavar="URL", help="the server, https://… (or http://… inside a closed network)")
    relay.add_argument("--data", type=Path, metavar="DIR", help="folder of what it holds and of its token (var/relay)")
    relay.add_argument("--host", help="address to listen on (127.0.0.1: for this PC's own screen; 0.0.0.0: for the centre's others too)")
    relay.add_argument("--port", type=int, help="port to listen on (8100)")
    relay.add_argument("--ca", metavar="FILE", help="certificates to trust instead of the system's, for a server with its own")
    relay.add_argument("--kbps", type=int, metavar="N", help="most kilobytes a second for downloads; inserts are not held up (0: all)")
    relay.add_argument("--night", metavar="HH:MM-HH:MM", help="when to fetch what starts later than that night (at once)")
    relay.add_argument("--take", type=Path, metavar="FILE", help="take in what staff exported for this relay, running or not, and end")
    relay.add_argument("--give", type=Path, metavar="FILE", help="write what its boards have told, for staff to take in, and end")
    relay.add_argument("--ready-file", metavar="F", help="write the address here as JSON once it answers")


def run(arguments: argparse.Namespace) -> int:
    if arguments.take or arguments.give:
        return _by_hand((arguments.data or Options.data).absolute(), arguments.take, arguments.give)
    if not arguments.server:
        raise Problem("--server 要写服务器的地址，例如 https://kiosk.example.cn。")
    options = options_of(**{name: getattr(arguments, name) for name in WORDS})
    serving.check_port(options.host, options.port)
    console.make_folder(options.data)
    address = console.url(options.host, options.port)
    return serving.serve(options, Ready(f"中继在 {address}/board，服务器是 {options.server}", arguments.ready_file or "",
                                        json.dumps({"url": address})))


def _by_hand(data: Path, taken: Path | None, given: Path | None) -> int:
    """With a USB stick. A running relay takes the file out of its inbox; where none does, this command takes it."""
    if not (data / "relay.json").exists():
        raise Problem("%(path)s 里没有登记过的中继。请写对 --data。", path=data)
    if taken is not None:
        _take(data, taken)
    if given is not None:
        store = Store(data)
        count = sticks.give(store, _courier(store), given, at=now())
        print(f"写好了：{given}，{count} 批播放记录。请带回去在管理页面的“中继”里收。")
    return 0


def _take(data: Path, path: Path) -> None:
    place = sticks.hand_in(data, path)
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and place.exists() and _answers(data):
        time.sleep(0.2)
    reason = sticks.reason(data, place)
    if place.exists():
        try:
            store = Store(data)
            sticks.receive(store, _courier(store), sticks.settled(store), place, now=now())
        finally:
            place.unlink(missing_ok=True)
    elif reason.exists():
        raise Problem("%(why)s", why=reason.read_text(encoding="utf-8").strip())
    print(f"收好了：{path}。带回去的包在 {data / 'outbox'}。")


def _answers(data: Path) -> bool:
    """Whether a relay runs over this folder: it looks into its inbox every two seconds."""
    try:
        return time.time() - (data / sticks.ALIVE).stat().st_mtime < sticks.LOOK * 3
    except OSError:
        return False


def _courier(store: Store) -> Courier:
    return Courier(store, Upstream("http://127.0.0.1:9"), dict, now=now)  # it is never started: nothing leaves this way
