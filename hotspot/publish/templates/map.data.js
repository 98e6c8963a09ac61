// Reads back what packing.py wrote, and answers questions about one cell.
function unpack(text) {
  const bytes = atob(text), out = [];
  let at = 0, value = 0;
  while (at < bytes.length) {
    let number = 0, place = 1, byte;
    do { byte = bytes.charCodeAt(at++); number += (byte & 127) * place; place *= 128; } while (byte > 127);
    value += number % 2 ? -(number + 1) / 2 : number / 2;
    out.push(value);
  }
  return out;
}
function unpackRuns(text, n) {
  const pairs = unpack(text), out = new Float64Array(n);
  for (let i = 0, at = 0; i < pairs.length; i += 2) { out.fill(pairs[i], at, at + pairs[i + 1]); at += pairs[i + 1]; }
  return out;
}
function cumulative(steps) { let sum = 0; return steps.map(step => (sum += step)); }

// Text from data comes escaped; this gives it back as text, never as markup on the page. Most holds nothing to give back.
const inert = document.createElement("template");
function text(escaped) {
  const given = escaped == null ? "" : String(escaped);
  if (!/[&<]/.test(given)) return given;
  inert.innerHTML = given;
  return inert.content.textContent;
}

// Longitude and latitude on the square of web maps, 0 to 1.
function mercator(lon, lat) {
  const s = Math.sin(lat * Math.PI / 180);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)];
}
function readCells(packed, shift) {
  const n = packed.n, row = new Int32Array(n), col = new Int32Array(n), runs = unpack(packed.runs), spans = [];
  for (let i = 0, at = 0; i < runs.length; i += 3) {
    spans.push([at, at + runs[i + 2]]);
    for (let j = 0; j < runs[i + 2]; j++, at++) { row[at] = runs[i]; col[at] = runs[i + 1] + j; }
  }
  let top = -Infinity, bottom = Infinity, left = Infinity, right = -Infinity;
  for (let i = 0; i < n; i++) { top = Math.max(top, row[i]); bottom = Math.min(bottom, row[i]); left = Math.min(left, col[i]); right = Math.max(right, col[i]); }
  // Corners were sent once each, rows from the north, columns from the west: number them in that order.
  const wide = right - left + 2, slot = new Int32Array(wide * (top - bottom + 2)), vertex = new Int32Array(slot.length), corner = new Int32Array(4 * n);
  const place = (r, c) => (top + 1 - r) * wide + c - left;
  for (let i = 0; i < n; i++) {
    const south = place(row[i], col[i]);
    slot[south] = i + 1;
    vertex[south] = vertex[south + 1] = vertex[south - wide] = vertex[south - wide + 1] = 1;
  }
  for (let i = 0, seen = 0; i < vertex.length; i++) if (vertex[i]) vertex[i] = seen++;
  for (let i = 0; i < n; i++) {  // south-west, south-east, north-west, north-east
    const south = place(row[i], col[i]);
    corner[4 * i] = vertex[south]; corner[4 * i + 1] = vertex[south + 1];
    corner[4 * i + 2] = vertex[south - wide]; corner[4 * i + 3] = vertex[south - wide + 1];
  }
  const lon = cumulative(unpack(packed.lon)), lat = cumulative(unpack(packed.lat));
  const x = new Float64Array(lon.length), y = new Float64Array(lon.length);
  for (let v = 0; v < lon.length; v++) {  // on the datum of the base map, if there is one
    const spot = shift(lon[v] / packed.per, lat[v] / packed.per);
    [x[v], y[v]] = mercator(...spot);
  }
  const codes = [];
  let before = "";
  for (const part of packed.codes.split(" ")) { before = before.slice(0, +part[0]) + part.slice(1); codes.push(before); }
  const units = packed.units.map(unit => unit.map(text)), labels = new Map(packed.labels.map(([i, s]) => [i, text(s)]));
  const cells = {
    n, row, col, spans, corner, x, y, codes, units, labels, unit: unpackRuns(packed.unit, n),
    neighbour: (i, up, east) => {
      const r = row[i] + up, c = col[i] + east;
      return r < bottom || r > top || c < left || c > right ? -1 : slot[place(r, c)] - 1;
    },
    centre: i => {
      let a = 0, b = 0;
      for (let k = 0; k < 4; k++) { a += lon[corner[4 * i + k]]; b += lat[corner[4 * i + k]]; }
      return [a / 4 / packed.per, b / 4 / packed.per];
    },
  };
  cells.find = finder(cells);
  return cells;
}
// Which cell lies under a point: cells sorted into squares by their first corner, then the four edges.
function finder(cells) {
  const { corner, x, y, n } = cells, squares = new Map(), ring = [0, 1, 3, 2];
  let size = 0;
  const number = v => Math.floor(v / size);
  const build = () => {  // at the first question, not while the page opens
    for (let i = 0; i < n; i++) size = Math.max(size, Math.abs(x[corner[4 * i + 3]] - x[corner[4 * i]]), Math.abs(y[corner[4 * i + 3]] - y[corner[4 * i]]));
    for (let i = 0; i < n; i++) {
      const a = number(x[corner[4 * i]]), b = number(y[corner[4 * i]]);
      if (!squares.has(a)) squares.set(a, new Map());
      if (!squares.get(a).has(b)) squares.get(a).set(b, []);
      squares.get(a).get(b).push(i);
    }
  };
  const inside = (i, a, b) => {
    let within = false;
    for (let k = 0; k < 4; k++) {
      const p = corner[4 * i + ring[k]], q = corner[4 * i + ring[(k + 1) % 4]];
      if ((y[p] > b) !== (y[q] > b) && a < (x[q] - x[p]) * (b - y[p]) / (y[q] - y[p]) + x[p]) within = !within;
    }
    return within;
  };
  return (a, b) => {
    if (!size) build();
    for (let down = -2; down <= 2; down++) for (let east = -2; east <= 2; east++) {
      const found = (((squares.get(number(a) + east) || new Map()).get(number(b) + down)) || []).find(i => inside(i, a, b));
      if (found !== undefined) return found;
    }
    return -1;
  };
}
// A column as integers of its last printed digit; missing is null.
function readColumn(packed, n) {
  const stored = packed.runs ? unpackRuns(packed.data, n) : unpack(packed.data), digits = Math.round(Math.log10(packed.per));
  return {
    whole: i => stored[i] === 0 ? null : stored[i] + packed.base,
    number: i => stored[i] === 0 ? NaN : (stored[i] + packed.base) / packed.per,
    words: i => stored[i] === 0 ? null : ((stored[i] + packed.base) / packed.per).toFixed(digits),
    per: packed.per, digits,
  };
}
// What is known of the ranked hotspot cells: for each reason a map from cell to rank, chance in per cent, interval.
function readStanding(packed, reasons) {
  const out = reasons.map(() => new Map()), of = Object.fromEntries(Object.keys(packed).map(key => [key, unpack(packed[key])])), known = v => v < 0 ? null : v;
  of.cell.forEach((i, k) => out[of.reason[k]].set(i, { rank: of.rank[k], top: known(of.top[k]), low: known(of.low[k]), high: known(of.high[k]) }));
  return out;
}
// Rate of change of two printed figures in per cent, one digit, half to even: as the list has it.
function rate(now, before) {
  if (now == null || before == null || before <= 0) return null;
  const tenths = (now - before) * 1000, floor = Math.floor(tenths / before), rest = 2 * (tenths - floor * before);
  return (floor + (rest > before || (rest === before && floor % 2 !== 0) ? 1 : 0)) / 10;
}
