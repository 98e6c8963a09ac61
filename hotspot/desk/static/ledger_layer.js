// The ledger's state on a Leaflet map: one mark a cell, its numbers in a popup. LEDGER and a map come from the page.
"use strict";
function ledgerLayer(map, told) {
  const zh = told.lang !== "en";
  const colours = { overdue: "#d4003c", waiting: "#e1640e", open: "#6a51a3", warned: "#12508c", "": "#8a97a3" };
  const words = {
    overdue: zh ? "超期" : "overdue", waiting: zh ? "待反馈报警" : "alarms to answer", open: zh ? "未销号问题" : "open problems",
    warned: zh ? "本期预警" : "warned",
  };
  map.createPane("ledger").style.zIndex = 620;  // above what the page paints, below popups
  const paint = told.cells.length > 800 ? L.canvas({ pane: "ledger" }) : L.svg({ pane: "ledger" });
  for (const one of told.cells) {
    const popup = document.createElement("div"), link = document.createElement("a");
    link.href = "/cells/" + encodeURIComponent(one.cell);
    link.target = "_top";
    link.textContent = one.cell + " " + one.county;
    popup.append(link);
    for (const key of ["waiting", "overdue", "open"]) {
      if (!one[key]) continue;
      const line = document.createElement("div");
      line.textContent = words[key] + " " + one[key];
      popup.append(line);
    }
    if (one.warned) { const line = document.createElement("div"); line.textContent = words.warned; popup.append(line); }
    if (one.kind) L.polygon(one.corners, { pane: "ledger", renderer: paint, color: "#fff", weight: 6, fill: false, interactive: false }).addTo(map);
    L.polygon(one.corners, {
      pane: "ledger", renderer: paint,
      color: colours[one.kind], weight: one.kind ? 3 : 1, fillOpacity: one.kind && one.kind !== "warned" ? 0.45 : 0.05,
      className: "ledger-" + (one.kind || "none"),
    }).bindPopup(popup).bindTooltip(one.cell).addTo(map);
  }
  const legend = L.control({ position: "bottomleft" });
  legend.onAdd = () => {
    const box = document.createElement("div");
    box.style.cssText = "background:#fff;padding:6px 10px;border-radius:4px;font-size:14px;line-height:1.5";
    for (const key of ["overdue", "waiting", "open", "warned"]) {
      const line = document.createElement("div"), mark = document.createElement("span");
      mark.style.cssText = "display:inline-block;width:14px;height:14px;margin-right:6px;vertical-align:-2px;border:3px solid " + colours[key];
      line.append(mark, words[key]);
      box.append(line);
    }
    return box;
  };
  legend.addTo(map);
}
if (typeof LEDGER !== "undefined") ledgerLayer(window[document.body.dataset.map], LEDGER);
