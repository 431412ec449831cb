"""TLS at the port for Envoy: what it shows, and whose certificates it asks for."""

from __future__ import annotations

import ssl
from pathlib import Path

import grpc

from ordinance.errors import ServeError
from ordinance.serve.http.stderr import tell

#: ``certificate``, ``key_file`` and ``ca`` of the settings.
Files = tuple[Path, Path, Path]


def credentials(files: Files) -> grpc.ServerCredentials:
    """Return what a port listens with that accepts only who shows a certificate. The files are read again once they
    have changed; while they do not fit each other, the last that did count. Raises ``ServeError``."""
    current = _Current(files)
    return grpc.dynamic_ssl_server_credentials(current(), current, require_client_authentication=True)


class _Current:
    """Called for each connection, in a thread of gRPC's."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._known = _signs(files)
        self._last = _read(files)

    def __call__(self) -> grpc.ServerCertificateConfiguration:
        signs = _signs(self._files)
        if signs != self._known:
            self._known = signs
            try:
                self._last = _read(self._files)
            except ServeError as error:
                tell(f"{error.message} The certificates before stay in use.", "error")
        return self._last


def _signs(files: Files) -> list[tuple[int, int, int] | None]:
    """Return what changes when a file does, or who may read it."""
    signs: list[tuple[int, int, int] | None] = []
    for file in files:
        try:
            found = file.stat()
            signs.append((found.st_ctime_ns, found.st_size, found.st_ino))
        except OSError:
            signs.append(None)
    return signs


def _read(files: Files) -> grpc.ServerCertificateConfiguration:
    certificate, key, authorities = files
    settings = "'ext_proc.certificate', 'ext_proc.key_file' and 'ext_proc.ca'"
    try:
        checked = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        checked.load_cert_chain(certificate, key, password="")
        checked.load_verify_locations(authorities)
        return grpc.ssl_server_certificate_configuration(
            [(key.read_bytes(), certificate.read_bytes())], authorities.read_bytes()
        )
    except (OSError, ValueError) as error:  # ssl's own errors are errors of the system too
        cause = getattr(error, "reason", None) or getattr(error, "strerror", None) or "a passphrase is needed"
        raise ServeError(
            f"the certificates of the port for Envoy cannot be used: {str(cause).replace('_', ' ').lower()}.",
            help=f"Name readable PEM files in {settings}; the key belongs to the certificate and has no passphrase.",
        ) from None
