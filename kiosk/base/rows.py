"""Rows out, rows in: every table as lines of canonical JSON, the same from SQLite and from PostgreSQL, checked row by row.

The tables are read off the database itself, so that one of an earlier release is carried as it is. A line is the list of a row's values
in the order of its columns; an instant is ISO 8601 in UTC to the microsecond, JSON is kept as the very text that the database holds.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from graphlib import TopologicalSorter
from itertools import islice
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    cast,
    collate,
    func,
    insert,
    select,
    text,
    update,
)

from kiosk.base.canonical import canonical
from kiosk.base.errors import Problem

STEPS = "alembic_version"  # the schema's own; it is told apart from the rows
AT_ONCE = 500

Lines = Iterable[bytes]


@dataclass(frozen=True)
class Sheet:
    """One table as it was written out: its columns in order, how many rows, and the SHA-256 over its lines."""

    columns: tuple[str, ...]
    rows: int
    sha256: str


def tables(connection: Connection) -> list[Table]:
    """The tables of this database; those that a row cannot do without come first."""
    found = MetaData()
    found.reflect(connection)
    there = {name: table for name, table in sorted(found.tables.items()) if name != STEPS}
    needs = {name: {key.column.table.name for key in sorted(table.foreign_keys, key=str) if not key.parent.nullable} - {name}
             for name, table in there.items()}
    return [there[name] for name in TopologicalSorter(needs).static_order()]


def out(connection: Connection, table: Table, write: Callable[[bytes], object]) -> Sheet:
    """Write the table's lines, by primary key; each ends with a line feed."""
    digest, count = hashlib.sha256(), 0
    for line in lines(connection, table):
        digest.update(line)
        write(line)
        count += 1
    return Sheet(tuple(column.name for column in table.columns), count, digest.hexdigest())


def lines(connection: Connection, table: Table) -> Iterator[bytes]:
    """The table's lines, a few hundred in memory at a time."""
    kinds = [_kind(column) for column in table.columns]
    asked = select(*(cast(column, Text) if kind == "json" else column for column, kind in zip(table.columns, kinds, strict=True)))
    asked = asked.order_by(*_order(connection, table))
    for row in connection.execute(asked, execution_options={"yield_per": AT_ONCE}):
        yield canonical([_told(kind, value) for kind, value in zip(kinds, row, strict=True)]) + b"\n"


def into(connection: Connection, sheets: Mapping[str, Sheet], read: Callable[[str], Lines]) -> None:
    """Fill this empty database's tables; `read(name)` gives a table's lines, and may be asked twice.

    Rows that point to one that comes later (a slide to its live revision) are joined in a second round, so that no engine need be told to
    look away. Problem when a table or a column is unknown here.
    """
    there = tables(connection)
    if unknown := sorted(set(sheets) - {each.name for each in there}):
        raise Problem("备份里有这个版本不认识的表：%(names)s。", names=unknown)
    seen, waiting = set[str](), []
    for table in there:
        if table.name in sheets:
            later = _later(table, seen)
            _fill(connection, table, sheets[table.name].columns, read(table.name), later)
            if later:
                waiting.append((table, later))
        seen.add(table.name)
    for table, later in waiting:
        _join(connection, table, sheets[table.name].columns, read(table.name), later)
    if connection.dialect.name == "postgresql":
        _count_on(connection, there)


def differences(connection: Connection, sheets: Mapping[str, Sheet], read: Callable[[str], Lines]) -> Iterator[str]:
    """What is not in this database as the lines say, one line a table; nothing when all rows are."""
    for table in tables(connection):
        sheet = sheets.get(table.name)
        if sheet is None:
            continue
        here = out(connection, table, lambda _: None)
        if (here.rows, here.sha256) == (sheet.rows, sheet.sha256) and here.columns == sheet.columns:
            continue
        at = next((number for number, (mine, theirs) in enumerate(zip(lines(connection, table), read(table.name), strict=False), 1)
                   if mine != theirs), min(here.rows, sheet.rows) + 1)
        yield f"{table.name}: row {at} of {sheet.rows}"


def _kind(column: Column[Any]) -> str:
    for kind, name in ((JSON, "json"), (DateTime, "instant"), (Date, "day"), (LargeBinary, "bytes"), (Boolean, "flag")):
        if isinstance(column.type, kind):
            return name
    return "plain"


def _order(connection: Connection, table: Table) -> list[Any]:
    """By primary key, words by their bytes on every engine."""
    binary = "C" if connection.dialect.name == "postgresql" else "BINARY"
    return [collate(column, binary) if isinstance(column.type, String) else column for column in table.primary_key.columns]


def _told(kind: str, value: Any) -> Any:
    if value is None:
        return None
    if kind == "instant":
        return (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)).isoformat(timespec="microseconds")
    if kind == "day":
        return value.isoformat()
    return base64.b64encode(value).decode() if kind == "bytes" else value


def _heard(kind: str, value: Any, aware: bool) -> Any:
    if value is None:
        return None
    if kind == "instant":
        at = datetime.fromisoformat(value)
        return at if aware else at.replace(tzinfo=None)
    if kind == "day":
        return date.fromisoformat(value)
    if kind == "json":
        return JSON.NULL if value == "null" else json.loads(value)
    return base64.b64decode(value) if kind == "bytes" else value


def _rows(connection: Connection, table: Table, columns: Sequence[str], read: Lines) -> Iterator[dict[str, Any]]:
    if unknown := sorted(set(columns) - set(table.columns.keys())):
        raise Problem("备份里的表 %(table)s 有这个版本不认识的列：%(names)s。", table=table.name, names=unknown)
    kinds, aware = [_kind(table.columns[name]) for name in columns], connection.dialect.name != "sqlite"
    for line in read:
        values = json.loads(line)
        yield {name: _heard(kind, value, aware) for name, kind, value in zip(columns, kinds, values, strict=True)}


def _fill(connection: Connection, table: Table, columns: Sequence[str], read: Lines, later: Sequence[str]) -> None:
    for column in table.columns:
        if isinstance(column.type, JSON):
            column.type.none_as_null = True  # nothing at all and JSON's null are told apart
    rows = _rows(connection, table, columns, read)
    while some := list(islice(rows, AT_ONCE)):
        connection.execute(insert(table), [{**row, **dict.fromkeys(later)} for row in some])


def _join(connection: Connection, table: Table, columns: Sequence[str], read: Lines, later: Sequence[str]) -> None:
    keys = [column.name for column in table.primary_key.columns]
    put = update(table).values({name: bindparam(f"to_{name}") for name in later})
    put = put.where(*(table.columns[key] == bindparam(f"of_{key}") for key in keys))
    rows = (row for row in _rows(connection, table, columns, read) if any(row.get(name) is not None for name in later))
    while some := list(islice(rows, AT_ONCE)):
        connection.execute(put, [{f"to_{name}": row[name] for name in later} | {f"of_{key}": row[key] for key in keys} for row in some])


def _later(table: Table, seen: set[str]) -> list[str]:
    """The columns that point to what is not there yet when this table is filled: a later table, or a later row of its own."""
    return [key.parent.name for key in table.foreign_keys
            if key.column.table.name not in seen and isinstance(key.parent, Column) and key.parent.nullable]


def _count_on(connection: Connection, there: Sequence[Table]) -> None:
    """PostgreSQL counts ids in a sequence of its own: it goes on after the highest."""
    for table in there:
        key = table.primary_key.columns.get("id")
        if key is None:
            continue
        name = connection.scalar(text("SELECT pg_get_serial_sequence(:name, 'id')"), {"name": f'"{table.name}"'})
        if name is not None:
            highest = connection.scalar(select(func.max(key)))
            connection.execute(text("SELECT setval(cast(:name AS regclass), :value, :used)"),
                               {"name": name, "value": highest or 1, "used": highest is not None})
