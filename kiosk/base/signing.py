"""Seals: the office's Ed25519 keys, the seal of a ref, and whom a board or a relay believes. A secret key never leaves the server.

A key is changed with an overlap. The old key seals a statement that names its successor and from when the successor seals; from that
moment every ref carries the chain of all statements. Whoever pinned a key of the chain follows it to the key of today, however long it was
away. Once a key has sealed, those before it are forgotten. The rule is `trusted`; its twin is static/board/seal.js, and
tests/contracts/keys.json holds both to the same answers.
"""

from __future__ import annotations

import base64
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from kiosk.base.canonical import canonical, sha256
from kiosk.base.clock import iso, parse
from kiosk.base.disk import sync_folder
from kiosk.base.errors import Conflict

ALG = "ed25519"
CHAIN = "keys"  # the field of a ref that holds the statements, oldest first
LONGEST = 64  # statements that are followed; an office changes its key once a year, not once an hour


class Untrusted(Exception):
    """A ref that is not to be believed. `cause`: answer (no ref at all), alg, seal, board (another board's) or older."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


def trusted(ref: Any, pinned: Sequence[str], *, board: int | None = None, version: int = 0) -> tuple[str, ...]:
    """The keys to pin from now on (base64, oldest first), or Untrusted. `board`: whose ref it must be; `version`: the least it may have."""
    if not isinstance(ref, Mapping) or type(ref.get("version")) is not int:
        raise Untrusted("answer")
    if ref.get("alg") != ALG:
        raise Untrusted("alg")
    keys = followed(pinned, ref.get(CHAIN))
    sealing = next((at for at in reversed(range(len(keys))) if genuine(ref, keys[at])), None)
    if sealing is None:
        raise Untrusted("seal")
    if board is not None and ref.get("board") != board:
        raise Untrusted("board")
    if ref["version"] < version:
        raise Untrusted("older")
    return keys[sealing:]


def followed(pinned: Sequence[str], chain: Any) -> tuple[str, ...]:
    """The pinned keys, and those that statements sealed by one of them lead to."""
    keys = list(pinned)
    for told in chain[:LONGEST] if isinstance(chain, list) else ():
        if isinstance(told, Mapping) and told.get("old") in keys and isinstance(told.get("successor"), str) \
                and told["successor"] not in keys and genuine(told, told["old"]):
            keys.append(told["successor"])
    return tuple(keys)


def genuine(told: Mapping[str, Any], public: str) -> bool:
    """Whether the seal fits what is told and the public key (base64 of 32 bytes)."""
    bare = {name: value for name, value in told.items() if name != "seal"}
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(base64.b64decode(told.get("seal", "")), canonical(bare))
    except (InvalidSignature, ValueError, TypeError):
        return False
    return bare.get("alg") == ALG


@dataclass(frozen=True)
class _Key:
    """One key of the office. `since`: from when it seals, None for the first."""

    secret: Ed25519PrivateKey
    since: datetime | None = None

    @property
    def public(self) -> str:
        return base64.b64encode(_raw(self.secret)).decode()

    @property
    def id(self) -> str:
        return sha256(_raw(self.secret))[:16]

    def seal(self, told: Mapping[str, Any]) -> dict[str, Any]:
        bare = {**told, "alg": ALG, "key": self.id}
        return {**bare, "seal": base64.b64encode(self.secret.sign(canonical(bare))).decode()}


class Signer:
    """Seals with the office's keys; the first is made at the first start. Other processes of the data folder see a new key at once.

    `path` holds the first key, beside it lie its successors (seal.2.key …) and the chain (seal.chain.json).
    """

    def __init__(self, path: Path) -> None:
        self._path, self._chain = path, path.with_suffix(".chain.json")
        self._seen: tuple[int, ...] | None = None
        self._told: list[dict[str, Any]] = []
        self._keys: list[_Key] = []
        self._look()

    @property
    def public(self) -> str:
        """The newest key that is known, for who asks no moment."""
        return self._look()[-1].public

    @property
    def key_id(self) -> str:
        return self._look()[-1].id

    @property
    def publics(self) -> list[str]:
        """Every key that the office ever had, oldest first: what was sealed years ago is still ours."""
        keys = self._look()
        return [each["old"] for each in self._told] + [keys[-1].public]

    def public_at(self, at: datetime) -> str:
        """What a board pins that is paired at this moment."""
        return self._at(at).public

    def state(self, at: datetime) -> str:
        """Changes when what is sealed has to be sealed anew: another key seals, or the chain grew."""
        return f"{self._at(at).id} {len(self._told)}"

    def seal(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """What is told with alg, key and seal. A ref, which has a `sealed_at`, by the key of that moment and with the chain."""
        at = told.get("sealed_at")
        if at is None:
            return self._look()[-1].seal(told)
        return self._at(parse(at)).seal({**told, CHAIN: self._told} if self._told else told)

    def rotate(self, *, at: datetime, overlap: timedelta) -> datetime:
        """Make a successor, which seals once the overlap is over; when that is. Conflict while another one waits."""
        keys = self._look()
        if keys[-1].since is not None and keys[-1].since > at:
            raise Conflict("上一次更换密钥还在过渡期，到 %(day)s 结束。过渡期里不能再换。", day=iso(keys[-1].since))
        since, path = parse(iso(at + overlap) or ""), self._file(len(self._told) + 1)
        keep_secret(path, _private(Ed25519PrivateKey.generate()))
        old, new = keys[-1], _Key(Ed25519PrivateKey.from_private_bytes(path.read_bytes()), since)  # what lies there, whoever wrote it
        statement = old.seal({"old": old.public, "successor": new.public, "since": iso(since), "said": iso(at)})
        _replace(self._chain, json.dumps([*self._told, statement], indent=1).encode())
        for number in range(len(self._told)):  # they seal nothing any more
            self._file(number).unlink(missing_ok=True)
        self._look()
        return since

    def _at(self, at: datetime) -> _Key:
        keys = self._look()
        return next((key for key in reversed(keys) if key.since is None or key.since <= at), keys[0])

    def _look(self) -> list[_Key]:
        """The keys that may still seal, oldest first; costs a look at the chain's time."""
        try:
            told = os.stat(self._chain)
            seen: tuple[int, ...] = (told.st_mtime_ns, told.st_size, told.st_ino)
        except FileNotFoundError:
            seen = ()
        if seen != self._seen:
            chain = json.loads(self._chain.read_text(encoding="utf-8")) if seen else []
            self._keys, self._told, self._seen = self._load(chain), chain, seen
        return self._keys

    def _load(self, chain: Sequence[Mapping[str, Any]]) -> list[_Key]:
        if not chain and not self._file(0).exists():
            keep_secret(self._file(0), _private(Ed25519PrivateKey.generate()))
        sinces = [None, *(parse(each["since"]) for each in chain)]
        return [_Key(Ed25519PrivateKey.from_private_bytes(path.read_bytes()), since)
                for since, path in ((since, self._file(number)) for number, since in enumerate(sinces)) if path.exists()]

    def _file(self, number: int) -> Path:
        """Where the key after so many changes lies."""
        return self._path if number == 0 else self._path.with_suffix(f".{number + 1}{self._path.suffix}")


def keep_secret(path: Path, data: bytes) -> None:
    """Write a secret for the owner's eyes only, whole or not at all; the first writer wins."""
    temporary = _written(path, data)
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    temporary.unlink()


def _replace(path: Path, data: bytes) -> None:
    """As keep_secret, but the last writer wins."""
    _written(path, data).replace(path)
    sync_folder(path.parent)


def _written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _raw(secret: Ed25519PrivateKey) -> bytes:
    return secret.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def _private(secret: Ed25519PrivateKey) -> bytes:
    return secret.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
