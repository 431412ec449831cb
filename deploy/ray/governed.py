"""Ray Serve LLM with Ordinance in its ingress: the application that a Serve configuration names.

    applications:
    - name: llm
      import_path: governed:build
      args: {llm_configs: [...]}

The same as ``ray.serve.llm:build_openai_app``, with ``ordinance.serve.vllm.Ordinance`` outside of every other part of
the ingress. docs/ray.md says what to set, and what goes round an ingress.
"""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from ray import serve
from ray.llm._internal.serve.core.configs.openai_api_models import to_model_metadata
from ray.llm._internal.serve.core.ingress.ingress import init
from ray.serve import Application
from ray.serve.llm import LLMConfig, build_llm_deployment
from ray.serve.llm.ingress import OpenAiIngress, make_fastapi_ingress

from ordinance.serve.vllm import Ordinance


def ingress_app() -> FastAPI:
    """Return the application of Ray's own ingress, governed. What is added later is outside, so nothing may be."""
    app = init()
    app.add_middleware(Ordinance)
    return app


def build(arguments: dict[str, Any]) -> Application:
    """Build the application from ``llm_configs`` and, if given, ``ingress_deployment_config``, as Ray has them."""
    configs = [LLMConfig.model_validate(each) for each in arguments["llm_configs"]]
    options = {**OpenAiIngress.get_deployment_options(configs), **arguments.get("ingress_deployment_config", {})}
    ingress = serve.deployment(make_fastapi_ingress(OpenAiIngress, app=ingress_app()), **options)
    return ingress.bind(
        llm_deployments={each.model_id: build_llm_deployment(each) for each in configs},
        model_cards={each.model_id: to_model_metadata(each.model_id, each) for each in configs},
        lora_paths={
            each.model_id: each.lora_config.dynamic_lora_loading_path
            for each in configs
            if each.lora_config is not None
        },
    )
