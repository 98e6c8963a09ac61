// The desk's own map: the cells of an account, without any base map from elsewhere.
"use strict";
fetch("/map.json").then((answer) => answer.json()).then((told) => {
  const map = L.map("map", { attributionControl: false });
  const all = L.latLngBounds(told.cells.flatMap((one) => one.corners));
  if (all.isValid()) map.fitBounds(all.pad(0.05)); else map.setView([36, 110], 4);
  ledgerLayer(map, told);
  document.body.dataset.ready = "yes";
});
