// The days of a hotspot cell in the published month, and where micro-stations reported the hours of one of its days.
const SERIES = DATA.series, readSeries = new Map();
let chosenDay = -1;
function numbers(kind, i) {
  const key = `${kind}${i}`, packed = SERIES && SERIES[kind] && SERIES[kind].cells[i];
  if (!packed) return null;
  if (!readSeries.has(key)) { const read = readColumn(packed, 0); readSeries.set(key, Array.from({ length: SERIES[kind].n }, (_, t) => read.number(t))); }
  return readSeries.get(key);
}
function seriesOf(i) {
  const days = numbers("days", i), hours = numbers("hours", i), digits = field.decimals, month = months[last];
  if (!days && !hours) return null;
  const two = n => String(n).padStart(2, "0"), said = (when, v) => `${when} ${v === v ? `${v.toFixed(digits)} ${unit("µg/m³")}` : w("noData")}`;
  const topOf = values => Math.max(...values.filter(v => v === v), 0.1);
  const box = el("section", {}), n = SERIES.month_days;
  // Where only hours came, a day is the mean of its hours.
  const means = days || Array.from({ length: n }, (_, d) => { const own = hours.slice(24 * d, 24 * d + 24).filter(v => v === v); return own.length ? own.reduce((a, b) => a + b, 0) / own.length : NaN; });
  const draw = () => {
    const day = hours && chosenDay >= 0 && chosenDay < n ? chosenDay : -1, top = topOf(means);
    box.replaceChildren(el("h5", {}, `${w("days")} · ${month}`),
      barRow(means, top, means.map((v, d) => said(`${month}-${two(d + 1)}`, v)), { small: true, on: day, pick: hours ? d => window.setTimeout(() => { chosenDay = d; draw(); }, 0) : null, label: w("days"), ends: ["1", hours && day < 0 ? w("pickDay") : fill("highestOf", top.toFixed(digits)), String(n)] }));
    if (day >= 0) {
      const own = hours.slice(24 * day, 24 * day + 24), most = topOf(own);
      box.append(el("h5", {}, `${w("hours")} · ${month}-${two(day + 1)}`, el("span", {}, w("localHours"))),
        barRow(own, most, own.map((v, h) => said(`${two(h)}:00`, v)), { small: true, label: w("hours"), ends: ["0", fill("highestOf", most.toFixed(digits)), "23"] }));
    }
  };
  draw();
  return box;
}
