"""What may fill a variable of a notice, kept once for all values."""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from ordinance.runtime.redact.wordings import Tree, letters, words


def ends(tree: Tree, at: int = 0, said: str = "") -> Iterator[tuple[str, int]]:
    """Yield each text that a tree leads to an end, with the gaps between its words."""
    if at in tree.ends:
        yield said, tree.ends[at]
    for letter, to in tree.following(at):
        yield from ends(tree, to, said + letter)


@given(st.lists(st.text("abAÄß 1.é文"), max_size=12))
def test_a_tree_leads_to_its_values_and_to_nothing_else(values: list[str]) -> None:
    tree = Tree(values)
    gaps: dict[str, int] = {}
    for value in values:
        gaps[letters(value)] = max(gaps.get(letters(value), 0), words(value) - 1)
    found = list(ends(tree))
    assert len(found) == len(gaps)
    assert dict(found) == gaps
    assert tree.most == sum(gaps.values()) + len(gaps) - 1
    assert tree.size == sum(len(value) + 2 for value in values)


@given(st.lists(st.text("abc "), max_size=12).flatmap(lambda each: st.tuples(st.just(each), st.permutations(each))))
def test_the_order_of_values_does_not_matter(orders: tuple[list[str], list[str]]) -> None:
    one, two = map(Tree, orders)
    assert list(ends(one)) == list(ends(two))
