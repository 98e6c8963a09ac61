"""
The working handbook of a jurisdiction (D22 《监管工作手册》), made from its profile: nothing in it is typed twice.

Who does what when, how a sheet and a card are read, how each form is filled, the clocks, the ladders, the
vocabulary, and which sentences of the documents are read in which way.
"""

from collections.abc import Iterator
from typing import Any

from hotspot.ledger.answers.issues import FOLLOWS, ORIGINS, STATES
from hotspot.publish.office.paper import Block, Grid, Head, Paper, Picture
from hotspot.publish.office.periods.handbook_pictures import code_picture, states_picture
from hotspot.publish.office.periods.rule_tables import clock_table, grades_zh, ladder_table, points_table, start_zh
from hotspot.publish.office.warned.return_form import COLUMNS, HELP
from hotspot.rules.cadence import PRODUCTS
from hotspot.rules.classes import GRADES as CARRIED
from hotspot.rules.classes import departments, problem_types, source_classes
from hotspot.rules.criteria import Criteria
from hotspot.rules.pollutants import of_study
from hotspot.rules.readings import readings
from hotspot.rules.reasons import in_use
from hotspot.rules.village import MEDIA, patrol_items
from hotspot.study import Study
from hotspot.text.labels import label_of


def handbook(study: Any) -> Paper:
    """
    The handbook of a study's profile as a paper.

    Parameters
    ----------
    study : Study
        Its name, office and criteria.

    Returns
    -------
    Paper, for ``paper_pdf`` and ``paper_docx``

    Examples
    --------
    >>> from hotspot.synthetic.study import synthetic_month
    >>> paper = handbook(synthetic_month(size="small").study)
    >>> [block.text for block in paper.blocks if isinstance(block, Head) and block.level == 1][:2]
    ['一、这本手册 About this handbook', '二、网格和编号 Cells and codes']
    """
    criteria: Criteria = study.criteria
    of = of_study(study)
    parts = (
        (_about, _cells, _who, _month, _list, _alarm, _forms, _issue, _clocks, _ladders, _assessment, _doubt, _problems,
         _checklists, _village, _readings)
        if of.usual
        else (_about_list, _cells, _who, _month, _list_alone, _forms, _issue, _clocks, _ladders, _assessment, _doubt,
              _problems, _village, _readings)
    )  # fmt: skip
    blocks: list[Block] = [block for part in parts for block in part(study, criteria)]
    numbered, count = [], 0
    for block in blocks:
        if isinstance(block, Head) and block.level == 1:
            count += 1
            block = Head(f"{_number(count)}、{block.text}", 1, block.page)
        numbered.append(block)
    return Paper(
        f"{study.name}{'' if of.usual else of.label}热点网格监管工作手册", numbered,
        under=f"（规则档案 {criteria.profile}；依据{criteria.legal_basis}）",
        small=True, contents=True, foot=[f"本手册由规则档案 {criteria.profile} 生成；规则改变，手册随之改变。"],
    )  # fmt: skip


def _number(n: int) -> str:
    digits = "零一二三四五六七八九"
    tens, ones = divmod(n, 10)
    return digits[n] if n < 10 else ("" if tens == 1 else digits[tens]) + "十" + (digits[ones] if ones else "")


def _about(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("这本手册 About this handbook")
    yield (
        "本手册供网格长、网格监督员、执法人员和联络员使用，说明热点网格在哪里、收到名单和报警后做什么、"
        "表格怎样填、什么时候必须办完、办不完会怎样。"
    )
    documents = [[d.title, d.number, d.date] for d in criteria.holds.documents]
    if documents:
        yield Grid(("文件", "文号", "日期"), (4, 3, 2), documents)
    if criteria.holds.start_month:
        yield f"名单自{criteria.holds.start_month}起发布（D21）；以前的月份只作草稿。"
    yield "For chiefs, supervisors, officers and liaisons: where the cells are, what to do, how to fill forms, by when."


def _about_list(study: Study, criteria: Criteria) -> Iterator[Block]:
    of = of_study(study)
    yield from _about(study, criteria)
    yield (
        f"本手册说明{of.label}名单。小时报警和问题清单只对细颗粒物制作，见细颗粒物的手册；"
        "文中提到报警、提示函和问题清单的地方，都指细颗粒物。"
    )
    yield "".join(f"{said}。" for said in (of.means_zh,) if said) + of.refused["trace"][0]
    yield f"This handbook is of the list of {of.en}; alarms of an hour and checklists are made for fine particles only."


def _cells(study: Study, criteria: Criteria) -> Iterator[Block]:
    fine, of = f"{study.lattice.fine:g}", of_study(study)
    yield Head("网格和编号 Cells and codes")
    yield (
        f"全部行政区域按{study.lattice.spacing / 1000:g}千米见方划分。每个网格一个编号，如 NP7413Z："
        "前面的字母和数字是位置，最后一位是校验位，抄错一位就对不上。每格再分36个小格"
        f"（{fine}米见方），从西北角起逐行编号，写作 NP7413Z-26。"
    )
    yield Picture(code_picture(), "一个网格的36个小格：从西北角起，自西向东、自北向南", 0.42)
    yield (
        f"热点网格：上一年{of.label}浓度较高"
        + ("、且剔除气象影响后排放较重的网格，" if of.usual else "的网格（不剔除气象影响），")
        + f"面积约占城市的{100 * criteria.selection.quota_share:g}%（{'D4、D5' if of.usual else '建议值'}）。"
        "预警网格：每月在热点网格中列出的三类网格（D9）。"
    )
    kinds = [[of.words(one.zh), of.words(one.means)] for one in in_use(criteria.warning.k)]
    yield Grid(("类别", "含义"), (3, 6), kinds)
    yield "A hotspot cell is chosen once a year; a warning cell is one of three kinds listed each month among them."


def _who(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("谁做什么 Who does what")
    network = criteria.network
    if network.duties:
        rows = [[network.name_of(tier), duty.words] for tier, duty in network.duties.items()]
        yield Grid(("层级", "职责"), (2, 6), rows)
    else:
        yield Grid(("谁", "职责"), (2, 6), _DUTIES)
    yield "与被检查单位有利害关系的，应当主动回避（B12）；报完成的人不能验收同一个问题（建议）。"
    rows = [[office["zh"], "、".join(c.zh for c in source_classes().values() if c.department == key)]
            for key, office in departments().items()]  # fmt: skip
    yield "发现的问题按污染源类别交有关部门办理："
    yield Grid(("部门", "负责的污染源类别"), (3, 7), [row for row in rows if row[1]])


_DUTIES = [
    ["网格长", "组织制定整改方案，督促按期完成（D15）"],
    ["网格监督员", "日常巡查，到现场排查预警网格和报警，填写回执（D15、D17）"],
    ["联络员", "接收名单、提示函和报警，汇总回执，按时报送（D22）"],
    ["有关部门", "按职责查处、整改、验收（D15）"],
]


def _month(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("一天、一周、一月 A day, a week, a month")
    products = criteria.cadence.products
    if products:
        rows = [[PRODUCTS[one.product][0], _RHYTHM[one.rhythm], one.audience] for one in products]
        yield Grid(("产品", "多久一次", "给谁"), (3, 2, 4), rows)
    yield Grid(("什么时候", "做什么"), (2, 7), _CALENDAR)


_RHYTHM = {"day": "每日", "midweek": "每周两次", "week": "每周", "half": "每半月", "month": "每月", "quarter": "每季"}
_CALENDAR = [
    ["每日", "接收报警和提示函，到现场排查，反馈；没有报警的，按清单巡查"],
    ["每周", "汇总报警、反馈率、问题和典型案例；核对未完成的整改措施"],
    ["每月", "接收预警名单，逐格排查，报送回执；公布名单、台账、考核和排名"],
    ["每季", "更新污染源清单；编发典型案例"],
    ["每年", "评估和调整热点网格名单；培训至少一次；年度考核"],
]


def _list(study: Study, criteria: Criteria) -> Iterator[Block]:
    days = criteria.handover.feedback_workdays
    yield Head("收到预警名单 When the list arrives")
    yield Grid(
        ("步骤", "做什么"),
        (2, 8),
        [
            ["1 看名单", "核对编号、县、坐标和预警原因；用核查单上的二维码导航（三种坐标，选所用地图的那一种）"],
            ["2 看核查单", "正面是格内36小格的浓度、上风向的污染源和走访顺序；背面是逐项问题清单；第三页是来源分析"],
            ["3 到现场", "先查关联强的企业，再查面源（裸土、堆场、焚烧、工地）；没有登记的也要查，空行用来填新发现的"],
            ["4 拍照", "按清单上的照片编号拍，一处两张：远景、近景"],
            ["5 填回执", f"每个问题一行；收到名单后{days}个工作日内报送"],
            ["6 交办", f"按类别交部门，整改期限{criteria.handover.rectify_days}天（清单另有期限的从其期限）"],
        ],
    )
    yield "“一个热点网格，一份问题清单”（D13）。名单上的网格没有企业的，也不是空格：面源逐格必查（C10）。"
    yield "Read the list, take the sheet, visit in order, photograph, fill the return form, hand over by class."


def _list_alone(study: Study, criteria: Criteria) -> Iterator[Block]:
    """The same of a gas: no visiting order, no checklist, no share of a source."""
    days, of = criteria.handover.feedback_workdays, of_study(study)
    yield Head("收到预警名单 When the list arrives")
    yield Grid(
        ("步骤", "做什么"),
        (2, 8),
        [
            ["1 看名单", "核对编号、县、坐标和预警原因；用核查单上的二维码导航（三种坐标，选所用地图的那一种）"],
            ["2 看核查单", f"36小格的位置、邻格的{of.figure_zh}、卫星火点和裸土等佐证（有则标出）；不列企业的走访顺序"],
            ["3 到现场", "格内和周边逐处查看，见到未登记的源，在核查单上逐个登记"],
            ["4 拍照", "一处两张：远景、近景，编号写在核查单上"],
            ["5 填回执", f"每个问题一行；收到名单后{days}个工作日内报送"],
            ["6 交办", f"按类别交部门，整改期限{criteria.handover.rectify_days}天"],
        ],
    )
    yield "Read the list, take the sheet, look at every place, photograph, fill the return form, hand over by class."


def _alarm(study: Study, criteria: Criteria) -> Iterator[Block]:
    rule, clocks = criteria.alarms, criteria.clocks
    yield Head("收到报警 When an alarm arrives")
    yield (
        f"报警的条件：小格小时浓度不低于{rule.floor:g}微克/立方米，"
        f"比周边点位中位数高{100 * (rule.ratio - 1):.0f}%以上，"
        f"明显高于按风和时段推算的应有水平，并持续{rule.min_hours}小时以上。区域性升高、沙尘、烟花爆竹时段不推送。"
    )
    answer = clocks.answer_hours or clocks.result_hours
    start = start_zh(clocks)
    must = f"收到后{answer:g}小时内按报警编号反馈，没有发现问题的也要反馈" if answer else "按报警编号反馈"
    yield Grid(
        ("步骤", "做什么"),
        (2, 8),
        [
            ["1 签收", f"登记报警编号和时间；时限从{start}起算"],
            ["2 看处置卡", "第几小格、逐小时浓度与周边对比、这几个小时的风、先查哪些源、本格以往"],
            ["3 到场", f"{clocks.site_hours:g}小时内反馈现场情况" if clocks.site_hours else "尽快到场，报告到场时间"],
            ["4 处置", f"{clocks.result_hours:g}小时内上报处置结果" if clocks.result_hours else "制止、查处、拍照"],
            ["5 反馈", must],
            ["6 总结", "同一小格反复报警的，分析原因，列入整改措施"],
        ],
    )  # fmt: skip
    yield (
        f"同一小格{clocks.repeat_days}天内报警{clocks.repeat_alarms}次以上为重复性报警，卡片和函件上会写明；"
        f"未反馈的报警在函件中保留{clocks.outstanding_days}天。"
    )


def _forms(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("表格怎样填 How forms are filled")
    yield "月度回执（return-*.xlsx）每列的含义："
    yield Grid(("列", "怎样填"), (3, 7), [[head, _FILL.get(ours, "按实填写")] for head, (ours, _) in COLUMNS.items()])
    yield Grid(("注意", "说明"), (2, 7), [list(row) for row in HELP])
    yield "其他表格按列名识别，用同一条命令登记（hotspot feedback 文件）："
    yield Grid(("表格", "必有的列"), (2, 7), _TABLES)
    yield "不合规的行不登记，逐行写明原因退回；同一行报两次只登记一次。登记后不能删改，更正再报一行。"


_FILL = {
    "month": "已填好，不改", "cell": "已填好，不改", "county": "已填好，不改", "reasons": "已填好，不改",
    "received_by": "签收名单的人", "time": "到现场的时间，写到分钟", "by": "到现场的人", "sources": "查了几家（处）",
    "problem": "从列表中选，见“问题类型”", "text": "看到什么、在哪里、多大", "measures": "要求做什么",
    "deadline": "整改到哪一天", "done": "是或否", "photos": "照片编号，多张用逗号分开",
}  # fmt: skip
_TABLES = [
    ["签收", "报警编号、接收时间、填报人"],
    [label_of("alarm_answers"), "month cell time by text 和 报警编号"],
    ["问题", "问题来源、发现时间、填报人、网格编号、问题类型、问题描述"],
    [label_of("handling"), "问题编号、环节、时间、填报人"],
    ["每周措施", "措施编号、单位、text、周、完成情况（有地点的加 网格编号、实施日期）"],
    [label_of("rewards"), "奖励编号、举报日期、奖励金额；不写举报人"],
    ["培训", "培训编号、单位、培训日期、培训内容、人次"],
    ["会商", "会商编号、会商日期、会商决定、参加单位"],
]


def _issue(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("问题从发现到销号 A problem from found to closed")
    yield Picture(states_picture(), "问题的环节（B6、C13）：虚线为退回和移交", 0.96)
    rows = [[STATES[state], "、".join(STATES[after] for after in following)] for state, following in FOLLOWS.items()]
    yield Grid(("现在", "下一步可以是"), (2, 6), rows)
    yield f"问题来源（B六）：{'、'.join(ORIGINS.values())}。"
    yield (
        "“应发现而未发现的问题”（B23）：由机动执法、专项行动、督察检查、信访、媒体、舆情、批示发现，"
        "且本级网格应当发现的；是否应当发现没有查明的，单独列出，不计。"
    )


def _clocks(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("时限 By when")
    yield clock_table(criteria)
    yield "时限包含整点：24小时即到第24小时0分为止，第1分钟起为逾期。没有签收记录的，按推送时间计，并写明。"


def _ladders(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("升级和处理 What follows")
    yield ladder_table(criteria)
    yield "“以上、以下、以内”均含本数（民法典第1259条）。每一次处理登记在台账中：待执行、已执行或免予执行。"


def _assessment(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("考核 Assessment")
    yield points_table(criteria)
    yield f"{grades_zh(criteria)}每一分都对应台账中的一条。"


def _doubt(study: Study, criteria: Criteria) -> Iterator[Block]:
    sure, likely = criteria.confidence.sure, criteria.confidence.likely
    yield Head("数字有多可靠 How sure a number is")
    rows = [
        ["高、较高、低", f"本月确在名单内的把握：高为{100 * sure:.0f}%以上，较高为{100 * likely:.0f}%以上"],
        [
            label_of("not_distinguishable"),
            "不能断定本格比邻近名次的网格更差，不等于没有问题；排查时一并查看邻近网格",
        ],
        ["未参评", "有效天数不够，不参加比较，原因写在名单后"],
    ]
    if of_study(study).usual:
        rows[-1:-1] = [
            ["推算", "这个小格没有监测点，数值由周边推算"],
            ["存疑", "仪器可能有故障，报警不推送，请运维核查"],
        ]
    yield Grid(("纸上的话", "意思"), (2, 7), rows)
    if of_study(study).usual:
        yield "关联份额（约60%）是按风和规模推算的估计，不等于认定来源；现场看到的优先。"


def _problems(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("问题类型 Kinds of problems")
    rows = [[kind["zh"], kind["en"], kind["clause"]] for kind in problem_types().values()]
    yield Grid(("类型", "English", "条款"), (4, 5, 2), rows)


def _checklists(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("逐类看什么 What to look at, class by class", page=True)
    yield (
        f"“{CARRIED['patrol']}”：巡查人员肉眼可见、常识可判断；"
        f"“{CARRIED['enforcement']}”：需要资料、仪器或执法权（B11）。"
    )
    for kind in source_classes().values():
        yield Head(f"{kind.zh} {kind.en}（{kind.department_zh}）", 2)
        yield Grid(("谁", "看什么"), (1, 11), [[CARRIED[item.grade], item.zh] for item in kind.items])


def _village(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("村（社区）巡查还看什么 Beside the air")
    rows = [
        [MEDIA[item.medium], item.zh, item.department] for item in patrol_items(tuple(MEDIA)) if item.medium != "air"
    ]
    yield Grid(("要素", "看什么", "上报去向"), (1, 6, 3), rows)


def _readings(study: Study, criteria: Criteria) -> Iterator[Block]:
    yield Head("有两种读法的条款 Sentences read in two ways")
    yield "文件中有些话可以有两种读法。现行读法写在这里，每一份产品的页脚也写明；要改，改规则档案。"
    rows = [
        [row["clause"], row["words"], row["applied"] or "两说并存", "、".join(row["readings"])]
        for row in readings(criteria)
    ]
    yield Grid(("条款", "原文", "现行读法", "规则档案中可写的读法"), (1, 4, 2, 4), rows)
