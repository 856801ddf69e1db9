"""The browser's profile: mended before each start, bounded, set aside when it is damaged. What must survive it lies beside it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

LITTER = ("Crash Reports", "Crashpad", "BrowserMetrics", "GrShaderCache", "ShaderCache", "component_crx_cache", "DevToolsActivePort")


def mend(profile: Path) -> None:
    """As if the last exit had been clean: no question about it, no lock of a dead browser, nothing that only grows."""
    profile.mkdir(parents=True, exist_ok=True)
    for name in ("SingletonLock", "SingletonSocket", "SingletonCookie"):
        (profile / name).unlink(missing_ok=True)
    for name in LITTER:
        found = profile / name
        shutil.rmtree(found, ignore_errors=True) if found.is_dir() else found.unlink(missing_ok=True)
    preferences = profile / "Default" / "Preferences"
    try:
        text = preferences.read_text(encoding="utf-8")
        json.loads(text)
    except FileNotFoundError:
        return
    except (OSError, ValueError):
        preferences.unlink(missing_ok=True)  # half written: the browser makes a new one
        return
    mended = re.sub(r'"exit_type":"[^"]*"', '"exit_type":"Normal"', text).replace('"exited_cleanly":false', '"exited_cleanly":true')
    if mended != text:
        try:
            write(preferences, mended.encode())
        except OSError:
            pass  # no room: then with a flag alone


def set_aside(profile: Path) -> Path:
    """Make room for a new profile; only the last damaged one is kept, for whoever looks into it."""
    damaged = profile.with_name(profile.name + ".damaged")
    shutil.rmtree(damaged, ignore_errors=True)
    if profile.exists():
        profile.rename(damaged)
    return damaged


def free(profile: Path) -> None:
    """End a browser that still runs in this profile: of two in one, both would break it."""
    try:
        owner = int(os.readlink(profile / "SingletonLock").rpartition("-")[2])
        words = Path(f"/proc/{owner}/cmdline").read_bytes().decode(errors="replace")
    except (OSError, ValueError):
        return
    if str(profile) in words:
        os.kill(owner, signal.SIGKILL)
        time.sleep(0.5)


def end(process: subprocess.Popen[bytes]) -> None:
    """End a browser with all its children, also a stopped one."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(process.pid)], capture_output=True, check=False)
    else:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    process.wait(20)


def memory(process: subprocess.Popen[bytes]) -> int:
    """Bytes that the browser and its children hold, shared pages shared out; 0 where that cannot be known."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.getpgid(int(folder.name)) == process.pid:
                found = re.search(r"^Pss:\s+(\d+)", (folder / "smaps_rollup").read_text(), re.MULTILINE)
                total += int(found.group(1)) * 1024 if found else 0
        except OSError:
            pass
    return total


def read(path: Path) -> dict[str, Any]:
    """What was kept; nothing where it is not whole."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def write(path: Path, body: bytes) -> None:
    """Whole or not at all, also through a power cut."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with beside.open("wb") as file:
            os.chmod(beside, 0o600)
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
