"""langchain-tests, LangChain's own contract for chat models, for its clients of the three APIs."""

from __future__ import annotations

import os
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from langchain_tests.integration_tests import ChatModelIntegrationTests

BASE, KEY = os.environ["BASE"], os.environ["KEY"]


class Contract(ChatModelIntegrationTests):
    """What the actor can play."""

    supports_image_inputs = True
    supports_pdf_inputs = True
    supports_model_override = True
    model_override_value = "understudy"

    @pytest.fixture(autouse=True)
    def _without_a_recording(self, request: pytest.FixtureRequest) -> None:
        if "stream_time" in request.node.name:
            pytest.skip("needs a recording")


class TestChat(Contract):
    """Chat completions, by langchain-openai."""

    supports_json_mode = True

    @property
    def chat_model_class(self) -> Any:
        return ChatOpenAI

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "actor", "base_url": f"{BASE}/v1", "api_key": KEY, "stream_usage": True}


class TestResponses(TestChat):
    """Responses, by langchain-openai."""

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {**super().chat_model_params, "use_responses_api": True}


class TestMessages(Contract):
    """Messages, by langchain-anthropic."""

    supports_anthropic_inputs = True
    supports_image_tool_message = True

    @property
    def chat_model_class(self) -> Any:
        return ChatAnthropic

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return {"model": "actor", "base_url": BASE, "api_key": KEY, "max_tokens": 200}
