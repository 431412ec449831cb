"""The plugin's package, imported and asked, hook by hook, what the engine may ask it later."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pluggy

from ordinance.plugin import (
    Asked,
    Candidates,
    Form,
    Hooks,
    Judged,
    Passage,
    Question,
    Segments,
    Served,
    Settings,
    Sink,
)
from ordinance.plugins.inside.plain import described, plain

#: Answers the question whose payload it is given with plain data.
Deed = Callable[[Any], object]


class UnknownHookError(Exception):
    """The plugin implements a hook that this contract does not have."""


class Implementation:
    """The imported plugin. ``settings`` are the operator's."""

    def __init__(self, package: str, settings: Settings) -> None:
        module = importlib.import_module(package)
        self._settings = settings
        self._manager = pluggy.PluginManager("ordinance")
        self._manager.add_hookspecs(Hooks)
        self._manager.register(module)
        callers = self._manager.get_hookcallers(module) or ()
        # `optionalhook` makes pluggy accept any name; here nobody would ever ask it.
        unknown = sorted(caller.name for caller in callers if not caller.has_spec())
        if unknown:
            known = ", ".join(name for name in vars(Hooks) if not name.startswith("_"))
            raise UnknownHookError(f"there is no hook `{unknown[0]}`; the hooks are {known}")
        self._manager.check_pending()

    def use(
        self, hook: str, asked: Asked, question: Question | None = None, served: Served | None = None
    ) -> tuple[dict[str, object], Deed | None]:
        """Return what the hook gives for ``asked``, described, and what answers questions about it."""
        if hook == "health":
            caller = self._manager.hook.health
            known = bool(caller.get_hookimpls())
            return {"kind": "health" if known else "nothing"}, lambda _: plain(caller(settings=self._settings) or [])
        arguments: dict[str, object] = {"settings": self._settings}
        if hook != "audit_sink":
            arguments["asked"] = asked
        if hook == "judge":
            arguments["question"] = question or Question("", asked.prose)
            arguments["served"] = served
        given = getattr(self._manager.hook, hook)(**arguments)
        return described(given), _deed(given)


def _deed(given: object) -> Deed | None:
    match given:
        case Candidates(accepts=accepts):
            return lambda payload: plain(accepts(passage(payload)))
        case Segments(find=find):
            return lambda payload: plain(find(passage(payload)))
        case Judged(score=score):
            return lambda payload: plain(score([passage(each) for each in payload]))
        case Form(rewrite=rewrite):
            return lambda payload: plain(rewrite(payload))
        case Sink(write=write):
            return lambda payload: _written(write, payload)
    return None


def passage(payload: Sequence[Any]) -> Passage:
    """Return the passage that the engine sent; what is the same as the text is not sent twice."""
    text, folded, offsets, before = payload
    return Passage(
        text=text,
        folded=text if folded is None else folded,
        offsets=range(len(text) + 1) if offsets is None else offsets,
        before=before,
    )


def _written(write: Callable[[Sequence[Mapping[str, object]]], None], records: Any) -> None:
    write(records)
