"""Sets of situations as unions of cubes, so that overlap, implication and cover can be computed, each with a witness.

A dimension is an axis of finitely many cells that no test of the policy tells apart further; unknown is a cell of its
own. A cube names for some axes the cells it accepts, as the bits of a number, and accepts all cells of the others. A
region is a union of cubes. Nothing here knows what an axis means.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

#: Cubes of one region. What needs more is too complex to prove, and does not load.
MOST = 500

#: For some axes, the cells that are accepted; never none of them, never all.
Cube = Mapping[str, int]

#: For each axis, all of its cells.
Full = Mapping[str, int]


class TooComplexError(Exception):
    """A region would take more than ``MOST`` cubes."""


@dataclass(frozen=True, slots=True, eq=False)
class Region:
    """A set of situations. Build it with ``everywhere``, ``nowhere`` and ``slab``, and from regions."""

    full: Full
    cubes: tuple[Cube, ...]

    def __bool__(self) -> bool:
        """Return whether there is a situation in it."""
        return bool(self.cubes)

    def __and__(self, other: Region) -> Region:
        """Return the situations in both regions."""
        return _region(self.full, _all_met(self.cubes, other.cubes))

    def __or__(self, other: Region) -> Region:
        """Return the situations in either region."""
        return _region(self.full, (*self.cubes, *other.cubes))

    def __sub__(self, other: Region) -> Region:
        """Return the situations in this region but not in ``other``."""
        left = self
        for cut in other.cubes:
            left = _region(self.full, (piece for cube in left.cubes for piece in _cut(cube, cut, self.full)))
        return left

    def __le__(self, other: Region) -> bool:
        """Return whether every situation in it is in ``other``; where not, one in ``self - other`` shows it."""
        return not self - other

    def witness(self) -> dict[str, int] | None:
        """Return one situation of the region: for each axis that matters, the number of a cell. None if the region is
        empty."""
        if not self.cubes:
            return None
        return {axis: (cells & -cells).bit_length() - 1 for axis, cells in self.cubes[0].items()}

    def holds(self, cells: Mapping[str, int]) -> bool:
        """Return whether the situation with these cells, one for every axis, is in it."""
        return any(all(accepted >> cells[axis] & 1 for axis, accepted in cube.items()) for cube in self.cubes)


def everywhere(full: Full) -> Region:
    """Return the region of every situation."""
    return Region(full, ({},))


def nowhere(full: Full) -> Region:
    """Return the region of no situation."""
    return Region(full, ())


def slab(full: Full, axis: str, cells: int) -> Region:
    """Return the situations with one of ``cells`` (a bit set) on ``axis``."""
    if not cells:
        return nowhere(full)
    return everywhere(full) if cells == full[axis] else Region(full, ({axis: cells},))


def _region(full: Full, cubes: Iterable[Cube]) -> Region:
    """Return a region of ``cubes`` without those inside another; two that differ on one axis only are joined."""
    kept: list[Cube] = []
    for cube in cubes:
        taken = cube
        while (joined := _take_in(kept, taken, full)) is not None:
            taken = joined
        if len(kept) > MOST:
            raise TooComplexError
    return Region(full, tuple(kept))


def _take_in(kept: list[Cube], cube: Cube, full: Full) -> Cube | None:
    """Add ``cube`` to ``kept``; or, where it merges with one of them, take that out and give the merged cube."""
    for at, other in enumerate(kept):
        if (joined := _join(cube, other, full)) is not None:
            del kept[at]
            if joined == other:
                kept.append(joined)
                return None
            return joined
    kept.append(cube)
    return None


def _join(one: Cube, two: Cube, full: Full) -> Cube | None:
    """Return one cube for both if they differ on at most one axis, or one contains the other; else None."""
    apart = [axis for axis in one.keys() | two.keys() if one.get(axis) != two.get(axis)]
    if len(apart) > 1:
        for inner, outer in ((one, two), (two, one)):
            if all(not inner.get(axis, full[axis]) & ~outer.get(axis, full[axis]) for axis in apart):
                return outer
        return None
    joined = dict(one)
    for axis in apart:
        cells = one.get(axis, full[axis]) | two.get(axis, full[axis])
        joined.pop(axis, None)
        if cells != full[axis]:
            joined[axis] = cells
    return joined


def _all_met(ones: Sequence[Cube], twos: Sequence[Cube]) -> Iterator[Cube]:
    for one in ones:
        for two in twos:
            if (met := _meet(one, two)) is not None:
                yield met


def _meet(one: Cube, two: Cube) -> Cube | None:
    met = dict(one)
    for axis, cells in two.items():
        met[axis] = met.get(axis, cells) & cells
        if not met[axis]:
            return None
    return met


def _cut(cube: Cube, cut: Cube, full: Full) -> Iterator[Cube]:
    """Yield ``cube`` without ``cut``, in disjoint pieces."""
    if _meet(cube, cut) is None:
        yield cube
        return
    rest = dict(cube)
    for axis, cells in cut.items():
        inside = rest.get(axis, full[axis])
        if outside := inside & ~cells:
            yield {**rest, axis: outside}
        rest[axis] = inside & cells
