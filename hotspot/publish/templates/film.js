const film = JSON.parse(document.getElementById("hotspot-data").textContent), $ = id => document.getElementById(id), NS = "http://www.w3.org/2000/svg";
const words = {
  zh: { lang: "English", legend: "PM2.5 μg/m³", none: "无资料", measured: "● 实测", supported: "○ 邻近有站", interpolated: "无标记：插值", mean: "本格平均", pick: i => film.names[i] + " 号小格", play: "播放", note: "500 米小时值：实测小格保留测量值，其余由邻近站点推算；点小格看它的变化。时间为北京时间，标小时的开始。" },
  en: { lang: "中文", legend: "PM2.5 μg/m³", none: "no value", measured: "● measured", supported: "○ station near", interpolated: "no mark: interpolated", mean: "mean of the cell", pick: i => "sub-cell " + film.names[i], play: "Play", note: "Hourly values of 500 m sub-cells: a measured one keeps its measurement, the others are estimated from stations around. Pick a sub-cell to see its course. Local time, start of the hour." },
};
let lang = "zh", at = 0, picked = film.pick, timer = null;
const el = (parent, name, attributes, text) => { const node = document.createElementNS(NS, name); for (const key in attributes) node.setAttribute(key, attributes[key]); if (text !== undefined) node.textContent = text; parent.appendChild(node); return node; };
const colour = v => v === null ? "#fff" : film.colours[film.breaks.filter(b => v >= b).length];
// Text turns white only where white is read better: by the luminance of what lies under it.
const dim = c => { const part = k => { const u = parseInt(c.slice(k, k + 2), 16) / 255; return u <= .04045 ? u / 12.92 : ((u + .055) / 1.055) ** 2.4; }; return c.length === 7 && .2126 * part(1) + .7152 * part(3) + .0722 * part(5) < .18; };
const S = 560 / film.side, squares = [];
$("map").setAttribute("viewBox", "0 0 564 564");
film.names.forEach((name, i) => {
  const g = el($("map"), "g", { tabindex: 0 }), x = 2 + film.x[i] * S, y = 2 + film.y[i] * S;
  const rect = el(g, "rect", { x, y, width: S, height: S, stroke: "#8a949c", "stroke-width": .6 });
  const label = el(g, "text", { x: x + 4, y: y + 17 }, name);
  const value = el(g, "text", { x: x + S / 2, y: y + S / 2 + 8, "text-anchor": "middle" }), mark = el(g, "circle", { cx: x + S - 9, cy: y + 9, r: 4.2, "stroke-width": 1.4 });
  const choose = () => { picked = i; show(); };
  g.addEventListener("click", choose); g.addEventListener("keydown", e => { if (e.key === "Enter" || e.key === " ") { e.preventDefault(); choose(); } });
  squares.push({ g, rect, label, value, mark });
});
const W = Math.max(320, Math.min(720, window.innerWidth - 28)), H = 200, L = 40, B = 26, T = 24, top = film.top, sx = k => L + (W - L - 10) * (film.times.length > 1 ? k / (film.times.length - 1) : .5), sy = v => H - B - (H - B - T) * v / top;
$("series").setAttribute("viewBox", `0 0 ${W} ${H}`);
const path = values => { let d = "", open = false; values.forEach((v, k) => { if (v === null) { open = false; return; } d += (open ? "L" : "M") + sx(k).toFixed(1) + "," + sy(v).toFixed(1); open = true; }); return d; };
function series() {
  const s = $("series"); s.replaceChildren();
  for (const v of [0, top / 2, top]) { el(s, "line", { x1: L, x2: W - 10, y1: sy(v), y2: sy(v), stroke: "#cbd2d8" }); el(s, "text", { x: L - 5, y: sy(v) + 4, "text-anchor": "end" }, v); }
  film.times.forEach((t, k) => { if (k % (film.every * (W < 500 ? 2 : 1)) === 0) el(s, "text", { x: sx(k), y: H - 8, "text-anchor": "middle" }, t.slice(11, 13) === "00" ? t.slice(5, 10) : t.slice(11, 13)); });
  el(s, "path", { d: path(film.mean), fill: "none", stroke: "#5d6a76", "stroke-width": 2, "stroke-dasharray": "5 3" }); el(s, "path", { d: path(film.values.map(row => row[picked])), fill: "none", stroke: "#c34604", "stroke-width": 2.2 });
  el(s, "text", { x: 2, y: 11 }, "μg/m³"); el(s, "text", { x: L + 16, y: 11, fill: "#5d6a76" }, "- - " + words[lang].mean); el(s, "text", { x: L + 130, y: 11, fill: "#c34604" }, "— " + words[lang].pick(picked));
  el(s, "line", { id: "now", y1: T, y2: H - B, stroke: "#101418", "stroke-width": 1.4 });
}
function show() {
  const w = words[lang];
  document.documentElement.lang = lang === "zh" ? "zh-CN" : "en"; $("when").textContent = film.times[at].replace("T", " ") + (lang === "zh" ? " 时" : " h"); $("lang").textContent = w.lang; $("note").textContent = w.note;
  $("play").setAttribute("aria-label", w.play); $("slider").setAttribute("aria-label", w.play); $("slider").setAttribute("aria-valuetext", film.times[at]);
  squares.forEach((s, i) => {
    const v = film.values[at][i], dark = dim(colour(v)), kind = film.support[at][i];
    s.rect.setAttribute("fill", colour(v)); s.value.textContent = v === null ? "" : v; s.value.setAttribute("fill", dark ? "#fff" : "#101418"); s.label.setAttribute("fill", dark ? "#e4e6e8" : "#4c5862"); s.mark.setAttribute("stroke", dark && kind === 2 ? "#fff" : "#101418");
    s.mark.setAttribute("fill", kind === 2 ? "#101418" : "#fff"); s.mark.setAttribute("visibility", kind ? "visible" : "hidden");
    s.rect.setAttribute("stroke", i === picked ? "#00b8ff" : "#8a949c"); s.rect.setAttribute("stroke-width", i === picked ? 4 : .6); if (i === picked) $("map").appendChild(s.g); s.g.setAttribute("aria-label", w.pick(i) + " " + (v === null ? w.none : v));
  });
  series(); $("now").setAttribute("x1", sx(at)); $("now").setAttribute("x2", sx(at)); $("slider").value = at;
}
function legend() {
  const list = $("legend"); list.replaceChildren();
  const row = (fill, text) => { const li = document.createElement("li"); if (fill) { const i = document.createElement("i"); i.style.background = fill; li.appendChild(i); } li.appendChild(document.createTextNode(text)); list.appendChild(li); };
  row("", words[lang].legend); film.colours.slice(0, film.breaks.length + 1).forEach((c, k) => row(c, k === 0 ? "< " + film.breaks[0] : "≥ " + film.breaks[k - 1]));
  row("", words[lang].measured); row("", words[lang].supported); row("", words[lang].interpolated);
}
const stop = () => { clearInterval(timer); timer = null; $("play").textContent = "▶"; $("play").setAttribute("aria-pressed", "false"); };
$("play").onclick = () => { if (timer) return stop(); $("play").textContent = "■"; $("play").setAttribute("aria-pressed", "true"); timer = setInterval(() => { at = (at + 1) % film.times.length; show(); }, 500); };
$("slider").max = film.times.length - 1; $("slider").oninput = () => { stop(); at = +$("slider").value; show(); };
$("lang").onclick = () => { lang = lang === "zh" ? "en" : "zh"; legend(); show(); };
$("code").textContent = film.cell; $("where").textContent = film.where; legend(); show(); document.body.dataset.ready = "1";
