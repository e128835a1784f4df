"""The lab deploy-change: what its checks refuse, and what they accept."""

from __future__ import annotations

import pytest

from tests.e2e.near_misses.learner import Learner
from tests.e2e.near_misses.solution import (
    APP,
    CHANGED_APP,
    CMD,
    COPY,
    DOCKERFILE,
    FROM,
    WRONG_ORDER,
    comes_to,
    does,
    name_of,
    push_image,
)
from tests.e2e.near_misses.strangers import free_port

pytestmark = pytest.mark.engine

#: In the place of the installation of Flask, where that would only take time.
QUICK_RUN = "RUN touch /flask\n"


def test_the_image_has_to_be_rebuilt_from_the_cache(learner: Learner) -> None:
    comes_to(learner, "deploy-change/rebuild")
    name, first = name_of(learner), learner.passed["build-flask-image/build"]
    rebuild = f"docker image build -t {name} ."
    assert learner.folder.joinpath("app.py").read_text() == APP
    learner.is_blocked("push", on="deploy-change/rebuild")
    learner.is_refused("rebuild", because=f"an image named {name} was asked for, and there is none")

    learner.types(rebuild)  # with nothing changed
    learner.is_refused("rebuild", because="and it is still the first build")

    learner.writes("app.py", CHANGED_APP)  # and not rebuilt
    learner.is_refused("rebuild", because="and it is still the first build")

    learner.types("docker image build -t python-hello-world .")
    learner.is_blocked("rebuild", on="push/push")  # the image that was pushed has lost its name
    learner.types(f"docker tag {first['image']} python-hello-world")
    learner.is_refused("rebuild", because="and it is still the first build")

    learner.types(rebuild.replace("build", "build --no-cache", 1))
    learner.is_refused("rebuild", because=f"and number {len(first['layers']) - 1}, {len(first['layers'])} of")

    learner.writes("Dockerfile", WRONG_ORDER.replace("pip install flask==1.1.4 markupsafe==2.0.1", "touch /flask"))
    learner.types(rebuild)
    learner.is_refused("rebuild", because="all layers but the last were to come from the cache")

    learner.writes("Dockerfile", DOCKERFILE)
    learner.types(f"docker image build --cache-from python-hello-world -t {name} .")  # as the last verdict said
    evidence = learner.passes("rebuild")
    assert evidence["cached"] == len(first["layers"]) - 1
    assert evidence["layers"][:-1] == first["layers"][:-1]


def test_the_rebuilt_image_has_to_be_pushed(learner: Learner) -> None:
    comes_to(learner, "deploy-change/push")
    name, first = name_of(learner), learner.passed["push/push"]
    rebuild = f"docker build --cache-from python-hello-world -t {name} ."
    learner.is_blocked("redeploy", on="deploy-change/push")
    learner.is_refused("push", because="and the registry still has the first one")

    learner.types(f"docker tag {name} {name}:two\ndocker push {name}:two")
    learner.is_refused("push", because="and the registry still has the first one")

    learner.types(f"echo '# changed' >> app.py\n{rebuild}\ndocker push {name}")
    learner.writes("app.py", CHANGED_APP)
    learner.types(rebuild)
    learner.is_refused("push", because="was to be the image that you rebuilt, and it is another one")

    push_image(learner)
    evidence = learner.passes("push")
    assert evidence["new_layer"] not in first["layers"]
    assert evidence["kept"] == len(first["layers"]) - 1


def test_the_new_text_has_to_be_served_by_the_new_image(learner: Learner) -> None:
    comes_to(learner, "deploy-change/redeploy")
    name, port, other = name_of(learner), learner["app_port"], free_port()
    old = learner.passed["build-flask-image/run"]["container"]
    run = f"docker run -d -p {port}:5000"
    rebuild = f"docker build --cache-from python-hello-world -t {name} ."
    learner.is_refused("redeploy", because="still serves the old image")
    learner.types(f"docker rm -f {old}")
    learner.is_refused("redeploy", because="a container of the new image was asked for, and there is none")

    same = learner.types(f"{run} python-hello-world")
    learner.is_refused("redeploy", because="still serves the old image")
    learner.types(f"docker rm -f {same}")

    elsewhere = learner.types(f"docker run -d -p {other}:5000 {name}")
    learner.is_refused("redeploy", because=f"published as {port}, and it publishes {other}->5000")
    learner.types(f"docker rm -f {elsewhere}")

    short = learner.types(f"{run} {name} python -c 'exit(3)'")
    learner.types(f"docker container wait {short}")
    learner.is_refused("redeploy", because="was to run, and it is exited with exit code 3")
    learner.types(f"docker rm {short}")

    learner.writes("app.py", CHANGED_APP.replace("Beautiful", "Beautifull"))
    typo = learner.types(f"{rebuild} >build.log\ndocker push {name} >push.log\n{run} {name}")
    learner.is_refused("redeploy", because=f"'Hello, Beautiful World!' was to come from port {port}")
    learner.types(f"docker rm -f {typo}")

    learner.writes("app.py", CHANGED_APP)
    learner.types(rebuild)
    push_image(learner)
    container = learner.types(f"{run} {name}")
    evidence = learner.passes("redeploy")
    assert (evidence["container"], evidence["port"]) == (container, int(port))
    assert evidence["text"] == "Hello, Beautiful World!"


def test_the_order_has_to_be_wrong_and_the_cache_missed(learner: Learner) -> None:
    does(learner, "deploy-change/push", "deploy-change/redeploy")
    comes_to(learner, "deploy-change/order")
    build = "docker image build -t wrong-order ."
    learner.is_refused("order", because="an image named wrong-order was asked for, and there is none")

    learner.types(build)
    learner.is_refused("order", because="in wrong-order COPY was to come before RUN")

    learner.types("docker tag nginx wrong-order")  # COPY comes before RUN in a stand-in, which is older than the labs
    learner.is_refused("order", because=("its layer is older", "COPY was to come before RUN"))
    learner.types("docker image rm wrong-order")

    learner.writes("Dockerfile", FROM + COPY + QUICK_RUN + CMD)  # swapped, and not rebuilt
    learner.is_refused("order", because="an image named wrong-order was asked for, and there is none")

    learner.types(f'echo "# changed" >> app.py\n{build}')
    learner.is_refused("order", because="wrong-order was to be built twice")
    first = learner.types("docker image inspect --format '{{.Id}}' wrong-order")
    learner.types(f'echo "# changed again" >> app.py\n{build}')
    evidence = learner.passes("order")
    assert evidence["copy"] < evidence["run"]
    assert evidence["replaced"] == [first]
    states = learner.finds_all_passed("deploy-change")
    assert set(states.values()) == {"holds"}
