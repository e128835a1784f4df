"""Each stand-in is as good as the hub's image where the labs look."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import bcrypt
import docker
import pytest

from labrunner.engine.standin import BASE, LABEL
from labrunner.engine.stock import Obtained, Progress, missing, obtain, stand_ins
from tests.e2e.standins.helping import (
    CA_BUNDLE,
    FIVE,
    IMAGES,
    Answer,
    Start,
    ask,
    inside,
    log_of,
    nobody,
    port_of,
    published,
)

pytestmark = pytest.mark.engine


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
