"""The plugin contract. Everything that can be registered, when it is asked for, and what must come back.

A plugin is a distribution with an entry point in the group ``ordinance``::

    [project.entry-points.ordinance]
    acme = "acme_ordinance"

and a module with hook implementations::

    from ordinance.detection import DetectorKind, Segments
    from ordinance.hookspecs import hookimpl

    @hookimpl
    def register_detectors():
        return [DetectorKind("acme.shouting", lambda declaration: Segments(find_shouting))]

Hooks run at load only, once, before any request. At run time the engine calls detectors itself. A hook
implementation that wraps others (``wrapper=True``, ``hookwrapper=True``) or asks to come first or last is refused:
registration has no order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from ordinance.detection import DetectorKind

hookspec = pluggy.HookspecMarker("ordinance")
hookimpl = pluggy.HookimplMarker("ordinance")


@hookspec
def register_detectors() -> Iterable[DetectorKind]:  # type: ignore[empty-body]  # a hook specification has no body
    """Return every detector kind of this plugin. Called once, when a policy is loaded.

    A plugin's names have the form ``vendor.name``; a name that is registered twice stops the load.
    """
