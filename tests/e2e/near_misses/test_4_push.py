"""The lab push: what its checks refuse, and what they accept."""

from __future__ import annotations

import bcrypt
import pytest

from tests.e2e.near_misses.learner import Learner, fails_with
from tests.e2e.near_misses.solution import LOCKED, comes_to, log_in, name_of, push_image, run_registry, tag_image
from tests.e2e.near_misses.strangers import free_port

pytestmark = pytest.mark.engine


def test_the_registry_has_to_ask_for_the_password(learner: Learner) -> None:
    comes_to(learner, "push/registry")
    port, other = learner["registry_port"], free_port()
    run = f"docker run -d -p {port}:5000 --name registry"
    remove = "docker container rm --force --volumes registry"
    learner.is_blocked("login", on="push/registry")
    learner.is_refused("registry", because="a container of registry:2 was asked for, and there is none")

    learner.types(f"{run} registry:2")
    learner.is_refused("registry", because="refuse a request without a password (401), and it answers 200")
    learner.types(remove)

    silly = "--env REGISTRY_AUTH=silly --env REGISTRY_AUTH_SILLY_REALM=a --env REGISTRY_AUTH_SILLY_SERVICE=b"
    learner.types(f"{run} {silly} registry:2")  # lets in whoever says anything
    learner.is_refused("registry", because="refuse a wrong password (401), and it answers 200")
    learner.types(remove)

    learner.types("mkdir others")
    learner.writes("others/htpasswd", f"{learner['user']}:{bcrypt.hashpw(b'mine', bcrypt.gensalt(4)).decode()}\n")
    learner.types(f"{run} {LOCKED.replace('$PWD/auth', '$PWD/others')} registry:2")
    learner.is_refused("registry", because="with the password in password.txt, and it answers 401")
    learner.types(remove)

    learner.types(f"{run} {LOCKED.replace('REALM=labrunner', 'REALM=')} registry:2")
    learner.types("docker container wait registry")
    learner.is_refused("registry", because="the container registry was to run, and it is exited")
    learner.is_refused("registry", because="its log ends: panic: unable to configure authorization")
    learner.types(remove)

    learner.types(f"{run} {LOCKED} --env REGISTRY_HTTP_ADDR=127.0.0.1:5000 registry:2")
    learner.is_refused("registry", because="listens on 127.0.0.1 inside its container only", within=6)
    learner.types(remove)

    learner.types(f"docker run -d -p {other}:5000 --name registry {LOCKED} registry:2")
    learner.is_refused("registry", because=f"published as {port}, and it publishes {other}->5000")
    learner.types(remove)

    run_registry(learner)
    evidence = learner.passes("registry")
    assert (evidence["without"], evidence["wrong"], evidence["right"]) == (401, 401, 200)


def test_a_login_has_to_be_let_in(learner: Learner) -> None:
    comes_to(learner, "push/login")
    learner.is_refused("login", because="the registry's log shows none")
    login = f"docker login --username {learner['user']} --password-stdin {learner['registry']}"
    fails_with(learner, f"echo wrong | {login}", "401 Unauthorized")
    learner.is_refused("login", because="the registry's log shows none")
    learner.types(f"curl --silent --fail --user {learner['user']}:$(cat password.txt) {learner['registry']}/v2/")
    learner.is_refused("login", because="the registry's log shows none")
    learner.types(learner.asks_about("login").checks[0]["next"])  # as it stands
    assert learner.passes("login")["user"] == learner["user"]


def test_the_image_has_to_have_the_registrys_name(learner: Learner) -> None:
    comes_to(learner, "push/tag")
    name = name_of(learner)
    learner.is_blocked("push", on="push/tag" if "push/login" in learner.passed else "push/registry")
    learner.is_refused("tag", because=f"an image named {name} was asked for, and there is none")
    learner.types(f"docker tag python-hello-world {learner['user']}/python-hello-world")
    learner.is_refused("tag", because=f"an image named {name} was asked for, and there is none")
    learner.types(f"docker tag ubuntu {name}")
    learner.is_refused("tag", because="was to be python-hello-world, and it is another image")
    tag_image(learner)
    assert learner.passes("tag")["name"] == name


def test_the_registry_has_to_hold_the_image(learner: Learner) -> None:
    comes_to(learner, "push/push")
    name, repository = name_of(learner), f"{learner['user']}/python-hello-world:latest"
    learner.is_blocked("pull", on="push/push")
    learner.is_refused("push", because=f"{repository} was asked for in {learner['registry']}, and it is not there")

    learner.types(f"docker logout {learner['registry']}")
    fails_with(learner, f"docker push {name}", "no basic auth credentials")
    learner.is_refused("push", because=f"{repository} was asked for in {learner['registry']}, and it is not there")
    log_in(learner)

    other = name.replace("hello", "hallo")
    learner.types(f"docker tag python-hello-world {other}\ndocker push {other}")
    learner.is_refused("push", because=f"{repository} was asked for in {learner['registry']}, and it is not there")

    learner.writes("Dockerfile", "FROM python-hello-world\nLABEL of=mine\n")
    learner.types(f"docker build -t {name} .\ndocker push {name}\ndocker tag python-hello-world {name}")
    learner.is_refused("push", because=f"{repository} was to be your image, and the registry holds another one")

    push_image(learner)
    evidence = learner.passes("push")
    assert evidence["repository"] == repository.removesuffix(":latest")
    assert evidence["config"] == learner.passed["push/tag"]["image"]


def test_what_needs_the_registry_is_blocked_while_it_is_stopped(learner: Learner) -> None:
    """As after a restart of the host, where all is stopped: that looks like the end of the last lab, and is not."""
    comes_to(learner, "push/pull")
    app = learner.passed["build-flask-image/run"]["container"]
    learner.types(f"docker container stop -t 0 registry {app}")
    learner.is_refused("registry", because="the container registry was to run, and it is exited", state="broken")
    learner.is_blocked("push", on="push/registry", state="broken")
    learner.is_blocked("pull", on="push/push")
    learner.types(f"docker container start registry {app}")
    learner.passes("registry")
    learner.passes("push")


def test_the_image_has_to_come_back_by_its_digest(learner: Learner) -> None:
    comes_to(learner, "push/pull")
    name, digest = name_of(learner), learner.passed["push/push"]["digest"]
    learner.is_blocked("copy", on="push/pull")
    learner.is_refused("pull", because=f"the local name {name} was to be removed first")
    learner.types(f"docker pull {name}@{digest}")
    learner.is_refused("pull", because=f"the local name {name} was to be removed first")
    learner.types(f"docker image rm {name}")  # takes the digest along
    learner.is_refused("pull", because=f"{name}@{digest[:19]}… was to be pulled, and it is not here")
    learner.types(f"docker pull {name}")
    learner.is_refused("pull", because=f"the local name {name} was to be removed first")
    learner.types(f"docker image rm {name}\ndocker pull {name}@{digest}")
    assert learner.passes("pull")["digest"] == digest


def test_a_container_of_the_pulled_image_has_to_answer(learner: Learner) -> None:
    comes_to(learner, "push/copy")
    port, other = learner["copy_port"], free_port()
    pulled = f"{name_of(learner)}@{learner.passed['push/push']['digest']}"
    run = f"docker run -d -p {port}:5000"
    learner.is_refused("copy", because="a container of the pulled image was asked for, and there is none")

    local = learner.types(f"{run} python-hello-world")
    learner.opens(f"http://localhost:{port}")
    learner.is_refused("copy", because="a container of the pulled image was asked for, and there is none")
    learner.types(f"docker rm -f {local}")

    short = learner.types(f"{run} {pulled} python -c 'exit(3)'")
    learner.types(f"docker container wait {short}")
    learner.is_refused("copy", because="was to run, and it is exited with exit code 3")
    learner.types(f"docker rm {short}")

    elsewhere = learner.types(f"docker run -d -p {other}:5000 {pulled}")
    learner.is_refused("copy", because=f"published as {port}, and it publishes {other}->5000")
    learner.types(f"docker rm -f {elsewhere}")

    server = "import http.server as s; s.HTTPServer(('', 5000), s.BaseHTTPRequestHandler).serve_forever()"
    mute = learner.types(f'{run} {pulled} python -c "{server}"')
    learner.is_refused("copy", because=f"the copy was to answer 200 on port {port}, and it answers 501")
    learner.types(f"docker rm -f {mute}")

    container = learner.types(f"{run} {pulled}")
    learner.types(f"docker pause {container}")
    learner.is_refused("copy", because="was to run, and it is paused", within=4)
    learner.types(f"docker unpause {container}")
    beside = learner.types(f"docker run -d {pulled}")
    evidence = learner.passes("copy")
    learner.types(f"docker rm -f {beside}")
    assert (evidence["container"], evidence["port"], evidence["text"]) == (container, int(port), "Hello, World!")
    states = learner.finds_all_passed("push")
    assert {name for name, state in states.items() if state == "ended"} == {"login", "tag"}
