// Two months in one view: a swipe across the map with the other month on its left, or what changed between them.
const swipe = byId("hs-swipe"), knob = swipe.querySelector("input");
const swipeAt = () => comparing("swipe") ? state.at * map.getSize().x : 0;
// The other month's canvas is cut at the swipe, in the map's own moving pixels.
function placeSwipe() {
  const size = map.getSize(), corner = map.containerPointToLayerPoint([0, 0]), x = comparing("swipe") ? size.x * state.at : 0;
  map.getPane("hs-other").style.clip = `rect(${corner.y}px, ${corner.x + x}px, ${corner.y + size.y}px, ${corner.x}px)`;
  swipe.style.setProperty("--at", `${state.at * 100}%`);
}
function drawVersus() {
  const row = byId("hs-versus"), on = comparing(), focused = document.activeElement && document.activeElement.id;
  byId("hs-compare").textContent = w("compare"); byId("hs-compare").setAttribute("aria-pressed", on ? "true" : "false");
  byId("hs-compare").hidden = months.length < 2;
  row.hidden = !on; swipe.hidden = !comparing("swipe");
  if (on) {
    const [left, right] = swipe.querySelectorAll("span");
    left.textContent = monthWords(state.compare); right.textContent = monthWords(state.month);
    knob.value = Math.round(state.at * 1000); knob.setAttribute("aria-label", w("swipeAt")); knob.setAttribute("aria-valuetext", `${Math.round(state.at * 100)} %`);
    const how = (key, fits) => el("label", {}, el("input", { type: "radio", name: "hs-how", id: "hs-how-" + key, checked: state.how === key, disabled: !fits, onchange: () => { state.how = key; afterChoice(); } }), w(key));
    row.replaceChildren(el("select", { id: "hs-other", "aria-label": w("compareWith"), onchange: event => { state.compare = +event.target.value; afterChoice(); } },
      ...months.map((_, t) => el("option", { value: t, selected: t === state.compare, disabled: !field.layers[0].has[t] }, monthWords(t)))), how("swipe", true), how("change", Boolean(change)));
    if (focused && byId(focused) && row.contains(byId(focused))) byId(focused).focus();
  }
  placeSwipe();
}
function afterChoice() {
  if (comparing("swipe")) other.addTo(map); else other.remove();  // a canvas only while it is needed
  drawVersus(); repaint(); drawTime(); drawLayers(); drawLegend();
}
// The month to compare with at first: the year before, else the oldest that has values.
function toggleCompare() {
  const year = monthBefore(state.month, 12), known = t => t >= 0 && t !== state.month && field.layers[0].has[t];
  if (months.length < 2) return;
  state.compare = comparing() ? -1 : known(year) ? year : Math.max(0, months.findIndex((_, t) => known(t)));
  afterChoice();
}
byId("hs-compare").addEventListener("click", toggleCompare);
knob.addEventListener("input", () => { state.at = knob.value / 1000; knob.setAttribute("aria-valuetext", `${Math.round(state.at * 100)} %`); placeSwipe(); });
map.on("move zoom resize moveend viewreset", placeSwipe);
document.addEventListener("keydown", event => {
  if ((event.key === "c" || event.key === "C") && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.matches("#hs-search, select")) toggleCompare();
});
