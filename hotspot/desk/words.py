"""The desk's words: what the ledger's states are called on its pages, Chinese and English, and its notes."""

import re
from types import MappingProxyType

from hotspot.ledger.answers.issues import ORIGINS, SHOULD_HAVE, STATES
from hotspot.ledger.assessment.consequences import STATES as CONSEQUENCES
from hotspot.publish.office.alarmed.alarm_words import alarm_why_zh, also_zh
from hotspot.publish.words import REASONS, REASONS_EN
from hotspot.publish.words import STATES as MONTHS
from hotspot.rules.classes import NONE, departments, problem_types
from hotspot.rules.network import TIERS
from hotspot.sources.loop_tables import WORDS
from hotspot.text.labels import label_of
from hotspot.text.table import titles
from hotspot.workflows.closing.ledger_book import KINDS
from hotspot.workflows.closing.problems import ALARM_STATES

_EN = MappingProxyType(
    {
        "found": "found", "assigned": "assigned", "rectifying": "being rectified", "claimed": "claimed as done",
        "accepted": "accepted", "closed": "closed", "spot_checked": "spot-checked", "reopened": "sent back",
        "handed_up": "handed up",
    }
)  # fmt: skip
_ORIGIN = MappingProxyType(
    {
        "self": "own patrol", "platform": "platform", "mobile_enforcement": "mobile enforcement",
        "campaign": "campaign", "inspection": "inspection", "petition": "petition", "media": "media",
        "opinion": "public opinion", "instruction": "instruction",
    }
)  # fmt: skip
_TIER = MappingProxyType(
    {
        "prefecture": "prefecture", "county": "county", "park": "park", "township": "township", "village": "village",
        "key": "key grid", "cell": "hotspot cell",
    }
)  # fmt: skip
# What the fields of an entry are called where it is read.
FIELDS = MappingProxyType(
    titles("return form")
    | titles("return-alarms.xlsx")
    | {name: said.split()[1] for name, said in WORDS.items()}  # as the tables are headed that are read
    | {
        "seq": "序号", "kind": "种类", "hash": "校验值", "form": "表单编号",
        "alarm": label_of("alarm_id"), "cell": "网格", "sub_cell": "小格", "time": "时间", "end": "结束",
        "hours": "小时数",
        "peak": "最高浓度", "state": "状态", "why": "原因", "by": "填报人", "text": "情况",
        "problem": label_of("problem_type"),
        "facility": "企业或地点", "persons": "人次", "sources": "点位数", "photos": "照片", "received": "签收时间",
        "issue": label_of("issue_id"), "step": "步骤", "origin": "来源", "found": "发现时间", "unit": "单位",
        "due": "期限",
        "department": label_of("department"), "should_have": "应由本单位发现", "ref": "关联",
        "revision": "修订", "reason": "理由",
        "measure": "措施", "week": "周", "rule": "规则", "month": "月份", "lon": "经度", "lat": "纬度",
        "datum": "坐标系", "filled": "填写时手机时间", "phone": "发送时手机时间", "entered": "平台收到时间",
        "stood": "定位所在网格", "warned": "预警网格",
        "day": "日期", "files": "文件", "n": "行数", "p_top": "在榜概率", "replaces": "取代",
        "case": "案例", "title": "标题", "count": "字数", "decision_no": "决定书文号", "decided": "决定日期",
        "review_ended": "复议诉讼期满", "reviews": "三审", "proofs": "三校", "ready": "可公开",
        "subject": "对象", "words": "内容", "product": "产品", "period": "期", "audience": "对象",
    }
)  # fmt: skip
# States of an entry's own, by its kind; those of an alarm are what became of it, not its clock.
_OWN = MappingProxyType(
    {
        "alarm state": {"pushed": "已推送", "persistent": "持续高值", "withdrawn": "已撤回", "unconfirmed": "存疑",
                        "suppressed": "未推送"},
        "month state": MONTHS,
        "should_have": SHOULD_HAVE,
        "measure state": {"done": "已完成", "not": "未完成"},
        "consequence state": CONSEQUENCES,
    }
)  # fmt: skip
# What was done with accounts, as it is written down (``accounts.note``).
_ACTS = (
    (re.compile(r"logged in"), "登录"), (re.compile(r"password set"), "设置密码"),
    (re.compile(r"code given to (.*)"), r"发给 \1 一次性口令"), (re.compile(r"account (.*) stopped"), r"停用账号 \1"),
    (re.compile(r"account (.*) let in again"), r"恢复账号 \1"),
    (re.compile(r"account (.*) made, (.*)"), r"建立账号 \1（\2）"),
)  # fmt: skip
ROLE = MappingProxyType(
    {"read": ("只查看", "reads"), "write": ("填报", "writes"), "admin": ("管理员", "administrator")}
)
# What a page may tell after something was done; the address holds the key only.
NOTES = MappingProxyType(
    {
        "recorded": ("已记入台账", "Recorded in the ledger"),
        "repeated": ("这张表已经记入台账，没有重复记", "This form was recorded before; nothing was entered twice"),
        "second": (
            "已记入台账。这条报警另有人反馈，两份都保留，以现场时间最近的为准",
            "Recorded. Somebody else answered this alarm, too: both stand, the latest visit counts",
        ),
        "password": ("密码已设置，请登录", "The password is set; log in"),
        "out": ("已退出", "Logged out"),
        "account": ("已保存", "Saved"),
    }
)


def say(kind: str, key: str, lang: str) -> str:
    """
    A key of the ledger in words; an unknown one as it stands.

    Parameters
    ----------
    kind : "state" of a problem, "origin", "problem", "department", "alarm" (its clock), "tier", "role", "entry",
        "field", "reason", "act" of an administrator, "should_have", "alarm state", "alarm why", "measure state",
        "consequence state", "month state" of an entry
    lang : "zh" or "en"

    Examples
    --------
    >>> say("state", "claimed", "zh"), say("state", "claimed", "en"), say("problem", "none", "en")
    ('报完成', 'claimed as done', 'nothing found')
    >>> say("act", "account li made, write", "zh"), say("alarm state", "pushed", "zh")
    ('建立账号 li（填报）', '已推送')
    >>> say("alarm why", "short: one hour only; also at 03", "zh"), say("alarm why", "short: one hour only", "en")
    ('仅持续1小时，待核实及03号', 'short: one hour only')
    """
    if kind in ("problem", "department"):
        if key == NONE:
            return "nothing found" if lang == "en" else label_of("nothing_found")
        table = problem_types() if kind == "problem" else departments()
        return str(table[key][lang]) if key in table else key
    if kind == "reason":
        words = REASONS_EN if lang == "en" else REASONS
        return words.get(key, key)
    if kind == "alarm why" and lang != "en":
        return f"{alarm_why_zh(key)}{also_zh(key)}"
    if kind in _OWN or kind == "alarm why":
        return key if lang == "en" else _OWN[kind].get(key, key)
    if kind == "act":
        if lang == "en":
            return key
        made = ((pattern.fullmatch(key), zh) for pattern, zh in _ACTS)
        said = next((found.expand(zh) for found, zh in made if found), key)
        return re.sub(r"（(\w+)）$", lambda role: f"（{say('role', role[1], lang)}）", said)
    if kind == "role":
        return ROLE[key][lang == "en"] if key in ROLE else key
    zh, en = {
        "state": (STATES, _EN), "origin": (ORIGINS, _ORIGIN), "alarm": (ALARM_STATES, {}), "tier": (TIERS, _TIER),
        "entry": (KINDS, {}), "field": (FIELDS, {}),
    }[kind]  # fmt: skip
    return str(en.get(key, key) if lang == "en" else zh.get(key, key))
