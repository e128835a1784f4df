"""Ask a container registry, read-only, by the OCI distribution specification's HTTP API."""

from __future__ import annotations

import base64
import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

from labrunner.model.errors import ToolError

#: How the checks name themselves in the registry's log, so that they are never taken for the learner.
USER_AGENT = "labrunner-check"
_ACCEPT = (
    "application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.oci.image.index.v1+json"
)
_TIMEOUT = 10.0
_MOST_BYTES = 4 << 20
_HUB = {"docker.io": "registry-1.docker.io", "index.docker.io": "registry-1.docker.io"}


@dataclass(frozen=True)
class Manifest:
    """An image manifest: its digest, its configuration's (the image ID) and its layers' (compressed, base first)."""

    digest: str
    config: str
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """A registry's answer, with its headers' names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Registry:
    """One registry, asked as one user. ``host`` is as in an image reference: ``localhost:5055`` or ``docker.io``."""

    def __init__(self, host: str, user: str, password: str | None, *, timeout: float = _TIMEOUT) -> None:
        self.timeout = timeout
        self.host = host
        self.user = user
        self.password = password

    @property
    def local(self) -> bool:
        """Whether it is a registry on this host, which speaks HTTP without TLS."""
        return urlsplit(f"//{self.host}").hostname in {"localhost", "127.0.0.1", "::1"}

    def get(self, path: str, *, method: str = "GET", user: str | None = None, password: str | None = None) -> Answer:
        """One request, with the given login or none; ToolError where no registry answers."""
        login = f"{user}:{password}".encode() if user is not None else None
        headers = {} if login is None else {"Authorization": "Basic " + base64.b64encode(login).decode()}
        return self._send(method, self.host, path, headers)

    def manifest(self, repository: str, reference: str) -> Manifest | None:
        """The manifest at a tag or digest of ``user/name``; None where the registry has none."""
        answer = self._authorised("GET", repository, f"manifests/{reference}")
        if answer.status == http.client.NOT_FOUND:
            return None
        self._demand_ok(answer, f"the manifest {repository}:{reference}")
        digest = answer.headers.get("docker-content-digest", "")
        try:
            data = json.loads(answer.body)
            if "manifests" not in data:
                return Manifest(digest, data["config"]["digest"], tuple(layer["digest"] for layer in data["layers"]))
            first = data["manifests"][0]["digest"]  # an index: builders that attest push one; the image comes first
        except (ValueError, LookupError, TypeError) as error:
            raise ToolError(
                f"the registry {self.host} was asked for the manifest {repository}:{reference},"
                " and what it answers is no manifest",
                next="docker container ls --all --filter name=registry",
            ) from error
        return self.manifest(repository, first)

    def head(self, repository: str, reference: str) -> Answer:
        """The answer to a HEAD of a manifest, whatever its status: its headers tell of quotas."""
        return self._authorised("HEAD", repository, f"manifests/{reference}")

    def has_blob(self, repository: str, digest: str) -> bool:
        """Whether the registry holds this blob."""
        answer = self._authorised("HEAD", repository, f"blobs/{digest}")
        if answer.status == http.client.NOT_FOUND:
            return False
        self._demand_ok(answer, f"the blob {repository}@{digest}")
        return True

    def _authorised(self, method: str, repository: str, rest: str) -> Answer:
        path = f"/v2/{repository}/{rest}"
        answer = self.get(path, method=method, user=self.user if self.password else None, password=self.password)
        challenge = answer.headers.get("www-authenticate", "")
        if answer.status == http.client.UNAUTHORIZED and challenge.lower().startswith("bearer"):
            token = self._token(dict(re.findall(r'(\w+)="([^"]*)"', challenge)), repository)
            answer = self._send(method, self.host, path, {"Authorization": f"Bearer {token}"})
        return answer

    def _token(self, challenge: Mapping[str, str], repository: str) -> str:
        """An anonymous token to pull, as a registry's challenge asks for it."""
        realm = urlsplit(challenge.get("realm", ""))
        scope = challenge.get("scope") or f"repository:{repository}:pull"
        query = urlencode({"service": challenge.get("service", ""), "scope": scope})
        answer = self._send("GET", realm.netloc, f"{realm.path}?{query}", {})
        self._demand_ok(answer, f"a token for {repository}")
        data: dict[str, Any] = json.loads(answer.body)
        return str(data.get("token") or data.get("access_token"))

    def _send(self, method: str, host: str, path: str, headers: Mapping[str, str]) -> Answer:
        target = _HUB.get(host, host)
        make = http.client.HTTPConnection if self.local else http.client.HTTPSConnection
        connection = make(target, timeout=self.timeout)
        try:
            connection.request(method, path, headers={"User-Agent": USER_AGENT, "Accept": _ACCEPT, **headers})
            response = connection.getresponse()
            body = response.read(_MOST_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise ToolError(
                f"the registry {self.host} was asked for {path}, and nothing answers there ({error})",
                next="docker container ls --all --filter name=registry",
            ) from error
        finally:
            connection.close()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def _demand_ok(self, answer: Answer, what: str) -> None:
        if answer.status == http.client.UNAUTHORIZED:
            raise ToolError(
                f"the registry {self.host} was asked for {what} as {self.user}, and refuses the login",
                next="labrunner show push/login",
            )
        if answer.status >= http.client.BAD_REQUEST:
            raise ToolError(
                f"the registry {self.host} was asked for {what}, and answers {answer.status}", next="labrunner doctor"
            )
