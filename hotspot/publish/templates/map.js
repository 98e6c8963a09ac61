// The page: what is chosen, what is shown, and how a reader gets from one to the other.
const DATA = JSON.parse(document.getElementById("hotspot-data").textContent);
const map = window[document.body.dataset.map], cells = readCells(DATA.cells), field = DATA.field, last = field.months.length - 1;
const columns = Object.fromEntries(Object.entries(field.columns).map(([name, packed]) => [name, readColumn(packed, cells.n)]));
const state = { lang: 0, layer: field.layers.find(l => !l.empty) || field.layers[0], city: "", reason: 0, selected: -1, shown: { warned: true, hot: true, borders: true, facilities: true } };
const byId = id => document.getElementById(id), w = key => WORDS[key][state.lang], pick = pair => text(pair[state.lang]);
const fill = (key, ...parts) => w(key).replace(/\{(\d)\}/g, (_, i) => parts[i]);
const value = word => VALUES[text(word)] ? VALUES[text(word)][state.lang] : text(word);
const name = thing => text(state.lang ? thing.en : thing.zh);
const cityOf = i => cells.units[cells.unit[i]][0];
const warnedBy = new Map(), hot = new Set(DATA.hot), notRanked = new Map(DATA.not_ranked.cells);
for (const row of DATA.warned) { if (!warnedBy.has(row.i)) warnedBy.set(row.i, []); warnedBy.get(row.i).push(row); }

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [key, v] of Object.entries(attributes || {})) {
    if (key === "onclick" || key === "onchange") node.addEventListener(key.slice(2), v);
    else if (v === true) node.setAttribute(key, ""); else if (v !== false && v != null) node.setAttribute(key, v);
  }
  node.append(...children.filter(child => child != null && child !== ""));
  return node;
}

// ---- what a layer says of a cell
function amount(layer, i) {
  if (layer.change === undefined) return columns[layer.column].number(i);
  const now = columns["pm25_" + last], base = columns["pm25_" + layer.change], a = now.whole(i), b = base.whole(i);
  if (a == null || b == null) return NaN;
  if (field.change !== "percent") return (a - b) / now.per;
  const share = rate(a, b);
  return share == null ? NaN : share;
}
function classesOf(layer) {
  if (!layer.cache) {
    layer.cache = new Uint8Array(cells.n); layer.count = new Array(layer.colours.length + 1).fill(0);
    for (let i = 0; i < cells.n; i++) {
      const v = amount(layer, i);
      let k = layer.colours.length;
      if (v === v) { k = 0; while (k < layer.breaks.length && v >= layer.breaks[k]) k++; }
      layer.cache[i] = k; layer.count[k]++;
    }
  }
  return layer.cache;
}
const faded = () => {
  if (!state.city) return null;
  const out = new Uint8Array(cells.n);
  for (let i = 0; i < cells.n; i++) out[i] = cityOf(i) === state.city ? 0 : 1;
  return out;
};

// ---- painting
const C = DATA.colours, hotEdges = edges(cells, i => hot.has(i) ? 1 : null), cityEdges = edges(cells, i => cityOf(i));
const countyEdges = edges(cells, i => cells.units[cells.unit[i]].slice(0, 2).join("\n"));
let fade = null;
map.createPane("hs-cells").style.zIndex = 350;
map.createPane("hs-over").style.zIndex = 450;
const base = new CanvasLayer((context, view) => paintCells(context, view, cells, classesOf(state.layer), state.layer.colours, fade), "hs-cells");
const over = new CanvasLayer((context, view) => {
  const size = cellSize(cells, view), shown = state.shown;
  if (shown.borders) {
    if (view.zoom > 6.4) paintEdges(context, view, cells, countyEdges, C.county, Math.min(1.2, size / 6 + 0.3));
    paintEdges(context, view, cells, cityEdges, C.city, size > 5 ? 1.8 : 0.9);
  }
  if (shown.hot) paintEdges(context, view, cells, hotEdges, C.hotspot, size > 8 ? 2 : size > 5 ? 1.2 : 0.7, size > 5 ? 2.2 : 0);
  if (shown.facilities) for (const f of DATA.facilities.rows) {
    if (f.lon == null || f.lat == null) continue;
    const [a, b] = place(f.lon, f.lat, view), kind = DATA.facilities.classes[f.c];
    if (a > -9 && b > -9 && a < view.w + 9 && b < view.h + 9) sign(context, kind.shape, kind.colour, a, b, Math.max(2.6, Math.min(5.5, view.zoom - 4.5)));
  }
  if (shown.warned) {
    const r = Math.max(size < 4 ? 3.2 : 4.2, Math.min(7.5, size * 0.62), Math.min(12, size * 0.4));
    for (const [i, rows] of warnedBy) {
      if (state.city && cityOf(i) !== state.city) continue;
      const [a, b] = place(...cells.centre(i), view);
      if (a < -40 || b < -40 || a > view.w + 40 || b > view.h + 40) continue;
      if (size > 7) outline(context, view, cells, i, DATA.reasons[rows[0].r].colour, size > 20 ? 3 : 2.2, 2.4);
      const gap = size > 22 ? r * 2.15 : r * 1.5;
      [...rows].reverse().forEach((row, back) => {
        const nth = rows.length - 1 - back, reason = DATA.reasons[row.r];
        sign(context, reason.shape, reason.colour, a + (nth - (rows.length - 1) / 2) * gap, b, rows.length > 1 ? Math.min(r, size > 22 ? size / rows.length / 2.3 + 2 : r) : r, row.k);
      });
    }
  }
  if (state.selected >= 0) outline(context, view, cells, state.selected, C.selected, 3, 3);
}, "hs-over");
function place(lon, lat, view) {
  const s = Math.sin(lat * Math.PI / 180);
  return [(lon / 360 + 0.5) * view.k - view.ox, (0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)) * view.k - view.oy];
}
const repaint = () => { base.redraw(); over.redraw(); };
function boundsOf(which) {
  const box = L.latLngBounds([]);
  for (let i = 0; i < cells.n; i++) if (which(i)) { const [lon, lat] = cells.centre(i); box.extend([lat, lon]); }
  return box;
}
const home = boundsOf(() => true).pad(0.02);
const show = box => box.isValid() && map.fitBounds(box, { animate: false, maxZoom: 12, paddingTopLeft: [14, 14], paddingBottomRight: [map.getSize().x > 760 ? 226 : 14, 14] });

// ---- one cell in words
function figure(label, number, unit) { return number == null ? null : el("div", { class: "hs-figure" }, el("span", {}, label), el("b", {}, number), el("i", {}, unit || "")); }
const signed = v => v == null ? null : (v > 0 ? "+" : v < 0 ? "−" : "") + Math.abs(v).toFixed(field.decimals);
function against(word, baseMonth, i) {
  const now = columns["pm25_" + last], before = columns["pm25_" + baseMonth], a = now.whole(i), b = before.whole(i);
  if (a == null || b == null) return el("div", { class: "hs-row" }, el("span", {}, `${w(word)} (${field.months[baseMonth]})`), el("em", {}, w("noData")));
  const share = rate(a, b), way = a > b ? "up" : a < b ? "down" : "";
  return el("div", { class: "hs-row" }, el("span", {}, w(word), el("small", {}, ` ${field.months[baseMonth]}: ${before.words(i)}`)),
    el("b", { class: way }, signed((a - b) / now.per) + (share == null ? "" : ` · ${share > 0 ? "+" : share < 0 ? "−" : ""}${Math.abs(share).toFixed(1)} %`)));
}
const percent = p => p == null ? null : (p > 0 && p < 0.01 ? "<1" : p < 1 && p > 0.99 ? ">99" : Math.round(p * 100)) + " %";
function verdict(row) {
  if (row.sure == null) return null;
  return el("span", { class: "hs-chip " + (row.sure ? "sure" : "blurred"), title: row.sure ? "" : w("blurredWhy") }, w(row.sure ? "clear" : "blurred"));
}
function coordinates(lon, lat, gcjLon, gcjLat) {
  const words = (a, b) => a == null ? "—" : `${a.toFixed(5)}, ${b.toFixed(5)}`;
  return el("dl", { class: "hs-where" }, el("dt", {}, "WGS 84"), el("dd", {}, words(lon, lat)), el("dt", {}, "GCJ-02"), el("dd", {}, words(gcjLon, gcjLat)));
}
function sourceItem(s) {
  const wind = s.bearing == null ? "" : WINDS[Math.round(s.bearing / 45) % 8][state.lang];
  const facts = [name(s), s.km == null ? "" : `${wind} ${s.km.toFixed(1)} km`, s.where ? value(s.where) : "", s.of ? fill("upwind", s.hours, s.of) : ""];
  return el("li", {}, el("b", {}, text(s.name)), s.word ? el("span", { class: "hs-word w-" + text(s.word).split(" ")[0] }, value(s.word)) : null,
    el("small", {}, facts.filter(Boolean).join(" · ")));
}
function cellWords(i) {
  const unit = cells.units[cells.unit[i]], now = columns["pm25_" + last], rows = warnedBy.get(i) || [], label = cells.labels.get(i);
  const body = el("div", { class: "hs-card" },
    el("header", {}, el("h3", {}, cells.codes[i], hot.has(i) ? el("span", { class: "hs-chip" }, w("isHot")) : null),
      el("p", {}, [label, ...unit].filter(Boolean).join(" · "))));
  for (const row of rows) {
    const reason = DATA.reasons[row.r];
    body.append(el("section", { class: "hs-reason", style: `border-left-color:${reason.colour}` },
      el("h4", {}, signImage(reason.shape, reason.colour, 9, row.k), name(reason), el("span", {}, fill("rank", row.k)), verdict(row)),
      row.p_top == null ? null : el("div", { class: "hs-row" }, el("span", {}, w("pTop")), el("b", {}, percent(row.p_top))),
      row.p_worst == null ? null : el("div", { class: "hs-row" }, el("span", {}, w("pWorst")), el("b", {}, percent(row.p_worst))),
      row.rank_low == null ? null : el("div", { class: "hs-row" }, el("span", {}, w("rankSpan")), el("b", {}, `${row.rank_low} – ${row.rank_high}`)),
      row.weather ? el("p", { class: "hs-note" }, row.weather[state.lang]) : null,
      row.sure === false ? el("p", { class: "hs-note" }, w("blurredWhy")) : null));
  }
  body.append(el("section", {}, el("div", { class: "hs-big" }, el("span", {}, w("mean")),
    now.words(i) == null ? el("em", {}, w("noData")) : el("b", {}, now.words(i)), now.words(i) == null ? null : el("i", {}, "µg/m³")),
    against("mom", last - 1, i), against("yoy", 0, i),
    el("div", { class: "hs-figures" }, columns.coverage && figure(w("coverage"), columns.coverage.words(i), "%"), columns.n_valid && figure(w("nValid"), columns.n_valid.words(i)),
      columns.pm25_error && figure(w("error"), columns.pm25_error.words(i) && "± " + columns.pm25_error.words(i), "µg/m³")),
    columns.gi && columns.gi.whole(i) != null ? el("div", { class: "hs-row" }, el("span", {}, "Gi*"), el("b", {}, field.layers.find(l => l.id === "gi").classes[columns.gi.whole(i) + 1][state.lang])) : null));
  const left = (notRanked.get(i) || []).map(k => DATA.not_ranked.pairs[k]), why = pick(field.why[columns.why.whole(i) || 0]);
  if (left.length || why) body.append(el("section", {}, el("h5", {}, w("notRanked")),
    ...(left.length ? left.map(([r, ...s]) => el("p", { class: "hs-note" }, (r < 0 ? "" : name(DATA.reasons[r]) + (state.lang ? ": " : "：")) + pick(s))) : [el("p", { class: "hs-note" }, why)])));
  const sources = DATA.traced[i] || [];
  if (sources.length) body.append(el("section", {}, el("h5", {}, w("sources")), el("ol", { class: "hs-sources" }, ...sources.slice(0, 8).map(sourceItem)),
    sources.length > 8 ? el("p", { class: "hs-note" }, fill("more", sources.length - 8)) : null));
  body.append(el("section", {}, coordinates(...(rows.length ? rows[0].at : [...cells.centre(i), ...cells.gcj(i)]))));
  return body;
}
function facilityWords(f) {
  const facts = [["kind", name(DATA.facilities.classes[f.c])], ["size", text(f.size)], ["status", pick(f.status)], ["accuracy", value(f.accuracy)], ["vintage", text(f.vintage)], ["from", text(f.source)]];
  return el("div", { class: "hs-card" }, el("header", {}, el("h3", { class: "hs-name" }, text(f.name) || text(f.facility)), el("p", {}, text(f.facility))),
    el("section", {}, ...facts.filter(pair => pair[1]).map(([key, v]) => el("div", { class: "hs-row" }, el("span", {}, w(key)), el("b", {}, v)))),
    el("section", {}, coordinates(f.lon, f.lat, f.gcj_lon, f.gcj_lat)));
}
let popup = null, reopen = null;
function openAt(latlng, words, again) {
  const size = map.getSize();
  reopen = again;
  popup = L.popup({ maxWidth: Math.min(340, size.x - 60), minWidth: Math.min(270, size.x - 60), maxHeight: Math.max(180, Math.min(480, size.y - 70)), autoPanPadding: [12, 12], className: "hs-popup" }).setLatLng(latlng).setContent(words).openOn(map);
  const x = popup.getElement().querySelector(".leaflet-popup-close-button");
  if (x) { x.removeAttribute("href"); x.tabIndex = 0; x.setAttribute("aria-label", w("close")); x.onkeydown = e => e.key === "Enter" && map.closePopup(); }
}
function openCell(i, zoom) {
  const [lon, lat] = cells.centre(i);
  map.closePopup();
  state.selected = i;
  if (zoom) map.setView([lat, lon], Math.max(map.getZoom(), 10), { animate: false });
  openAt([lat, lon], cellWords(i), () => openCell(i)); over.redraw();
  byId("hs-said").textContent = `${w("cell")} ${cells.codes[i]}`;
}
function openFacility(f, zoom) {
  if (zoom) map.setView([f.lat, f.lon], Math.max(map.getZoom(), 11), { animate: false });
  openAt([f.lat, f.lon], facilityWords(f), () => openFacility(f));
}
map.on("popupclose", () => { if (state.selected >= 0) { state.selected = -1; over.redraw(); } reopen = null; });
const cellAt = latlng => { const p = map.project(latlng, 0); return cells.find(p.x / 256, p.y / 256); };
map.on("click", event => {
  let best = null, near = 9;
  if (state.shown.facilities) for (const f of DATA.facilities.rows) {
    if (f.lon == null || f.lat == null) continue;
    const d = map.latLngToContainerPoint([f.lat, f.lon]).distanceTo(event.containerPoint);
    if (d < near) { near = d; best = f; }
  }
  const i = cellAt(event.latlng);
  if (best && !(warnedBy.has(i) && near > 5)) openFacility(best); else if (i >= 0) openCell(i);
});
map.on("mousemove", event => {
  const i = cellAt(event.latlng), v = i < 0 ? NaN : amount(state.layer, i), layer = state.layer;
  const said = v === v ? (layer.classes ? layer.classes[v + 1][state.lang] : `${v.toFixed(layer.id === "coverage" ? 0 : 1)} ${layer.unit}`) : w("noData");
  byId("hs-readout").textContent = i < 0 ? "" : `${cells.codes[i]} · ${cells.units[cells.unit[i]].filter(Boolean).join(" ")} · ${said}`;
});
map.getContainer().addEventListener("keydown", event => {
  if (event.target !== map.getContainer()) return;
  const way = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
  if (event.key === "Enter") { const i = cellAt(map.getCenter()); if (i >= 0) openCell(i); }
  else if (way && event.altKey && state.selected >= 0) {
    const next = cells.neighbour(state.selected, ...way);
    if (next >= 0) openCell(next);
    event.preventDefault(); event.stopImmediatePropagation(); map.getContainer().focus();
  }
}, true);
