// A canvas that follows the map, and what is painted on it.
const CanvasLayer = L.Layer.extend({
  initialize(paint, pane) { this._paint = paint; this._pane = pane; },
  onAdd(map) {
    this._canvas = L.DomUtil.create("canvas", "hs-canvas leaflet-zoom-animated", map.getPane(this._pane));
    map.on({ moveend: this.redraw, resize: this.redraw, zoomanim: this._follow }, this);
    this.redraw();
  },
  onRemove(map) { this._canvas.remove(); map.off({ moveend: this.redraw, resize: this.redraw, zoomanim: this._follow }, this); },
  redraw() {
    if (!this._map) return;
    // A margin around the view, so that dragging shows no bare edge.
    const map = this._map, size = map.getSize(), pad = size.multiplyBy(0.2).round(), ratio = document.body.classList.contains("hs-printing") ? 2 : window.devicePixelRatio || 1;
    const corner = map.containerPointToLayerPoint(pad.multiplyBy(-1)), canvas = this._canvas, origin = map.getPixelOrigin().add(corner);
    const w = size.x + 2 * pad.x, h = size.y + 2 * pad.y;
    canvas.width = w * ratio; canvas.height = h * ratio; canvas.style.width = w + "px"; canvas.style.height = h + "px";
    L.DomUtil.setPosition(canvas, corner);
    this._zoom = map.getZoom(); this._corner = map.layerPointToLatLng(corner);
    const view = { k: 256 * 2 ** this._zoom, ox: origin.x, oy: origin.y, w, h, zoom: this._zoom };
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    this._paint(context, view);
  },
  // This canvas and those above as one opaque picture; two transparent ones cover each other in PDF. What lies left
  // of `left`, a pixel of the map, is the second one's.
  together(second, third, left) {
    const canvas = this._canvas, both = document.createElement("canvas"), pen = both.getContext("2d");
    both.width = canvas.width; both.height = canvas.height;
    pen.fillStyle = "#fff"; pen.fillRect(0, 0, both.width, both.height);
    pen.drawImage(canvas, 0, 0);
    const ratio = canvas.width / parseFloat(canvas.style.width), edge = Math.round((left - L.point(this._map.layerPointToContainerPoint(L.DomUtil.getPosition(canvas))).x) * ratio);
    if (left > 0) {
      pen.fillRect(0, 0, edge, both.height);
      pen.drawImage(second._canvas, 0, 0, edge, both.height, 0, 0, edge, both.height);
      pen.fillStyle = "#10304f"; pen.fillRect(edge - ratio, 0, 2 * ratio, both.height);
    }
    pen.drawImage(third._canvas, 0, 0);
    return both;
  },
  flatten(picture) {
    const context = this._canvas.getContext("2d");
    context.setTransform(1, 0, 0, 1, 0, 0); context.drawImage(picture, 0, 0);
  },
  _follow(event) {
    const place = this._map._latLngToNewLayerPoint(this._corner, event.zoom, event.center);
    L.DomUtil.setTransform(this._canvas, place, this._map.getZoomScale(event.zoom, this._zoom));
  },
});
function hatch(context) {
  const tile = document.createElement("canvas");
  tile.width = tile.height = 8;
  const pen = tile.getContext("2d");
  pen.fillStyle = "#e9ecef"; pen.fillRect(0, 0, 8, 8);
  pen.strokeStyle = "#a9b1b9"; pen.lineWidth = 1.2;
  for (const d of [-8, 0, 8]) { pen.beginPath(); pen.moveTo(d, 8); pen.lineTo(d + 8, 0); pen.stroke(); }
  return context.createPattern(tile, "repeat");
}
function cellSize(cells, view) { return cells.n ? Math.abs(cells.x[cells.corner[1]] - cells.x[cells.corner[0]]) * view.k : 0; }

// Small cells are boxes of whole pixels, sorted by colour: quick, and no seams.
function paintSmall(context, view, cells, classes, colours, faded, blank) {
  const { corner, x, y, n } = cells, lines = blank || hatch(context);
  for (let kind = 0; kind < 2 * (colours.length + 1); kind++) {
    const colour = kind >> 1, dim = kind & 1;
    context.globalAlpha = dim ? 0.22 : 1;
    context.fillStyle = colour === colours.length ? lines : colours[colour];
    for (let i = 0; i < n; i++) {
      if (classes[i] !== colour || (faded ? faded[i] : 0) !== dim) continue;
      const sw = corner[4 * i], se = corner[4 * i + 1], nw = corner[4 * i + 2], ne = corner[4 * i + 3];
      const a = Math.round(Math.min(x[sw], x[nw]) * view.k - view.ox), c = Math.round(Math.max(x[se], x[ne]) * view.k - view.ox);
      const b = Math.round(Math.min(y[nw], y[ne]) * view.k - view.oy), d = Math.round(Math.max(y[sw], y[se]) * view.k - view.oy);
      if (c >= 0 && d >= 0 && a <= view.w && b <= view.h) context.fillRect(a, b, Math.max(1, c - a), Math.max(1, d - b));
    }
    if (!faded) kind++;
  }
  context.globalAlpha = 1;
}
// Cells of one colour that touch along a row become one shape: fewer shapes, no seams.
function paintCells(context, view, cells, classes, colours, faded, blank) {
  if (cellSize(cells, view) < 7) return paintSmall(context, view, cells, classes, colours, faded, blank);
  const { corner, x, y, spans } = cells, margin = cellSize(cells, view) + 2, missing = colours.length, shapes = new Map();
  const px = v => x[v] * view.k - view.ox, py = v => y[v] * view.k - view.oy;
  const seen = i => { const v = corner[4 * i], a = px(v), b = py(v); return a > -margin && a < view.w + margin && b > -margin && b < view.h + margin; };
  for (const [first, end] of spans) {
    for (let i = first; i < end;) {
      if (!seen(i)) { i++; continue; }
      const kind = classes[i] + (faded && faded[i] ? 64 : 0);
      let j = i + 1;
      while (j < end && seen(j) && classes[j] + (faded && faded[j] ? 64 : 0) === kind) j++;
      if (!shapes.has(kind)) shapes.set(kind, new Path2D());
      const shape = shapes.get(kind);
      shape.moveTo(px(corner[4 * i]), py(corner[4 * i]));
      for (let c = i; c < j; c++) shape.lineTo(px(corner[4 * c + 1]), py(corner[4 * c + 1]));
      for (let c = j - 1; c >= i; c--) shape.lineTo(px(corner[4 * c + 3]), py(corner[4 * c + 3]));
      shape.lineTo(px(corner[4 * i + 2]), py(corner[4 * i + 2]));
      shape.closePath();
      i = j;
    }
  }
  const lines = blank || hatch(context);
  context.lineWidth = 0.8;
  for (const [kind, shape] of [...shapes].sort((a, b) => a[0] - b[0])) {
    context.globalAlpha = kind >= 64 ? 0.22 : 1;
    context.fillStyle = context.strokeStyle = kind % 64 === missing ? lines : colours[kind % 64];
    context.fill(shape);
    if (kind % 64 !== missing && kind < 64) context.stroke(shape);
  }
  context.globalAlpha = 1;
  if (margin > 13) {
    const grid = new Path2D();
    for (let i = 0; i < cells.n; i++) {
      if (!seen(i)) continue;
      grid.moveTo(px(corner[4 * i + 2]), py(corner[4 * i + 2]));
      grid.lineTo(px(corner[4 * i]), py(corner[4 * i])); grid.lineTo(px(corner[4 * i + 1]), py(corner[4 * i + 1]));
    }
    context.strokeStyle = "rgba(255,255,255,.45)"; context.lineWidth = 0.7; context.stroke(grid);
  }
}
// Row step, column step, the two corners of that side.
const STEPS = [[0, -1, 0, 2], [0, 1, 1, 3], [-1, 0, 0, 1], [1, 0, 2, 3]];
// Edges between cells for which the two sides differ; each edge is a pair of corners.
function edges(cells, side) {
  const found = [], { corner, n } = cells, of = [];
  for (let i = 0; i < n; i++) of.push(side(i));
  for (const [up, east, p, q] of STEPS) {
    for (let i = 0; i < n; i++) {
      const j = cells.neighbour(i, up, east);
      if (j < 0 ? of[i] !== null : j > i && of[j] !== of[i]) found.push(corner[4 * i + p], corner[4 * i + q]);
    }
  }
  return found;
}
function paintEdges(context, view, cells, pairs, colour, width, halo) {
  const path = new Path2D(), { x, y } = cells;
  for (let i = 0; i < pairs.length; i += 2) {
    const a = x[pairs[i]] * view.k - view.ox, b = y[pairs[i]] * view.k - view.oy;
    if (a < -60 || b < -60 || a > view.w + 60 || b > view.h + 60) continue;
    path.moveTo(a, b); path.lineTo(x[pairs[i + 1]] * view.k - view.ox, y[pairs[i + 1]] * view.k - view.oy);
  }
  context.lineCap = width > 1 ? "round" : "butt";
  if (halo) { context.strokeStyle = "rgba(255,255,255,.85)"; context.lineWidth = width + halo; context.stroke(path); }
  context.strokeStyle = colour; context.lineWidth = width; context.stroke(path);
}
function outline(context, view, cells, i, colour, width, halo) {
  const v = k => cells.corner[4 * i + k], px = k => cells.x[v(k)] * view.k - view.ox, py = k => cells.y[v(k)] * view.k - view.oy;
  context.beginPath();
  context.moveTo(px(0), py(0)); context.lineTo(px(1), py(1)); context.lineTo(px(3), py(3)); context.lineTo(px(2), py(2));
  context.closePath(); context.lineJoin = "round";
  context.strokeStyle = "#fff"; context.lineWidth = width + halo; context.stroke();
  context.strokeStyle = colour; context.lineWidth = width; context.stroke();
}
// A place that was searched for: cross hairs.
function paintPin(context, a, b, colour) {
  for (const [style, width] of [["#fff", 5], [colour, 2.2]]) {
    context.strokeStyle = style; context.lineWidth = width; context.lineCap = "round"; context.beginPath();
    context.arc(a, b, 6.5, 0, 7);
    for (const [p, q] of [[0, -1], [0, 1], [-1, 0], [1, 0]]) { context.moveTo(a + p * 6.5, b + q * 6.5); context.lineTo(a + p * 13, b + q * 13); }
    context.stroke();
  }
}
const SHAPES = {
  circle: (p, r) => p.arc(0, 0, r, 0, 7),
  square: (p, r) => p.rect(-r * 0.88, -r * 0.88, r * 1.76, r * 1.76),
  diamond: (p, r) => polygon(p, [[0, -r * 1.2], [r * 1.2, 0], [0, r * 1.2], [-r * 1.2, 0]]),
  triangle: (p, r) => polygon(p, [[0, -r * 1.1], [r, r * 0.8], [-r, r * 0.8]]),
  down: (p, r) => polygon(p, [[0, r * 1.1], [r, -r * 0.8], [-r, -r * 0.8]]),
  pentagon: (p, r) => polygon(p, [0, 1, 2, 3, 4].map(k => [r * Math.sin(k * 1.2566), -r * Math.cos(k * 1.2566)])),
  cross: (p, r) => polygon(p, [[-.4, -1], [.4, -1], [.4, -.4], [1, -.4], [1, .4], [.4, .4], [.4, 1], [-.4, 1], [-.4, .4], [-1, .4], [-1, -.4], [-.4, -.4]].map(([a, b]) => [a * r, b * r])),
};
function polygon(path, points) { points.forEach(([a, b], i) => i ? path.lineTo(a, b) : path.moveTo(a, b)); path.closePath(); }
// One sign: white rim, filled shape, number if it is large enough to read.
function sign(context, shape, colour, a, b, r, number) {
  context.save(); context.translate(a, b); context.beginPath(); SHAPES[shape](context, r);
  context.lineJoin = "round"; context.strokeStyle = "#fff"; context.lineWidth = Math.max(2, r * 0.36); context.stroke();
  context.fillStyle = colour; context.fill();
  if (number != null && r >= 7) {
    context.fillStyle = "#fff"; context.font = `700 ${Math.round(r * 1.25)}px Arial, sans-serif`;
    context.textAlign = "center"; context.textBaseline = "middle"; context.fillText(String(number), 0, r * 0.08);
  }
  context.restore();
}
// How a warning stands in the ledger: a small disc at its sign.
function badge(context, colour, a, b, r) {
  context.beginPath(); context.arc(a, b, r, 0, 7); context.fillStyle = colour; context.fill();
  context.strokeStyle = "#fff"; context.lineWidth = 1.6; context.stroke();
}
function signImage(shape, colour, r, number) {
  const canvas = document.createElement("canvas"), size = Math.ceil(r * 2.9), ratio = Math.max(2, window.devicePixelRatio || 1);
  canvas.width = canvas.height = size * ratio; canvas.style.width = canvas.style.height = size + "px"; canvas.className = "hs-sign";
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio); sign(context, shape, colour, size / 2, size / 2, r, number);
  canvas.setAttribute("aria-hidden", "true");
  return canvas;
}
