// The panel beside the map: search, city, layers, legend, list, notes.
function range(layer, scale, k) {
  if (layer.classes) return layer.classes[k][state.lang];
  const b = scale.breaks, sign = v => ((layer.back || layer.between) && v > 0 ? "+" : v < 0 ? "−" : "") + Math.abs(v), n = scale.colours.length - 1;
  return n < 1 ? "" : k === 0 ? `< ${sign(b[0])}` : k === n ? `≥ ${sign(b[n - 1])}` : `${sign(b[k - 1])} – ${sign(b[k])}`;
}
function drawLegend() {
  const layer = shownLayer(), scale = scaleOf(layer), { count } = classesOf(layer), rows = [];
  const row = (mark, said, n) => el("li", {}, mark, el("span", {}, said), el("small", {}, n.toLocaleString("en")));
  for (let k = scale.colours.length - 1; k >= 0; k--) rows.push(row(el("i", { style: `background:${scale.colours[k]}` }), range(layer, scale, k), count[k]));
  rows.push(layer.standing ? row(el("i", { class: "hs-blank", style: `background:${BLANK}` }), w("notHot"), count[scale.colours.length]) : row(el("i", { class: "hs-hatch" }), w("noData"), count[scale.colours.length]));
  const from = baseOf(layer, state.month), when = layer.always ? layer.always : from < 0 ? months[state.month] : `${months[from]} → ${months[state.month]}`;
  const about = [layer.standing ? name(DATA.reasons[state.reason]) : "", when, unit(layer.unit)].filter(Boolean).flatMap((part, k) => [k ? " · " : "", el("span", {}, part)]);
  const choice = own => el("button", { type: "button", "aria-pressed": state.own === own ? "true" : "false", onclick: () => { state.own = own; base.redraw(); drawLegend(); byId(own ? "hs-own" : "hs-shared").focus(); }, id: own ? "hs-own" : "hs-shared" }, w(own ? "own" : "shared"));
  byId("hs-legend").replaceChildren(...[el("summary", {}, el("h2", {}, name(layer)), el("p", {}, ...about)), el("ul", {}, ...rows),
    layer.own && months.length > 1 && !comparing() ? el("div", { class: "hs-scale", role: "group", "aria-label": w("scale") }, choice(false), choice(true)) : null,
    el("ul", { class: "hs-signs" }, ...(state.shown.warned && DATA.warned.length ? DATA.reasons.map(r => el("li", {}, signImage(r.shape, r.colour, 6.4), el("span", {}, name(r)))) : []),
      ...(state.shown.warned ? ledgerSigns() : []),
      state.shown.hot && hot.size ? el("li", {}, el("i", { class: "hs-ring" }), el("span", {}, w("isHot"))) : null)].filter(Boolean));
}
function drawLayers() {
  const never = layer => !layer.has.includes(true), focused = document.activeElement && document.activeElement.name === "layer";
  const note = layer => never(layer) ? w("noData") : layer.has[state.month] ? "" : w({ onlyLast: "lastOnly", baseOut: "noBase", noLayerData: "noData" }[whyNot(layer)]);
  byId("hs-layers").replaceChildren(...field.layers.map(layer => el("label", { class: layer.has[state.month] ? "" : "off" },
    el("input", { type: "radio", name: "layer", value: layer.id, checked: layer === shownLayer(), disabled: !layer.has[state.month], onchange: () => { state.layer = layer; if (comparing("change")) { state.how = "swipe"; afterChoice(); } else { base.redraw(); other.redraw(); drawTime(); drawLegend(); } } }),
    el("span", {}, layer.short[state.lang]), note(layer) ? el("small", {}, note(layer)) : null)));
  if (focused) byId("hs-layers").querySelector("input[checked]").focus();
  const counts = { warned: warnedBy.size, hot: hot.size, facilities: DATA.facilities.rows.length };
  byId("hs-overlays").replaceChildren(...Object.keys(state.shown).filter(key => counts[key] !== 0).map(key => el("label", {},
    el("input", { type: "checkbox", name: key, checked: state.shown[key], onchange: event => { state.shown[key] = event.target.checked; if (key === "tiles") showTiles(); over.redraw(); drawLegend(); } }),
    el("span", {}, w(key)), el("small", {}, counts[key] === undefined ? "" : counts[key].toLocaleString("en")))),
    ...(counts.facilities ? [el("ul", { class: "hs-classes" }, ...DATA.facilities.classes.map(c => el("li", {}, signImage(c.shape, c.colour, 5), name(c))))] : []));
}
function drawCities() {
  const cities = [...new Set(cells.units.map(unit => unit[0]))].filter(Boolean);
  byId("hs-cities").replaceChildren(el("option", { value: "" }, w("allCities")), ...cities.map(city => el("option", { value: city, selected: city === state.city }, city)));
  byId("hs-city-row").hidden = cities.length < 2;
}
// The chosen reason is also the one whose chances the layer of confidence shows.
function pickReason(r) {
  state.reason = r;
  drawList(); byId("hs-tab-" + r).focus();
  if (shownLayer().standing) { base.redraw(); other.redraw(); drawLegend(); }
}
function figureOf(row) {
  if (DATA.public) return "";
  if (row.r === 0) return row.@column@ == null ? "—" : row.@column@.toFixed(field.decimals);
  if (field.change !== "percent") return signed(row.change);
  return row.change_pct == null ? "—" : (row.change_pct > 0 ? "+" : row.change_pct < 0 ? "−" : "") + Math.abs(row.change_pct).toFixed(1) + " %";
}
function listItem(row) {
  const unit = cells.units[cells.unit[row.i]], reason = DATA.reasons[row.r];
  return el("button", { type: "button", class: "hs-item", onclick: () => { openCell(row.i, true); seeMap(); } }, signImage(reason.shape, reason.colour, 8.4, row.k),
    el("span", {}, el("b", {}, cells.codes[row.i]), el("small", {}, [cells.labels.get(row.i), unit[1], unit[2]].filter(Boolean).join(" · "))),
    ledgerDot(row.i), el("span", { class: "hs-right" }, el("b", {}, figureOf(row)), row.sure === false ? el("small", { class: "blurred" }, w("blurred")) : el("small", {}, row.p_top == null ? "" : fill("listed", percent(row.p_top)))));
}
// On a phone the list lies below the map.
function seeMap() { map.getContainer().scrollIntoView({ block: "nearest" }); }
// On the screen one reason at a time; on paper all of them.
function drawList(all) {
  const inCity = DATA.warned.filter(row => !state.city || cityOf(row.i) === state.city), items = [];
  byId("hs-tabs").replaceChildren(...DATA.reasons.map((reason, r) => el("button", { type: "button", role: "tab", id: "hs-tab-" + r, "aria-selected": r === state.reason ? "true" : "false", "aria-controls": "hs-list", tabindex: r === state.reason ? 0 : -1, onclick: () => pickReason(r) },
    signImage(reason.shape, reason.colour, 6), reason.short[state.lang], el("small", {}, String(inCity.filter(row => row.r === r).length)))));
  for (const r of all === true ? DATA.reasons.keys() : [state.reason]) {
    const rows = inCity.filter(row => row.r === r);
    let city = null;
    if (all === true && rows.length) items.push(el("h2", {}, `${name(DATA.reasons[r])} · ${monthWords(last)}`));
    for (const row of rows) {
      const here = cityOf(row.i);
      if (here !== city && !state.city && here) items.push(el("h3", {}, here));
      city = here;
      items.push(listItem(row));
    }
  }
  byId("hs-list").replaceChildren(...(items.length ? items : [el("p", { class: "hs-note" }, w("none"))]));
}
function drawNotes() {
  const n = DATA.notes, line = (key, said) => [el("dt", {}, w(key)), el("dd", {}, said)];
  byId("hs-notes").replaceChildren(...line("asOf", text(n.as_of)), ...(DATA.ledger ? line("ledgerAsOf", text(DATA.ledger.asof)) : []), ...n.lines.flatMap(([key, zh, en]) => line(key, text(state.lang ? en : zh))), ...(n.coarse ? line("resolution", pick(n.coarse)) : []));
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
function drawAll() { drawHead(); drawCities(); drawTime(); drawVersus(); drawLayers(); drawLegend(); drawList(); drawNotes(); drawNet(); drawOut(); }

byId("hs-tabs").addEventListener("keydown", event => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step) pickReason((state.reason + step + DATA.reasons.length) % DATA.reasons.length);
});
byId("hs-cities").addEventListener("change", event => {
  state.city = event.target.value; fade = faded(); map.closePopup();
  show(state.city ? boundsOf(i => cityOf(i) === state.city).pad(0.05) : home); repaint(); drawList();
});
byId("hs-lang").addEventListener("click", () => { state.lang = 1 - state.lang; const again = reopen; drawAll(); ruler._update(); if (again) again(); });
byId("hs-print").addEventListener("click", () => window.print());
byId("hs-home").addEventListener("click", () => show(home));
let onScreen = null;
window.addEventListener("beforeprint", () => { onScreen = [map.getCenter(), map.getZoom()]; const box = map.getBounds(); map.closePopup(); document.body.classList.add("hs-printing"); drawList(true); map.invalidateSize({ animate: false }); map.fitBounds(box, { animate: false }); repaint(); placeSwipe(); base.flatten(base.together(other, over, swipeAt())); });
window.addEventListener("afterprint", () => { document.body.classList.remove("hs-printing"); drawList(); map.invalidateSize({ animate: false }); map.setView(...onScreen, { animate: false }); repaint(); placeSwipe(); });
if (map.getSize().x < 520) byId("hs-legend").removeAttribute("open");
const ruler = L.control.scale({ imperial: false, position: "bottomleft", maxWidth: 140 });
ruler._updateMetric = longest => { const metres = ruler._getRoundNum(longest); ruler._updateScale(ruler._mScale, metres < 1000 ? `${metres} ${unit("m")}` : `${metres / 1000} ${unit("km")}`, metres / longest); };
ruler.addTo(map);
drawAll(); map.invalidateSize({ animate: false }); show(home);
map.setMinZoom(Math.max(2, Math.floor(map.getZoom()) - 1)); map.setMaxBounds(home.pad(1.5));
base.addTo(map); over.addTo(map);  // last: one painting, of the right view
if (DATA.tiles) showTiles();
document.body.dataset.ready = "yes";
