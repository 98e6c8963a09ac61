const DATA = JSON.parse(document.getElementById("hotspot-data").textContent), byId = id => document.getElementById(id);
let lang = 0, figure = "answer_rate", level = "all", picked = null;
const WORDS = {
  units: ["单位和月份", "Units and months"], figure: ["指标", "Figure"], level: ["单位", "Units"], all: ["全部", "all"],
  study: ["总体", "whole"], city: ["城市", "cities"], county: ["县（区、市）", "counties"], departments: ["各部门办理情况", "Departments"],
  kinds: ["问题类型", "Problems by kind"], targets: ["目标和余下天数的控制值", "Targets and what is left (words in Chinese)"],
  clickNote: ["点击数字查看所依据的报警和问题。比率旁为计数。", "Click a number to see the alarms and problems it is counted from. Counts stand beside rates."],
  unit: ["单位", "Unit"], course: ["走势", "Course"], alarms: ["报警", "Alarms"], issues: ["问题", "Problems"], none: ["无", "none"],
  alarm: ["报警编号", "Alarm"], pushed: ["推送时间", "Pushed"], state: ["状态", "State"], hours: ["超时h", "Late, h"], place: ["县（区、市）", "County"],
  issue: ["问题编号", "Problem"], kind: ["类型", "Kind"], department: ["责任部门", "Department"], due: ["期限", "Due"], late: ["超期", "overdue"],
  d_issues: ["问题", "Problems"], d_rate: ["验收率", "Accepted"], d_open: ["未销号", "Open"], d_overdue: ["超期", "Overdue"], d_days: ["中位数（天）", "Median, days"],
  n: ["个", "n"], share: ["占比%", "Share, %"], asof: ["数据截至", "Data up to"], profile: ["规则档案", "Profile"], chain: ["台账校验", "Chain"],
  internal: ["内部资料，不含个人和企业名称。", "Internal; no person and no enterprise is named."],
};
// key, words, digits, what stands beside it, true where more is worse
const FIGURES = [
  ["answer_rate", ["反馈率%", "Answered, %"], 2, r => r.pushed ? `${r.answered}/${r.pushed}` : ""], ["pushed", ["推送报警", "Alarms pushed"], 0],
  ["overdue", ["超期未反馈", "Overdue"], 0, null, true], ["found", ["发现问题", "Problems found"], 0],
  ["per_alarm", ["问题/报警", "Problems per alarm"], 3, r => r.pushed ? `${r.found}/${r.pushed}` : ""],
  ["persons_per_alarm", ["人次/报警", "Person-visits per alarm"], 2, r => r.pushed && r.persons ? `${r.persons}/${r.pushed}` : ""],
  ["sources_per_alarm", ["污染源/报警", "Sources per alarm"], 2, r => r.pushed && r.sources ? `${r.sources}/${r.pushed}` : ""],
  ["load", ["报警/布设网格", "Alarms per instrumented cell"], 2, r => r.load == null ? "" : `${r.pushed}/${r.cells}`],
  ["median_hours", ["反馈用时中位数h", "Median hours to answer"], 1], ["p90_hours", ["反馈用时P90 h", "90th percentile, h"], 1],
  ["open_end", ["月末未销号", "Open at month end"], 0, null, true], ["good", ["优良天", "Good days"], 0, r => r.valid ? `${r.good}/${r.valid}` : ""],
];
const w = key => WORDS[key][lang], chosen = () => FIGURES.find(f => f[0] === figure);
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) name === "onclick" ? node.addEventListener("click", value) : node.setAttribute(name, value);
  for (const child of children) if (child != null) node.append(child);
  return node;
}
const text = words => { const box = document.createElement("textarea"); box.innerHTML = words; return box.value; };
const value = (row, f) => row[f[0]] == null || (f[0] === "good" && !row.valid) ? null : Number(row[f[0]]).toFixed(f[2]);
function fill(id, heads, rows) {
  const table = byId(id);
  table.replaceChildren(el("thead", {}, el("tr", {}, ...heads.map(([words, kind]) => el("th", { class: kind || "" }, words)))),
    el("tbody", {}, ...(rows.length ? rows : [el("tr", {}, el("td", { colspan: heads.length }, w("none")))])));
}
function line(values) {
  const known = values.map((v, i) => [i, v]).filter(p => p[1] != null), svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "line"); svg.setAttribute("viewBox", "0 0 110 24"); svg.setAttribute("aria-hidden", "true");
  if (!known.length) return svg;
  const low = Math.min(...known.map(p => p[1])), high = Math.max(...known.map(p => p[1])), span = high - low || 1, step = 104 / Math.max(1, values.length - 1);
  const at = ([i, v]) => [3 + i * step, 21 - (v - low) / span * 18];
  const path = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  path.setAttribute("points", known.map(p => at(p).map(n => n.toFixed(1)).join(",")).join(" ")); path.setAttribute("fill", "none"); path.setAttribute("stroke", "#2a6a9e"); path.setAttribute("stroke-width", "1.6");
  const dot = document.createElementNS("http://www.w3.org/2000/svg", "circle"), end = at(known[known.length - 1]);
  dot.setAttribute("cx", end[0].toFixed(1)); dot.setAttribute("cy", end[1].toFixed(1)); dot.setAttribute("r", "2.4"); dot.setAttribute("fill", "#12304f");
  svg.append(path, dot);
  return svg;
}
function cards() {
  const last = DATA.rows.filter(r => r.level === "study" && r.month === DATA.months[DATA.months.length - 1])[0], box = byId("cards");
  box.replaceChildren(...["answer_rate", "pushed", "overdue", "per_alarm", "median_hours", "open_end"].map(key => {
    const f = FIGURES.find(one => one[0] === key), said = value(last, f), beside = f[3] && f[3](last);
    return el("div", { class: "card" + (f[4] && last[key] > 0 ? " bad" : "") }, el("span", {}, `${f[1][lang]} · ${last.month}`), el("b", {}, said == null ? "—" : said), el("span", {}, beside || "\u00a0"));
  }));
}
function units() {
  const f = chosen(), names = [...new Map(DATA.rows.map(r => [r.level + "|" + r.city + "|" + r.unit, r])).values()].filter(r => level === "all" || r.level === level);
  fill("units", [[w("unit")], ...DATA.months.map(m => [m]), [w("course")]], names.map(one => {
    const own = DATA.months.map(m => DATA.rows.find(r => r.month === m && r.level === one.level && r.unit === one.unit && r.city === one.city));
    return el("tr", { class: one.level }, el("td", {}, text(one.unit)), ...own.map(row => {
      const said = value(row, f), beside = f[3] && f[3](row);
      if (said == null) return el("td", {}, "—");
      return el("td", { class: f[4] && row[f[0]] > 0 ? "bad" : "" }, el("button", { type: "button", onclick: () => pick(row) }, said), beside ? el("small", {}, beside) : null);
    }), el("td", {}, line(own.map(row => row[f[0]]))));
  }));
}
function pick(row) { picked = row; rows(); byId("rows").scrollIntoView({ block: "nearest" }); }
function rows() {
  const box = byId("rows"), row = picked;
  box.hidden = !row;
  if (!row) return;
  const own = part => part[2] === row.month && (row.level === "study" || (row.level === "city" ? part[0] === row.unit : part[0] === row.city && part[1] === row.unit));
  byId("rowsTitle").textContent = `${text(row.unit)} · ${row.month}`;
  fill("alarms", [[w("alarm")], [w("place"), "text"], [w("pushed")], [w("state")], [w("hours")]], DATA.alarms.filter(own).map(a =>
    el("tr", {}, el("td", {}, text(a[3])), el("td", { class: "text" }, text(a[1])), el("td", {}, a[4]), el("td", { class: a[5] === "overdue" ? "bad" : "" }, DATA.states[a[5]][lang]), el("td", {}, a[6] ? a[6].toFixed(1) : "—"))));
  fill("issues", [[w("issue")], [w("place"), "text"], [w("kind"), "text"], [w("department"), "text"], [w("due")], [w("state")]], DATA.issues.filter(own).map(i =>
    el("tr", {}, el("td", {}, text(i[3])), el("td", { class: "text" }, text(i[1])), el("td", { class: "text" }, i[4 + lang]), el("td", { class: "text" }, i[6]), el("td", {}, i[7] || "—"), el("td", { class: i[9] ? "bad" : "" }, i[8] + (i[9] ? " · " + w("late") : "")))));
}
function draw() {
  document.documentElement.lang = lang ? "en" : "zh-CN";
  byId("title").textContent = text(DATA.title) + (lang ? " · figures" : "考核指标");
  byId("sub").textContent = `${w("asof")} ${DATA.asof} · ${w("profile")} ${text(DATA.profile)} · ${w("chain")} ${DATA.head}`;
  byId("lang").textContent = lang ? "中文" : "English";
  for (const node of document.querySelectorAll("[data-w]")) node.textContent = w(node.dataset.w);
  byId("figure").replaceChildren(...FIGURES.filter(f => f[0] !== "load" || DATA.cells).map(f => { const o = el("option", { value: f[0] }, f[1][lang]); o.selected = f[0] === figure; return o; }));
  byId("level").replaceChildren(...["all", "study", "city", "county"].map(key => { const o = el("option", { value: key }, w(key)); o.selected = key === level; return o; }));
  cards(); units(); rows();
  fill("departments", [[w("department"), "text"], [w("d_issues")], [w("d_rate")], [w("d_open")], [w("d_overdue")], [w("d_days")]], DATA.departments.map(d =>
    el("tr", {}, el("td", { class: "text" }, lang ? d.en : d.zh), el("td", {}, d.issues), el("td", {}, (d.accepted / d.issues * 100).toFixed(2) + "%", el("small", {}, `${d.accepted}/${d.issues}`)), el("td", {}, d.open), el("td", { class: d.overdue ? "bad" : "" }, d.overdue), el("td", {}, d.median_days == null ? "—" : d.median_days))));
  fill("kinds", [[w("kind"), "text"], [w("n")], [w("share")]], DATA.kinds.rows.map(k => el("tr", {}, el("td", { class: "text" }, k.zh), el("td", {}, k.n), el("td", {}, k.share))));
  byId("kindsNote").textContent = DATA.kinds.said;
  byId("targetsBox").hidden = !DATA.targets.length;
  byId("targets").replaceChildren(...DATA.targets.map(t => el("li", {}, `${text(t.unit)}：${t.zh}`)));
  byId("foot").replaceChildren(...[w("internal"), ...DATA.notes.map(text)].map(words => el("p", {}, words)));
}
byId("lang").addEventListener("click", () => { lang = 1 - lang; draw(); });
byId("figure").addEventListener("change", event => { figure = event.target.value; units(); });
byId("level").addEventListener("change", event => { level = event.target.value; units(); });
draw();
