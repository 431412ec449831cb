"""The operator's settings as a batch needs them: which policy, which situation, where records go."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ordinance.errors import BatchError
from ordinance.policy.plan import Plan
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.placement import placed
from ordinance.runtime.session import Session
from ordinance.serve.door.adapters import instruct, loras_of, mapped, turn_of
from ordinance.serve.door.client_session import session_of
from ordinance.serve.door.policies import common_plan
from ordinance.serve.http.keys import Client
from ordinance.serve.record.audit_log import AuditLog
from ordinance.settings.model import Settings
from ordinance.settings.sources import load
from ordinance.trust.marks.signer import Signer, signer_of


@dataclass(frozen=True, slots=True)
class Desk:
    """Opens a session for each prompt. ``system_is_ours``: the operator writes the system messages, so they are not
    looked at (semantics, rule 4). ``on`` replaces today's date. ``watermarked``: whether vLLM has a watermark (None:
    nobody knows)."""

    plan: Plan
    settings: Settings
    attested: Mapping[str, str]
    system_is_ours: bool = False
    on: date | None = None
    audit: AuditLog | None = None
    signer: Signer | None = None
    watermarked: bool | None = None

    def open(self, turn: int) -> Session:
        """Open a session for one prompt; ``turn`` counts answers from 1. Raises ``SituationError`` for an attested fact
        that is not declared."""
        caller = Client(jurisdiction=self.settings.jurisdiction, attested=self.attested)
        return session_of(caller, self.plan, self.settings, turn=turn, on=self.on, whole=True, sign=self.signer)

    def instruct(self, session: Session, messages: list[Any]) -> list[Any]:
        """``messages`` with what the model is told of how to speak, as the server places it."""
        turn = turn_of(self.settings)
        words = instruct(session) if turn else ""
        return list(placed(CHAT.path, {"messages": messages}, words, turn)["messages"]) if words and turn else messages

    def adapt(self, session: Session, lora: Any) -> None:
        """Tell the session where the language to be spoken has an adapter that ``lora``, the prompt's own, is not."""
        manner = session.manner()
        if manner.language is not None and manner.without is not None:
            wanted = mapped(loras_of(self.settings), manner.language)
            if not wanted or getattr(lora, "lora_name", None) != wanted:
                session.go_without(manner.without)

    def begin(self, sessions: Mapping[str, Session]) -> None:
        """Where the settings require it, a line in the audit log for each prompt that the model is now asked, by its
        id. Raises ``BatchError`` where that cannot be written."""
        if self.audit is None or not self.audit.required:
            return
        if not self.audit.begin_all([{**_asked(name), **session.under()} for name, session in sessions.items()]):
            raise BatchError(
                "a record of each prompt is required, but the audit log cannot be written; the model was not asked.",
                help="Free some space for the file that `audit` names, or turn off `audit.required`.",
            )

    def record(self, name: str, output: str, session: Session) -> None:
        """Write a line to the audit log, if the settings name one: no text, and no counts of text. ``output`` is vLLM's
        id."""
        if self.audit is not None:
            self.audit.write({**_asked(name), "output": output, "status": 200, "seconds": None, **session.record()})


def _asked(name: str) -> dict[str, Any]:
    return {"request": name, "key": "", "api": "batch", "model": None, "stream": False}


def desk_of(
    *,
    jurisdiction: str | None = None,
    locale: str | None = None,
    packs: Sequence[Path | str] | None = None,
    parts: Sequence[str] | None = None,
    config: Path | str | None = None,
    attested: Mapping[str, str] | None = None,
    system_messages_are_ours: bool = False,
    on: date | None = None,
    recording: bool = True,
) -> Desk:
    """Read the settings, over which an argument wins, and load the policy that they name; ``ordinance.batch.govern``
    has the same arguments. Without ``recording``, the audit log that the settings name is left alone. Raises
    ``OrdinanceError`` where the settings are wrong, the policy does not load, or does not know what is attested."""
    given = {
        "jurisdiction": jurisdiction,
        "locale": locale,
        "packs": packs and [str(path) for path in packs],
        "parts": parts and list(parts),
    }
    flags = {name: value for name, value in given.items() if value is not None}
    settings = load(flags, None if config is None else Path(config))
    plan = common_plan(settings, on)
    audit = AuditLog(settings.audit) if recording and settings.audit is not None else None
    signer = signer_of(settings.mark)
    desk = Desk(plan, settings, dict(attested or {}), system_messages_are_ours, on, audit, signer)
    desk.open(1).stream()  # what is wrong is told before the first prompt
    if settings.jurisdiction is None and plan.parents:
        told = f"no jurisdiction: only the charter applies; name one with jurisdiction={min(plan.parents)!r}"
        warnings.warn(f"ordinance: {told}", stacklevel=3)
    return desk
