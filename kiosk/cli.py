"""The command line: serve, demo, relay, migrate, backup, restore, check, admin. One clear line and a non-zero exit on a mistake; a clean
end on SIGTERM.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.exc import DatabaseError, OperationalError

from kiosk import backup, console, demo, people, relaying, restore, schema, serving
from kiosk.base import journal, parcel
from kiosk.base.clock import iso, now
from kiosk.base.db import Database
from kiosk.base.errors import NotFound, Problem, filled
from kiosk.content import outside
from kiosk.content.geometry import panel_of
from kiosk.disclosure import certificates
from kiosk.parts import Parts, open_parts
from kiosk.serving import Ready
from kiosk.settings import Settings, load
from kiosk.signage import boards, manifest, parcels, relays, thaw
from kiosk.signage.boards import Placing

log = logging.getLogger("kiosk")


def main(words: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    arguments = _parser().parse_args(words)
    os.umask(0o027)
    try:
        code: int = arguments.run(arguments)
    except Problem as problem:
        print(console.worded(problem), file=sys.stderr)
        return 1
    except DatabaseError as error:
        print(_faulty(error), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _serve(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    serving.check_port(settings.host, settings.port)
    with _opened(settings, sound=True) as parts:
        link = _first_link(parts, now())
    console.warn_of_open_host(settings.host)
    return serving.serve(settings, Ready(_set_up(settings, link)))


def _demo(arguments: argparse.Namespace) -> int:
    settings = replace(_settings(arguments), backup_days=0)  # nobody misses a demo
    serving.check_port(settings.host, settings.port)
    with _opened(settings) as parts:
        office = demo.build(parts, url=_url(settings), at=now())
    console.warn_of_open_host(settings.host)
    told = json.dumps(office, ensure_ascii=False, indent=1)
    return serving.serve(settings, Ready(_introduction(office), arguments.ready_file or "", told))


def _migrate(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    with _opened(settings, ensure=False) as parts:
        if arguments.to == "head":
            schema.ensure(parts.database)
        elif arguments.to == "base" or (arguments.down and arguments.to):
            schema.downgrade(parts.database, arguments.to)
        else:
            schema.upgrade(parts.database, arguments.to)
        print(f"{schema.current(parts.database) or '空'} / {schema.head()}")
    return 0


def _backup(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    kept = backup.make(settings, Path(arguments.file), at=now(), passphrase=_passphrase(arguments))
    _note_backup(settings, kept)
    print(f"备份好了：{kept.file}，{kept.size / 1e6:.1f} MB，{kept.rows} 行，{kept.objects} 个对象。")
    if kept.damaged:
        names = "、".join(each[:12] for each in kept.damaged[:5])
        print(f"注意：{len(kept.damaged)} 个对象的内容坏了，没有备份：{names}。", file=sys.stderr)
    return 0


def _note_backup(settings: Settings, kept: backup.Kept) -> None:
    """Staff see when it was made; a database of another release is left alone."""
    database = Database(settings.database)
    try:
        if schema.current(database) == schema.head():
            backup.noted(database, kept)
    except DatabaseError as error:
        log.warning("the backup is good, but could not be noted in the journal: %s", error.orig)
    finally:
        database.close()


def _restore(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    if arguments.confirm:
        return _confirm(settings)
    if not arguments.file:
        raise Problem("请写备份文件的名字：kiosk restore 文件。")
    if arguments.check:
        with restore.check(Path(arguments.file), passphrase=_passphrase(arguments)) as reader:
            print(f"备份完好：{reader.told['made_at']} 做的，{len(reader.members)} 个成员逐个核对过。什么都没有写。")
        return 0
    done = restore.restore(settings, Path(arguments.file), at=now(), replaced=arguments.replace, passphrase=_passphrase(arguments))
    print(f"恢复好了：{done.rows} 行、{done.objects} 个对象，逐行核对过。" + (f"原来的数据在 {done.aside}。" if done.aside else ""))
    print("屏先照现在的内容播放。启动服务，看过各屏的情况，再到工作页面按“按备份恢复播放”，或者运行 kiosk restore --confirm。")
    return 0


def _confirm(settings: Settings) -> int:
    with _opened(settings) as parts, parts.database.write() as session:
        found = thaw.confirm(session, parts.press, by=None, at=now())
    print(f"{len(found.boards)} 块屏按备份播放，其中 {found.silent} 块恢复以后还没有消息。照屏上记着的又撤回了 {len(found.again)} 件。")
    return 0


def _passphrase(arguments: argparse.Namespace) -> str:
    if arguments.passphrase_file is None:
        return ""
    try:
        found: str = arguments.passphrase_file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise Problem("%(path)s 读不了：%(why)s。", path=arguments.passphrase_file, why=error.strerror) from error
    if len(found) < 8:
        raise Problem("口令至少 8 个字符。")
    return found


def _admin_link(arguments: argparse.Namespace) -> int:
    settings = _settings(arguments)
    with _opened(settings) as parts, parts.database.write() as session:
        person = None
        if arguments.login:
            person = next((each for each in people.people(session) if each.login == arguments.login), None)
            if person is None:
                raise NotFound("没有账号“%(login)s”。", login=arguments.login)
        elif people.office(session):
            raise Problem("已经安装好了。要给某人重新设密码，请写 --login 账号。")
        token = people.make_link(session, person, by=None, at=now())
    print(f"{_url(settings)}/staff/link/{token}" if person else f"{_url(settings)}/setup/{token}")
    return 0


def _admin_journal(arguments: argparse.Namespace) -> int:
    with _opened(_settings(arguments)) as parts, parts.database.read() as session:
        faults = list(journal.verify(session))
        print("\n".join(faults) if faults else f"日志完整，共 {journal.count(session)} 条。")
    return 1 if faults else 0


def _check(arguments: argparse.Namespace) -> int:
    """Whether a file is a certificate of this office, as it was made."""
    try:
        data = Path(arguments.file).read_bytes()
    except OSError as error:
        raise Problem("文件 %(path)s 读不了：%(why)s。", path=arguments.file, why=error.strerror) from error
    with _opened(_settings(arguments)) as parts, parts.database.read() as session:
        found = certificates.check(session, data, parts.signer.publics)
        print(filled(certificates.SENTENCES[found.verdict], found.words(parts.zone)))
    return 0 if found.verdict is certificates.Verdict.GENUINE else 1


def _admin_key(arguments: argparse.Namespace) -> int:
    """The key that seals what boards obey; with --rotate a successor, told to boards and relays in the overlap."""
    with _opened(_settings(arguments)) as parts:
        if arguments.rotate:
            at = now()
            since = parts.signer.rotate(at=at, overlap=timedelta(days=parts.settings.key_overlap_days))
            with parts.database.write() as session:
                journal.record(session, "key.changed", "key", by=None, at=at, key=parts.signer.key_id, since=iso(since))
            print(f"新密钥 {parts.signer.key_id}，{parts.zone.day(since)} 起用。在这之前各屏和中继会自己认得它，不用重新登记。")
        else:
            print(f"{parts.signer.key_id} {parts.signer.public}")
    return 0


def _admin_boards(arguments: argparse.Namespace) -> int:
    """Make paired boards ahead of their screens: their ids and tokens go into a file for the images."""
    if not 1 <= arguments.add <= 20_000:
        raise Problem("--add 要在 1 到 20000 之间。")
    with _opened(_settings(arguments)) as parts, parts.database.write() as session:
        at, root = now(), people.office(session)
        if root is None:
            raise Problem("还没有安装：请先打开安装链接。")
        group = next((each for each in boards.groups(session) if each.name == arguments.group), None)
        group = group or boards.add_group(session, arguments.group, unit=root, by=None, at=at)
        lines, placing = [], Placing("", panel_of(43, 1920, 1080))
        made = []
        for number in range(1, arguments.add + 1):
            token = "kb_" + secrets.token_urlsafe(32)
            board = boards.add(session, replace(placing, name=f"{arguments.group} {number}"), unit=root,
                               token_hash=people.hashed(token), by=None, at=at)
            made.append(board)
            lines.append(f"{board.id} {token}\n")
        boards.set_members(session, group, [*group.boards, *made], by=None, at=at)
        serving.write_private(Path(arguments.out), "".join(lines))
    with _opened(_settings(arguments)) as parts, parts.database.write() as session:
        manifest.refresh(session, parts.press, at=now())
    print(f"{len(lines)} 块屏，凭证在 {arguments.out}")
    return 0


def _admin_package(arguments: argparse.Namespace) -> int:
    """A parcel for a relay that no line reaches."""
    at, settings = now(), _settings(arguments)
    with _opened(settings) as parts:
        with parts.database.read() as session:
            found = parcels.contents(session, relays.relay(session, arguments.relay), parts.signer, at=at, stopped=parts.press.stopped())
        count = parcels.write(Path(arguments.out), found, parts.store, parts.signer,
                              outside=list(outside.origins(settings.allowed_hosts)), at=at)
        with parts.database.write() as session:
            parcels.noted(session, relays.relay(session, arguments.relay), found, by=None, at=at)
    print(f"{arguments.out}：{len(found.boards)} 块屏，{count} 个对象，{parcel.LIFE.days} 天内有效，只有这个中继收得进。")
    return 0


def _admin_return(arguments: argparse.Namespace) -> int:
    """What a relay handed back."""
    with _opened(_settings(arguments)) as parts, parts.database.write() as session:
        done = parcels.take_back(session, Path(arguments.file), by=None, at=now())
    print(f"收好了：{done.plays} 条新的播放记录，{done.boards} 块屏的情况，{done.refused} 批没有收。")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="kiosk", description="街道电子公示栏")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = _command(commands, "serve", _serve, "start the server; an empty one prints a one-time set-up link")
    demo_ = _command(commands, "demo", _demo, "start a demo office with content and log-ins made for this run")
    for command in (serve, demo_):
        command.add_argument("--host", help="address to listen on (127.0.0.1)")
        command.add_argument("--port", type=int, help="port to listen on (8000)")
    demo_.add_argument("--ready-file", metavar="F", help="write addresses and log-ins here as JSON once it answers")
    relaying.add_to(commands)
    migrate = _command(commands, "migrate", _migrate, "bring the database to this release's schema, or to a named step")
    migrate.add_argument("to", nargs="?", default="head", help="head (default), base, or a step")
    migrate.add_argument("--down", action="store_true", help="go down to that step")
    check = _command(commands, "check", _check, "tell whether a certificate of display is genuine or was altered")
    check.add_argument("file", metavar="FILE", help="the JSON or the PDF")
    kept = _command(commands, "backup", _backup, "everything in one file, also beside a running server")
    kept.add_argument("file", metavar="FILE", help="the file to write; must not be there yet")
    back = _command(commands, "restore", _restore, "an office out of a backup, into an empty data folder")
    back.add_argument("file", metavar="FILE", nargs="?", help="the backup")
    back.add_argument("--check", action="store_true", help="look through the whole file and write nothing")
    back.add_argument("--replace", action="store_true", help="move aside what the data folder holds")
    back.add_argument("--confirm", action="store_true", help="after a restore: let the boards follow it")
    for command in (kept, back):
        command.add_argument("--passphrase-file", type=Path, metavar="F", help="the backup is, or is to be, encrypted with the words in F")
    admin = commands.add_parser("admin", help="links, boards and the journal, from the server's own console")
    deeds = admin.add_subparsers(required=True, metavar="DEED")
    link = _command(deeds, "link", _admin_link, "a new one-time link: of the set-up, or for somebody's password")
    link.add_argument("--login", help="whose password")
    made = _command(deeds, "boards", _admin_boards, "make paired boards and write their ids and tokens")
    made.add_argument("--add", type=int, required=True, metavar="N", help="how many")
    made.add_argument("--group", required=True, help="their group (made when new)")
    made.add_argument("--out", required=True, metavar="FILE", help="'id token' lines")
    key = _command(deeds, "key", _admin_key, "show the key that seals what boards obey, or change it")
    key.add_argument("--rotate", action="store_true", help="make a successor that seals after key_overlap_days")
    package = _command(deeds, "package", _admin_package, "write what the boards under a relay need, for a USB stick")
    package.add_argument("--relay", type=int, required=True, metavar="N", help="the relay's number")
    package.add_argument("--out", required=True, metavar="FILE", help="the file to write")
    returned = _command(deeds, "return", _admin_return, "take in what a relay has written onto a USB stick")
    returned.add_argument("file", metavar="FILE", help="the relay's file")
    _command(deeds, "journal", _admin_journal, "check the journal's chain")
    return parser


def _command(commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, run: object, help: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=help, description=help)
    command.add_argument("--data", type=Path, metavar="DIR", help="folder of database, objects and secrets (var/kiosk)")
    command.add_argument("--settings", type=Path, metavar="FILE", help="TOML file of settings (see deploy/kiosk.example.toml)")
    command.set_defaults(run=run)
    return command


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = load(arguments.settings, data=arguments.data, host=getattr(arguments, "host", None), port=getattr(arguments, "port", None))
    return replace(settings, data=settings.data.absolute())


class _opened:
    """Opened parts with the schema in place, closed afterwards."""

    def __init__(self, settings: Settings, *, ensure: bool = True, sound: bool = False) -> None:
        self.parts = open_parts(settings)
        if sound:
            self.parts.database.must_be_sound()
        if ensure:
            schema.ensure(self.parts.database)

    def __enter__(self) -> Parts:
        return self.parts

    def __exit__(self, *_: object) -> None:
        self.parts.close()


def _first_link(parts: Parts, at: datetime) -> str | None:
    """The set-up's one-time token as long as there is no office."""
    with parts.database.write() as session:
        return None if people.office(session) else people.make_link(session, None, by=None, at=at)


def _set_up(settings: Settings, link: str | None) -> str:
    return f"第一次使用，请打开这个链接（只能用一次）：{_url(settings)}/setup/{link}" if link else f"工作页面：{_url(settings)}/staff/"


def _url(settings: Settings) -> str:
    return console.url(settings.host, settings.port)


def _faulty(error: DatabaseError) -> str:
    """A server that does not answer is no damaged file."""
    why = str(error.orig).strip().partition("\n")[0]
    away = isinstance(error, OperationalError) and type(error.orig).__module__.startswith("psycopg")
    if away:
        return f"数据库连不上：{why}。请看看数据库服务开着没有，database_url 写得对不对。"
    if "locked" in why or "busy" in why:
        return f"数据库正忙：{why}。请等一会儿再试。"
    if "full" in why or "readonly" in why:
        return f"数据库写不进去：{why}。请看看磁盘满了没有，有没有写的权限。"
    return f"数据库打不开或者损坏了：{why}。屏上照常播放。请用 kiosk restore 备份文件 --replace 恢复，再启动。"


def _introduction(office: demo.Office) -> str:
    lines = ["", f"工作页面  {office['url']}/staff/", ""]
    lines += [f"  {each['post']:　<12}账号 {each['login']:<14}密码 {each['password']}" for each in office["people"]]
    lines += ["", "公示屏"] + [f"  {each['name']:　<14}{each['url']}" for each in office["boards"]]
    return "\n".join(lines) + "\n"
