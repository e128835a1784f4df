"""Certificates for servers that speak TLS."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Authority:
    """A folder with ``ca.pem``, ``cert.pem`` and ``key.pem``, as DOCKER_CERT_PATH has them, valid for 127.0.0.1."""

    folder: Path

    def server(self, *, demands: bool = True) -> ssl.SSLContext:
        """What a server has; it ``demands`` its clients' certificates as an engine does, or not, as a registry."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.folder / "cert.pem", self.folder / "key.pem")
        if demands:
            context.load_verify_locations(self.folder / "ca.pem")
            context.verify_mode = ssl.CERT_REQUIRED
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """One self-signed certificate for server and client, which is its own authority."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificates of these tests, and is not installed")
    folder = tmp_path_factory.mktemp("certs")
    kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = ["-subj", "/CN=engine", "-addext", "subjectAltName=IP:127.0.0.1,IP:127.0.0.2"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([openssl, *kind, *names, *files], check=True, capture_output=True)
    shutil.copyfile(folder / "cert.pem", folder / "ca.pem")
    return Authority(folder)
