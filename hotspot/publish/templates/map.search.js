// Search: a code goes to its cell, a place to its cells, a name to its facility, two numbers to the cell they lie in.
const fold = s => s.normalize("NFKC").toUpperCase().replace(/\s+/g, " ").trim();
let targets = null;
function buildTargets() {  // at the first question, not while the page opens
  targets = [];
  for (let i = 0; i < cells.n; i++) { targets.push([fold(cells.codes[i]), "cell", i]); if (cells.labels.has(i)) targets.push([fold(cells.labels.get(i)), "cell", i]); }
  const places = new Map();
  cells.units.forEach(unit => [0, 1, 2].forEach(depth => { if (unit[depth]) places.set(unit.slice(0, depth + 1).join(" · "), [depth, unit]); }));
  for (const [words, at] of places) targets.push([fold(at[1][at[0]]), "place", at, words]);
  for (const f of DATA.facilities.rows) if (f.lon != null) targets.push([fold(text(f.name) || text(f.facility)), "facility", f]);
}
// "114.3, 30.6" in each of the three datums, since nobody can tell from the numbers which is meant.
const MAPS = [["WGS 84", (lon, lat) => [lon, lat]], ["GCJ-02", DATUM.fromGcj], ["BD-09", DATUM.fromBd]];
function points(words) {
  const found = words.normalize("NFKC").match(/^\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?[EN]?\s*[,;、\s]\s*([+-]?\d{1,3}(?:\.\d+)?)\s*°?[EN]?\s*$/i);
  if (!found) return [];
  const [a, b] = [Number(found[1]), Number(found[2])], near = box => home.pad(1).contains(latLng(...box));
  const swapped = !near([a, b]) && near([b, a]), given = swapped ? [b, a] : [a, b];
  if (Math.abs(given[0]) > 180 || Math.abs(given[1]) > 85) return [];
  return MAPS.map(([datum, back]) => { const spot = back(...given); return [datum, "point", { datum, spot, i: cellAt(L.latLng(latLng(...spot))), swapped }]; });
}
function matches(words) {
  const wanted = fold(words), starts = [], inside = [], spots = points(words);
  if (!wanted) return [];
  if (spots.length) return spots;
  if (!targets) buildTargets();
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
  closeHits(); byId("hs-search").blur(); seeMap();
  if (kind === "cell") openCell(at, true);
  else if (kind === "facility") openFacility(at, true);
  else if (kind === "point" && at.i >= 0) openCell(at.i, true, at.spot);
  else if (kind === "point") { map.closePopup(); state.pin = at.spot; map.setView(latLng(...at.spot), map.getZoom(), { animate: false }); over.redraw(); byId("hs-said").textContent = w("outside"); }
  else { map.closePopup(); show(boundsOf(i => cells.units[cells.unit[i]].slice(0, at[0] + 1).join("\n") === at[1].slice(0, at[0] + 1).join("\n")).pad(0.1)); }
}
let hits = [], active = 0;
function closeHits() { hits = []; byId("hs-hits").hidden = true; byId("hs-search").setAttribute("aria-expanded", "false"); byId("hs-search").removeAttribute("aria-activedescendant"); }
function drawHits() {
  const where = i => [cells.labels.get(i), ...cells.units[cells.unit[i]]].filter(Boolean).join(" · ");
  const words = target => target[1] === "point" ? [target[0] + (target[2].i < 0 ? "" : ` → ${cells.codes[target[2].i]}`), [target[2].i < 0 ? w("outside") : where(target[2].i), target[2].swapped ? w("swapped") : ""].filter(Boolean).join(" · ")]
    : target[1] === "cell" ? [cells.codes[target[2]], where(target[2])]
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
