"""Variables exchanged and placeholders filled, in the text as in the actions."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labrunner.content.substitute import with_placeholders, with_variables
from labrunner.model.lab import Command, Evidence, KeyPress, Lab, Typed, Visit, WriteFile
from tests.unit.builders import a_lab, a_step, ref

ID = "0123456789abcdef" * 4
PUSH = {"registry": "localhost:5055", "registry_port": "5055", "user": "student", "web": "nginx"}


def swapped(text: str, variables: dict[str, str], values: dict[str, str]) -> str:
    """What becomes of a step's text."""
    return with_variables(a_lab(a_step("a", text=text), variables=variables), values).steps[0].text


def test_value_is_exchanged_wherever_the_learner_reads_or_types_it() -> None:
    """Text, hints, question, commands, files and addresses change together; a key and a path are no text."""
    lab = a_lab(
        a_step(
            "a",
            text="see 8080",
            hints=("try 8080",),
            ask="8080",
            actions=(
                Command("curl localhost:8080", ready="8080", reply="y"),
                Typed("get 8080", "main"),
                WriteFile("8080", "port = 8080\n"),
                Visit("http://localhost:8080/8080?q"),
                KeyPress("Ctrl-C", "main"),
            ),
        ),
        intro="on 8080",
        variables={"web_port": "8080"},
    )
    changed = with_variables(lab, {"web_port": "9090"})
    (step,) = changed.steps
    assert (changed.intro, changed.variables) == ("on 9090", {"web_port": "9090"})
    assert (step.text, step.hints, step.ask) == ("see 9090", ("try 9090",), "9090")
    assert step.actions == (
        Command("curl localhost:9090", ready="8080", reply="y"),
        Typed("get 9090", "main"),
        WriteFile("8080", "port = 9090\n"),
        Visit("http://localhost:9090/9090?q"),
        KeyPress("Ctrl-C", "main"),
    )


def test_lab_stays_itself_where_nothing_is_exchanged() -> None:
    """Defaults, or only variables that the checks look for by value."""
    lab = a_lab(a_step("a"), variables=PUSH)
    assert with_variables(lab, PUSH) is lab
    assert with_variables(lab, {}) is lab
    assert with_variables(lab, {**PUSH, "web": "apache"}) is lab


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("localhost:5055/student/app", "docker.io/ann/app"),
        ("docker login localhost:5055.", "docker login docker.io."),
        ("--publish 5055:5000", "--publish 5056:5000"),
        ("the student's name, 'student'", "the ann's name, 'ann'"),
        ("students student-1 my-student x.student _student", "students student-1 my-student x.student _student"),
        ("15055 50551 0.5055 5055-1", "15055 50551 0.5055 5055-1"),
        ("0.0.0.0:5055->5000/tcp", "0.0.0.0:5056->5000/tcp"),
    ],
)
def test_only_whole_words_are_exchanged_and_the_longest_first(text: str, expected: str) -> None:
    """``localhost:5055`` is the registry before ``5055`` is its port; a part of a longer word stays."""
    values = {**PUSH, "registry": "docker.io", "registry_port": "5056", "user": "ann"}
    assert swapped(text, PUSH, values) == expected


def test_value_that_another_one_begins_with_leaves_the_longer_one_whole() -> None:
    """Whichever comes first in the front matter."""
    variables = {"user": "hub", "registry": "hub.example.org"}
    values = {"user": "ann", "registry": "docker.io"}
    assert swapped("hub.example.org/hub", variables, values) == "docker.io/ann"


def test_two_values_may_change_places() -> None:
    """Each occurrence is exchanged once, so one exchange never feeds the other."""
    ports = {"web_port": "8080", "db_port": "8081"}
    assert swapped("8080 8081", ports, {"web_port": "8081", "db_port": "8080"}) == "8081 8080"


@given(
    words=st.lists(st.text(string.ascii_letters + string.digits + "_.-", min_size=1), min_size=1),
    glue=st.sampled_from([" ", "/", ":", "\n", "`", "=", '"']),
)
def test_exchange_and_its_opposite_give_the_text_back(words: list[str], glue: str) -> None:
    """For any text in which the new value did not occur before."""
    text = glue.join(["5055", *words, "5055"])
    there = swapped(text, {"registry_port": "5055"}, {"registry_port": "64999"})
    assert there.split(glue)[0] == there.split(glue)[-1] == "64999"
    if "64999" not in text:
        assert swapped(there, {"registry_port": "64999"}, {"registry_port": "5055"}) == text


@pytest.fixture
def lab() -> Lab:
    """A lab with placeholders for what two of its steps recorded."""
    return a_lab(
        a_step("a"),
        a_step("b", text="stop TOP_ID, TOP_ID_2", ask="TOP_ID", actions=(Command("docker stop TOP_ID image@DIGEST"),)),
        ids={"TOP_ID": Evidence(ref("a"), "container"), "DIGEST": Evidence(ref("push/push"), "digest")},
    )


def test_recorded_evidence_fills_its_placeholder(lab: Lab) -> None:
    """An ID is shown as Docker shows it, by twelve digits; a digest is whole."""
    recorded: dict[str, dict[str, object]] = {
        "lab/a": {"container": ID, "pid": 1},
        "push/push": {"digest": f"sha256:{ID}"},
    }
    step = with_placeholders(lab, lab.steps[1], recorded)
    assert step.actions == (Command(f"docker stop 0123456789ab image@sha256:{ID}"),)
    assert (step.text, step.ask) == ("stop 0123456789ab, TOP_ID_2", "0123456789ab")


def test_placeholder_without_evidence_stays(lab: Lab) -> None:
    """The learner reads its name and puts in what is seen."""
    assert with_placeholders(lab, lab.steps[1], {"lab/a": {"pid": 1}}) is lab.steps[1]
    step = with_placeholders(lab, lab.steps[1], {"lab/a": {"container": 7}})
    assert step.actions == (Command("docker stop 7 image@DIGEST"),)


def test_placeholder_is_not_filled_with_what_a_shell_would_run() -> None:
    """A journal may have come from elsewhere, and the command is typed."""
    step = a_step("a", actions=(Command("docker container stop WEB_ID"),))
    lab = a_lab(step, ids={"WEB_ID": Evidence(ref("a"), "container")})
    filled = with_placeholders(lab, lab.steps[0], {str(ref("a")): {"container": "x; touch evil"}})
    assert filled.actions == step.actions
