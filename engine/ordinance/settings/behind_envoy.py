"""The section of the operator's settings about an Envoy in front ([envoy.md](../../../docs/envoy.md))."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from ordinance.settings.sections import Section

#: A header's name, in lower case.
_HEADER = re.compile(r"[a-z0-9][a-z0-9_-]*")
_ADDRESS = re.compile(r"(?:\[(?P<ip6>[0-9a-fA-F:.]+)\]|(?P<host>[A-Za-z0-9._-]+)):[0-9]{1,5}")
_SOCKET = re.compile(r"unix:/[^\x00]+")


def host_of(address: str) -> str | None:
    """Return the host that an address of this section names; None for a Unix socket."""
    found = _ADDRESS.fullmatch(address)
    return None if found is None else found["ip6"] or found["host"]


class ExtProcSettings(Section):
    """Settings for `ordinance ext-proc`, behind an Envoy ([envoy.md](envoy.md))."""

    listen: str = Field(
        default="127.0.0.1:9002",
        description="Where Envoy calls: an address and a port, such as `127.0.0.1:9002` or `[::]:9002`, or a Unix "
        "socket, such as `unix:/run/ordinance/ext-proc.sock`, which gets the permissions in `socket_mode`.",
    )
    health: str | None = Field(
        default=None,
        description="A second address, written like `listen`, that answers health checks (grpc.health.v1) and nothing "
        "else, without TLS: for the kubelet, if `listen` is on loopback or asks for certificates. Default: health "
        "checks are answered at `listen` alone.",
    )
    certificate: Path | None = Field(
        default=None,
        description="File with the certificate chain (PEM) that the port at `listen` shows Envoy. `certificate`, "
        "`key_file` and `ca` belong together: with them the port speaks TLS, and accepts only an Envoy that shows a "
        "certificate itself. The files are read again when they have changed.",
    )
    key_file: Path | None = Field(default=None, description="File with the private key (PEM) of `certificate`.")
    ca: Path | None = Field(
        default=None,
        description="File with the certificates (PEM) of the authorities that may vouch for an Envoy. Whoever has a "
        "certificate of theirs may speak as Envoy, so use an authority that vouches for nobody else.",
    )
    open_without_tls: bool = Field(
        default=False,
        description="Listen where other machines reach the port although it asks for no certificate: whoever reaches "
        "it may speak as Envoy. Set it if something else decides who reaches it, such as a NetworkPolicy or a mesh.",
    )
    headers: list[str] = Field(
        default_factory=list,
        description="Names, in lower case, of request headers that go on to the model server as the client, or a "
        "filter in front, wrote them. Default: none but those that docs/envoy.md lists.",
    )

    @field_validator("listen", "health")
    @classmethod
    def _is_an_address(cls, address: str | None) -> str | None:
        if address is not None and not _SOCKET.fullmatch(address) and host_of(address) is None:
            raise ValueError("must look like 127.0.0.1:9002, [::1]:9002 or unix:/run/ordinance/ext-proc.sock")
        return address

    @field_validator("headers")
    @classmethod
    def _are_names(cls, headers: list[str]) -> list[str]:
        for name in headers:
            if not _HEADER.fullmatch(name):
                raise ValueError(f"'{name}' is not the name of a header in lower case, such as x-session-id")
        return headers

    @model_validator(mode="after")
    def _is_whole(self) -> ExtProcSettings:
        given = [each is not None for each in (self.certificate, self.key_file, self.ca)]
        if any(given) and not all(given):
            raise ValueError("`certificate`, `key_file` and `ca` belong together; set all three or none")
        return self

    @property
    def secured(self) -> tuple[Path, Path, Path] | None:
        """Return `certificate`, `key_file` and `ca`; None without TLS."""
        if self.certificate is None or self.key_file is None or self.ca is None:
            return None
        return self.certificate, self.key_file, self.ca
