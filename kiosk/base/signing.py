"""The seal of a ref: Ed25519 over its canonical JSON, the seal itself left out. The key never leaves the server."""

from __future__ import annotations

import base64
import os
import tempfile
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from kiosk.base.canonical import canonical, sha256

ALG = "ed25519"


class Signer:
    """Seals refs with the office's key; made at the first start, kept over restarts."""

    def __init__(self, path: Path) -> None:
        self._key = _load(path)
        raw = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.public = base64.b64encode(raw).decode()
        self.key_id = sha256(raw)[:16]

    def seal(self, ref: dict[str, Any]) -> dict[str, Any]:
        """The ref with alg, key and seal."""
        bare = {**ref, "alg": ALG, "key": self.key_id}
        return {**bare, "seal": base64.b64encode(self._key.sign(canonical(bare))).decode()}


def genuine(ref: dict[str, Any], public: str) -> bool:
    """Whether the seal fits the ref and the pinned public key (base64 of 32 bytes)."""
    bare = {name: value for name, value in ref.items() if name != "seal"}
    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(base64.b64decode(ref.get("seal", "")), canonical(bare))
    except (InvalidSignature, ValueError):
        return False
    return True


def _load(path: Path) -> Ed25519PrivateKey:
    if not path.exists():
        raw = Ed25519PrivateKey.generate().private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        keep_secret(path, raw)
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())


def keep_secret(path: Path, data: bytes) -> None:
    """Write a secret for the owner's eyes only, whole or not at all; the first writer wins."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    temporary.unlink()
