"""What a relay is started with; it has no other settings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time
from pathlib import Path
from urllib.parse import urlsplit

from kiosk.base.errors import Problem
from kiosk.relay.refs import Night


@dataclass(frozen=True)
class Options:
    """`server`: the one address that it goes to; `ca`: a file of certificates to trust instead of the system's; `kbps`: kilobytes a second
    that downloads may take, 0 for all there is; `night`: HH:MM-HH:MM, when to fetch what starts later, "" for at once.
    """

    server: str
    data: Path = Path("var/relay")
    host: str = "127.0.0.1"
    port: int = 8100
    ca: str = ""
    kbps: int = 0
    night: str = ""
    threads: int = 8

    @property
    def nights(self) -> Night | None:
        return night_of(self.night) if self.night else None


def options_of(**given: object) -> Options:
    """Options from the command line's words; Problem says what is wrong."""
    known = {name: value for name, value in given.items() if value is not None}
    made = Options(**known)  # type: ignore[arg-type]
    made = Options(**{**vars(made), "data": Path(made.data).absolute(), "ca": str(made.ca)})
    address = urlsplit(made.server)
    if address.scheme not in ("http", "https") or not address.hostname or address.path.strip("/") or address.query or address.username:
        raise Problem("--server 要写服务器的地址，例如 https://kiosk.example.cn。")
    if made.ca and not Path(made.ca).is_file():
        raise Problem("没有证书文件 %(path)s。", path=made.ca)
    if made.kbps < 0:
        raise Problem("--kbps 要写每秒多少 KB，0 是不限。")
    if made.night:
        night_of(made.night)
    return made


def night_of(text: str) -> Night:
    """`22:00-06:00`."""
    try:
        start, end = (time.fromisoformat(each.strip()) for each in text.split("-"))
    except ValueError:
        raise Problem("--night 要写成 22:00-06:00 这样。") from None
    return Night(start, end)
