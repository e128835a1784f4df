"""The stand-ins on a real engine: built, as good as the hub's where the labs look, and never in its images' place."""

from __future__ import annotations

import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import bcrypt
import docker
import pytest
from docker.errors import APIError, DockerException
from docker.models.containers import Container

from labrunner.engine.standin import BASE, LABEL
from labrunner.engine.stock import Obtained, Progress, Removal, missing, obtain, remove_stand_ins, stand_ins
from labrunner.model.errors import ToolError

IMAGES = Path(__file__).parents[2] / "images"
FIVE = ("ubuntu:latest", "nginx:latest", "mongo:3.4", "python:3.6.1-alpine", "registry:2")
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")
MINE = "labrunner-test/thing:1"
PATIENCE = 30.0

pytestmark = pytest.mark.engine

Start = Callable[..., Container]


def nobody(_: tuple[str, ...]) -> bool:
    """Consent that must not be asked for."""
    pytest.fail("nothing needs consent here")


def quiet(_: Progress) -> None:
    """Take no notice of progress."""


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    """The engine of this host."""
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture(scope="module")
def stocked(client: docker.DockerClient) -> docker.DockerClient:
    """The engine, with all five images; they stay, for the next tests and for the learner."""
    obtain(client, FIVE, recipes=IMAGES, offline=True, consent=nobody, progress=quiet)
    return client


@pytest.fixture
def forget(client: docker.DockerClient) -> Iterator[Callable[[str], str]]:
    """Name references that are removed after the test."""
    named: list[str] = []

    def forget(reference: str) -> str:
        named.append(reference)
        return reference

    yield forget
    for reference in named:
        with suppress(APIError):
            client.api.remove_image(reference)


@pytest.fixture
def start(stocked: docker.DockerClient, forget: Callable[[str], str]) -> Iterator[Start]:  # noqa: ARG001
    """Run a container in the background; it and its anonymous volumes are gone after the test.

    It rests on ``forget`` only to end before it: an image is removed after its containers.
    """
    started: list[Container] = []

    def start(image: str, command: str | list[str] | None = None, **options: Any) -> Container:  # noqa: ANN401
        container = stocked.containers.create(image, command, detach=True, **options)
        started.append(container)
        container.start()
        return container

    yield start
    for container in started:
        with suppress(DockerException):
            container.remove(force=True, v=True)


@dataclass(frozen=True)
class Answer:
    """What came back from a port."""

    status: int
    text: str


def port_of(container: Container, port: str) -> int:
    """The host's port that leads to a container's port."""
    container.reload()
    bindings = container.ports[port]
    assert bindings
    return int(bindings[0]["HostPort"])


def published(port: str) -> Mapping[str, Any]:
    """Publish a port on a free one of this host."""
    return {"ports": {port: ("127.0.0.1", None)}}


def ask(port: int, path: str = "/", *, method: str = "GET", login: str | None = None) -> Answer:
    """One HTTP request, repeated until something answers."""
    headers = {} if login is None else {"Authorization": "Basic " + b64encode(login.encode()).decode()}
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request(method, path, headers=headers)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)  # nothing but an answer says that a server is up
        finally:
            connection.close()


def log_of(container: Container, stream: str, wanted: str) -> str:
    """One stream of a container's log, once it holds what is wanted or patience has ended."""
    deadline = time.monotonic() + PATIENCE
    while True:
        log = str(container.logs(stdout=stream == "stdout", stderr=stream == "stderr"), "utf-8")
        if wanted in log or time.monotonic() > deadline:
            return log
        time.sleep(0.1)


def inside(container: Container, *command: str) -> str:
    """What a command prints that is run beside the container's process 1."""
    code, output = container.exec_run(list(command))
    assert code == 0, output
    assert isinstance(output, bytes)
    return output.decode()


# --- what every stand-in is


@pytest.mark.parametrize("reference", FIVE)
def test_it_bears_its_label_and_no_package_lists(start: Start, reference: str) -> None:
    container = start(reference, ["-c", "find /var/lib/apt/lists /var/cache/apt -type f -size +0"], entrypoint="sh")
    assert container.image is not None
    assert container.image.labels[LABEL] == reference
    assert container.wait()["StatusCode"] == 0
    assert container.logs() == b""


@pytest.mark.parametrize("reference", FIVE)
def test_it_trusts_the_authorities_of_the_host(start: Start, reference: str) -> None:
    container = start(reference, ["-c", "cat /etc/ssl/certs/ca-certificates.crt"], entrypoint="sh")
    container.wait()
    here = {part.strip() for part in CA_BUNDLE.read_text().split("-----END CERTIFICATE-----")}
    there = {part.strip() for part in container.logs().decode().split("-----END CERTIFICATE-----")}
    assert len(here) > 1
    assert here <= there


def test_a_second_time_nothing_is_built_or_even_begun(stocked: docker.DockerClient) -> None:
    told: list[Progress] = []
    before = {reference: stocked.images.get(reference).id for reference in FIVE}
    for offline in (True, False):
        got = obtain(stocked, FIVE, recipes=IMAGES, offline=offline, consent=nobody, progress=told.append)
        assert got == tuple(Obtained(reference, "present", stand_in=True) for reference in FIVE)
    assert told == []
    assert {reference: stocked.images.get(reference).id for reference in FIVE} == before


def test_they_are_listed_without_their_base(stocked: docker.DockerClient) -> None:
    assert set(FIVE) <= set(stand_ins(stocked))
    assert BASE not in stand_ins(stocked)
    assert missing(stocked, [*FIVE, "labrunner-test/nowhere:1"]) == ("labrunner-test/nowhere:1",)


# --- each, where the labs look


def test_ubuntu_runs_bash_ps_and_top(start: Start, stocked: docker.DockerClient) -> None:
    assert stocked.images.get("ubuntu:latest").attrs["Config"]["Cmd"] == ["bash"]
    container = start("ubuntu", "top", tty=True)
    assert [line.split()[-1] for line in inside(container, "ps", "-ef").splitlines()[1:]] == ["top", "-ef"]
    assert "load average" in log_of(container, "stdout", "load average")
    assert inside(container, "bash", "-c", "echo $BASH_VERSION").strip()


def test_nginx_serves_its_page_and_logs_to_both_streams(start: Start, stocked: docker.DockerClient) -> None:
    config = stocked.images.get("nginx:latest").attrs["Config"]
    assert config["Cmd"] == ["nginx", "-g", "daemon off;"]
    assert config["ExposedPorts"] == {"80/tcp": {}}
    assert config["StopSignal"] == "SIGQUIT"
    container = start("nginx", **published("80/tcp"))
    port = port_of(container, "80/tcp")
    page = ask(port)
    assert page.status == 200
    assert "Welcome to nginx" in page.text
    assert ask(port, "/nowhere").status == 404
    assert '"GET / HTTP/1.1" 200' in log_of(container, "stdout", "GET / ")
    assert "/nowhere" in log_of(container, "stderr", "/nowhere")
    assert "nginx: master process nginx -g daemon off;" in inside(container, "ps", "-ef")
    container.stop(timeout=20)
    assert container.wait()["StatusCode"] == 0  # it ended by its own signal, it was not killed


def test_mongo_is_a_real_mongod_with_two_volumes(start: Start, stocked: docker.DockerClient) -> None:
    config = stocked.images.get("mongo:3.4").attrs["Config"]
    assert config["Cmd"] == ["mongod"]
    assert config["ExposedPorts"] == {"27017/tcp": {}}
    container = start("mongo:3.4", **published("27017/tcp"))
    answer = ask(port_of(container, "27017/tcp"))
    assert "It looks like you are trying to access MongoDB over HTTP on the native driver port." in answer.text
    assert "Waiting for connections" in log_of(container, "stdout", "Waiting for connections")
    mounts = {mount["Destination"]: mount for mount in container.attrs["Mounts"]}
    assert set(mounts) == {"/data/db", "/data/configdb"}
    assert all(mount["Type"] == "volume" and len(mount["Name"]) == 64 for mount in mounts.values())
    assert inside(container, "ps", "-o", "user=,args=", "1").split()[:2] == ["mongodb", "mongod"]
    assert container.attrs["Path"] == "docker-entrypoint.sh"
    container.stop(timeout=30)
    assert container.wait()["StatusCode"] == 0


def test_mongo_takes_options_and_other_commands_as_the_hub_s_does(start: Start) -> None:
    alone = start("mongo:3.4", ["--bind_ip", "127.0.0.1"])
    assert "--bind_ip_all" not in inside(alone, "ps", "-o", "args=", "1")
    other = start("mongo:3.4", ["mongod", "--version"])
    assert other.wait()["StatusCode"] == 0
    assert b"db version v" in other.logs()


FLASK = """\
from flask import Flask
app = Flask(__name__)
@app.route("/")
def hello():
    return "Hello, World!"
if __name__ == "__main__":
    app.run(host="0.0.0.0")
"""
DOCKERFILE = """\
FROM python:3.6.1-alpine
RUN pip install flask==1.1.4 markupsafe==2.0.1
CMD ["python","app.py"]
COPY app.py /app.py
"""


def test_python_builds_and_runs_the_flask_image(
    start: Start, stocked: docker.DockerClient, forget: Callable[[str], str], tmp_path: Path
) -> None:
    config = stocked.images.get("python:3.6.1-alpine").attrs["Config"]
    assert config["Cmd"] == ["python3"]
    assert config["WorkingDir"] in {"", "/"}
    (tmp_path / "app.py").write_text(FLASK)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    image, log = stocked.images.build(path=str(tmp_path), tag=forget("labrunner-test/flask:1"), rm=True, nocache=True)
    output = "".join(str(entry) for entry in log)
    assert "Successfully installed" in output
    assert "WARNING" not in output
    assert "labrunner-test/flask:1" not in stand_ins(stocked)  # although it inherits the label
    container = start("labrunner-test/flask:1", **published("5000/tcp"))
    assert ask(port_of(container, "5000/tcp")) == Answer(200, "Hello, World!")
    assert inside(container, "ps", "-o", "args=", "1").strip() == "python app.py"
    assert image.id


def test_registry_lets_anybody_in_unless_it_is_told_otherwise(start: Start) -> None:
    container = start("registry:2", **published("5000/tcp"))
    port = port_of(container, "5000/tcp")
    assert ask(port, "/v2/") == Answer(200, "{}")
    assert [mount["Destination"] for mount in container.attrs["Mounts"]] == ["/var/lib/registry"]
    assert "listening on" in log_of(container, "stderr", "listening on")
    assert "GET /v2/" in log_of(container, "stdout", "GET /v2/")


def test_registry_asks_for_the_password_that_it_is_given(start: Start, tmp_path: Path) -> None:
    line = b"anna:" + bcrypt.hashpw(b"secret", bcrypt.gensalt(5)) + b"\n"
    (tmp_path / "htpasswd").write_bytes(line)
    container = start(
        "registry:2",
        **published("5000/tcp"),
        environment={
            "REGISTRY_AUTH": "htpasswd",
            "REGISTRY_AUTH_HTPASSWD_REALM": "x",
            "REGISTRY_AUTH_HTPASSWD_PATH": "/auth/htpasswd",
        },
        volumes={str(tmp_path): {"bind": "/auth", "mode": "ro"}},
    )
    port = port_of(container, "5000/tcp")
    assert ask(port, "/v2/").status == 401
    assert ask(port, "/v2/", login="anna:wrong").status == 401
    assert ask(port, "/v2/", login="anna:secret") == Answer(200, "{}")


# --- pulled, and not to be had, with the engine's own words


@pytest.fixture
def registry(start: Start) -> str:
    """A registry without a password, as the first part of a reference."""
    container = start("registry:2", **published("5000/tcp"))
    port = port_of(container, "5000/tcp")
    ask(port, "/v2/")
    return f"127.0.0.1:{port}"


def test_what_a_registry_has_is_pulled(
    stocked: docker.DockerClient, registry: str, forget: Callable[[str], str]
) -> None:
    reference = forget(f"{registry}/thing:1")
    made = tiny_image(stocked, reference)
    stocked.api.push(f"{registry}/thing", tag="1")
    stocked.api.remove_image(reference)
    told: list[Progress] = []
    got = obtain(stocked, [reference], recipes=IMAGES, offline=False, consent=nobody, progress=told.append)
    assert got == (Obtained(reference, "pulled", stand_in=False),)
    assert stocked.images.get(reference).id == made
    done = [progress.done for progress in told if progress.doing == "pull"]
    assert done[-1] == 1.0
    assert done[0] is not None
    assert done[0] < 1.0


def refused(client: docker.DockerClient, reference: str) -> ToolError:
    """The error of a pull that nobody gives a stand-in for."""
    with pytest.raises(ToolError) as raised:
        obtain(client, [reference], recipes=IMAGES, offline=False, consent=nobody, progress=quiet)
    return raised.value


def test_the_engine_s_words_for_each_refusal_are_understood(stocked: docker.DockerClient, registry: str) -> None:
    assert f"{registry}/nowhere:1 was asked of {registry}, and it gives no such image (manifest" in (
        refused(stocked, f"{registry}/nowhere:1").says
    )
    assert "connection refused" in (closed := refused(stocked, "127.0.0.1:9/thing:1")).says
    assert "and it cannot be reached (" in closed.says
    assert "no such host" in (nowhere := refused(stocked, "registry.invalid/thing:1")).says
    assert "and it cannot be reached (" in nowhere.says


class UsedUp(BaseHTTPRequestHandler):
    """A registry whose quota of pulls is used up."""

    def do_GET(self) -> None:
        body = json.dumps({"errors": [{"code": "TOOMANYREQUESTS", "message": "You have reached your limit"}]})
        self.send_response(429 if "manifests" in self.path else 200)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body.encode())

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_a_used_up_quota_is_understood(stocked: docker.DockerClient) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), UsedUp) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        error = refused(stocked, f"127.0.0.1:{server.server_port}/thing:1")
        server.shutdown()
    assert "its quota of pulls is used up" in error.says
    assert error.next == "docker login"


# --- never in place of an existing tag


def tiny_image(client: docker.DockerClient, reference: str, *changes: str) -> str:
    """An image of one small file, which nothing else has."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        member = tarfile.TarInfo("file")
        content = os.urandom(16)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    repository, _, tag = reference.rpartition(":")
    client.api.import_image_from_data(file.getvalue(), repository=repository, tag=tag, changes=["CMD x", *changes])
    return str(client.images.get(reference).id)


@pytest.fixture
def recipes(tmp_path: Path, client: docker.DockerClient) -> Iterator[Path]:
    """A recipe for MINE, quickly built; what a failed build leaves of it is gone after the test."""
    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "Dockerfile").write_text(f'FROM {BASE}\nLABEL {LABEL}="{MINE}"\nRUN true\n')
    yield tmp_path
    for row in client.api.images(filters={"label": f"{LABEL}={MINE}"}):
        client.api.remove_image(row["Id"], force=True)


def test_a_missing_image_is_built_and_then_present(
    stocked: docker.DockerClient, recipes: Path, forget: Callable[[str], str]
) -> None:
    told: list[Progress] = []

    def again() -> tuple[Obtained, ...]:
        return obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=told.append)

    forget(MINE)
    assert again() == (Obtained(MINE, "built", stand_in=True),)
    assert [(progress.doing, progress.done) for progress in told] == [
        ("build step 1/3", 0.0),
        ("build step 2/3", 1 / 3),
        ("build step 3/3", 2 / 3),
        ("built", 1.0),
    ]
    assert again() == (Obtained(MINE, "present", stand_in=True),)


def test_an_existing_tag_is_never_replaced(
    stocked: docker.DockerClient, recipes: Path, forget: Callable[[str], str]
) -> None:
    theirs = tiny_image(stocked, forget(MINE))
    got = obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=quiet)
    assert got == (Obtained(MINE, "present", stand_in=False),)
    assert stocked.images.get(MINE).id == theirs


def test_a_tag_that_comes_up_during_the_build_is_not_replaced_either(
    stocked: docker.DockerClient, recipes: Path, forget: Callable[[str], str]
) -> None:
    theirs: list[str] = []

    def meanwhile(progress: Progress) -> None:
        if progress.doing == "build step 3/3":
            theirs.append(tiny_image(stocked, forget(MINE)))

    got = obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=meanwhile)
    assert got == (Obtained(MINE, "present", stand_in=False),)
    assert [stocked.images.get(MINE).id] == theirs


def test_a_twin_that_somebody_else_built_meanwhile_is_left_alone(
    stocked: docker.DockerClient, recipes: Path, forget: Callable[[str], str]
) -> None:
    obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=quiet)
    twin = stocked.images.get(forget(MINE)).id
    stocked.api.tag(MINE, "labrunner-test/twin", "1")
    stocked.api.remove_image(MINE)

    def meanwhile(progress: Progress) -> None:
        if progress.doing == "build step 3/3":  # from the cache: the build gives the very same image
            stocked.api.tag("labrunner-test/twin:1", "labrunner-test/thing", "1")
            stocked.api.remove_image("labrunner-test/twin:1")

    got = obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=meanwhile)
    assert got == (Obtained(MINE, "present", stand_in=True),)
    assert stocked.images.get(MINE).id == twin


INTERRUPTED = """\
import sys, docker
from pathlib import Path
from labrunner.engine.stock import obtain
obtain(docker.from_env(), [sys.argv[1]], recipes=Path(sys.argv[2]), offline=True,
       consent=lambda _: False, progress=lambda told: print(told.doing, flush=True))
"""


def test_an_interrupt_ends_it_at_once_and_leaves_nothing_running(stocked: docker.DockerClient, recipes: Path) -> None:
    with (recipes / "thing" / "Dockerfile").open("a") as file:
        file.write("RUN sleep 61.7\n")
    process = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, MINE, str(recipes)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "build step 4/4\n" in process.stdout  # reads up to that line
    assert until(lambda: sleeping(stocked))
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert "KeyboardInterrupt" in errors
    assert time.monotonic() - begun < 10
    assert until(lambda: not sleeping(stocked))
    assert missing(stocked, [MINE]) == (MINE,)


def sleeping(client: docker.DockerClient) -> bool:
    """Whether the step that takes a minute runs."""
    return any("sleep 61.7" in row["Command"] for row in client.api.containers())


def until(holds: Callable[[], bool]) -> bool:
    """Whether something came to hold before patience ended."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)  # the engine tells nobody
    return True


def test_a_build_that_fails_is_a_sentence_and_leaves_no_tag(stocked: docker.DockerClient, recipes: Path) -> None:
    with (recipes / "thing" / "Dockerfile").open("a") as file:
        file.write("RUN echo E: that was nothing >&2 && false\n")
    with pytest.raises(ToolError) as raised:
        obtain(stocked, [MINE], recipes=recipes, offline=True, consent=nobody, progress=quiet)
    assert raised.value.says == f"{MINE} was to be built, and step 4/4 failed: E: that was nothing"
    assert missing(stocked, [MINE]) == (MINE,)


# --- removal, on an engine of its own: on this host's one, stand-ins may be in use


@dataclass(frozen=True)
class Spare:
    """An engine that belongs to one test, and the process to end it by."""

    client: docker.DockerClient
    process: subprocess.Popen[bytes]


@pytest.fixture
def spare() -> Iterator[Spare]:
    """An empty engine that runs nothing.

    It lives in namespaces of its own: an engine without a bridge deletes docker0 where it finds it, and that one
    is the host's engine's.
    """
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("an engine of one's own needs root and dockerd")
    apart = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    with tempfile.TemporaryDirectory(prefix="spare-") as folder:
        place = f"{folder}/sock"
        places = [
            "--data-root",
            f"{folder}/data",
            "--exec-root",
            f"{folder}/run",
            "--pidfile",
            f"{folder}/pid",
        ]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(
                [*apart, "dockerd", *places, "--host", f"unix://{place}", "--bridge=none", "--iptables=false"],
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_for(place, Path(folder, "log"))
            client = docker.DockerClient(base_url=f"unix://{place}", version="1.41")
            yield Spare(client, process)
            client.close()
        finally:
            process.kill()  # and with it all that lives in its namespaces
            process.wait()


def wait_for(place: str, log: Path) -> None:
    """Return once an engine listens."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with socket.socket(socket.AF_UNIX) as attempt, suppress(OSError):
            attempt.connect(place)
            return
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)  # nothing but its answer says that an engine is up


def test_removal_takes_stand_ins_and_base_and_nothing_else(spare: Spare, recipes: Path) -> None:
    engine = spare.client
    base = tiny_image(engine, BASE, f"LABEL {LABEL}={BASE}")
    tiny_image(engine, "nginx:latest", f"LABEL {LABEL}=nginx:latest")
    tiny_image(engine, "ubuntu:latest")  # the hub's own
    (recipes / "thing" / "Dockerfile").write_text(f'FROM {BASE}\nLABEL {LABEL}="{MINE}"\nCMD ["x"]\n')
    obtain(engine, [MINE], recipes=recipes, offline=True, consent=nobody, progress=quiet)
    engine.api.tag(MINE, "learner/app", "1")  # what a learner built on it bears the same label
    assert stand_ins(engine) == (MINE, "nginx:latest")

    holder = engine.api.create_container("nginx:latest", ["x"], name="web")
    assert remove_stand_ins(engine) == (
        Removal(MINE, removed=True),
        Removal("nginx:latest", removed=False, used_by=("web",)),
        Removal(BASE, removed=True),
    )
    assert stand_ins(engine) == ("nginx:latest",)
    engine.api.remove_container(holder["Id"])
    assert remove_stand_ins(engine) == (Removal("nginx:latest", removed=True),)
    assert remove_stand_ins(engine) == ()
    assert {tag for image in engine.images.list() for tag in image.tags} == {"ubuntu:latest", "learner/app:1"}
    engine.api.remove_image("learner/app:1")
    assert base not in {image.id for image in engine.images.list(all=True)}


def test_an_engine_that_ends_in_the_middle_is_a_sentence(spare: Spare, recipes: Path) -> None:
    tiny_image(spare.client, BASE, f"LABEL {LABEL}={BASE}")

    def end(_: Progress) -> None:
        spare.process.kill()
        spare.process.wait()

    (recipes / "thing" / "Dockerfile").write_text(f'FROM {BASE}\nLABEL {LABEL}="{MINE}"\nCMD ["x"]\n')
    with pytest.raises(ToolError, match="the engine was asked for images, and it failed") as raised:
        obtain(spare.client, [MINE], recipes=recipes, offline=True, consent=nobody, progress=end)
    assert raised.value.next == "labrunner doctor"
