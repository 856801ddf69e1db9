"""Starter: the classes and topics that an office begins with. All of it is only a proposal that the office changes as it likes.

Laid by the set-up of a fresh office; laying it again adds nothing and changes nothing, and what the office has ended stays ended.
Sources: 条例 Art. 12, 20, 26; 预算法 Art. 14; 社会救助暂行办法 Art. 11; 村委会组织法 Art. 30; every number is a default.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from kiosk import people
from kiosk.base.errors import N_, Conflict
from kiosk.content.review import STEP_ACTIONS, Step
from kiosk.content.slides import COLUMNS
from kiosk.disclosure import topics
from kiosk.disclosure.deadlines import Cadence, Measure, Rule, Trigger
from kiosk.disclosure.filing import OTHERS
from kiosk.disclosure.topics import BOARD_CHANNEL, CHANNELS, DEFAULT_CLASSES, LEVELS, Topic, Wanted, WhenOverdue
from kiosk.people import Actor, Unit, UnitKind

NOTICE, GUIDE, LEADERS, DUTIES, GOALS, FINANCE, RELIEF, HEALTH, LABOUR, RESIDENTS, NEWS, POLICY = COLUMNS
GENERAL, PLANS, DOCUMENTS, WORK, STAFF, MONEY, OTHER = DEFAULT_CLASSES
# Which department looks after what: words of its name, the likeliest first.
OWNERS = {
    "root": (),
    "office": ("党政办", "党政综合", "综合办", "政务公开"), "civil": ("民政", "社会事务", "社会救助", "社会保障和民政", "公共服务"),
    "health": ("卫生健康", "卫健", "计生", "公共卫生"), "labour": ("劳动保障", "社保", "劳保", "人社", "就业"), "finance": ("财政",),
    "window": ("便民服务", "政务服务", "办事大厅"), "city": ("城市管理", "城管", "综合执法"), "party": ("党建", "党群", "组织"),
    "emergency": ("应急", "安全")}
_ON_CHANGE = Rule(confirm=12)
_IRREGULAR = Rule(Cadence.IRREGULAR, Trigger.FORMED)
_BOARDS = Rule(Cadence.IRREGULAR, Trigger.FORMED, stale=90)
_SITE = (CHANNELS[0], BOARD_CHANNEL)
_REGULATIONS = N_("《中华人民共和国政府信息公开条例》")


@dataclass(frozen=True)
class Default:
    """A topic as every office may begin with it. `owner`: a key of OWNERS; None: every community. `care`: personal data or money in it."""

    code: str
    name: str
    kind: str
    owner: str | None
    column: str
    rule: Rule
    level1: str
    elements: str
    basis: str
    everywhere: bool = True
    display: tuple[int, Measure] = (0, Measure.CALENDAR)
    required: bool = True
    care: bool = False
    overdue: WhenOverdue = WhenOverdue.MARK
    channels: tuple[str, ...] = _SITE
    public: str = "全社会"


def _quarter(n: int) -> Rule:
    return Rule(Cadence.QUARTER, Trigger.PERIOD, n, Measure.DAY_OF_MONTH)


TOPICS: tuple[Default, ...] = (
    Default(OTHERS, "其他主动公开信息", OTHER, "root", NOTICE, _IRREGULAR, "其他", "不在别的事项里、可以主动公开的信息",
            _REGULATIONS + "第十三条", required=False, overdue=WhenOverdue.NOTHING),
    Default("S001", "机构职能、地址和办公时间", GENERAL, "office", DUTIES, _ON_CHANGE, "机构概况",
            "机构职能、办公地址、办公时间、联系方式、负责人",
            _REGULATIONS + "第二十条第（二）项"),
    Default("S002", "领导班子分工", STAFF, "office", LEADERS, _ON_CHANGE, "机构概况", "领导班子成员的职务、分管工作",
            _REGULATIONS + "第二十条第（二）项"),
    Default("S003", "部门工作人员分管工作", GENERAL, "office", DUTIES, _ON_CHANGE, "机构概况",
            "各科室职责、工作人员岗位和分管工作、办公电话",
            _REGULATIONS + "第二十条第（二）项"),
    Default("S004", "年度工作目标任务", PLANS, "office", GOALS, Rule(Cadence.YEAR, Trigger.PERIOD), "计划总结",
            "年度工作目标、任务、责任科室、完成时间",
            _REGULATIONS + "第二十条第（三）项"),
    Default("S005", "年度工作总结", PLANS, "office", GOALS, Rule(Cadence.YEAR, Trigger.PERIOD), "计划总结", "上年度目标任务完成情况",
            _REGULATIONS + "第二十条第（三）项"),
    Default("S006", "规范性文件和政策", DOCUMENTS, "office", POLICY, _IRREGULAR, "政策文件", "文件名称、文号、正文、施行和废止日期",
            _REGULATIONS + "第二十条第（一）项"),
    Default("S007", "政策解读", DOCUMENTS, "office", POLICY, Rule(Cadence.IRREGULAR, Trigger.FORMED, 3), "政策文件",
            "解读的政策、要点、适用对象、怎么办理", N_("国办发〔2016〕80号")),
    Default("S008", "办事指南", GENERAL, "window", GUIDE, Rule(confirm=6), "政务服务",
            "受理条件、申请材料、办理流程、时限、收费、地点和电话",
            _REGULATIONS + "第二十条第（五）项"),
    Default("S009", "低保初审公示", OTHER, "civil", RELIEF, Rule(Cadence.IRREGULAR, Trigger.FORMED, 10), "社会救助",
            "户主姓名、保障人数、拟保障金额、所在社区、公示起止、异议电话", N_("《社会救助暂行办法》第十一条"), everywhere=False,
            display=(7, Measure.CALENDAR), required=False, care=True, overdue=WhenOverdue.NOTHING, channels=(BOARD_CHANNEL,),
            public="申请人所在社区居民"),
    Default("S010", "低保审批结果公布", OTHER, "civil", RELIEF, Rule(Cadence.IRREGULAR, Trigger.APPROVED, 10), "社会救助",
            "户主姓名、保障人数、保障金额、所在社区、监督电话", N_("《社会救助暂行办法》第十一条、《城市居民最低生活保障条例》第九条"),
            everywhere=False, display=(7, Measure.CALENDAR), required=False, care=True, overdue=WhenOverdue.NOTHING,
            channels=(BOARD_CHANNEL,), public="保障对象所在社区居民"),
    Default("S011", "低保和救助政策、标准、投诉电话", OTHER, "civil", RELIEF, Rule(n=10, confirm=12), "社会救助",
            "政策文件、救助标准、申请条件、投诉举报电话", N_("《社会救助暂行办法》")),
    Default("S012", "人口与计划生育政策和奖扶指南", OTHER, "health", HEALTH, Rule(confirm=6), "卫生健康",
            "生育服务、奖励扶助政策和办理指南，不列个人名单",
            _REGULATIONS + "第二十条"),
    Default("S013", "劳动保障政策和招聘信息", WORK, "labour", LABOUR, _BOARDS, "劳动保障", "就业和社会保险政策、招聘岗位、报名截止时间",
            _REGULATIONS + "第二十条第（十）项", overdue=WhenOverdue.NOTHING),
    Default("S014", "财政收支（每季）", MONEY, "finance", FINANCE, _quarter(15), "财政信息",
            "本季收入、支出、三公经费，本年累计，编制人、审核人",
            _REGULATIONS + "第二十条第（七）项", care=True, overdue=WhenOverdue.CONTACT),
    Default("S015", "部门预算", MONEY, "finance", FINANCE, Rule(Cadence.IRREGULAR, Trigger.APPROVED, 20, Measure.CALENDAR), "财政信息",
            "部门预算、机关运行经费的安排和使用", N_("《中华人民共和国预算法》第十四条"), care=True, overdue=WhenOverdue.CONTACT),
    Default("S016", "部门决算", MONEY, "finance", FINANCE, Rule(Cadence.IRREGULAR, Trigger.APPROVED, 20, Measure.CALENDAR), "财政信息",
            "部门决算九张表和说明，空表也要列出并说明", N_("《中华人民共和国预算法》第十四条"), care=True, overdue=WhenOverdue.CONTACT),
    Default("S017", "民政低保动态", WORK, "civil", NEWS, _BOARDS, "动态信息", "民政和低保工作动态", _REGULATIONS + "第十九条",
            required=False, overdue=WhenOverdue.NOTHING, channels=(BOARD_CHANNEL,)),
    Default("S018", "城市管理及文明城市创建动态", WORK, "city", NEWS, _BOARDS, "动态信息", "城市管理和文明创建工作动态",
            _REGULATIONS + "第十九条", required=False, overdue=WhenOverdue.NOTHING, channels=(BOARD_CHANNEL,)),
    Default("S019", "劳动保障动态", WORK, "labour", NEWS, _BOARDS, "动态信息", "劳动保障工作动态", _REGULATIONS + "第十九条",
            required=False, overdue=WhenOverdue.NOTHING, channels=(BOARD_CHANNEL,)),
    Default("S020", "党建工作动态", WORK, "party", NEWS, _BOARDS, "动态信息", "党建工作动态", N_("《中国共产党党务公开条例（试行）》"),
            required=False, overdue=WhenOverdue.NOTHING, channels=(BOARD_CHANNEL,)),
    Default("S021", "应急预警", WORK, "emergency", NOTICE, Rule(Cadence.AT_ONCE, Trigger.RECEIVED, 0), "应急管理",
            "预警级别、起止时间、怎么防范",
            _REGULATIONS + "第二十条第（十二）项", required=False, overdue=WhenOverdue.NOTHING),
    Default("S022", "政府信息公开指南和目录", GENERAL, "office", GUIDE, _ON_CHANGE, "信息公开",
            "信息分类、获取方式、公开机构的地址、时间、电话",
            _REGULATIONS + "第十二条"),
    Default("S023", "政府信息公开年度报告", GENERAL, "office", GOALS, Rule(Cadence.YEAR, Trigger.PERIOD, 31, Measure.DAY_OF_MONTH),
            "信息公开", "上年度政府信息公开工作情况", _REGULATIONS + "第四十九条、第五十条"),
    Default("S024", "居务：财务收支", OTHER, None, RESIDENTS, Rule(Cadence.QUARTER, Trigger.PERIOD), "居务公开",
            "日期、摘要、收入、支出、余额，经办、审批",
            N_("《中华人民共和国城市居民委员会组织法》"), care=True, overdue=WhenOverdue.CONTACT, channels=(BOARD_CHANNEL, CHANNELS[9])),
    Default("S025", "居务：会议决定和协商结果", OTHER, None, RESIDENTS, Rule(Cadence.QUARTER, Trigger.PERIOD), "居务公开",
            "居民会议决定、听证和协商的结果及落实情况", N_("《中华人民共和国城市居民委员会组织法》"), channels=(BOARD_CHANNEL,)),
    Default("S026", "居务：救助款物发放", OTHER, None, RESIDENTS, Rule(Cadence.IRREGULAR, Trigger.RECEIVED), "居务公开",
            "款物来源、数量、发放标准和结果", N_("《中华人民共和国城市居民委员会组织法》"), required=False, care=True,
            overdue=WhenOverdue.NOTHING, channels=(BOARD_CHANNEL,)),
    Default("S027", "居务：社区工作人员和办事安排", OTHER, None, RESIDENTS, Rule(confirm=12), "居务公开",
            "社区工作人员岗位、分工、办公时间和电话",
            N_("《中华人民共和国城市居民委员会组织法》"), channels=(BOARD_CHANNEL,)),
)


def lay(session: Session, *, by: Actor | None, at: datetime, since: date) -> list[Topic]:
    """The default classes, where there are none, and the default topics that the office never had; those that were added."""
    root = people.office(session)
    if root is None:
        raise Conflict(N_("还没有建好街道办事处，先完成设置。"))
    have = [each.name for each in topics.classes(session)]
    if not have:
        have = [each.name for each in topics.set_classes(session, DEFAULT_CLASSES, by=by, at=at)]
    known = {word for row in session.execute(select(Topic.code, Topic.name)) for word in row}
    chains = _Chains(session)
    return [topics.add(session, _wanted(each, root, session, have, chains), by=by, at=at, since=since)
            for each in TOPICS if not {each.code, each.name} & known]


def owner(session: Session, name: str) -> Unit | None:
    """The department that looks after this (a key of OWNERS), by its name; None if the office has no such one."""
    departments = [unit for unit in people.units(session) if unit.kind == UnitKind.DEPARTMENT]
    return next((unit for word in OWNERS[name] for unit in departments if word in unit.name or word in unit.short), None)


class _Chains:
    """Which checks stand before the leader: a section's only where somebody can make it, or nothing could ever hang."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._checked: dict[int, bool] = {}

    def of(self, each: Default, unit: Unit | None) -> tuple[Step, ...]:
        owners = [unit] if unit is not None else [one for one in people.units(self._session) if one.kind == UnitKind.COMMUNITY]
        section = bool(owners) and all(self._has_head(one) for one in owners)
        steps = (Step.SECTION,) if section and each.rule.cadence is not Cadence.AT_ONCE else ()
        return (*steps, Step.PRIVACY) if each.care else steps

    def _has_head(self, unit: Unit) -> bool:
        if unit.id not in self._checked:
            self._checked[unit.id] = bool(people.holders(self._session, STEP_ACTIONS[Step.SECTION], unit.id))
        return self._checked[unit.id]


def _wanted(each: Default, root: Unit, session: Session, classes: list[str], chains: _Chains) -> Wanted:
    unit = (owner(session, each.owner) or root) if each.owner is not None else None
    kind = each.kind if each.kind in classes else OTHER if OTHER in classes else classes[-1]
    everywhere = (root.id,) if each.everywhere and unit is not None else ()
    asked = (unit or root).phone or root.phone
    return Wanted(each.name, kind, unit.id if unit else None, each.column, each.code, each.level1, each.name, each.elements, each.basis,
                  channels=each.channels, public=each.public, levels=(LEVELS[2],) if unit is None else (LEVELS[1],), audience=everywhere,
                  rule=each.rule, display_days=each.display[0], display_measure=each.display[1], required=each.required,
                  chain=chains.of(each, unit), when_overdue=each.overdue, contact=asked[:40])
