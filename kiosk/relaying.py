"""The command `relay`. Loaded alone: it runs where the server cannot (Windows), and without the weight of content and database."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from kiosk import console, serving
from kiosk.base.errors import Problem
from kiosk.relay.options import options_of
from kiosk.serving import Ready

ABOUT = "start a relay: a mirror of the server beside its boards, which play without the line"
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
    relay.add_argument("--server", required=True, metavar="URL", help="the server, https://… (or http://… inside a closed network)")
    relay.add_argument("--data", type=Path, metavar="DIR", help="folder of what it holds and of its token (var/relay)")
    relay.add_argument("--host", help="address to listen on (127.0.0.1: for this PC's own screen; 0.0.0.0: for the centre's others too)")
    relay.add_argument("--port", type=int, help="port to listen on (8100)")
    relay.add_argument("--ca", metavar="FILE", help="certificates to trust instead of the system's, for a server with its own")
    relay.add_argument("--kbps", type=int, metavar="N", help="most kilobytes a second for downloads; inserts are not held up (0: all)")
    relay.add_argument("--night", metavar="HH:MM-HH:MM", help="when to fetch what starts later than that night (at once)")
    relay.add_argument("--ready-file", metavar="F", help="write the address here as JSON once it answers")


def run(arguments: argparse.Namespace) -> int:
    options = options_of(**{name: getattr(arguments, name) for name in WORDS})
    serving.check_port(options.host, options.port)
    console.make_folder(options.data)
    address = console.url(options.host, options.port)
    return serving.serve(options, Ready(f"中继在 {address}/board，服务器是 {options.server}", arguments.ready_file or "",
                                        json.dumps({"url": address})))
