"""A notebook whose lab has other values than its text: ports that are taken, and what the learner chose."""

from __future__ import annotations

import socket
from contextlib import closing

import pytest

from tests.e2e.notebook.learner import Learner

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("untouched")]

RUN_NGINX = "%%term\ndocker container run --detach --publish 8080:80 --name nginx nginx"


def test_taken_port_is_replaced_in_what_the_cells_do(learner: Learner) -> None:
    """The cell says 8080 as the lab's text does, and runs with the port that is free."""
    with closing(socket.create_server(("", 8080))):
        said, _ = learner.runs("%load_ext labrunner\n%lab nginx-and-mongo")
        assert "web_port is 8082 here, not 8080: the cells fill it in" in said
        assert "--publish 8082:80" in learner.runs(RUN_NGINX)[0]
        assert learner.runs("%check nginx")[1]["verdict"] == "passed"
        assert "Welcome to nginx" in learner.runs("%visit http://localhost:8080")[0]


def test_learners_own_values_are_in_force(learner: Learner) -> None:
    """Until others are set; a value that cannot be is a sentence, and changes nothing."""
    said, _ = learner.runs("%load_ext labrunner\n%lab nginx-and-mongo --set web_port=9090")
    assert "web_port is 9090 here, not 8080" in said
    refused, _ = learner.runs("%lab nginx-and-mongo --set web_port=many")
    assert "web_port was to be 'many', and a port is a number from 1 to 65535" in refused
    assert "next: %lab nginx-and-mongo --set web_port=8080" in refused
    assert "that may be set there are web_port, db_port" in learner.runs("%lab nginx-and-mongo --set colour=red")[0]
    assert learner.runs("%check nginx")[1]["verdict"] == "failed"  # the notebook still knows its lab
    assert "web_port is 9090 here" in learner.runs("%lab nginx-and-mongo")[0]
    assert "--publish 9090:80" in learner.runs(RUN_NGINX)[0]
    assert learner.runs("%check nginx")[1]["verdict"] == "passed"


def test_reset_to_a_step_does_again_what_comes_before_it(learner: Learner) -> None:
    """And no more; the learner's files are kept aside, and their values stay."""
    learner.runs("%load_ext labrunner\n%lab nginx-and-mongo --set web_port=9090")
    learner.runs("%solve nginx")
    learner.runs("%solve mongo")
    learner.runs("%%writefile notes.txt\nmine")
    text, carried = learner.runs("%reset_lab mongo")
    assert "is at its start; your files are in" in text
    assert [(step["name"], step["verdict"]) for step in carried["labs"][0]["steps"]] == [
        ("images", "passed"),
        ("nginx", "passed"),
    ]
    assert learner.runs("%check nginx")[1]["verdict"] == "passed"
    assert learner.runs("%check mongo")[1]["verdict"] == "failed"
    assert "No such file" in learner.runs("%%bash\ncat notes.txt")[0]
    assert "mine" in learner.runs("%%bash\ncat ../kept/*/notes.txt")[0]
    assert "web_port is 9090 here" in learner.runs("%lab nginx-and-mongo")[0]
    assert "there is no step of nginx-and-mongo 'mango'" in learner.runs("%reset_lab mango")[0]
