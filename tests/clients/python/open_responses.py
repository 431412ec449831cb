"""The seven cases of Open Responses' compliance test, in our own words, and three more.

Each response and each event is checked twice: by the table of what the specification requires, and strictly by the
types of OpenAI's own package.
"""

from __future__ import annotations

import base64
import json
import os
from typing import Any, get_args

import httpx
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from support.open_responses import EVENTS, faults, item_faults, lacking

ADDRESS = f"{os.environ['BASE']}/v1/responses"
HEADERS = {"authorization": f"Bearer {os.environ['KEY']}"}
WHOLE = TypeAdapter(Response)
#: The type of each event, by its name.
TYPES = {get_args(each.model_fields["type"].annotation)[0]: each for each in get_args(get_args(ResponseStreamEvent)[0])}
governed = pytest.mark.skipif(not os.environ["GOVERNED"], reason="what only the gateway does")
WEATHER = {
    "type": "function", "name": "get_weather", "description": "How the weather is in a place.",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}  # fmt: skip
ASKED_WEATHER: dict[str, Any] = {
    "tools": [WEATHER],
    "input": [{"type": "message", "role": "user", "content": "The weather in Tartu?"}],
}


def user(content: Any) -> dict[str, Any]:
    return {"type": "message", "role": "user", "content": content}


def post(**body: Any) -> httpx.Response:
    answer = httpx.post(ADDRESS, json={"model": "actor", **body}, headers=HEADERS, timeout=120, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer


def checked(response: Any) -> Any:
    """``response``, which fits the specification and the types."""
    assert faults(response) == []
    WHOLE.validate_json(json.dumps(response), strict=True)
    return response


def whole(**body: Any) -> Any:
    """A response that is complete."""
    response = checked(post(**body).json())
    assert response["status"] == "completed"
    assert response["completed_at"] >= response["created_at"]
    assert response["output"]
    return response


def streamed(status: str = "completed", **body: Any) -> list[Any]:
    """The events of a response with this ``status`` at its end; each fits its type, and they tell one story."""
    answer = post(stream=True, **body)
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = []
    for frame in answer.text.strip().split("\n\n"):
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        assert lacking(EVENTS[event["type"]], event) == [], event
        TYPES[event["type"]].model_validate_json(json.dumps(event), strict=True)
        events.append(event)
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events[:2]] == ["response.created", "response.in_progress"]
    assert [event["type"] for event in events if "response" in event][2:] == ["response.completed"]
    for event in events:
        if "response" in event:
            checked(event["response"])
    _is_one_story(events)
    assert events[-1]["response"]["status"] == status
    return events


def _is_one_story(events: list[Any]) -> None:
    """The items open and close in turn, what is done is what was said, and the response ends with what was done."""
    done: list[Any] = []
    said = ""
    item: dict[str, Any] = {}
    for event in events:
        kind = event["type"]
        if kind == "response.output_item.added":
            assert item == {}
            assert event["output_index"] == len(done)
            item, said = event["item"], ""
            assert item["status"] == "in_progress"
        elif kind.endswith(".delta"):
            said += event["delta"]
        elif kind.endswith((".text.done", "_text.done", "_arguments.done")):
            assert event.get("text", event.get("arguments")) == said
        elif kind == "response.output_item.done":
            assert item_faults("item", event["item"]) == []
            assert event["item"]["id"] == item["id"]
            done.append(event["item"])
            item = {}
        if "item_id" in event:
            assert event["item_id"] == item["id"]
            assert event["output_index"] == len(done)
    assert events[-1]["response"]["output"] == done


def texts(response: Any) -> str:
    parts = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    return "".join(part["text"] for part in parts if part["type"] == "output_text")


def test_a_text() -> None:
    assert "Good day" in texts(whole(input=[user("Say hello in three words.")]))


def test_a_stream() -> None:
    events = streamed(input=[user("Say: one two three four five")])
    assert "".join(event["delta"] for event in events if event["type"].endswith("text.delta")).endswith("four five")


def test_a_system_prompt() -> None:
    assert texts(whole(input=[{**user("You are a pirate."), "role": "system"}, user("Say hello.")]))


def test_a_call() -> None:
    response = whole(**ASKED_WEATHER)
    (call,) = [item for item in response["output"] if item["type"] == "function_call"]
    assert call["name"] == "get_weather"
    assert isinstance(json.loads(call["arguments"])["location"], str)


def test_a_call_on_a_stream() -> None:
    events = streamed(**ASKED_WEATHER)
    kinds = [(event["type"], (event.get("item") or {}).get("type")) for event in events]
    for kind in ("added", "done"):
        assert (f"response.output_item.{kind}", "function_call") in kinds
    for kind in ("delta", "done"):
        assert (f"response.function_call_arguments.{kind}", None) in kinds


def test_a_picture(picture: bytes) -> None:
    data = "data:image/png;base64," + base64.b64encode(picture).decode()
    asked = [{"type": "input_text", "text": "What do you see?"}, {"type": "input_image", "image_url": data}]
    assert "1 picture" in texts(whole(input=[user(asked)]))


def test_turns() -> None:
    said = {"type": "message", "role": "assistant", "content": "Good day, Alice. How can I help?"}
    assert texts(whole(input=[user("My name is Alice."), said, user("What is my name?")]))


def test_a_loop() -> None:
    call = next(item for item in whole(**ASKED_WEATHER)["output"] if item["type"] == "function_call")
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
    response = whole(tools=[WEATHER], input=[*ASKED_WEATHER["input"], call, result])
    assert texts(response).endswith("The result is sunny.")


def test_reasoning_on_a_stream() -> None:
    events = streamed(input=[user("Say: it is late")], reasoning={"effort": "low"})
    assert [item["type"] for item in events[-1]["response"]["output"]] == ["reasoning", "message"]


def test_values_that_were_asked_for_come_back() -> None:
    asked: dict[str, Any] = {
        "temperature": 0.5, "top_p": 0.9, "max_output_tokens": 50, "truncation": "auto", "tool_choice": "none",
        "parallel_tool_calls": False, "metadata": {"room": "4"},
    }  # fmt: skip
    response = whole(input=[user("Say: yes")], tools=[WEATHER], **asked)
    assert {name: response[name] for name in asked} == asked
    assert [tool["name"] for tool in response["tools"]] == ["get_weather"]


@governed
def test_governed_an_omission() -> None:
    asked = [user(f"Say: Before it. Here is {os.environ['OMITTED']}. After it.")]
    for response in (whole(input=asked), streamed(input=asked)[-1]["response"]):
        assert os.environ["OMITTED"] not in json.dumps(response)
        assert "Before it. Here is ⟦…⟧. After it." in texts(response)
        assert response["ordinance"]["verdict"] == "withhold"


@governed
def test_governed_a_refusal() -> None:
    asked = [user(os.environ["REFUSED"])]
    response = checked(post(input=asked).json())
    for each in (response, streamed("incomplete", input=asked)[-1]["response"]):
        assert each["status"] == "incomplete"
        assert each["incomplete_details"] == {"reason": "content_filter"}
        assert len(texts(each)) > 20
