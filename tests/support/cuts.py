"""Power cuts: what a disk may hold after one, at any moment of a run.

A program is run under strace, and every write, fsync, rename, link and unlink below one folder is recorded. From that record the folder is
built again as a cut at a given moment may leave it: what was fsynced is there; of what was not, nothing, all, or any part. Names too are
only certain once their folder was fsynced; until then an ordered part of the changes counts, as journalling file systems do it. That is
stricter than ext4 in its default mode (but that folders themselves count as made), and proves what the program asks of the disk. It does
not prove what a disk does that lies about fsync, nor anything of files outside the folder.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest

CALLS = ("open,openat,creat,close,write,pwrite64,writev,pwritev,lseek,ftruncate,truncate,fsync,fdatasync,sync,syncfs,rename,renameat,"
         "renameat2,link,linkat,unlink,unlinkat,mkdir,mkdirat,rmdir,dup,dup2,dup3,fcntl,sendfile,copy_file_range,fallocate")
_LINE = re.compile(r"^(\d+) (\w+)\((.*)\)\s+= (-?\d+|\?|0x[0-9a-f]+)")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')
SECTOR = 512


@dataclass
class Inode:
    """A file: its bytes as the program sees them, as the disk has them for certain, and the writes in between."""

    now: bytearray = field(default_factory=bytearray)
    safe: bytes = b""
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)  # None: cut off at the offset


@dataclass(frozen=True)
class Named:
    """A change of a folder: `inode` is called `path`, or nothing is any more."""

    path: str
    inode: Inode | None


Act = Callable[["Disk"], None]


class Disk:
    """The folder while the record is played."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.names: dict[str, Inode] = {}
        self.safe: dict[str, Inode] = {}
        self.pending: list[Named] = []
        self.folders: set[str] = {root}
        self.said = ""  # what the program had said by now

    @property
    def told(self) -> list[str]:
        return self.said.split("\n")[:-1]

    def say(self, text: str) -> None:
        self.said += text

    def write(self, inode: Inode, at: int, data: bytes) -> None:
        if len(inode.now) < at:
            inode.now.extend(bytes(at - len(inode.now)))
        inode.now[at:at + len(data)] = data
        inode.pending.append((at, data))

    def cut(self, inode: Inode, size: int) -> None:
        del inode.now[size:]
        inode.now.extend(bytes(size - len(inode.now)))
        inode.pending.append((size, None))

    def sync(self, inode: Inode) -> None:
        inode.safe, inode.pending = bytes(inode.now), []

    def name(self, path: str, inode: Inode | None) -> None:
        if inode is None:
            self.names.pop(path, None)
        else:
            self.names[path] = inode
        self.pending.append(Named(path, inode))

    def sync_folder(self, folder: str) -> None:
        kept = []
        for change in self.pending:
            if os.path.dirname(change.path) == folder:
                self._settle(self.safe, change)
            else:
                kept.append(change)
        self.pending = kept

    def sync_all(self) -> None:
        for inode in {id(each): each for each in [*self.names.values(), *self.safe.values()]}.values():
            self.sync(inode)
        for folder in list(self.folders):
            self.sync_folder(folder)

    def after(self, chance: random.Random, into: Path) -> None:
        """The folder as a cut at this moment leaves it."""
        how = chance.choice(("nothing", "all", "some", "some"))
        names = dict(self.safe)
        taken = {"nothing": 0, "all": len(self.pending), "some": chance.randint(0, len(self.pending))}[how]
        for change in self.pending[:taken]:
            self._settle(names, change)
        for folder in sorted(self.folders):
            (into / os.path.relpath(folder, self.root)).mkdir(parents=True, exist_ok=True)
        whole: dict[int, Path] = {}
        for path, inode in names.items():
            target = into / os.path.relpath(path, self.root)
            target.parent.mkdir(parents=True, exist_ok=True)
            if id(inode) in whole:
                os.link(whole[id(inode)], target)
                continue
            target.write_bytes(_torn(inode, how, chance))
            whole[id(inode)] = target

    @staticmethod
    def _settle(names: dict[str, Inode], change: Named) -> None:
        if change.inode is None:
            names.pop(change.path, None)
        else:
            names[change.path] = change.inode


def _torn(inode: Inode, how: str, chance: random.Random) -> bytes:
    data = bytearray(inode.safe)
    for at, piece in inode.pending:
        if how == "nothing" or (how == "some" and chance.random() < 0.5):
            continue
        if piece is None:
            del data[at:]
            data.extend(bytes(at - len(data)))
            continue
        if how == "some" and len(piece) > SECTOR and chance.random() < 0.3:
            piece = piece[:SECTOR * chance.randint(1, (len(piece) - 1) // SECTOR)]
        data.extend(bytes(max(0, at - len(data))))
        data[at:at + len(piece)] = piece
    return bytes(data)


def _carried(disk: Disk, *, old: str, new: str, inode: Inode) -> None:
    """A name that moved with its folder."""
    for names in (disk.names, disk.safe):
        if names.pop(old, None) is not None:
            names[new] = inode


def recorded(script: str, root: Path, *words: str) -> list[Act]:
    """Run the script (its first word is `root`); the acts below that folder, and what it printed, in order."""
    strace = shutil.which("strace")
    if strace is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("strace is not installed (deploy/packages-test.txt)")
    root.mkdir(parents=True, exist_ok=True)
    log = root.with_name(f"{root.name}.strace")
    done = subprocess.run([strace, "-f", "-o", str(log), "-e", f"trace={CALLS}", "-xx", "-s", str(1 << 26), sys.executable, "-c", script,
                           str(root), *words], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stderr
    acts = list(_Reader(str(root)).acts(log))
    log.unlink()
    return acts


def cuts(acts: list[Act], root: Path, folder: Path, *, count: int, seed: int, first: str = "") -> Iterator[tuple[Path, list[str]]]:
    """So many cuts at random moments after the program said `first`: each folder as the disk may hold it, and what was said by then."""
    chance = random.Random(seed)
    said = _moment(acts, root, first)
    moments = sorted(chance.randint(said, len(acts)) for _ in range(count))
    disk, done = Disk(str(root)), 0
    for number, moment in enumerate(moments):
        for act in acts[done:moment]:
            act(disk)
        done = moment
        into = folder / f"cut{number}"
        into.mkdir(parents=True)
        disk.after(chance, into)
        yield into, disk.told
        shutil.rmtree(into, ignore_errors=True)


def _moment(acts: list[Act], root: Path, first: str) -> int:
    disk = Disk(str(root))
    for number, act in enumerate(acts, 1):
        if first in disk.told or not first:
            return number - 1
        act(disk)
    return len(acts)


@dataclass
class _Open:
    path: str
    inode: Inode | None  # None: a folder
    at: int = 0
    appends: bool = False


class _Reader:
    """From strace's lines to acts. File descriptors are per process; the programs run here do not hand theirs on."""

    def __init__(self, root: str) -> None:
        self._root, self._open, self._known = root, dict[int, _Open](), dict[str, Inode]()
        self._folders, self._unfinished = {root}, dict[str, str]()

    def acts(self, log: Path) -> Iterator[Act]:
        with log.open(encoding="ascii", errors="replace") as lines:
            for line in lines:
                pid, _, rest = line.partition(" ")
                rest = rest.lstrip()
                if rest.rstrip().endswith("<unfinished ...>"):
                    self._unfinished[pid] = rest.rstrip().removesuffix("<unfinished ...>")
                    continue
                if rest.startswith("<... "):
                    rest = self._unfinished.pop(pid, "") + rest.partition("resumed>")[2].lstrip()
                found = _LINE.match(f"{pid} {rest}")
                if found and not found[4].startswith(("-", "?")):
                    yield from self._act(found[2], found[3], int(found[4], 0))

    def _act(self, call: str, words: str, result: int) -> Iterator[Act]:
        texts = [bytes.fromhex(each[0].replace("\\x", "")) for each in _TEXT.findall(words)]
        if call in ("open", "openat", "creat"):
            yield from self._opened(texts[0].decode(), words, result)
        elif call == "write" and words.startswith("1, "):
            yield from self._said(texts[0].decode("utf-8", "replace"))
        elif call in ("rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "mkdir", "mkdirat", "rmdir"):
            yield from self._renamed(call, [os.path.normpath(each.decode()) for each in texts])
        elif call in ("sync", "syncfs"):
            yield lambda disk: disk.sync_all()
        else:
            yield from self._on(call, words, texts, result)

    def _opened(self, path: str, words: str, handle: int) -> Iterator[Act]:
        path = os.path.normpath(path)
        self._open.pop(handle, None)
        if path != self._root and not path.startswith(self._root + "/"):
            return
        if path in self._folders or "O_DIRECTORY" in words:
            self._open[handle] = _Open(path, None)
            return
        fresh = path not in self._known
        inode = self._known.setdefault(path, Inode())
        self._open[handle] = _Open(path, inode, appends="O_APPEND" in words)
        if fresh:
            yield lambda disk: disk.name(path, inode)
        elif "O_TRUNC" in words:
            yield lambda disk: disk.cut(inode, 0)

    @staticmethod
    def _said(text: str) -> Iterator[Act]:
        yield lambda disk: disk.say(text)

    def _renamed(self, call: str, paths: list[str]) -> Iterator[Act]:
        mine = [each for each in paths if each.startswith(self._root + "/")]
        if not mine:
            return
        if call.startswith("mkdir"):
            self._folders.add(mine[0])
            yield lambda disk: disk.folders.add(mine[0])
        elif call == "rmdir" or mine[0] in self._folders:
            yield from self._folder_moved(call, mine)
        elif call.startswith("unlink"):
            self._known.pop(mine[0], None)
            yield lambda disk: disk.name(mine[0], None)
        else:
            inode = self._known[mine[0]]
            self._known[mine[1]] = inode
            yield lambda disk: disk.name(mine[1], inode)
            if call.startswith("rename"):
                self._known.pop(mine[0])
                yield lambda disk: disk.name(mine[0], None)

    def _folder_moved(self, call: str, paths: list[str]) -> Iterator[Act]:
        """A folder with all that is in it; only a rename brings names along."""
        old = paths[0]
        if call == "rmdir":
            self._folders = {each for each in self._folders if each != old and not each.startswith(old + "/")}
        if not call.startswith("rename"):
            return
        inside = {path: inode for path, inode in self._known.items() if path.startswith(old + "/")}
        self._folders |= {paths[1] + each.removeprefix(old) for each in self._folders if each == old or each.startswith(old + "/")}
        folders = {each for each in self._folders if each == paths[1] or each.startswith(paths[1] + "/")}
        yield lambda disk: disk.folders.update(folders)
        for path, inode in inside.items():
            moved = paths[1] + path.removeprefix(old)
            self._known[moved] = inode
            del self._known[path]
            yield partial(_carried, old=path, new=moved, inode=inode)

    def _on(self, call: str, words: str, texts: list[bytes], result: int) -> Iterator[Act]:
        handle = int(words.split(",", 1)[0]) if words[:1].isdigit() else -1
        held = self._open.get(handle)
        if call == "close":
            self._open.pop(handle, None)
        if held is None:
            return
        inode, path = held.inode, held.path
        if call in ("dup", "dup2", "dup3") or (call == "fcntl" and "F_DUPFD" in words):
            self._open[result] = held
        elif call in ("fsync", "fdatasync"):
            yield (lambda disk: disk.sync_folder(path)) if inode is None else (lambda disk: disk.sync(inode))
        elif call == "lseek":
            held.at = result
        elif inode is not None and call in ("write", "pwrite64", "ftruncate"):
            yield from self._changed(call, words, texts, held, inode, result)
        elif call in ("writev", "pwritev", "sendfile", "copy_file_range", "fallocate"):
            raise AssertionError(f"{call} on {path} is not understood here")

    @staticmethod
    def _changed(call: str, words: str, texts: list[bytes], held: _Open, inode: Inode, result: int) -> Iterator[Act]:
        if call == "ftruncate":
            size = int(words.rsplit(",", 1)[1])
            yield lambda disk: disk.cut(inode, size)
            return
        data = texts[0][:result]
        if call == "pwrite64":
            at = int(words.rsplit(",", 1)[1])
        elif held.appends:
            at = -1
        else:
            at, held.at = held.at, held.at + result
        yield lambda disk: disk.write(inode, len(inode.now) if at < 0 else at, data)
