// A base map, where the study asked for one. Without it this page asks the network for nothing.
let tileLayers = [];
function drawNet() {
  const source = DATA.tiles;
  byId("hs-net").hidden = !source;
  if (!source) return;
  const hosts = [...new Set(source.urls.map(url => url.split("/")[2].replace("{s}", `${source.parts[0]}–${source.parts[source.parts.length - 1]}`)))];
  const said = [fill("net", pick(source.name), hosts.join(", ")), source.datum === "gcj02" ? w("shiftedNote") : "", source.failed ? w("tilesFailed") : ""];
  byId("hs-net").textContent = said.filter(Boolean).join(" ");
}
function showTiles() {
  for (const layer of tileLayers) if (state.shown.tiles) layer.addTo(map); else layer.remove();
  map.getPane("hs-cells").style.opacity = state.shown.tiles && DATA.tiles.loaded ? 0.68 : 1;
}
if (DATA.tiles) {
  state.shown.tiles = true;
  // The top of the pile is what names the places: it lies over the cells.
  map.createPane("hs-names").style.zIndex = 400;
  map.getPane("hs-names").style.pointerEvents = "none";
  tileLayers = DATA.tiles.urls.map((url, k) => L.tileLayer(url, { subdomains: DATA.tiles.parts, maxZoom: 18, pane: k ? "hs-names" : "tilePane" }));
  for (const layer of tileLayers) {
    layer.on("tileload", () => { if (DATA.tiles.loaded) return; DATA.tiles.loaded = true; DATA.tiles.failed = false; showTiles(); drawNet(); });
    layer.on("tileerror", () => { if (DATA.tiles.loaded || DATA.tiles.failed) return; DATA.tiles.failed = true; drawNet(); });
  }
}
