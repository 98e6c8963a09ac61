// The panel beside the map: search, city, layers, legend, list, notes.
function range(layer, k) {
  if (layer.classes) return layer.classes[k][state.lang];
  const b = layer.breaks, sign = v => (layer.change !== undefined && v > 0 ? "+" : v < 0 ? "−" : "") + Math.abs(v), n = layer.colours.length - 1;
  return n < 1 ? "" : k === 0 ? `< ${sign(b[0])}` : k === n ? `≥ ${sign(b[n - 1])}` : `${sign(b[k - 1])} – ${sign(b[k])}`;
}
function drawLegend() {
  const layer = state.layer, rows = [];
  classesOf(layer);
  for (let k = layer.colours.length - 1; k >= 0; k--) rows.push(el("li", {}, el("i", { style: `background:${layer.colours[k]}` }), el("span", {}, range(layer, k)), el("small", {}, layer.count[k].toLocaleString("en"))));
  const missing = layer.count[layer.colours.length];
  rows.push(el("li", {}, el("i", { class: "hs-hatch" }), el("span", {}, w("noData")), el("small", {}, missing.toLocaleString("en"))));
  byId("hs-legend").replaceChildren(el("summary", {}, el("h2", {}, name(layer)), el("p", {}, [text(layer.month), layer.unit, layer.own ? w("own") : ""].filter(Boolean).join(" · "))), el("ul", {}, ...rows),
    el("ul", { class: "hs-signs" }, ...(state.shown.warned && DATA.warned.length ? DATA.reasons.map(r => el("li", {}, signImage(r.shape, r.colour, 6.4), el("span", {}, name(r)))) : []),
      state.shown.hot && hot.size ? el("li", {}, el("i", { class: "hs-ring" }), el("span", {}, w("isHot"))) : null));
}
function drawLayers() {
  byId("hs-layers").replaceChildren(...field.layers.map(layer => el("label", { class: layer.empty ? "off" : "" },
    el("input", { type: "radio", name: "layer", value: layer.id, checked: layer === state.layer, disabled: layer.empty, onchange: () => { state.layer = layer; base.redraw(); drawLegend(); } }),
    el("span", {}, name(layer)), layer.empty ? el("small", {}, w("noData")) : null)));
  const counts = { warned: warnedBy.size, hot: hot.size, facilities: DATA.facilities.rows.length };
  byId("hs-overlays").replaceChildren(...Object.keys(state.shown).filter(key => counts[key] !== 0).map(key => el("label", {},
    el("input", { type: "checkbox", name: key, checked: state.shown[key], onchange: event => { state.shown[key] = event.target.checked; over.redraw(); drawLegend(); } }),
    el("span", {}, w(key)), el("small", {}, counts[key] === undefined ? "" : counts[key].toLocaleString("en")))),
    counts.facilities ? el("ul", { class: "hs-classes" }, ...DATA.facilities.classes.map(c => el("li", {}, signImage(c.shape, c.colour, 5), name(c)))) : null);
}
function drawCities() {
  const cities = [...new Set(cells.units.map(unit => unit[0]))].filter(Boolean);
  byId("hs-cities").replaceChildren(el("option", { value: "" }, w("allCities")), ...cities.map(city => el("option", { value: city, selected: city === state.city }, city)));
  byId("hs-city-row").hidden = cities.length < 2;
}
function drawList() {
  const inCity = DATA.warned.filter(row => !state.city || cityOf(row.i) === state.city);
  byId("hs-tabs").replaceChildren(...DATA.reasons.map((reason, r) => el("button", { type: "button", role: "tab", id: "hs-tab-" + r, "aria-selected": r === state.reason ? "true" : "false", "aria-controls": "hs-list", tabindex: r === state.reason ? 0 : -1, onclick: () => { state.reason = r; drawList(); byId("hs-tab-" + r).focus(); } },
    signImage(reason.shape, reason.colour, 6), reason.short[state.lang], el("small", {}, String(inCity.filter(row => row.r === r).length)))));
  const rows = inCity.filter(row => row.r === state.reason), items = [];
  let city = null;
  for (const row of rows) {
    const unit = cells.units[cells.unit[row.i]], reason = DATA.reasons[row.r];
    if (unit[0] !== city && !state.city && unit[0]) items.push(el("h3", {}, unit[0]));
    city = unit[0];
    const figure = row.r === 0 ? (row.pm25 == null ? "—" : row.pm25.toFixed(field.decimals)) : field.change === "percent" ? (row.change_pct == null ? "—" : (row.change_pct > 0 ? "+" : row.change_pct < 0 ? "−" : "") + Math.abs(row.change_pct).toFixed(1) + " %") : signed(row.change);
    items.push(el("button", { type: "button", class: "hs-item", onclick: () => openCell(row.i, true) }, signImage(reason.shape, reason.colour, 8.4, row.k),
      el("span", {}, el("b", {}, cells.codes[row.i]), el("small", {}, [cells.labels.get(row.i), unit[1], unit[2]].filter(Boolean).join(" · "))),
      el("span", { class: "hs-right" }, el("b", {}, figure), row.sure === false ? el("small", { class: "blurred" }, w("blurred")) : el("small", {}, row.p_top == null ? "" : fill("listed", percent(row.p_top))))));
  }
  byId("hs-list").replaceChildren(...(items.length ? items : [el("p", { class: "hs-note" }, w("none"))]));
}
function drawNotes() {
  const n = DATA.notes, line = (key, said) => [el("dt", {}, w(key)), el("dd", {}, said)];
  byId("hs-notes").replaceChildren(...line("asOf", text(n.as_of)), ...n.lines.flatMap(([key, zh, en]) => line(key, text(state.lang ? en : zh))), ...(n.coarse ? line("resolution", pick(n.coarse)) : []));
  byId("hs-estimate").textContent = pick(DATA.notes.estimate); byId("hs-keys").textContent = w("keys");
  byId("hs-coarse").hidden = !n.coarse; byId("hs-coarse").textContent = n.coarse ? pick(n.coarse) : "";
}
function drawHead() {
  const n = DATA.notes, parts = [`${cells.n.toLocaleString("en")} ${w("cells")}`];
  if (hot.size) parts.push(`${hot.size.toLocaleString("en")} ${w("hotspots")}`);
  if (warnedBy.size) parts.push(`${warnedBy.size.toLocaleString("en")} ${w("wcells")}`);
  byId("hs-title").textContent = pick(n.title); byId("hs-month").textContent = pick(n.month);
  byId("hs-sub").textContent = [...parts, `${w("asOf")} ${text(n.as_of)}`, text((n.lines[0] || [])[1])].filter(Boolean).join("  ·  ");
  document.documentElement.lang = state.lang ? "en" : "zh-CN"; document.title = `${pick(n.title)} · ${pick(n.month)}`;
  byId("hs-lang").textContent = WORDS.other[state.lang]; byId("hs-print").textContent = w("print");
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = w(node.dataset.word);
  byId("hs-search").placeholder = w("searchHint");
  byId("hs-search").setAttribute("aria-label", w("search"));
  map.getContainer().setAttribute("role", "region"); map.getContainer().setAttribute("aria-label", w("map"));
  for (const [cls, key] of [["in", "zoomIn"], ["out", "zoomOut"]]) {
    const knob = document.querySelector(".leaflet-control-zoom-" + cls);
    if (knob) { knob.title = w(key); knob.setAttribute("aria-label", w(key)); knob.removeAttribute("href"); knob.tabIndex = 0; knob.onkeydown = e => { if (e.key === "Enter") knob.click(); }; }
  }
  byId("hs-home").title = w("whole"); byId("hs-home").setAttribute("aria-label", w("whole"));
}
function drawAll() { drawHead(); drawCities(); drawLayers(); drawLegend(); drawList(); drawNotes(); }

// ---- search: a code goes to its cell, a place to its cells, a name to its facility
const fold = s => s.normalize("NFKC").toUpperCase().replace(/\s+/g, " ").trim();
const targets = [];
for (let i = 0; i < cells.n; i++) { targets.push([fold(cells.codes[i]), "cell", i]); if (cells.labels.has(i)) targets.push([fold(cells.labels.get(i)), "cell", i]); }
const places = new Map();
cells.units.forEach(unit => [0, 1, 2].forEach(depth => { if (unit[depth]) places.set(unit.slice(0, depth + 1).join(" · "), [depth, unit]); }));
for (const [words, at] of places) targets.push([fold(at[1][at[0]]), "place", at, words]);
for (const f of DATA.facilities.rows) if (f.lon != null) targets.push([fold(text(f.name) || text(f.facility)), "facility", f]);
function matches(words) {
  const wanted = fold(words), starts = [], inside = [];
  if (!wanted) return [];
  for (const target of targets) {
    const at = target[0].indexOf(wanted);
    if (at === 0) starts.push(target); else if (at > 0) inside.push(target);
    if (starts.length > 40) break;
  }
  const order = { place: 0, cell: 1, facility: 2 };
  return [...starts, ...inside].map((t, k) => [t, k < starts.length ? 0 : 1, k]).sort((a, b) => a[1] - b[1] || order[a[0][1]] - order[b[0][1]] || a[2] - b[2]).slice(0, 10).map(t => t[0]);
}
function go(target) {
  const [, kind, at] = target;
  closeHits(); byId("hs-search").blur();
  if (kind === "cell") openCell(at, true);
  else if (kind === "facility") openFacility(at, true);
  else { map.closePopup(); show(boundsOf(i => cells.units[cells.unit[i]].slice(0, at[0] + 1).join("\n") === at[1].slice(0, at[0] + 1).join("\n")).pad(0.1)); }
}
let hits = [], active = 0;
function closeHits() { hits = []; byId("hs-hits").hidden = true; byId("hs-search").setAttribute("aria-expanded", "false"); byId("hs-search").removeAttribute("aria-activedescendant"); }
function drawHits() {
  const words = target => target[1] === "cell" ? [cells.codes[target[2]], [cells.labels.get(target[2]), ...cells.units[cells.unit[target[2]]]].filter(Boolean).join(" · ")]
    : target[1] === "place" ? [target[2][1][target[2][0]], target[3]] : [text(target[2].name) || text(target[2].facility), name(DATA.facilities.classes[target[2].c])];
  byId("hs-hits").replaceChildren(...(hits.length ? hits.map((target, k) => {
    const [first, second] = words(target);
    return el("li", { role: "option", id: "hs-hit-" + k, "aria-selected": k === active ? "true" : "false", onclick: () => go(target) }, el("b", {}, first), el("small", {}, second));
  }) : [el("li", { class: "hs-note" }, w("nothing"))]));
  byId("hs-hits").hidden = false; byId("hs-search").setAttribute("aria-expanded", "true");
  if (hits.length) byId("hs-search").setAttribute("aria-activedescendant", "hs-hit-" + active);
}
byId("hs-search").addEventListener("input", event => { active = 0; hits = matches(event.target.value); if (fold(event.target.value)) drawHits(); else closeHits(); });
byId("hs-search").addEventListener("keydown", event => {
  if (event.key === "Escape") closeHits();
  else if (event.key === "Enter") { if (hits.length) go(hits[active]); }
  else if (hits.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) { active = (active + (event.key === "ArrowDown" ? 1 : hits.length - 1)) % hits.length; drawHits(); event.preventDefault(); }
});
document.addEventListener("pointerdown", event => { if (!byId("hs-find").contains(event.target)) closeHits(); });
byId("hs-tabs").addEventListener("keydown", event => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) { state.reason = (state.reason + step + DATA.reasons.length) % DATA.reasons.length; drawList(); byId("hs-tab-" + state.reason).focus(); }
});
byId("hs-cities").addEventListener("change", event => {
  state.city = event.target.value; fade = faded(); map.closePopup();
  show(state.city ? boundsOf(i => cityOf(i) === state.city).pad(0.05) : home); repaint(); drawList();
});
byId("hs-lang").addEventListener("click", () => { state.lang = 1 - state.lang; const again = reopen; drawAll(); if (again) again(); });
byId("hs-print").addEventListener("click", () => window.print());
byId("hs-home").addEventListener("click", () => show(home));
let onScreen = null;
window.addEventListener("beforeprint", () => { onScreen = [map.getCenter(), map.getZoom()]; const box = map.getBounds(); map.closePopup(); document.body.classList.add("hs-printing"); map.invalidateSize({ animate: false }); map.fitBounds(box, { animate: false }); base.redraw(); over.redraw(); base.flatten(over); });
window.addEventListener("afterprint", () => { document.body.classList.remove("hs-printing"); map.invalidateSize({ animate: false }); map.setView(...onScreen, { animate: false }); repaint(); });
if (window.matchMedia("(max-width: 760px)").matches) byId("hs-legend").removeAttribute("open");
L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 }).addTo(map);
drawAll(); map.invalidateSize({ animate: false }); show(home);
map.setMinZoom(Math.max(2, Math.floor(map.getZoom()) - 1)); map.setMaxBounds(home.pad(1.5));
base.addTo(map); over.addTo(map);  // last: one painting, of the right view
document.body.dataset.ready = "yes";
