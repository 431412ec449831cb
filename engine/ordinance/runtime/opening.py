"""Opening a session: every caller (server, batch, ``apply``, ``explain``, the examples of packs) does it here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ordinance.policy.plan import Plan
from ordinance.policy.vocabulary import Channel
from ordinance.runtime.marking import Sign
from ordinance.runtime.memory import Memory
from ordinance.runtime.remembered import Remembered
from ordinance.runtime.session import Session
from ordinance.runtime.situation import Situation, chosen_locale


def open_session(
    plan: Plan,
    situation: Situation,
    wanted: Sequence[str] = (),
    default: str | None = None,
    *,
    whole: bool = False,
    policy_name: str = "",
    register: str = "",
    asked: Mapping[str, str] | None = None,
    memory: Memory | None = None,
    salt: bytes = b"",
    remembered: Remembered | None = None,
    silent: bool = False,
    shows_trials: bool = False,
    sign: Sign | None = None,
) -> Session:
    """Open a session in ``situation`` whose locale is the first of the ``wanted`` language tags for which ``plan`` has
    notices, else the operator's ``default``, else ``en``. If neither chose one, the locale does not decide how the
    model speaks. The other parameters are those of ``Session``."""
    locale = chosen_locale(plan, wanted, default)
    return Session(
        plan,
        situation,
        locale or "en",
        whole=whole,
        policy_name=policy_name,
        register=register,
        speaks=locale is not None,
        asked=asked,
        memory=memory,
        salt=salt,
        remembered=remembered,
        silent=silent,
        shows_trials=shows_trials,
        sign=sign,
    )


def answer_in(session: Session, answer: str, part: Channel = Channel.CONTENT, *, called: bool = False) -> str:
    """Give ``answer``, as this ``part`` of one, in ``session``, whole, and return what people read. Where it is
    ``called``, it is the name of a tool that is called without arguments."""
    if not called:
        stream = session.stream(part)
        said = stream.feed(answer)
        return said + stream.close()
    stream = session.stream()
    name, arguments = stream.call()
    name.feed(answer)
    name.close()
    if not stream.ended:
        arguments.feed("{}")
        arguments.close()
    return stream.close()
