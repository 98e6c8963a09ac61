// One cell, or one facility, in words.
function figure(label, number, of) { return number == null ? null : el("div", { class: "hs-figure" }, el("span", {}, label), el("b", {}, number), el("i", {}, unit(of || ""))); }
const signed = v => v == null ? null : (v > 0 ? "+" : v < 0 ? "−" : "") + Math.abs(v).toFixed(field.decimals);
function against(word, back, i) {
  const t = state.month, from = monthBefore(t, back), now = column("@column@_" + t), before = from < 0 ? null : column("@column@_" + from);
  const a = now.whole(i), b = before ? before.whole(i) : null;
  if (a == null || b == null) return el("div", { class: "hs-row" }, el("span", {}, w(word) + (from < 0 ? "" : ` (${months[from]})`)), el("em", {}, w(from < 0 ? "noBase" : "noData")));
  const share = rate(a, b), way = a > b ? "up" : a < b ? "down" : "";
  return el("div", { class: "hs-row" }, el("span", {}, w(word), el("small", {}, ` ${months[from]}: ${before.words(i)}`)),
    el("b", { class: way }, signed((a - b) / now.per) + (share == null ? "" : ` · ${share > 0 ? "+" : share < 0 ? "−" : ""}${Math.abs(share).toFixed(1)} %`)));
}
// The months of one cell as bars; the shown one is dark, a click goes to another.
function bars(i) {
  if (months.length < 4) return null;
  const values = months.map((_, t) => column("@column@_" + t).number(i)), top = Math.max(...values.filter(v => v === v));
  if (top === -Infinity) return null;
  const said = values.map((v, t) => `${months[t]} ${v === v ? v.toFixed(field.decimals) : w("noData")}`);
  // Later: a bar that is replaced while its click is on the way would hand the click to the map below.
  return barRow(values, top, said, { on: state.month, pick: t => window.setTimeout(setMonth, 0, t), label: w("course"), ends: [months[0], fill("highestOf", top.toFixed(field.decimals)), months[last]] });
}
// Bars with their words below; what lies under the pointer is said there, never in a box over the card.
function barRow(values, top, said, { on = -1, pick = null, label, ends, small = false }) {
  const words = el("span", {}, ends[1]), say = k => { words.textContent = k < 0 ? ends[1] : said[k]; };
  const bar = (v, k) => el("span", { class: k === on ? "on" : "", "data-said": said[k], onclick: pick ? () => pick(k) : null, onpointerenter: () => say(k), onpointerleave: () => say(-1) }, v === v ? el("i", { style: `height:${Math.max(3, v / top * 100)}%` }) : el("u", {}));
  return el("div", { class: small ? "hs-bars small" : "hs-bars" }, el("div", { role: "img", "aria-label": `${label}: ${said.join(", ")}` }, ...values.map(bar)),
    el("p", {}, el("span", {}, ends[0]), words, el("span", {}, ends[2])));
}
// A hotspot cell that is not on the list: how near it came.
function nearness(i) {
  const rows = DATA.reasons.map((reason, r) => [reason, standing[r].get(i)]).filter(([, one]) => one && one.top != null);
  if (!rows.length || warnedBy.has(i)) return null;
  return el("section", {}, el("h5", {}, `${w("nearness")} · ${months[last]}`), ...rows.map(([reason, one]) => el("div", { class: "hs-row" },
    el("span", {}, `${name(reason)} · ${fill("rank", one.rank)}`), el("b", {}, one.low == null ? `${one.top} %` : `${one.top} % · ${one.low}–${one.high}`))));
}
const percent = p => p == null ? null : (p > 0 && p < 0.01 ? "<1" : p < 1 && p > 0.99 ? ">99" : Math.round(p * 100)) + " %";
function verdict(row) {
  if (row.sure == null) return null;
  return el("span", { class: "hs-chip " + (row.sure ? "sure" : "blurred") }, w(row.sure ? "clear" : "blurred"));
}
function coordinates(lon, lat, gcjLon, gcjLat) {
  const words = (a, b) => a == null ? "—" : `${a.toFixed(5)}, ${b.toFixed(5)}`;
  return el("dl", { class: "hs-where" }, el("dt", {}, "WGS 84"), el("dd", {}, words(lon, lat)), el("dt", {}, "GCJ-02"), el("dd", {}, words(gcjLon, gcjLat)));
}
function sourceItem(s) {
  const wind = s.bearing == null ? "" : WINDS[Math.round(s.bearing / 45) % 8][state.lang];
  const facts = [name(s), s.km == null ? "" : `${wind} ${s.km.toFixed(1)} ${unit("km")}`, s.where ? value(s.where) : "", s.of ? fill("upwind", s.hours, s.of) : "", s.agree[state.lang], s.share[state.lang]];
  return el("li", {}, el("b", {}, text(s.name)), s.word ? el("span", { class: "hs-word w-" + text(s.word).split(" ")[0] }, value(s.word)) : null,
    el("small", {}, facts.filter(Boolean).join(" · ")));
}
function warning(row) {
  const reason = DATA.reasons[row.r], line = (key, said) => said == null ? null : el("div", { class: "hs-row" }, el("span", {}, w(key)), el("b", {}, said));
  return el("section", { class: "hs-reason", style: `border-left-color:${reason.colour}` },
    el("h4", {}, signImage(reason.shape, reason.colour, 9, row.k), name(reason), row.k == null ? null : el("span", {}, fill("rank", row.k)), verdict(row)),
    line("pTop", percent(row.p_top)), line("pWorst", percent(row.p_worst)), line("pAgain", percent(row.p_again)), line("nMay", row.n_may),
    line("rankSpan", row.rank_low == null ? null : `${row.rank_low} – ${row.rank_high}`),
    row.weather ? el("p", { class: "hs-note" }, row.weather[state.lang].replaceAll("μg/m³", unit("µg/m³"))) : null,
    row.sure === false ? el("p", { class: "hs-note" }, w("blurredWhy")) : null);
}
// The month that the slider shows.
function ofTheMonth(i) {
  const t = state.month, of = key => column(`${key}_${t}`), now = of("@column@").words(i), gi = t === last && column("gi"), level = column("level");
  const said = key => of(key) && of(key).words(i), why = column("why_" + t) ? pick(field.why[of("why").whole(i) || 0]) : "";
  return el("section", {}, el("div", { class: "hs-big" }, el("span", {}, w("mean"), el("small", {}, monthWords(t))),
    now == null ? el("em", {}, w("noData")) : el("b", {}, now), now == null ? null : el("i", {}, unit("µg/m³"))),
    now == null && why ? el("p", { class: "hs-note" }, why) : null,
    against("mom", 1, i), against("yoy", 12, i), bars(i),
    el("div", { class: "hs-figures" }, figure(w("coverage"), said("coverage"), "%"), figure(w("nValid"), said("n_valid")),
      figure(w("error"), said("@column@_error") && "± " + said("@column@_error"), "µg/m³")),
    level && level.words(i) != null ? el("div", { class: "hs-row" }, el("span", {}, `${name(layerOf("level"))} ${layerOf("level").always}`), el("b", {}, `${level.words(i)} ${unit("µg/m³")}`)) : null,
    gi && gi.whole(i) != null ? el("div", { class: "hs-row" }, el("span", {}, "Gi*"), el("b", {}, layerOf("gi").classes[gi.whole(i) + 1][state.lang])) : null);
}
const layerOf = id => field.layers.find(layer => layer.id === id);
function cellWords(i) {
  const unit = cells.units[cells.unit[i]], rows = warnedBy.get(i) || [], label = cells.labels.get(i), now = state.month === last;
  const body = el("div", { class: "hs-card" },
    el("header", {}, el("h3", {}, cells.codes[i], hot.has(i) ? el("span", { class: "hs-chip" }, w("isHot")) : null),
      el("p", {}, [label, ...unit].filter(Boolean).join(" · "))));
  const told = ledgerOf(i);
  if (told) body.append(el("p", { class: "hs-state" }, ledgerDot(i), `${w("ledger")} · ${ledgerWords(told)}`));
  if (!now) body.append(ofTheMonth(i));
  if (!now && (rows.length || DATA.traced[i])) body.append(el("p", { class: "hs-published" }, fill(whose("belongs"), monthWords(last))));
  body.append(...rows.map(warning));
  if (now) body.append(ofTheMonth(i));
  const series = seriesOf(i);
  if (series) body.append(series);
  const near = nearness(i);
  if (near) body.append(near);
  const past = DATA.past[i] || [];
  if (past.length) body.append(el("section", {}, el("h5", {}, w("past")), ...past.map(pair => el("p", { class: "hs-note" }, pair[state.lang]))));
  const left = (notRanked.get(i) || []).map(k => DATA.not_ranked.pairs[k]), said = column("why_" + last), why = said ? pick(field.why[said.whole(i) || 0]) : "";
  const blank = column("@column@_" + last).words(i) == null;
  if (left.length || (why && !(now && blank))) body.append(el("section", {}, el("h5", {}, `${w("notRanked")} · ${months[last]}`),
    ...(left.length ? left.map(([r, ...s]) => el("p", { class: "hs-note" }, (r < 0 ? "" : name(DATA.reasons[r]) + (state.lang ? ": " : "：")) + pick(s))) : [el("p", { class: "hs-note" }, why)])));
  const sources = DATA.traced[i] || [];
  if (sources.length || DATA.hidden[i]) body.append(el("section", {}, el("h5", {}, w("sources")), DATA.calm[i] ? el("p", { class: "hs-note" }, DATA.calm[i][state.lang]) : null, DATA.hidden[i] ? el("p", { class: "hs-note" }, DATA.hidden[i][state.lang]) : null, el("ol", { class: "hs-sources" }, ...sources.slice(0, 8).map(sourceItem)),
    sources.length > 8 ? el("p", { class: "hs-note" }, fill("more", sources.length - 8)) : null));
  body.append(el("section", {}, coordinates(...(rows.length ? rows[0].at : [...cells.centre(i), ...DATUM.toGcj(...cells.centre(i))]))));
  return body;
}
function facilityWords(f) {
  const facts = [["kind", name(DATA.facilities.classes[f.c])], ["size", text(f.size)], ["status", pick(f.status)], ["accuracy", value(f.accuracy)], ["vintage", text(f.vintage)], ["from", text(f.source)]];
  return el("div", { class: "hs-card" }, el("header", {}, el("h3", { class: "hs-name" }, text(f.name) || text(f.facility)), el("p", {}, text(f.facility))),
    el("section", {}, ...facts.filter(pair => pair[1]).map(([key, v]) => el("div", { class: "hs-row" }, el("span", {}, w(key)), el("b", {}, v)))),
    el("section", {}, coordinates(f.lon, f.lat, f.gcj_lon, f.gcj_lat)));
}
