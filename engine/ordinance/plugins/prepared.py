"""What a plugin gave for each use when its process started, as plain data that the engine has checked.

Nothing that a plugin's process says is trusted to have the type that it should have.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ordinance.plugin import Asked, Expressions, Pattern, Question, Served, Unconfigured
from ordinance.plugins.answered import printable


@dataclass(frozen=True, slots=True)
class Use:
    """One thing that a plugin is asked for: a ``hook`` of the contract, and what the pack wrote. ``asked.name`` is
    empty for ``audit_sink`` and ``health``. A judge also gets the ``question``, and the model that is ``served``."""

    hook: str
    asked: Asked
    question: Question | None = None
    served: Served | None = None

    @property
    def named(self) -> str:
        """Return the hook and the name, as the manifest writes them."""
        return f"{self.hook} {self.asked.name}".rstrip()

    def __str__(self) -> str:
        return f"the hook `{self.hook}`" + (f" for `{self.asked.name}`" if self.asked.name else "")


@dataclass(frozen=True, slots=True)
class AskedCandidates:
    """Shapes that the engine finds; ``Pool.accepts`` decides, and sees ``before`` folded characters before each."""

    shapes: tuple[Pattern, ...]
    before: int = 0


@dataclass(frozen=True, slots=True)
class AskedSegments:
    """Sentences for ``Pool.find``, in windows that repeat ``overlap`` characters."""

    overlap: int


@dataclass(frozen=True, slots=True)
class Judged:
    """Passages for ``Pool.score``; ``version`` is what the plugin says that scores depend on."""

    version: str = ""


@dataclass(frozen=True, slots=True)
class FormWidth:
    """Text for ``Pool.rewrite``, which sees ``width`` characters around one."""

    width: int


@dataclass(frozen=True, slots=True)
class Sink:
    """Records for ``Pool.write``."""


@dataclass(frozen=True, slots=True)
class Health:
    """``Pool.health`` says what is wrong."""


Prepared = Expressions | AskedCandidates | AskedSegments | Judged | FormWidth | Sink | Health | Unconfigured

_MAY_GIVE = {
    "detector": {"expressions", "candidates", "segments", "unconfigured"},
    "judge": {"judged", "unconfigured"},
    "form": {"form", "unconfigured"},
    "audit_sink": {"sink", "unconfigured"},
    "health": {"health"},
}


class WrongTypeError(Exception):
    """What the plugin gave is not of the type that the contract says; the text says what it is and should be."""


def prepared(use: Use, given: Any) -> Prepared:
    """Return what a process said that the plugin gave for ``use``. Raises ``WrongTypeError``."""
    if not isinstance(given, dict) or not isinstance(kind := given.get("kind"), str):
        raise WrongTypeError("it gives nonsense")
    if kind == "nothing":
        raise WrongTypeError("it gives nothing; the manifest says that the plugin provides it")
    if kind not in _MAY_GIVE[use.hook]:
        type_ = printable(given.get("type", kind))
        raise WrongTypeError(f"it gives {type_}, which is not a type that this hook may return")
    match kind:
        case "expressions":
            phrases = tuple(_text(each, "phrases") for each in _list(given.get("phrases"), "phrases"))
            return Expressions(phrases, _patterns(given.get("patterns"), "patterns"))
        case "candidates":
            shapes = _patterns(given.get("shapes"), "shapes")
            if not shapes:
                raise WrongTypeError("`shapes` is empty")
            return AskedCandidates(shapes, _count(given.get("before"), "before"))
        case "segments":
            return AskedSegments(_count(given.get("overlap"), "overlap"))
        case "form":
            return FormWidth(_count(given.get("width"), "width"))
        case "unconfigured":
            return Unconfigured(printable(_text(given.get("missing"), "missing")))
        case "judged":
            return Judged(printable(_text(given.get("version"), "version")))
        case "sink":
            return Sink()
        case _:
            return Health()


def _patterns(given: Any, field: str) -> tuple[Pattern, ...]:
    patterns = []
    for each in _list(given, field):
        if not isinstance(each, list) or len(each) != 2 or type(each[1]) is not bool:
            raise WrongTypeError(f"`{field}` must contain values of type Pattern only")
        patterns.append(Pattern(_text(each[0], field), each[1]))
    return tuple(patterns)


def _list(given: Any, field: str) -> list[Any]:
    if not isinstance(given, list):
        raise WrongTypeError(f"`{field}` must be a tuple, not {type(given).__name__}")
    return given


def _text(given: Any, field: str) -> str:
    if type(given) is not str:
        raise WrongTypeError(f"`{field}` must be text, not {type(given).__name__}")
    return given


def _count(given: Any, field: str) -> int:
    if type(given) is not int or given < 0:
        raise WrongTypeError(f"`{field}` must be a whole number, 0 or more")
    return given
