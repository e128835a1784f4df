"""A registry, asked over real HTTP: with no login, a Basic one, or a Bearer token; with and without TLS."""

from __future__ import annotations

import base64

import pytest

from labrunner.engine import registry as registry_module
from labrunner.engine.registry import Manifest, Registry
from labrunner.model.errors import ToolError
from tests.unit.conftest import Serve
from tests.unit.engine.conftest import Authority
from tests.unit.servers import Reply, Request, Server, json_reply

REPOSITORY = "student/app"
DIGEST = "sha256:" + "d" * 64
BLOB = "sha256:" + "b" * 64
MANIFEST = {"config": {"digest": "sha256:c"}, "layers": [{"digest": "sha256:1"}, {"digest": "sha256:2"}]}
INDEX = {"manifests": [{"digest": DIGEST}, {"digest": "sha256:attestation"}]}
LOGIN = "Basic " + base64.b64encode(b"student:secret").decode()


class Shelf:
    """What a registry holds and whom it lets in: everybody, who has the login, or who has a token."""

    def __init__(self, demand: str = "") -> None:
        self.demand = demand
        self.challenge = ""
        self.token: object = {"token": "t0ken"}

    def __call__(self, request: Request) -> Reply:
        if request.path == "/token":
            return json_reply(self.token, 200 if self.token else 500)
        if self.demand and request.headers.get("authorization") != self.demand:
            return json_reply({"errors": []}, 401, {"WWW-Authenticate": self.challenge})
        held = {
            f"/v2/{REPOSITORY}/manifests/latest": json_reply(MANIFEST, headers={"Docker-Content-Digest": DIGEST}),
            f"/v2/{REPOSITORY}/manifests/{DIGEST}": json_reply(MANIFEST, headers={"Docker-Content-Digest": DIGEST}),
            f"/v2/{REPOSITORY}/manifests/attested": json_reply(INDEX, headers={"Docker-Content-Digest": "sha256:i"}),
            f"/v2/{REPOSITORY}/manifests/broken": json_reply({"errors": []}, 500),
            f"/v2/{REPOSITORY}/blobs/{BLOB}": Reply(b"blob"),
            f"/v2/{REPOSITORY}/blobs/elsewhere": Reply(status=307, headers={"Location": "http://far"}),
        }
        return held.get(request.path, json_reply({"errors": []}, 404))

    def challenge_bearer(self, server: Server, scheme: str = "http", more: str = "") -> None:
        """Demand a token that this very server gives out."""
        self.demand = "Bearer t0ken"
        self.challenge = f'Bearer realm="{scheme}://{server.host}/token",service="shelf"{more}'


def test_manifest_is_read_with_the_digest_that_the_registry_tells(serve: Serve) -> None:
    """Configuration and layers in order; asked by the check's own name, for every type that Docker pushes."""
    server = serve(Shelf())
    assert Registry(server.host, "student", None).manifest(REPOSITORY, "latest") == Manifest(
        DIGEST, "sha256:c", ("sha256:1", "sha256:2")
    )
    (request,) = server.requests
    assert (request.method, request.headers["user-agent"]) == ("GET", "labrunner-check")
    assert request.headers["accept"].split(", ") == [
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.index.v1+json",
    ]
    assert "authorization" not in request.headers


def test_index_leads_to_its_first_manifest(serve: Serve) -> None:
    """A builder that attests pushes one; the digest is then the image's, not the index's."""
    manifest = Registry(serve(Shelf()).host, "student", None).manifest(REPOSITORY, "attested")
    assert manifest is not None
    assert manifest.digest == DIGEST


def test_tag_that_was_never_pushed_is_none(serve: Serve) -> None:
    """That is the learner's state, no error."""
    assert Registry(serve(Shelf()).host, "student", None).manifest(REPOSITORY, "never") is None


def test_blob_is_there_or_not_or_kept_elsewhere(serve: Serve) -> None:
    """Asked without fetching it."""
    server = serve(Shelf())
    registry = Registry(server.host, "student", None)
    assert registry.has_blob(REPOSITORY, BLOB)
    assert registry.has_blob(REPOSITORY, "elsewhere")
    assert not registry.has_blob(REPOSITORY, "sha256:none")
    assert {request.method for request in server.requests} == {"HEAD"}


def test_login_is_sent_at_once(serve: Serve) -> None:
    """The registry of the lab demands one of everybody."""
    server = serve(Shelf(LOGIN))
    assert Registry(server.host, "student", "secret").manifest(REPOSITORY, "latest") is not None
    assert [request.headers["authorization"] for request in server.requests] == [LOGIN]


@pytest.mark.parametrize("password", ["wrong", None])
def test_refused_login_is_an_error_that_names_the_user(serve: Serve, password: str | None) -> None:
    """Nothing can be said about the image."""
    server = serve(Shelf(LOGIN))
    with pytest.raises(ToolError, match="as student, and refuses the login") as caught:
        Registry(server.host, "student", password).manifest(REPOSITORY, "latest")
    assert server.host in caught.value.says
    assert caught.value.next == "labrunner show push/login"


def test_blob_cannot_be_asked_for_with_a_refused_login(serve: Serve) -> None:
    """A registry that lets nobody in has not said that the blob is missing."""
    with pytest.raises(ToolError, match="refuses the login"):
        Registry(serve(Shelf(LOGIN)).host, "student", "wrong").has_blob(REPOSITORY, BLOB)


def test_registry_that_breaks_is_an_error_with_its_status(serve: Serve) -> None:
    """Never taken for an image that is missing."""
    with pytest.raises(ToolError, match=f"was asked for the manifest {REPOSITORY}:broken, and answers 500"):
        Registry(serve(Shelf()).host, "student", None).manifest(REPOSITORY, "broken")


@pytest.mark.parametrize("key", ["token", "access_token"])
def test_token_is_fetched_where_the_challenge_says(serve: Serve, key: str) -> None:
    """With the service that it names, to pull this repository."""
    shelf = Shelf()
    shelf.token = {key: "t0ken"}
    server = serve(shelf)
    shelf.challenge_bearer(server)
    assert Registry(server.host, "student", None).manifest(REPOSITORY, "latest") is not None
    _, token, last = server.requests
    assert (token.path, token.query) == ("/token", {"service": "shelf", "scope": f"repository:{REPOSITORY}:pull"})
    assert "authorization" not in token.headers
    assert last.headers["authorization"] == "Bearer t0ken"


def test_scope_of_the_challenge_is_asked_for(serve: Serve) -> None:
    """The registry knows best."""
    shelf = Shelf()
    server = serve(shelf)
    shelf.challenge_bearer(server, more=',scope="repository:other:pull"')
    assert Registry(server.host, "student", None).has_blob(REPOSITORY, BLOB)
    assert server.requests[1].query["scope"] == "repository:other:pull"


def test_token_that_is_not_given_is_an_error(serve: Serve) -> None:
    """And says what was asked for."""
    shelf = Shelf()
    shelf.token = None
    server = serve(shelf)
    shelf.challenge_bearer(server)
    with pytest.raises(ToolError, match=f"was asked for a token for {REPOSITORY}, and answers 500"):
        Registry(server.host, "student", None).manifest(REPOSITORY, "latest")


def test_token_that_does_not_let_in_is_a_refused_login(serve: Serve) -> None:
    """A private repository, asked for anonymously; and no second token."""
    shelf = Shelf()
    server = serve(shelf)
    shelf.challenge_bearer(server)
    shelf.demand = "Bearer another"
    with pytest.raises(ToolError, match="refuses the login"):
        Registry(server.host, "student", None).manifest(REPOSITORY, "latest")
    assert [request.path.rpartition("/")[2] for request in server.requests] == ["latest", "token", "latest"]


@pytest.mark.parametrize(
    ("login", "status"), [((None, None), 401), (("student", "secret"), 200), (("student", "wrong"), 401)]
)
def test_single_request_has_the_given_login_and_its_answer_as_it_is(
    serve: Serve, login: tuple[str | None, str | None], status: int
) -> None:
    """With which a check tries that nobody gets in without the password."""
    shelf = Shelf(LOGIN)
    shelf.challenge = "Basic realm=labrunner"
    user, password = login
    answer = Registry(serve(shelf).host, "other", "none").get(
        f"/v2/{REPOSITORY}/manifests/latest", user=user, password=password
    )
    assert answer.status == status
    assert ("www-authenticate" in answer.headers) == (status == 401)


def test_nothing_that_answers_is_an_error_that_leads_to_the_container(silent_port: int) -> None:
    """The registry of the lab is a container of the learner."""
    with pytest.raises(ToolError, match=f"localhost:{silent_port} was asked for /v2/, and nothing answers") as caught:
        Registry(f"localhost:{silent_port}", "student", None).get("/v2/")
    assert caught.value.next == "docker container ls --all --filter name=registry"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("localhost:5055", True),
        ("localhost", True),
        ("127.0.0.1:5000", True),
        ("[::1]:5000", True),
        ("docker.io", False),
        ("registry.example.org:5000", False),
        ("localhost.example.org", False),
    ],
)
def test_registry_of_this_host_speaks_without_tls_and_no_other(host: str, *, local: bool) -> None:
    """As Docker itself has it."""
    assert Registry(host, "student", None).local is local


def test_other_hosts_registry_is_asked_by_tls_token_and_all(
    serve: Serve, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """127.0.0.2 is this host and yet none of the names that Docker takes for it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.folder / "ca.pem"))
    shelf = Shelf()
    server = serve(shelf, "127.0.0.2", tls=authority.server(demands=False))
    shelf.challenge_bearer(server, "https")
    assert Registry(server.host, "student", None).manifest(REPOSITORY, "latest") is not None
    assert len(server.requests) == 3


def test_other_hosts_registry_is_never_asked_in_the_clear(serve: Serve) -> None:
    """A password would be on the wire."""
    server = serve(Shelf(), "127.0.0.2")
    with pytest.raises(ToolError, match="nothing answers there"):
        Registry(server.host, "student", "secret").manifest(REPOSITORY, "latest")
    assert server.requests == []


def test_docker_hub_is_asked_at_its_registry(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """``docker.io`` is a name only; here another one stands for it."""
    server = serve(Shelf())
    monkeypatch.setitem(registry_module._HUB, "localhost", server.host)  # noqa: SLF001 - no hub in a unit test
    assert Registry("localhost", "student", None).manifest(REPOSITORY, "latest") is not None
    assert registry_module._HUB["docker.io"] == "registry-1.docker.io"  # noqa: SLF001 - as above


def test_answer_is_read_up_to_a_limit(serve: Serve) -> None:
    """Whatever a learner's server sends."""
    server = serve(lambda _: Reply(b"x" * (5 << 20)))
    assert len(Registry(server.host, "student", None).get("/v2/").body) == 4 << 20


@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"schemaVersion": 1}', b'{"manifests": []}'])
def test_manifest_that_is_none_is_the_registrys_error(serve: Serve, body: bytes) -> None:
    """Some other server listens where a registry should."""
    server = serve(lambda _: Reply(body))
    with pytest.raises(ToolError, match=f"the manifest {REPOSITORY}:latest, and what it answers is no manifest"):
        Registry(server.host, "student", None).manifest(REPOSITORY, "latest")
