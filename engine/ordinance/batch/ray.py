"""Bulk text on Ray Data: rows in, governed rows out; or the same rows under two policies, to see what would change.

    import ray
    from ordinance.batch.ray import Govern

    rows = ray.data.read_json("answers.jsonl")   # with the columns id, messages (or prompt) and answer
    governed = rows.map(Govern, fn_constructor_kwargs={"jurisdiction": "DE", "locale": "de-DE"}, concurrency=2)
    governed.write_json("governed")

Ray runs a task again whose worker was lost. So a row's record is a column and not a line in a file: whatever happens to
workers, there is one for each row. What a row has besides does not pass, unless ``keep`` names it. Nothing of Ray is
imported here: both classes are called with a row, a mapping, and return one (``docs/ray.md``).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from ordinance.batch.desk import Desk, desk_of
from ordinance.batch.outputs import take_or_refuse
from ordinance.errors import BatchError, OrdinanceError
from ordinance.protocol.apis.chat import CHAT
from ordinance.protocol.apis.completions import COMPLETIONS
from ordinance.protocol.govern.choice import GovernedChoice
from ordinance.protocol.govern.prompts import sent_on
from ordinance.protocol.problems import Problem
from ordinance.protocol.said import CONTENT, Said
from ordinance.runtime.session import Session
from ordinance.serve.http.stderr import described

#: The columns that are read.
ANSWER, PROMPT, MESSAGES = "answer", "prompt", "messages"
#: Why a model ended, if the rows say it; else an answer counts as ended by itself.
FINISH = "finish_reason"
_HELP = "docs/ray.md says what a row may contain."


class Govern:
    """Governs the answer of a row, for ``Dataset.map``.

    A row has ``answer``, what a model said, and ``messages`` or ``prompt``, what it was asked. The columns of the
    result: those that ``keep`` names; ``answer``, governed, with its notices; ``verdict``; ``ordinance``, what a server
    adds to an answer, and ``record``, its line for the audit log, both as JSON; and ``error``, which is empty unless
    the row cannot be screened. Then ``answer`` and ``verdict`` are empty, and the other rows go on.

    ``settings`` are those of ``ordinance.batch.govern``. Raises ``OrdinanceError`` if they are wrong or the policy does
    not load: then no row is governed.
    """

    def __init__(self, *, keep: Sequence[str] = ("id",), **settings: Any) -> None:
        self._keep = _kept(keep)
        self._desk = _desk(settings)

    def __call__(self, row: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: row.get(name) for name in self._keep}
        try:
            session, answer = _govern(self._desk, row)
        except OrdinanceError as error:
            return {**kept, ANSWER: "", "verdict": "", "ordinance": "", "record": "", "error": str(error)}
        shown = {"verdict": session.outcome().verdict.word, "ordinance": json.dumps(session.metadata())}
        record = {"request": uuid.uuid4().hex, "key": "", "api": "batch", **session.record()}
        return {**kept, ANSWER: answer, **shown, "record": json.dumps(record), "error": ""}


class Replay:
    """Puts a row through two policies, for ``Dataset.map``: what would change if ``after`` replaced ``before``?

    Both are settings as ``Govern`` takes them. Rows are those of ``Govern``. The columns of the result: those that
    ``keep`` names; ``before`` and ``after``, the verdicts; ``rules_before`` and ``rules_after``, names of rules, with
    commas; ``same``, whether people would read the same; and ``error``. No text.
    """

    def __init__(self, before: Mapping[str, Any], after: Mapping[str, Any], *, keep: Sequence[str] = ("id",)) -> None:
        self._keep = _kept(keep)
        self._desks = (_desk(before), _desk(after))

    def __call__(self, row: Mapping[str, Any]) -> dict[str, Any]:
        kept = {name: row.get(name) for name in self._keep}
        try:
            (first, said), (second, then_said) = (_govern(desk, row) for desk in self._desks)
        except OrdinanceError as error:
            nothing = dict.fromkeys(("before", "after", "rules_before", "rules_after"), "")
            return {**kept, **nothing, "same": False, "error": str(error)}
        before, after = first.outcome(), second.outcome()
        return {
            **kept,
            "before": before.verdict.word,
            "after": after.verdict.word,
            "rules_before": ",".join(before.rules),
            "rules_after": ",".join(after.rules),
            "same": said == then_said,
            "error": "",
        }


def _desk(settings: Mapping[str, Any]) -> Desk:
    given = {name: _day(value) if name == "on" else value for name, value in settings.items()}
    return desk_of(**given, recording=False)


def _day(value: Any) -> Any:
    """Read a date that went through JSON or YAML."""
    return date.fromisoformat(value) if isinstance(value, str) else value


def _kept(keep: Sequence[str]) -> tuple[str, ...]:
    if ANSWER in keep or isinstance(keep, str):
        raise BatchError(
            "`keep` must be a list of columns, without `answer`.", help="The governed answer is in the column `answer`."
        )
    return tuple(keep)


def _govern(desk: Desk, row: Mapping[str, Any]) -> tuple[Session, str]:
    """Return the session of a row after its answer, and what may leave of that. Raises ``OrdinanceError`` if the row
    cannot be screened."""
    answer, finish = row.get(ANSWER), row.get(FINISH)
    if not isinstance(answer, str):
        raise BatchError("the row has no text in `answer`.", help="Write the model's answer there.")
    api = COMPLETIONS if row.get(MESSAGES) is None else CHAT
    try:
        asked = {PROMPT: row.get(PROMPT)} if api is COMPLETIONS else _messages(row)
        request = api.read_request(msgspec.json.encode(asked), frozenset(desk.settings.parts))
        session = desk.open(request.turn)
        sent = sent_on(api, request, session, system_is_ours=desk.system_is_ours)
        answer.encode()
    except Problem as problem:
        raise BatchError(f"the row cannot be screened: {problem.message}", help=_HELP) from None
    except (TypeError, ValueError, RecursionError) as error:  # no JSON, half of a character, too deep
        raise BatchError(f"the row cannot be screened ({type(error).__name__}).", help=_HELP) from None
    except Exception as error:  # a bug in Ordinance costs this row, and no other
        raise BatchError(f"defect: {described(error)}; the row is not governed.", help="Report this.") from None
    choice = GovernedChoice(request, session, 0)
    refused = sent is None or session.refused
    said = Said({} if refused else {CONTENT: answer}, finish=finish if isinstance(finish, str) else "stop")
    said.own = refused or said.finish == "stop"
    return session, take_or_refuse(choice, said).texts.get(CONTENT, "")


def _messages(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the conversation of a row: a list, an array, or JSON. Where messages differ in their fields, a table has
    an empty one in the place of a missing one."""
    found = row[MESSAGES]
    listed = json.loads(found) if isinstance(found, str) else getattr(found, "tolist", lambda: found)()
    return {
        MESSAGES: [
            {name: value for name, value in each.items() if value is not None} if isinstance(each, Mapping) else each
            for each in listed
        ]
    }
