"""office: text documents and presentations, printed to PDF by LibreOffice and drawn from there.

A fresh profile each time, macros and links off; a hung LibreOffice is ended and started once more, since it is known to hang at its start.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from kiosk.content.importer import Extract, Job
from kiosk.content.importers.documents import pages_of
from kiosk.content.sniff import Refused, Say

SECONDS = 240
TRIES = 2
PROFILE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry" xmlns:xs="http://www.w3.org/2001/XMLSchema">
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="MacroSecurityLevel" oor:op="fuse"><value>3</value></prop></item>
<item oor:path="/org.openoffice.Office.Common/Security/Scripting"><prop oor:name="DisableMacrosExecution" oor:op="fuse"><value>true</value></prop></item>
<item oor:path="/org.openoffice.Office.Writer/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>0</value></prop></item>
<item oor:path="/org.openoffice.Office.Calc/Content/Update"><prop oor:name="Link" oor:op="fuse"><value>2</value></prop></item>
</oor:items>
"""  # noqa: E501 — LibreOffice's own words


def extract(job: Job) -> Extract:
    return pages_of(job, converted(job.original, job.work, "pdf"))


def converted(file: Path, work: Path, suffix: str) -> Path:
    """The file as LibreOffice saves it under this suffix."""
    made = work / f"{file.stem}.{suffix}"
    for attempt in range(1, TRIES + 1):
        ended = _office(file, work, suffix, work / f"profile{attempt}")
        if made.exists() and made.stat().st_size:
            return made
        if ended is not None and attempt == TRIES:
            break
    if ended is None:
        raise Refused(Say.SLOW, minutes=TRIES * SECONDS // 60)
    raise Refused(Say.DAMAGED if ended >= 0 else Say.FAULT)


def _office(file: Path, work: Path, suffix: str, profile: Path) -> int | None:
    """One run of LibreOffice; its exit code, or None if it hung and was ended with all it had started."""
    (profile / "user").mkdir(parents=True, exist_ok=True)
    (profile / "user" / "registrymodifications.xcu").write_text(PROFILE, encoding="utf-8")
    program = shutil.which("soffice") or "libreoffice"
    argv = [program, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--norestore", "--nolockcheck", "--nologo", "--nodefault",
            "--convert-to", suffix, "--outdir", str(work), str(file)]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True) as process:
        try:
            return process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return None
