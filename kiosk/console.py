"""Console: what every command says the same way."""

from __future__ import annotations

import os
import sys
from gettext import NullTranslations, translation
from ipaddress import ip_address
from pathlib import Path

from kiosk.base.errors import Problem, filled


def worded(problem: Problem) -> str:
    """In Chinese, or in English where the console asks for it and a catalogue is there."""
    wanted = (os.environ.get("LC_ALL") or os.environ.get("LANG") or "").startswith("en")
    folder = Path(__file__).with_name("translations")
    words = translation("messages", folder, ["en"], fallback=True) if wanted else NullTranslations()
    return filled(problem.message, problem.params, words.gettext)


def warn_of_open_host(host: str) -> None:
    try:
        loopback = ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    if not loopback:
        print(f"注意：正在 {host} 上明文提供服务。对外使用时，前面要有负责 TLS 的服务器（见 deploy/README.md）。",
              file=sys.stderr, flush=True)


def tell_code(code: str) -> None:
    """A relay's own code, for whoever has no screen beside it."""
    print(f"这台中继还没有登记。请在管理页面点“公示屏”，再点“登记新屏”，输入代码：{code}", file=sys.stderr, flush=True)


def url(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens there."""
    host = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def make_folder(path: Path) -> None:
    """The data folder; Problem says why it cannot be used."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Problem("数据文件夹 %(path)s 用不了：%(why)s。请换一个 --data。", path=path, why=error.strerror) from error
