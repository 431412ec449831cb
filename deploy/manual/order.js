// What search shows first: the pages of the menu, of each role the first ones first; changes and choices last.
// The order is the menu's: `staging.py` writes it here.
var MENU = {};
var Scorer = {
  score: ([page, , , , score]) =>
    /^(docs\/decisions\/|CHANGELOG)/.test(page) ? score / 4 : page in MENU ? score + 4 / (1 + MENU[page]) : score,
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: {},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
