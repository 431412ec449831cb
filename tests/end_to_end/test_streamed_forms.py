"""A form on a stream from which something was left out, as the helpers of the real client show it."""

from __future__ import annotations

from typing import Any

import openai
import pydantic
import pytest

from support.serving import DONE, PATIENCE, RunningGateway, ScriptedUpstream, chunk, event, send
from support.small_plan import FORBIDDEN, MACHINE, OMITTED

pytestmark = pytest.mark.server


class Joke(pydantic.BaseModel):
    setup: str


def asked(gateway: RunningGateway, upstream: ScriptedUpstream, text: str) -> Any:
    pieces = [
        chunk(role="assistant", content=""),
        chunk(content=text[:9]),
        chunk(content=text[9:]),
        chunk(finish="stop"),
    ]
    upstream.script = send(*map(event, [*pieces, chunk(finish="stop")]), DONE)
    with openai.OpenAI(base_url=f"{gateway.address}/v1", api_key="k", max_retries=0, timeout=PATIENCE) as client:
        question: Any = [{"role": "user", "content": "hi"}]
        with client.chat.completions.stream(model="m", messages=question, response_format=Joke) as stream:
            return stream.get_final_completion().choices[0].message


@pytest.mark.requirement("TR-1")
@pytest.mark.semantics(9)
def test_an_omission_is_told_where_helpers_look(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    said = asked(gateway, upstream, f'{{"setup": "See the {FORBIDDEN}."}}')
    assert said.content == '{"setup": "See the ⟦…⟧."}'
    assert (said.refusal, said.parsed) == (OMITTED["en"], None)


@pytest.mark.semantics(9)
def test_a_disclosure_alone_does_not_keep_it_from_being_parsed(
    gateway: RunningGateway, upstream: ScriptedUpstream
) -> None:
    said = asked(gateway, upstream, '{"setup": "Day."}')
    assert (said.refusal, said.parsed) == (None, Joke(setup="Day."))
    assert MACHINE["en"] not in said.content
