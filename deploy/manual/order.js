// What search shows first: the pages of the menu, then what belongs to a list, then the record of changes and choices.
const Scorer = {
  score: ([page, , , , score]) =>
    /^(docs\/decisions\/|CHANGELOG)/.test(page) ? score / 4 : /^(docs\/[^/]+|index)$/.test(page) ? score + 3 : score,
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: {},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
