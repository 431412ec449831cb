"""Whether Envoy, or Kubernetes, should send requests here: gRPC's health checking (grpc.health.v1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import grpc
from grpc_health.v1 import health_pb2_grpc
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse

from ordinance.serve.http.stderr import log_defect

#: The name of the service, which a check may name; an empty name asks for the whole server.
SERVICE = "envoy.service.ext_proc.v3.ExternalProcessor"
#: A check of this name asks whether the process lives, as `/health` does, and not whether it is ready.
LIVENESS = "liveness"


class Health(health_pb2_grpc.HealthServicer):  # type: ignore[misc]  # it has no types
    """Answers checks with what ``ready`` returns. ``Watch`` is not offered: Envoy and Kubernetes ask by ``Check``."""

    def __init__(self, ready: Callable[[], Awaitable[bool]]) -> None:
        self._ready = ready

    async def Check(  # noqa: N802 - gRPC's name
        self, request: HealthCheckRequest, context: grpc.aio.ServicerContext[HealthCheckRequest, HealthCheckResponse]
    ) -> HealthCheckResponse:
        """Answer one check."""
        if request.service == LIVENESS:
            return HealthCheckResponse(status=HealthCheckResponse.SERVING)
        if request.service not in ("", SERVICE):
            await context.abort(grpc.StatusCode.NOT_FOUND, "no such service")
        try:
            ready = await self._ready()
        except Exception as error:
            log_defect(error)
            ready = False
        status = HealthCheckResponse.SERVING if ready else HealthCheckResponse.NOT_SERVING
        return HealthCheckResponse(status=status)
