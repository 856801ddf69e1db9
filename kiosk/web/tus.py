"""tus 1.0 at /api/v1/tus: uploads in pieces that go on where they broke off, also after a restart of the server.

Everything is asked before the first byte: who, for which unit, how large. A piece's body is read before any transaction, and
the place to go on from is the length of the file itself. The last piece hands the file to ingest.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import wraps
from typing import Any

from flask import Blueprint, Response, make_response, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk.base.errors import Conflict, Gone, Invalid, NotFound, Problem
from kiosk.content import ingest
from kiosk.content.ingest import LIFE, Progress, Upload
from kiosk.web import receive
from kiosk.web.openapi import Call, View, text, whole
from kiosk.web.request import actor, db, now, parts

bp = Blueprint("tus", __name__)
VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,termination,checksum"
DIGESTS: Mapping[str, Callable[[], hashlib._Hash]] = {"sha1": hashlib.sha1, "sha256": hashlib.sha256}
PIECE = "application/offset+octet-stream"
NAMES_MOST = 4000


class OtherVersion(Problem):
    status = 412
    slug = "other-version"


class NotAPiece(Problem):
    status = 415
    slug = "not-a-piece"


class Damaged(Problem):
    status = 460
    slug = "damaged"


def options() -> ResponseReturnValue:
    most = parts().settings.upload_mb * receive.MB
    return "", 204, {"Tus-Version": VERSION, "Tus-Extension": EXTENSIONS, "Tus-Max-Size": str(most),
                     "Tus-Checksum-Algorithm": ",".join(DIGESTS)}


def create() -> ResponseReturnValue:
    _speaks()
    size, words = _header("Upload-Length"), metadata(request.headers.get("Upload-Metadata", ""))
    name, key = words.pop("filename", "") or words.pop("name", ""), receive.new_key()
    words = {"topic" if each == "column" else each: value for each, value in words.items()}
    made = receive.begin(words, key=key, name=name, size=size)
    receive.incoming().begin(key)
    response = make_response("", 201)
    response.headers.update({"Location": url_for("api.tus.head", key=key), "Upload-Expires": _http(now() + LIFE),
                             "Kiosk-Upload": str(made.id), "Kiosk-Slide": str(made.slide_id or "")})
    return response


def head(key: str) -> ResponseReturnValue:
    _speaks()
    with parts().database.read() as short:
        found = _mine(short, key)
        length, expires, id = _length(found), _expires(found), found.id
    if length == found.size and found.state == Progress.RECEIVING:  # the process died between the last byte and the hand-over
        sha = _keep(key)
        with parts().database.write() as short:
            _hand_over(short, key, sha)
        parts().told()
    return "", 200, {"Upload-Offset": str(length), "Upload-Length": str(found.size), "Cache-Control": "no-store",
                     "Upload-Expires": expires, "Kiosk-Upload": str(id)}


def append(key: str) -> ResponseReturnValue:
    _speaks()
    if request.mimetype != PIECE:
        raise NotAPiece("每一段要用 %(type)s 传。", type=PIECE)
    offset, (algorithm, wanted) = _header("Upload-Offset"), _checksum()
    with parts().database.read() as short:
        found = _mine(short, key)
        if offset != _length(found):
            raise Conflict("接着传的位置不对，请先问一下传到了哪里。")
    digest = DIGESTS[algorithm]() if algorithm else None
    length = receive.take_piece(key, offset=offset, size=found.size, digest=digest)
    if digest is not None and digest.digest() != wanted:
        receive.incoming().cut(key, offset)
        raise Damaged("这一段在路上传坏了，请重传这一段。")
    if length == found.size:
        sha = _keep(key)
        _hand_over(db(), key, sha)
    return "", 204, {"Upload-Offset": str(length), "Upload-Expires": _http(now() + LIFE)}


def terminate(key: str) -> ResponseReturnValue:
    _speaks()
    found = _mine(db(), key)
    if found.state != Progress.RECEIVING:
        raise Conflict("这个文件已经传完了。不要的话，请在“我的内容”里撤下。")
    ingest.drop(db(), found, by=actor(), at=now())
    receive.incoming().drop(key)
    return "", 204


def metadata(header: str) -> dict[str, str]:
    """Upload-Metadata: names and base64 words, comma-separated."""
    if len(header) > NAMES_MOST:
        raise Invalid("Upload-Metadata", "说明太长。")
    found: dict[str, str] = {}
    for pair in filter(None, (each.strip() for each in header.split(","))):
        name, _, word = pair.partition(" ")
        try:
            found[name] = base64.b64decode(word.strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise Invalid("Upload-Metadata", "“%(name)s”看不懂，要用 base64 的 UTF-8。", name=name) from None
    return found


# --- what the views share -------------------------------------------------------------------------------------------------

def _speaks() -> None:
    if request.headers.get("Tus-Resumable") != VERSION:
        raise OtherVersion("只支持 tus %(version)s。", version=VERSION)


def _mine(session: Session, key: str) -> Upload:
    """The upload, for the one who began it and nobody else."""
    found = session.scalars(select(Upload).where(Upload.key == key)).first()
    if found is None or found.person_id != actor().id:
        raise NotFound("没有这个上传，可能已经传完或者过期了。")
    return found


def _length(found: Upload) -> int:
    """How far it has come; all of it once it was handed over."""
    if found.state != Progress.RECEIVING:
        if found.state == Progress.FAILED and found.sha is None:
            raise Gone("这个上传过期了，请重新传。")
        return found.size
    if _stale(found):
        raise Gone("这个上传过期了，请重新传。")
    return receive.incoming().length(found.key)


def _stale(found: Upload) -> bool:
    return datetime.fromtimestamp(receive.incoming().touched(found.key), UTC) + LIFE < now()


def _expires(found: Upload) -> str:
    if found.state != Progress.RECEIVING:
        return _http(now())
    return _http(datetime.fromtimestamp(receive.incoming().touched(found.key), UTC) + LIFE)


def _keep(key: str) -> str:
    """The file as an object: before the transaction, for copying takes a while."""
    return parts().store.put_file(receive.incoming().path(key))


def _hand_over(session: Session, key: str, sha: str) -> None:
    found = _mine(session, key)
    if found.state == Progress.RECEIVING:
        ingest.complete(session, found, receive.incoming().path(key), parts().store, now(), sha=sha)


def _header(name: str) -> int:
    text = request.headers.get(name, "")
    if not text.isdecimal() or len(text) > 15:
        raise Invalid(name, "缺 %(name)s。", name=name)
    return int(text)


def _checksum() -> tuple[str, bytes]:
    algorithm, _, word = request.headers.get("Upload-Checksum", "").partition(" ")
    if not algorithm:
        return "", b""
    try:
        if algorithm in DIGESTS:
            return algorithm, base64.b64decode(word, validate=True)
    except binascii.Error:
        pass
    raise Invalid("Upload-Checksum", "校验只支持 %(names)s，后面是 base64。", names=list(DIGESTS))


def _http(at: datetime) -> str:
    return format_datetime(at.replace(microsecond=0), usegmt=True)


@bp.after_request
def _sign(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    if response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
    return response


# --- the table ------------------------------------------------------------------------------------------------------------

_SPEAKS = {"Tus-Resumable": text("Always 1.0.0.", needed=True)}
_BYTES = {"type": "string", "contentMediaType": PIECE, "description": "The bytes from Upload-Offset on."}
CALLS = (
    Call("OPTIONS", "/tus", options, "What this server speaks.", status=204),
    Call("POST", "/tus", create, "Announce an upload; Location is where its pieces go.", status=201, refusals=(412, 413, 422),
         headers={
             **_SPEAKS, "Upload-Length": whole("Bytes of the whole file.", needed=True),
             "Upload-Metadata": text("filename, title, unit, topic, start, end, playlist, audience, slide: names with base64 words.")}),
    Call("HEAD", "/tus/<key>", head, "How far it has come.", headers=_SPEAKS, refusals=(410, 412)),
    Call("PATCH", "/tus/<key>", append, "One more piece.", status=204, body=_BYTES, body_type=PIECE,
         refusals=(409, 410, 412, 413, 415, 423, 460, 503, 507), headers={
             **_SPEAKS, "Upload-Offset": whole("Where this piece begins.", needed=True),
             "Upload-Checksum": text("sha1 or sha256 of the piece, base64.")}),
    Call("DELETE", "/tus/<key>", terminate, "Give it up.", status=204, headers=_SPEAKS, refusals=(409, 412)),
)


def _served(call: Call) -> View:
    @wraps(call.view)
    def served(**given: Any) -> ResponseReturnValue:
        return call.view(**given)
    return served


for _call in CALLS:
    bp.add_url_rule(_call.path.removeprefix("/tus"), _call.name, _served(_call), methods=[_call.method], provide_automatic_options=False)
