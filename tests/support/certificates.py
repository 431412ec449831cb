"""Certificates for servers of tests, made by openssl."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

OPENSSL = shutil.which("openssl")


@dataclass(frozen=True)
class Certificate:
    """A certificate that vouches for itself, so that its file is that of its authority too."""

    file: Path
    key: Path

    @property
    def server(self) -> ssl.SSLContext:
        """What a server that has it listens with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.file, self.key)
        return context


def certificate(folder: Path, name: str, *, days: int = 2) -> Certificate:
    """Make a certificate for ``name``, an address or a host, in ``folder``."""
    kind = "IP" if name.replace(".", "").isdigit() else "DNS"
    made = Certificate(folder / f"{name}.pem", folder / f"{name}.key")
    words = [
        OPENSSL or "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    words += ["-days", str(days), "-subj", f"/CN={name}", "-addext", f"subjectAltName={kind}:{name}"]
    subprocess.run([*words, "-keyout", made.key, "-out", made.file], check=True, capture_output=True)
    return made
