// The page: what is chosen, what is shown, and how a reader gets from one to the other.
const DATA = JSON.parse(document.getElementById("hotspot-data").textContent);
// Cells lie where the base map has them: Amap's tiles are in GCJ-02.
const drawn = DATA.tiles && DATA.tiles.datum === "gcj02" ? DATUM.toGcj : (lon, lat) => [lon, lat];
const map = window[document.body.dataset.map], cells = readCells(DATA.cells, drawn), field = DATA.field, months = field.months, last = months.length - 1;
const readOnce = new Map(), standing = readStanding(DATA.standing, DATA.reasons);
// A column is read when it is first looked at: most months never are.
function column(key) {
  if (!readOnce.has(key)) readOnce.set(key, field.columns[key] ? readColumn(field.columns[key], cells.n) : null);
  return readOnce.get(key);
}
const state = {
  lang: 0, layer: field.layers.find(l => l.has[last]) || field.layers[0], month: last, own: false, city: "", reason: 0, selected: -1, pin: null,
  compare: -1, how: "swipe", at: 0.5,  // the month beside the shown one, and how the two are seen
  shown: { warned: true, hot: true, borders: true, facilities: true },
};
const byId = id => document.getElementById(id), w = key => WORDS[key][state.lang], pick = pair => text(pair[state.lang]);
const fill = (key, ...parts) => w(key).replace(/\{(\d)\}/g, (_, i) => parts[i]);
const value = word => VALUES[text(word)] ? VALUES[text(word)][state.lang] : text(word);
const name = thing => text(state.lang ? thing.en : thing.zh);
const monthWords = t => { const [y, m] = months[t].split("-").map(Number); return state.lang ? `${MONTHS[m - 1]} ${y}` : `${y} 年 ${m} 月`; };
const UNITS = { "µg/m³": "微克/立方米", km: "千米", m: "米" }, unit = u => state.lang ? u : UNITS[u] || u;
const cityOf = i => cells.units[cells.unit[i]][0];
const warnedBy = new Map(), hot = new Set(DATA.hot), notRanked = new Map(DATA.not_ranked.cells);
for (const row of DATA.warned) { if (!warnedBy.has(row.i)) warnedBy.set(row.i, []); warnedBy.get(row.i).push(row); }

function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [key, v] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) { if (v) node.addEventListener(key.slice(2), v); }
    else if (v === true) node.setAttribute(key, ""); else if (v !== false && v != null) node.setAttribute(key, v);
  }
  node.append(...children.filter(child => child != null && child !== ""));
  return node;
}

// ---- what a layer says of a cell
function monthBefore(t, back) {
  const [y, m] = months[t].split("-").map(Number), k = 12 * y + m - 1 - back;
  return months.indexOf(`${Math.floor(k / 12)}-${String(k % 12 + 1).padStart(2, "0")}`);
}
// What changed between any two months, in the colours and limits of the widest change there is.
const widest = field.layers.filter(l => l.back).sort((a, b) => b.breaks[b.breaks.length - 1] - a.breaks[a.breaks.length - 1])[0];
const change = widest && { ...widest, id: "between", zh: "两月之差", en: "Change between two months", back: 0, between: true, own: null };
const comparing = how => state.compare >= 0 && (how === undefined || state.how === how);
// The layer on the map: the chosen one, or concentrations in a month that the chosen one does not know.
const shownLayer = () => change && comparing("change") ? change : state.layer.has[state.month] ? state.layer : field.layers[0];
// Two months are compared in one scale.
const scaleOf = layer => state.own && layer.own && !comparing() ? layer.own[state.month] : layer;
const baseOf = (layer, t) => layer.between ? state.compare : layer.back ? monthBefore(t, layer.back) : -1;
function amounts(layer, t) {
  if (layer.standing) { const of = standing[state.reason]; return i => { const one = of.get(i); return one && one.top != null ? one.top : NaN; }; }
  if (!layer.back && !layer.between) { const of = column(layer.at[t]); return of ? of.number : () => NaN; }
  const from = baseOf(layer, t), now = column("@column@_" + t), base = from < 0 ? null : column("@column@_" + from);
  return i => {
    const a = now.whole(i), b = base ? base.whole(i) : null;
    if (a == null || b == null) return NaN;
    if (field.change !== "percent") return (a - b) / now.per;
    const share = rate(a, b);
    return share == null ? NaN : share;
  };
}
const sorted = new Map();
function classesOf(layer, t = state.month) {
  const key = [layer.id, t, layer.between ? state.compare : "", scaleOf(layer) === layer, layer.standing ? state.reason : 0].join();
  if (!sorted.has(key)) {
    const { breaks, colours } = scaleOf(layer), of = amounts(layer, t), classes = new Uint8Array(cells.n), count = new Array(colours.length + 1).fill(0);
    for (let i = 0; i < cells.n; i++) {
      const v = of(i);
      let k = colours.length;
      if (v === v) { k = 0; while (k < breaks.length && v >= breaks[k]) k++; }
      classes[i] = k; count[k]++;
    }
    if (sorted.size > 3) sorted.clear();
    sorted.set(key, { classes, count });
  }
  return sorted.get(key);
}
const faded = () => {
  if (!state.city) return null;
  const out = new Uint8Array(cells.n);
  for (let i = 0; i < cells.n; i++) out[i] = cityOf(i) === state.city ? 0 : 1;
  return out;
};

// ---- painting
const C = DATA.colours, hotEdges = edges(cells, i => hot.has(i) ? 1 : null), cityEdges = edges(cells, i => cityOf(i));
const counties = cells.units.map(unit => unit.slice(0, 2).join("\n")), countyEdges = edges(cells, i => counties[cells.unit[i]]);
const BLANK = "#f1f3f5";  // cells that are no matter of the layer: no hatching, which would say that data are missing
let fade = null;
map.createPane("hs-cells").style.zIndex = 350;
map.createPane("hs-other").style.zIndex = 360;
map.createPane("hs-over").style.zIndex = 450;
const base = new CanvasLayer((context, view) => {
  const layer = shownLayer();
  paintCells(context, view, cells, classesOf(layer).classes, scaleOf(layer).colours, fade, layer.standing ? BLANK : null);
}, "hs-cells");
// The month beside it, left of the swipe.
const other = new CanvasLayer((context, view) => {
  const layer = shownLayer();
  if (comparing("swipe")) paintCells(context, view, cells, classesOf(layer, state.compare).classes, scaleOf(layer).colours, fade, layer.standing ? BLANK : null);
}, "hs-other");
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
      if (ledgerOf(i)) badge(context, LEDGER[ledgerOf(i).state].colour, a + r + 2, b - r - 2, Math.max(3.2, r * 0.55));
    }
  }
  if (state.selected >= 0) outline(context, view, cells, state.selected, C.selected, 3, 3);
  if (state.pin) paintPin(context, ...place(...state.pin, view), C.selected);
}, "hs-over");
function place(lon, lat, view) { const [x, y] = mercator(...drawn(lon, lat)); return [x * view.k - view.ox, y * view.k - view.oy]; }
const latLng = (lon, lat) => { const [a, b] = drawn(lon, lat); return [b, a]; };
const repaint = () => { base.redraw(); other.redraw(); over.redraw(); };
function boundsOf(which) {
  const box = L.latLngBounds([]);
  for (let i = 0; i < cells.n; i++) if (which(i)) { box.extend(latLng(...cells.centre(i))); }
  return box;
}
const home = boundsOf(() => true).pad(0.02);
const show = box => box.isValid() && map.fitBounds(box, { animate: false, maxZoom: 12, paddingTopLeft: [14, 14], paddingBottomRight: [byId("hs-legend").open ? byId("hs-legend").offsetWidth + 18 : 14, 14] });

let popup = null, reopen = null;
function openAt(latlng, words) {
  const size = map.getSize();
  reopen = () => popup.setContent(words());
  popup = L.popup({ maxWidth: Math.min(340, size.x - 60), minWidth: Math.min(270, size.x - 60), maxHeight: Math.max(180, Math.min(480, size.y - 70)), autoPanPadding: [12, 12], className: "hs-popup" }).setLatLng(latlng).setContent(words()).openOn(map);
  const x = popup.getElement().querySelector(".leaflet-popup-close-button");
  if (x) { x.removeAttribute("href"); x.tabIndex = 0; x.setAttribute("aria-label", w("close")); x.onkeydown = e => e.key === "Enter" && map.closePopup(); }
}
function openCell(i, zoom, pin) {
  const spot = latLng(...cells.centre(i));
  map.closePopup();
  state.selected = i; state.pin = pin || null;
  if (zoom) map.setView(spot, Math.max(map.getZoom(), 10), { animate: false });
  openAt(spot, () => cellWords(i)); over.redraw();
  byId("hs-said").textContent = `${w("cell")} ${cells.codes[i]}`;
}
function openFacility(f, zoom) {
  const spot = latLng(f.lon, f.lat);
  if (zoom) map.setView(spot, Math.max(map.getZoom(), 11), { animate: false });
  openAt(spot, () => facilityWords(f));
}
map.on("popupopen", () => document.body.classList.add("hs-open"));
map.on("popupclose", () => {
  document.body.classList.remove("hs-open");
  if (state.selected >= 0 || state.pin) { state.selected = -1; state.pin = null; over.redraw(); }
  reopen = null;
});
// Wherever the focus is; a search that is open closes first.
document.addEventListener("keydown", event => { if (event.key === "Escape" && byId("hs-hits").hidden) map.closePopup(); }, true);
const cellAt = latlng => { const p = map.project(latlng, 0); return cells.find(p.x / 256, p.y / 256); };
map.on("click", event => {
  let best = null, near = 9;
  if (state.shown.facilities) for (const f of DATA.facilities.rows) {
    if (f.lon == null || f.lat == null) continue;
    const d = map.latLngToContainerPoint(latLng(f.lon, f.lat)).distanceTo(event.containerPoint);
    if (d < near) { near = d; best = f; }
  }
  const i = cellAt(event.latlng);
  if (best && !(warnedBy.has(i) && near > 5)) openFacility(best); else if (i >= 0) openCell(i);
});
// Left of the swipe lies the other month.
const monthUnder = x => comparing("swipe") && x < state.at * map.getSize().x ? state.compare : state.month;
map.on("mousemove", event => {
  const i = cellAt(event.latlng), layer = shownLayer(), v = i < 0 ? NaN : amounts(layer, monthUnder(event.containerPoint.x))(i);
  const said = v === v ? (layer.classes ? layer.classes[v + 1][state.lang] : `${v.toFixed(layer.unit === "%" && !layer.back && !layer.between ? 0 : 1)} ${unit(layer.unit)}`) : w(layer.standing ? "notHot" : "noData");
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
