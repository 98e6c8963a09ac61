// How each warning stands in the ledger, where somebody laid the ledger over the month's map.
const LEDGER = { waiting: { colour: "#e0a100" }, answered: { colour: "#2a7de1" }, overdue: { colour: "#c62828" }, closed: { colour: "#2e7d32" } };
const ledgerOf = i => DATA.ledger && DATA.ledger.cells[i];
const ledgerWords = told => [w(told.state), told.due && told.state !== "closed" ? fill("until", text(told.due)) : "", pick(told.said)].filter(Boolean).join(" · ");
function ledgerDot(i) {
  const told = ledgerOf(i);
  return told ? el("i", { class: "hs-dot", style: `background:${LEDGER[told.state].colour}`, role: "img", "aria-label": ledgerWords(told) }) : null;
}
function ledgerSigns() {
  if (!DATA.ledger) return [];
  const count = {};
  for (const told of Object.values(DATA.ledger.cells)) count[told.state] = (count[told.state] || 0) + 1;
  return Object.keys(LEDGER).filter(state => count[state]).map(state => el("li", {}, el("i", { class: "hs-dot", style: `background:${LEDGER[state].colour};width:11px;height:11px` }), el("span", {}, w(state)), el("small", {}, String(count[state]))));
}
