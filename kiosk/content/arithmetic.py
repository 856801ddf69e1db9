"""Arithmetic of a quarter's figures: totals equal their parts, sums are carried on, one unit. Pure; amounts are whole 分.

Which lines a 合计 sums. Lines of one group word belong together, wherever they stand; a line without one goes with the 合计 beside
it. A group with one 合计: it sums every 分项 of the group. With several, the sheet's own order tells, and it is read in one of six
ways: each 合计 sums the 分项 since the 合计 before it (sheets that write totals below), or those up to the next one (totals above);
and the first, or the last, or no 合计 sums every 分项 of the group. A 合计 without 分项 of its own sums the 合计 that stand on its side
and are in no other sum yet. Of these readings the one holds in which every 合计 sums something and which disagrees with the
fewest amounts; among equals the first named, so a sheet that adds up in one reading raises no doubt, and one wrong amount in it
does. A group without 分项 has nothing to compare.

An empty cell counts as nothing; it is named only where its 合计 is filled and the filled ones do not make it up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any

from kiosk.base.errors import N_
from kiosk.content import fields
from kiosk.content.kind import Doubt

COLUMNS = {"budget": N_("年初预算"), "quarter": N_("本季"), "total": N_("本年累计"), "last": N_("上季"), "last_total": N_("上季累计")}
TOTAL = "合计"
FIRST = "一季度"
SLIP = 10_000  # 元 in a cell of 万元, or the other way round
FEW_SLIPS = 5  # beyond it the column is named, not each of its cells

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Check:
    """One rule that could be tried on the data. `label` and `params`: how it is told where it holds; `doubts`: where it does not."""

    name: str
    label: str
    params: Mapping[str, Any] = field(default_factory=dict)
    doubts: tuple[Doubt, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.doubts


@dataclass(frozen=True)
class Group:
    """Lines of one group word, by their places in the sheet. `sums`: what each 合计 sums; `shown`: the order in which a page has them,
    every 合计 before its parts; `grand`: the 合计 over all of them, if there is one.
    """

    name: str
    places: tuple[int, ...]
    sums: Mapping[int, tuple[int, ...]]
    shown: tuple[int, ...]
    grand: int | None


def checks(data: Mapping[str, Any]) -> list[Check]:
    """Every rule that can be tried on data of the finance form, in the order in which people look; what is not filled in is not tried."""
    grouped = groups(data["lines"])
    aims, slips = _aims(data, grouped), _Slips(data, grouped)
    explained = aims.explained | slips.explained
    found = [*(_sums(data, group, explained) for group in grouped), _balance(data, grouped), _carried(data), _running(data, aims)]
    one = Check("unit", N_("全表都是%(unit)s，没有混用%(other)s"),
                {"unit": [data["unit"]], "other": ["元" if data["unit"] == "万元" else "万元"]}, tuple(slips.doubts()))
    told = {(doubt.field, doubt.fix) for doubt in one.doubts}
    made = []
    for check in found:
        if check and (left := _untold(check, told)):
            made.append(left)
            told |= {(doubt.field, doubt.fix) for doubt in left.doubts}
    return [*made, one]


def _untold(check: Check, told: Set[tuple[str, str | None]]) -> Check | None:
    """The check without doubts that another rule has told: of the same field, with the same correction."""
    left = tuple(doubt for doubt in check.doubts if doubt.fix is None or (doubt.field, doubt.fix) not in told)
    return None if check.doubts and not left else replace(check, doubts=left)


def doubts(data: Mapping[str, Any]) -> list[Doubt]:
    """All that does not add up."""
    return [doubt for check in checks(data) for doubt in check.doubts]


def groups(lines: Sequence[Line]) -> list[Group]:
    """The groups in the order in which they first stand in the sheet."""
    places: dict[str, list[int]] = {}
    for place, name in enumerate(_named(lines)):
        places.setdefault(name, []).append(place)
    return [_group(name, tuple(each), lines) for name, each in places.items()]


def flow(data: Mapping[str, Any], grouped: Sequence[Group], sign: str, column: str = "quarter") -> list[int]:
    """Income (`sign` 收) or spending (支) in all: as its 合计 says and as its 分项 make it; both where they differ, none where nothing is
    filled in.
    """
    other = "支" if sign == "收" else "收"
    lines = data["lines"]
    chosen = [group for group in grouped if sign in group.name and other not in group.name]
    if not chosen:
        named = [line[column] for line in lines if line["level"] == TOTAL and sign in line["name"] and other not in line["name"]]
        return [named[0]] if len(named) == 1 and named[0] is not None else []
    written = _all(lines[group.grand][column] if group.grand is not None else _parts(lines, group, column) for group in chosen)
    summed = _all(_parts(lines, group, column) for group in chosen)
    return list(dict.fromkeys(each for each in (written, summed) if each is not None))


def _all(amounts: Iterable[int | None]) -> int | None:
    filled = [amount for amount in amounts if amount is not None]
    return sum(filled) if filled else None


def _parts(lines: Sequence[Line], group: Group, column: str) -> int | None:
    parts = [place for place in group.places if lines[place]["level"] != TOTAL] or list(group.places)
    return _all(lines[place][column] for place in parts)


# --- which lines a total sums ---

def _named(lines: Sequence[Line]) -> list[str]:
    """Each line's group. Where a sheet names it at the 合计 only, the lines beside go with it: those below, if a 合计 leads, else above."""
    named = [str(line["group"]) for line in lines]
    first = next((place for place, name in enumerate(named) if name), None)
    if first is None or all(named):
        return named
    below = first == 0 and lines[0]["level"] == TOTAL
    order = range(len(lines)) if below else range(len(lines) - 1, -1, -1)
    lead = ""
    for place in order:
        if named[place] and lines[place]["level"] == TOTAL:
            lead = named[place]
        named[place] = named[place] or lead
    return named


def _group(name: str, places: tuple[int, ...], lines: Sequence[Line]) -> Group:
    totals = [place for place in places if lines[place]["level"] == TOTAL]
    parts = tuple(place for place in places if lines[place]["level"] != TOTAL)
    if not parts or not totals:
        return Group(name, places, {}, (*totals, *parts), totals[0] if len(totals) == 1 else None)
    if len(totals) == 1:
        return Group(name, places, {totals[0]: parts}, (totals[0], *parts), totals[0])
    sums, below = min(_readings(places, totals, parts), key=lambda reading: _wrong(reading[0], totals, lines))
    leaves = {total: _leaves(total, sums) for total in totals}
    grand = next((total for total in totals if leaves[total] == set(parts)), None)
    return Group(name, places, sums, tuple(_shown(places, sums, grand, set(totals), below=below)), grand)


def _readings(places: Sequence[int], totals: Sequence[int], parts: tuple[int, ...]) -> list[tuple[dict[int, tuple[int, ...]], bool]]:
    """What each 合计 sums, in each way there is; and whether totals stand below their parts."""
    below, above = list(places), list(reversed(places))
    begins = places[0] == totals[0]
    grands = [totals[0], None, totals[-1]] if begins else [None, totals[-1], totals[0]]
    return [(_read(order, set(totals), grand, parts), order is below) for order in (below, above) for grand in grands]


def _read(order: Sequence[int], totals: set[int], grand: int | None, parts: tuple[int, ...]) -> dict[int, tuple[int, ...]]:
    sums: dict[int, tuple[int, ...]] = {} if grand is None else {grand: parts}
    open_parts: list[int] = []
    open_totals: list[int] = []
    for place in order:
        if place not in totals:
            open_parts.append(place)
        elif place != grand:
            if open_parts:
                sums[place] = tuple(sorted(open_parts))
                open_totals.append(place)
            elif open_totals:
                sums[place] = tuple(sorted(open_totals))
                open_totals = [place]
            open_parts = []
    return sums


def _wrong(sums: Mapping[int, tuple[int, ...]], totals: Sequence[int], lines: Sequence[Line]) -> tuple[int, int]:
    """How badly a reading fits: totals that sum nothing, amounts that disagree."""
    off = sum(1 for total, members in sums.items() for column in COLUMNS if _gap(lines, total, members, column))
    return sum(1 for total in totals if total not in sums), off


def _gap(lines: Sequence[Line], total: int, members: Sequence[int], column: str) -> int:
    """How much the written total is above its parts; 0 where one of the two sides is empty."""
    written = lines[total][column]
    summed = _all(lines[place][column] for place in members)
    return 0 if written is None or summed is None else written - summed


def _leaves(place: int, sums: Mapping[int, tuple[int, ...]]) -> set[int]:
    if place not in sums:
        return set()
    return {leaf for member in sums[place] for leaf in (_leaves(member, sums) or {member})}


def _shown(places: Sequence[int], sums: Mapping[int, tuple[int, ...]], grand: int | None, totals: set[int], *, below: bool) -> list[int]:
    """The order on the page: the grand total first, each other total right before its own parts."""
    over = [place for place in places if place == grand or (place in totals and set(sums.get(place, ())) & totals)]
    left = [place for place in places if place not in over]
    if not below:
        return over + left
    found: list[int] = []
    parts: list[int] = []
    for place in left:
        if place in totals:
            found += [place, *parts]
            parts = []
        else:
            parts.append(place)
    return over + found + parts


# --- the rules ---

MORE = N_("“%(name)s”的%(column)s：%(how)s是 %(right)s，表里写 %(wrong)s，多写 %(gap)s %(unit)s。")
LESS = N_("“%(name)s”的%(column)s：%(how)s是 %(right)s，表里写 %(wrong)s，少写 %(gap)s %(unit)s。")
SWAPPED = N_("“%(name)s”的%(column)s：%(how)s是 %(right)s，表里写 %(wrong)s，差 %(gap)s %(unit)s，像是数字写反了。")
ONE_EMPTY = N_("“%(empty)s”的%(column)s还空着。“%(name)s”写的是 %(wrong)s，其余各项加起来是 %(right)s，差 %(gap)s %(unit)s。")
EMPTY = N_("“%(name)s”的%(column)s：各分项加起来是 %(right)s，表里写 %(wrong)s，差 %(gap)s %(unit)s。"
           "其中 %(count)s 格还空着：%(empty)s。")
CLOSING_MORE = N_("期末结余：期初加收入减支出是 %(right)s，表里写 %(wrong)s，多写 %(gap)s %(unit)s。")
CLOSING_LESS = N_("期末结余：期初加收入减支出是 %(right)s，表里写 %(wrong)s，少写 %(gap)s %(unit)s。")
CLOSING_SWAPPED = N_("期末结余：期初加收入减支出是 %(right)s，表里写 %(wrong)s，差 %(gap)s %(unit)s，像是数字写反了。")

Cell = tuple[int, str]


@dataclass(frozen=True)
class _Aims:
    """Where several rules find the same fault, it is that cell's. `runs`: the cell at which a line's running total is to be put right, and
    its amount; `explained`: totals that are off because of one of their parts, so no other amount is offered for them.
    """

    runs: Mapping[int, tuple[str, int]]
    explained: frozenset[Cell]


def _aims(data: Mapping[str, Any], grouped: Sequence[Group]) -> _Aims:
    lines, first = data["lines"], data["quarter"] == FIRST
    wanted: dict[Cell, list[tuple[int, Cell]]] = {}  # what a cell would have to be for a total, and which total that is
    for group in grouped:
        for total, members, column, gap in _mismatches(lines, group):
            wanted.setdefault((total, column), []).append((lines[total][column] - gap, (total, column)))
            for place in members:
                wanted.setdefault((place, column), []).append(((lines[place][column] or 0) + gap, (total, column)))
    runs: dict[int, tuple[str, int]] = {}
    explained: set[Cell] = set()
    for place, line in enumerate(lines):
        right = _run(line, first=first)
        if right is None or line["total"] is None or line["total"] == right:
            continue
        ways = {"total": right, **{name: line[name] + line["total"] - right for name in ("quarter", *(() if first else ("last_total",)))}}
        runs[place] = ("total", right)
        for column, amount in ways.items():
            totals = [total for want, total in wanted.get((place, column), ()) if want == amount]
            if totals:
                runs[place] = (column, amount)
                explained |= {total for total in totals if total != (place, column)}
                break
    return _Aims(runs, frozenset(explained))


def _mismatches(lines: Sequence[Line], group: Group) -> list[tuple[int, tuple[int, ...], str, int]]:
    """Totals that differ from their parts: the total, what it sums, the column, and by how much it is above them."""
    return [(total, members, column, gap) for total, members in sorted(group.sums.items()) for column in COLUMNS
            if (gap := _gap(lines, total, members, column))]


def _sums(data: Mapping[str, Any], group: Group, explained: Set[Cell]) -> Check | None:
    lines = data["lines"]
    if not any(lines[total][column] is not None and _all(lines[place][column] for place in members) is not None
               for total, members in group.sums.items() for column in COLUMNS):
        return None
    found = tuple(_sum_doubt(data, total, members, column, gap, explained=(total, column) in explained)
                  for total, members, column, gap in _mismatches(lines, group))
    return Check("sum", N_("%(group)s合计＝各分项之和"), {"group": [group.name]}, found)


def _sum_doubt(data: Mapping[str, Any], total: int, members: Sequence[int], column: str, gap: int, *, explained: bool) -> Doubt:
    lines = data["lines"]
    written = lines[total][column]
    key, place = _key("sum", lines, total, column), f"lines.{total}.{column}"
    said = {"name": lines[total]["name"], "column": [COLUMNS[column]], **_said(data, right=written - gap, wrong=written)}
    empty = [each for each in members if lines[each][column] is None]
    if len(empty) == 1:
        return Doubt(key, f"lines.{empty[0]}.{column}", ONE_EMPTY, said | {"empty": lines[empty[0]]["name"]},
                     None if explained else _text(data, gap))
    if empty:
        return Doubt(key, place, EMPTY, said | {"count": len(empty), "empty": [lines[each]["name"] for each in empty[:5]]})
    return Doubt(key, place, _differs((MORE, LESS, SWAPPED), written - gap, written), said | {"how": [N_("各分项加起来")]},
                 None if explained else _text(data, written - gap))


def _balance(data: Mapping[str, Any], grouped: Sequence[Group]) -> Check | None:
    label, (closing, ways) = N_("期初＋收入－支出＝期末"), (data["closing"], closings(data, grouped))
    if closing is None or not ways:
        return None
    if closing in ways:  # a wrong total is named where it stands
        return Check("balance", label)
    right = ways[-1]
    carried = data["last_closing"] is not None and closing - data["last_closing"] + data["opening"] in ways  # then the opening is to blame
    return Check("balance", label, {}, (Doubt("balance", "closing", _differs((CLOSING_MORE, CLOSING_LESS, CLOSING_SWAPPED), right, closing),
                                              _said(data, right=right, wrong=closing), None if carried else _text(data, right)),))


def closings(data: Mapping[str, Any], grouped: Sequence[Group]) -> list[int]:
    """What opening + income − spending may come to: by the written totals, and, the last, by their parts; empty if it is not known."""
    if data["opening"] is None:
        return []
    income, spending = (flow(data, grouped, sign) for sign in "收支")
    return [data["opening"] + come - gone for come in income for gone in spending]


def _carried(data: Mapping[str, Any]) -> Check | None:
    opening, before = data["opening"], data["last_closing"]
    if opening is None or before is None:
        return None
    found = () if opening == before else (
        Doubt("carried", "opening", N_("%(quarter)s期初 %(wrong)s 与上季期末 %(right)s 不一样，差 %(gap)s %(unit)s。"),
              {"quarter": [data["quarter"]], **_said(data, right=before, wrong=opening)}, _text(data, before)),)
    return Check("carried", N_("本季期初＝上季期末"), {}, found)


def _running(data: Mapping[str, Any], aims: _Aims) -> Check | None:
    first = data["quarter"] == FIRST
    if not any(line["total"] is not None and _run(line, first=first) is not None for line in data["lines"]):
        return None
    label = N_("一季度的本年累计＝本季") if first else N_("本年累计＝上季累计＋本季")
    return Check("running", label, {}, tuple(_running_doubt(data, place, column, right, first=first)
                                             for place, (column, right) in aims.runs.items()))


def _run(line: Line, *, first: bool) -> int | None:
    """What the running total has to be."""
    if line["quarter"] is None or (line["last_total"] is None and not first):
        return None
    return int(line["quarter"]) if first else int(line["quarter"] + line["last_total"])


def _running_doubt(data: Mapping[str, Any], place: int, column: str, right: int, *, first: bool) -> Doubt:
    line = data["lines"][place]
    how = {"total": N_("一季度的累计应等于本季，本季") if first else N_("上季累计加本季"),
           "quarter": N_("一季度的本季应等于累计，累计") if first else N_("本年累计减上季累计"), "last_total": N_("本年累计减本季")}[column]
    return Doubt(_key("running", data["lines"], place), f"lines.{place}.{column}", _differs((MORE, LESS, SWAPPED), right, line[column]),
                 {"name": line["name"], "column": [COLUMNS[column]], "how": [how], **_said(data, right=right, wrong=line[column])},
                 _text(data, right))


def _differs(words: tuple[str, str, str], right: int, wrong: int) -> str:
    more, less, swapped = words
    return swapped if _swapped(right, wrong) else more if wrong > right else less


def _swapped(right: int, wrong: int) -> bool:
    """Whether two neighbouring digits changed places: the commonest slip of a hand."""
    one, two = str(right), str(wrong)
    off = [at for at in range(min(len(one), len(two))) if one[at] != two[at]]
    return len(one) == len(two) and len(off) == 2 and off[1] == off[0] + 1 and one[off[0]] == two[off[1]] and one[off[1]] == two[off[0]]


# --- one unit ---

LARGE = N_("“%(name)s”的%(column)s写的是 %(wrong)s，大约是旁边数字的一万倍，像是元和万元混用了。"
           "这张表的单位是%(unit)s，应为 %(right)s。")
SMALL = N_("“%(name)s”的%(column)s写的是 %(wrong)s，大约是旁边数字的一万分之一，像是元和万元混用了。"
           "这张表的单位是%(unit)s，应为 %(right)s。")
MANY = N_("“%(column)s”这一列有 %(count)s 行和旁边的数字差一万倍左右，像是元和万元混用了。"
          "第一处是“%(name)s”：%(wrong)s %(unit)s。")
HEAD = N_("“%(column)s”写的是 %(wrong)s，和应有的 %(right)s 正好差一万倍，像是元和万元混用了。这张表的单位是%(unit)s。")

class _Slips:
    """Amounts that are about ten thousand times what stands beside them. `explained`: totals whose mismatch such a part explains."""

    def __init__(self, data: Mapping[str, Any], grouped: Sequence[Group]) -> None:
        self.data = data
        self.grouped = grouped
        self.lines: Sequence[Line] = data["lines"]
        self.cells: dict[tuple[int, str], int] = {}  # (place, column) → what it would have to be
        self.explained: set[tuple[int, str]] = set()
        self._in_sums(grouped)
        self._in_runs()
        self._in_rows()
        self._in_columns()
        for group in grouped:  # a total that sums a slip is as far off as the slip
            for total, members in group.sums.items():
                for column in {each for place, each in self.cells if place in members}:
                    self.cells.pop((total, column), None)

    def doubts(self) -> list[Doubt]:
        found = [self._heads("opening", [self.data["last_closing"]]), self._heads("closing", closings(self.data, self.grouped))]
        for column in COLUMNS:
            cells = sorted(place for place, each in self.cells if each == column)
            found += [self._column(column, cells)] if len(cells) > FEW_SLIPS else [self._cell(place, column) for place in cells]
        return [doubt for doubt in found if doubt]

    def _cell(self, place: int, column: str) -> Doubt:
        amount, right = self.lines[place][column], self.cells[place, column]
        said = {"name": self.lines[place]["name"], "column": [COLUMNS[column]], **_said(self.data, right=right, wrong=amount)}
        return Doubt(_key("unit", self.lines, place, column), f"lines.{place}.{column}", LARGE if abs(amount) > abs(right) else SMALL, said,
                     _text(self.data, right))

    def _column(self, column: str, cells: Sequence[int]) -> Doubt:
        first = self.lines[cells[0]]
        return Doubt(f"unit:{column}", f"lines.{cells[0]}.{column}", MANY,
                     {"column": [COLUMNS[column]], "count": len(cells), "name": first["name"], "wrong": _text(self.data, first[column]),
                      "unit": [self.data["unit"]]})

    def _heads(self, name: str, wanted: Sequence[int | None]) -> Doubt | None:
        """Opening or closing: a slip if scaled it is what it has to be."""
        amount = self.data[name]
        right = next((each for each in wanted if amount and each and _slipped(amount, each)), None)
        if right is None:
            return None
        return Doubt(f"unit:{name}", name, HEAD, {"column": [N_("期初结余") if name == "opening" else N_("期末结余")],
                     **_said(self.data, right=right, wrong=amount)}, _text(self.data, right))

    def _in_sums(self, grouped: Sequence[Group]) -> None:
        for group in grouped:
            for total, members, column, gap in _mismatches(self.lines, group):
                self._in_sum(total, members, column, gap)

    def _in_sum(self, total: int, members: Sequence[int], column: str, gap: int) -> None:
        written = self.lines[total][column]
        for place in members:
            amount = self.lines[place][column]
            if amount and (right := amount + gap) and _slipped(amount, right):
                self.cells[place, column] = right
                self.explained.add((total, column))
                return
        if written and written != gap and _slipped(written, written - gap):
            self.cells[total, column] = written - gap

    def _in_runs(self) -> None:
        first = self.data["quarter"] == FIRST
        for place, line in enumerate(self.lines):
            right, total = _run(line, first=first), line["total"]
            if right is None or total is None or right == total:
                continue
            before = 0 if first else line["last_total"]
            wanted = {"total": right, "quarter": total - before} | ({} if first else {"last_total": total - line["quarter"]})
            found = [(name, amount) for name, amount in wanted.items() if amount and line[name] and _slipped(line[name], amount)]
            if found:
                self.cells.setdefault((place, found[0][0]), found[0][1])

    def _in_rows(self) -> None:
        for place, line in enumerate(self.lines):
            filled = {column: abs(line[column]) for column in COLUMNS if line[column]}
            for column, amount in filled.items():
                others = [each for name, each in filled.items() if name != column]
                if others and _far(amount, max(others), alone=len(others) == 1):
                    self.cells.setdefault((place, column), _nearest(line[column]))

    def _in_columns(self) -> None:
        for column in COLUMNS:
            amounts = sorted(((abs(line[column]), place) for place, line in enumerate(self.lines) if line[column]), reverse=True)
            if len(amounts) > 2 and _far(amounts[0][0], amounts[1][0], alone=False):
                place = amounts[0][1]
                self.cells.setdefault((place, column), _nearest(self.lines[place][column]))


def _slipped(amount: int, right: int) -> bool:
    return amount == right * SLIP or amount * SLIP == right


def _far(amount: int, other: int, *, alone: bool) -> bool:
    """Whether it is about ten thousand times the other; a single neighbour has to be nearer to that than several."""
    times = 3 if alone else 10
    return other * SLIP <= amount * times and amount <= other * SLIP * times


def _nearest(amount: int) -> int:
    return int((abs(amount) + SLIP // 2) // SLIP) * (1 if amount > 0 else -1)


# --- how it is told ---

def _key(rule: str, lines: Sequence[Line], place: int, column: str = "") -> str:
    """By names, so that a reason stays with its line when others are put in before it."""
    line = lines[place]
    same = sum(1 for other in lines[:place] if other["name"] == line["name"] and other["group"] == line["group"])
    return ":".join(part for part in (rule, line["group"], line["name"] + (f"#{same + 1}" if same else ""), column) if part)


def _said(data: Mapping[str, Any], *, right: int, wrong: int) -> dict[str, Any]:
    return {"right": _text(data, right), "wrong": _text(data, wrong), "gap": _text(data, abs(wrong - right)), "unit": [data["unit"]]}


def _text(data: Mapping[str, Any], amount: int) -> str:
    return fields.money(amount, data["unit"])
