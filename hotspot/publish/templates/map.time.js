// The months: a slider, its ticks, a player; and what the page says when it is not the published one.
const slider = byId("hs-slider");
let playing = 0;
function setMonth(t) {
  t = Math.max(0, Math.min(last, t));
  if (t === state.month) return;
  state.month = t;
  base.redraw(); if (comparing()) { other.redraw(); drawVersus(); } drawTime(); drawLayers(); drawLegend();
  if (reopen) reopen();
}
// Why the chosen layer is not on the map in this month.
function whyNot(layer) { return layer.back && monthBefore(state.month, layer.back) < 0 ? "baseOut" : layer.standing || layer.id === "gi" ? "onlyLast" : "noLayerData"; }
const whose = (name) => name + (Object.keys(DATA.traced).length ? "" : "Alone");
function drawTime() {
  const t = state.month, layer = state.layer, now = t === last, said = [now ? w(whose("published")) : fill(whose("belongs"), monthWords(last))];
  const blank = !field.layers[0].has[t], why = blank && column("why_" + t) ? pick(field.why[column("why_" + t).whole(0) || 0]) : "";
  if (blank) said.unshift(why ? `${w("noData")}${state.lang ? ": " : "："}${why}${state.lang ? "." : "。"}` : `${w("noData")}${state.lang ? "." : "。"}`);
  else if (layer !== shownLayer() && !comparing("change")) said.unshift(fill("noLayer", name(layer), w(whyNot(layer))));
  byId("hs-when").textContent = monthWords(t); byId("hs-when-note").textContent = said.join(" ");
  byId("hs-time").classList.toggle("other", !now);
  byId("hs-back").textContent = w("backTo"); byId("hs-back").hidden = now;
  slider.value = t; slider.setAttribute("aria-valuetext", monthWords(t)); slider.setAttribute("aria-label", w("month"));
  [...byId("hs-ticks").children].forEach((tick, k) => tick.classList.toggle("on", k === t));
  const play = byId("hs-play");
  play.classList.toggle("playing", playing > 0); play.title = w(playing ? "pause" : "play"); play.setAttribute("aria-label", play.title);
}
function stop() { window.clearInterval(playing); playing = 0; }
byId("hs-play").addEventListener("click", () => {
  if (playing) stop();
  else {
    if (state.month === last) setMonth(0);
    playing = window.setInterval(() => { setMonth(state.month + 1); if (state.month === last) { stop(); drawTime(); } }, 900);
  }
  drawTime();
});
slider.max = last; slider.value = last;
slider.addEventListener("input", () => { stop(); setMonth(+slider.value); });
byId("hs-back").addEventListener("click", () => { stop(); setMonth(last); slider.focus(); });
document.addEventListener("keydown", event => {
  const step = { "[": -1, "]": 1 }[event.key];
  if (step && !event.target.matches("#hs-search, select")) { stop(); setMonth(state.month + step); }
});
byId("hs-time").style.setProperty("--n", months.length);
byId("hs-time").hidden = months.length < 2;
byId("hs-ticks").append(...months.map((month, t) => {
  const [year, number] = month.split("-").map(Number), first = t === 0 || months[t - 1].slice(0, 4) !== month.slice(0, 4);
  return el("li", { class: [field.layers[0].has[t] ? "" : "none", t === last ? "published" : "", t === 0 && months[1] && months[1].slice(0, 4) !== month.slice(0, 4) ? "tight" : ""].join(" "), title: month, onclick: () => { stop(); setMonth(t); } },
    el("span", {}, String(number)), first ? el("small", {}, String(year)) : null);
}));
