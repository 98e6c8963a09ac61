// What a reader takes away: the list as CSV, the view as PNG. Both are made in the page; nothing is asked for.
function take(name, blob) {
  const link = el("a", { href: URL.createObjectURL(blob), download: name });
  document.body.append(link); link.click(); link.remove();
  window.setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}
// A text that a spreadsheet would run gets an apostrophe, as in our other tables.
const harmless = s => /^'*[=+\-@\t\r\n\0＝＋－＠]/.test(s) ? "'" + s : s;
const quoted = v => { const s = v == null ? "" : String(v); return /[",\r\n]/.test(s) ? `"${s.replace(/"/g, '""')}"` : s; };
function csvOf() {
  const place = row => cells.units[cells.unit[row.i]], words = s => harmless(s || ""), digits = v => v == null ? "" : v.toFixed(field.decimals), sure = row => row.sure == null ? "" : w(row.sure ? "clear" : "blurred");
  const columns = [["month", () => months[last]], ["reasonName", row => name(DATA.reasons[row.r])], ["city", row => words(place(row)[0])], ["cell", row => words(cells.codes[row.i])], ["label", row => words(cells.labels.get(row.i))],
    ["county", row => words(place(row)[1])], ["township", row => words(place(row)[2])], ["lon", row => row.at[0].toFixed(6)], ["lat", row => row.at[1].toFixed(6)]];
  if (!DATA.public) columns.push(["rankName", row => row.k], ["mean", row => digits(row.@column@)], ["base", row => digits(row.previous)], ["changeName", row => digits(row.change)], ["changePct", row => row.change_pct == null ? "" : row.change_pct.toFixed(1)],
    ["pTop", row => row.p_top], ["pWorst", row => row.p_worst], ["rankLow", row => row.rank_low], ["rankHigh", row => row.rank_high], ["distinct", sure]);
  if (DATA.ledger) columns.push(["ledger", row => ledgerOf(row.i) ? w(ledgerOf(row.i).state) : ""]);
  const rows = DATA.warned.filter(row => !state.city || cityOf(row.i) === state.city);
  return "\ufeff" + [columns.map(([key]) => w(key)), ...rows.map(row => columns.map(([, of]) => of(row)))].map(line => line.map(quoted).join(",") + "\r\n").join("");
}
// The map as it is seen, under its title, beside its legend, above where it comes from.
function pictureOf() {
  const ratio = 2, size = map.getSize(), layer = shownLayer(), scale = scaleOf(layer), face = getComputedStyle(document.documentElement).fontFamily, n = DATA.notes;
  const beside = 250, head = 64, foot = 58, sheet = document.createElement("canvas"), pen = sheet.getContext("2d");
  const width = size.x + beside, rows = scale.colours.length + 1, height = head + Math.max(size.y, 22 * (rows + 10)) + foot;
  sheet.width = width * ratio; sheet.height = height * ratio; pen.scale(ratio, ratio);
  pen.fillStyle = "#fff"; pen.fillRect(0, 0, width, height);
  const say = (s, x, y, font, colour, most) => { pen.font = `${font} ${face}`; pen.fillStyle = colour || "#1d2730"; pen.textBaseline = "middle"; pen.fillText(s, x, y, most); };
  say(`${pick(n.title)}  ${monthWords(state.month)}`, 16, 24, "700 20px", "#10304f", width - 32);
  const about = [layer.standing ? name(DATA.reasons[state.reason]) : "", name(layer), baseOf(layer, state.month) < 0 ? "" : `${months[baseOf(layer, state.month)]} → ${months[state.month]}`, comparing("swipe") ? `${monthWords(state.compare)} | ${monthWords(state.month)}` : "", unit(layer.unit)];
  say(about.filter(Boolean).join(" · "), 16, 48, "13px", "#5b6873", width - 32);
  const picture = base.together(other, over, swipeAt()), own = base._canvas, dense = own.width / parseFloat(own.style.width), corner = map.layerPointToContainerPoint(L.DomUtil.getPosition(own));
  pen.drawImage(picture, -corner.x * dense, -corner.y * dense, size.x * dense, size.y * dense, 0, head, size.x, size.y);
  pen.strokeStyle = "#b9c4ce"; pen.strokeRect(0.5, head + 0.5, size.x - 1, size.y - 1);
  const bar = ruler._mScale.offsetWidth, low = head + size.y - 14;
  pen.fillStyle = "rgba(255,255,255,.85)"; pen.fillRect(10, low - 20, bar + 14, 26); pen.strokeStyle = "#1d2730"; pen.lineWidth = 1.5;
  pen.beginPath(); pen.moveTo(17, low - 5); pen.lineTo(17, low); pen.lineTo(17 + bar, low); pen.lineTo(17 + bar, low - 5); pen.stroke();
  say(ruler._mScale.textContent, 22, low - 9, "12px", "#1d2730");
  let y = head + 16;
  const line = (mark, s) => { mark(size.x + 16, y); say(s, size.x + 52, y, "13px", "#1d2730", beside - 64); y += 22; };
  const box = colour => (x, at) => { pen.fillStyle = colour; pen.fillRect(x, at - 10, 26, 20); };
  for (let k = scale.colours.length - 1; k >= 0; k--) line(box(scale.colours[k]), range(layer, scale, k));
  line(box(layer.standing ? BLANK : hatch(pen)), w(layer.standing ? "notHot" : "noData"));
  y += 8;
  if (state.shown.warned) for (const reason of DATA.warned.length ? DATA.reasons : []) line((x, at) => sign(pen, reason.shape, reason.colour, x + 13, at, 7), name(reason));
  if (state.shown.warned && DATA.ledger) for (const key of Object.keys(LEDGER)) if (Object.values(DATA.ledger.cells).some(told => told.state === key)) line((x, at) => badge(pen, LEDGER[key].colour, x + 13, at, 6), w(key));
  if (state.shown.hot && hot.size) line((x, at) => { pen.strokeStyle = C.hotspot; pen.lineWidth = 2; pen.strokeRect(x + 4, at - 8, 18, 16); }, w("isHot"));
  const source = n.lines[0] ? text(state.lang ? n.lines[0][2] : n.lines[0][1]) : "";
  say([state.month === last ? "" : fill(whose("belongs"), monthWords(last)), `${w("asOf")} ${text(n.as_of)}`, source, DATA.ledger ? `${w("ledgerAsOf")} ${text(DATA.ledger.asof)}` : ""].filter(Boolean).join(" · "), 16, height - 40, "12px", "#5b6873", width - 32);
  say(pick(n.estimate), 16, height - 18, "12px", "#5b6873", width - 32);
  return sheet;
}
function drawOut() { byId("hs-csv").textContent = w("csv"); byId("hs-png").textContent = w("png"); byId("hs-csv").disabled = !DATA.warned.length; }
byId("hs-csv").addEventListener("click", () => take(`warnings-${months[last]}.csv`, new Blob([csvOf()], { type: "text/csv;charset=utf-8" })));
byId("hs-png").addEventListener("click", () => pictureOf().toBlob(blob => take(`map-${months[state.month]}.png`, blob), "image/png"));
