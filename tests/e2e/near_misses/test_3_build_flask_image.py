"""The lab build-flask-image: what its checks refuse, and what they accept."""

from __future__ import annotations

import pytest

from tests.e2e.near_misses.learner import Learner
from tests.e2e.near_misses.solution import (
    APP,
    BUILD,
    CMD,
    COPY,
    DOCKERFILE,
    FROM,
    comes_to,
    count_layers,
    read_log,
    write_and_build,
)
from tests.e2e.near_misses.strangers import free_port, listens

pytestmark = pytest.mark.engine

#: In the place of the installation of Flask, where that would only take time.
QUICK_RUN = "RUN touch /flask\n"


def test_the_number_of_layers_has_to_be_the_base_images(learner: Learner) -> None:
    comes_to(learner, "build-flask-image/archive")
    layers = count_layers(learner)
    history = learner.types("docker image history --quiet python:3.6.1-alpine | wc -l")
    assert history != layers
    learner.is_refused("archive", because="no answer was given")
    learner.is_refused("archive", because=f"'{history}' is not it", answer=history)
    assert learner.passes("archive", answer=layers)["layers"] == int(layers)


def test_there_has_to_be_an_image_and_else_it_is_told_why_not(learner: Learner) -> None:
    comes_to(learner, "build-flask-image/build")
    learner.is_blocked("run", on="build-flask-image/build")
    learner.is_refused(
        "build", because="named python-hello-world was asked for, and there is none; Dockerfile is missing"
    )

    learner.writes("Dockerfile", DOCKERFILE)
    learner.types(BUILD, fails=True)
    learner.is_refused("build", because="there is none; app.py is missing")

    learner.writes("app.py", APP)
    learner.writes("Dockerfile", DOCKERFILE.replace("pip install", "pip instal"))
    learner.types(BUILD, fails=True)
    learner.is_refused("build", because="Dockerfile:2: RUN pip instal flask")

    learner.writes("Dockerfile", DOCKERFILE.replace("COPY", "COPPY"))
    learner.types(BUILD, fails=True)
    learner.is_refused("build", because="Dockerfile:4: ")
    learner.is_refused("build", because="unknown instruction: COPPY")

    learner.writes("Dockerfile", DOCKERFILE.replace("COPY app.py", "COPY application.py"))
    learner.types(BUILD, fails=True)
    learner.is_refused("build", because="Dockerfile:4: COPY application.py")

    learner.writes("Dockerfile", FROM + QUICK_RUN + CMD + COPY)
    learner.is_refused("build", because="can be built")
    learner.types("docker build -t python-hallo-world .")
    learner.is_refused("build", because="can be built")
    learner.types("docker image inspect python-hallo-world")  # the check has built it too, and has not removed it


def test_the_image_has_to_be_made_as_the_lab_says(learner: Learner) -> None:
    comes_to(learner, "build-flask-image/build")
    learner.writes("app.py", APP)

    learner.writes("Dockerfile", FROM.replace("python:3.6.1-alpine", "nginx") + QUICK_RUN + CMD + COPY)
    learner.types(BUILD)
    learner.is_refused("build", because="was to be built on python:3.6.1-alpine")

    learner.writes("Dockerfile", FROM + CMD + COPY)
    learner.types(BUILD)
    learner.is_refused("build", because="and it adds 1 to its base")

    learner.writes("Dockerfile", FROM + QUICK_RUN + COPY)
    learner.types(BUILD)
    learner.is_refused("build", because="was to start app.py, and its command is python3")

    learner.writes("Dockerfile", FROM + COPY + QUICK_RUN + CMD)
    learner.types(BUILD)
    learner.is_refused("build", because="COPY was to make the last layer, and the last one was made by")

    write_and_build(learner)
    evidence = learner.passes("build")
    assert len(evidence["layers"]) == int(count_layers(learner)) + 2
    assert "COPY" in evidence["last"]


def test_the_app_has_to_answer_on_its_port(learner: Learner) -> None:
    comes_to(learner, "build-flask-image/run")
    port, other = learner["app_port"], free_port()
    run = f"docker run -d -p {port}:5000 python-hello-world"
    learner.is_blocked("logs", on="build-flask-image/run")
    learner.is_refused("run", because="a running container of python-hello-world was asked for, and there is none")

    learner.writes("app.py", APP.replace('host="0.0.0.0"', 'host=""'))
    deaf = learner.types(f"{BUILD} >build.log 2>&1\n{run}")
    learner.is_refused("run", because="listens on 127.0.0.1 inside its container only", within=4)
    learner.types(f"docker rm -f {deaf}")
    slow = learner.types(f"{run} sh -c 'sleep 2; exec python app.py'")
    learner.is_refused("run", because="listens on 127.0.0.1 inside its container only", within=6)
    learner.types(f"docker rm -f {slow}")

    learner.writes("app.py", APP.replace("def hello", "def hello("))
    short = learner.types(f"{BUILD} >build.log 2>&1\n{run}")
    learner.types(f"docker container wait {short}")
    learner.is_refused("run", because="exited with exit code 1; its log ends: def hello(():")
    learner.types(f"docker rm {short}")

    learner.writes("app.py", APP.replace("Hello, World!", "Hello World"))
    old = learner.types(f"{BUILD} >build.log 2>&1\n{run}")
    learner.is_refused("run", because=f"'Hello, World!' was to come from port {port}, and what came is 200")

    learner.writes("app.py", APP)
    learner.types(BUILD)
    learner.is_refused("run", because="still runs the image from before the last build")
    learner.types(f"docker rm -f {old}")

    elsewhere = learner.types(f"docker run -d -p {other}:5000 python-hello-world")
    learner.is_refused("run", because=f"published as {port}, and it publishes {other}->5000")
    with listens(int(port)):  # by somebody else: then another port will do
        assert learner.passes("run")["port"] == other
    learner.types(f"docker rm -f {elsewhere}")

    inside = learner.types(f"docker run -d -p {port}:5001 python-hello-world")
    learner.is_refused("run", because=f"and it publishes {port}->5001", state="broken")
    learner.types(f"docker rm -f {inside}")

    container = learner.types(run)
    beside = learner.types("docker run -d python-hello-world")
    evidence = learner.passes("run")
    learner.types(f"docker rm -f {beside}")
    assert (evidence["container"], evidence["port"]) == (container, int(port))
    assert evidence["text"] == "Hello, World!"


def test_the_log_has_to_show_a_request_of_the_learners_own(learner: Learner) -> None:
    comes_to(learner, "build-flask-image/logs")
    container = learner.passed["build-flask-image/run"]["container"]
    before = learner.types(f"docker container logs {container} 2>&1 | grep GET | head -1")
    learner.is_refused("logs", because="no answer was given")
    learner.is_refused("logs", because="the only ones there are this check's own", answer=before)
    line = read_log(learner)
    learner.is_refused("logs", because="'192.0.2.1' is not it", answer="192.0.2.1")
    assert "GET / HTTP/1.1" in learner.passes("logs", answer=line)["request"]
    states = learner.finds_all_passed("build-flask-image")
    assert states == {"archive": "ended", "build": "holds", "run": "holds", "logs": "ended"}
