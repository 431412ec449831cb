"""Two applications of Ray Serve, run with the Python of .venv/ray: ``serve_apps.py PORT REPLICAS``.

At ``/`` one with Ordinance around it, made as Ray makes its ingress of an LLM; at ``/raw`` the same without it. It
prints a line when both answer; a line of input takes the second away. Ray sends this module to its workers by value,
where names in annotations that are texts would mean nothing.
"""

import asyncio
import json
import sys
from typing import Any

import ray
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from ray import serve

from ordinance.serve.vllm import Ordinance

CANARY = "ordinance-canary-86a-5d21e8"
#: How long the model takes for a word, in seconds, where a request asks for that many.
PACE = 0.05


def routes() -> APIRouter:
    """Return the routes of Ray's ingress: some of those that Ordinance governs, and some that it closes."""
    router = APIRouter()

    @router.get("/v1/models")
    async def models() -> Any:
        return {"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "o"}]}

    @router.get("/v1/models/{model:path}")
    async def model_data(model: str) -> Any:
        return {"id": model, "object": "model", "created": 1, "owned_by": "o"}

    @router.post("/v1/chat/completions")
    async def chat(request: Request) -> Any:
        asked = await request.json()
        words = [f"Wort {number} " for number in range(asked.get("max_tokens") or 3)]
        words += [f"und {CANARY}. ", "Ende."]
        if asked.get("stream"):
            return StreamingResponse(events(words), media_type="text/event-stream")
        message = {"role": "assistant", "content": "".join(words)}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m"}
        return {**head, "choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}

    @router.post("/tokenize")
    async def tokenize(request: Request) -> Any:
        return {"tokens": [1, 2, 3]}

    return router


async def events(words: list[str]) -> Any:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    for word in words:
        choice = {"index": 0, "delta": {"content": word}, "finish_reason": None, "logprobs": None}
        yield f"data: {json.dumps({**head, 'choices': [choice]})}\n\n"
        await asyncio.sleep(PACE)
    choice = {"index": 0, "delta": {}, "finish_reason": "stop", "logprobs": None}
    yield f"data: {json.dumps({**head, 'choices': [choice]})}\n\ndata: [DONE]\n\n"


def application(name: str, replicas: int, *, governed: bool) -> Any:
    app = FastAPI()
    app.include_router(routes())
    if governed:
        app.add_middleware(Ordinance)

    @serve.ingress(app)
    class Ingress:
        pass

    return serve.deployment(Ingress, name=name, num_replicas=replicas, ray_actor_options={"num_cpus": 0.1}).bind()


def main(port: str, replicas: str) -> None:
    ray.init(num_cpus=4, include_dashboard=False, log_to_driver=True, object_store_memory=100 << 20)
    serve.start(http_options={"host": "127.0.0.1", "port": int(port)})
    serve.run(application("Governed", int(replicas), governed=True), name="llm", route_prefix="/")
    serve.run(application("Raw", 1, governed=False), name="raw", route_prefix="/raw")
    say("up")
    sys.stdin.readline()
    serve.delete("raw")
    say("alone")
    sys.stdin.read()
    serve.shutdown()
    ray.shutdown()


def say(word: str) -> None:
    sys.stdout.write(f"said: {json.dumps(word)}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
