"""What a lab calls its own, and what the solution answers."""

from __future__ import annotations

import pytest

from labrunner.content.course import load_course
from labrunner.content.locate import course_folder
from labrunner.engine.examine import Names
from labrunner.model.lab import Action, Command, Typed
from labrunner.runner.hands import asked_for, names_of
from labrunner.runner.shell import without_marks
from tests.unit.builders import a_lab, a_step


def names(*actions: Action) -> Names:
    """What a lab with these actions calls its own."""
    return names_of(a_lab(a_step("a", actions=actions[:1]), a_step("b", actions=actions[1:])))


def test_containers_are_the_labs_by_the_names_that_its_commands_give() -> None:
    """Whichever step gives them; the last word of a line gives no name."""
    found = names(
        Command("docker container run --detach --name web --publish 8080:80 nginx"),
        Command("docker run --name 'my db' mongo"),
        Command("docker ps --name"),
    )
    assert found.containers == {"web", "my db"}


@pytest.mark.parametrize(
    ("command", "made"),
    [
        ("docker build -t app .", {"app"}),
        ("docker image build --tag app:2 .", {"app"}),
        ("docker build --file Dockerfile -t app -t other:1 .", {"app", "other"}),
        ("docker tag app localhost:5055/me/app", {"localhost:5055/me/app"}),
        ("docker pull localhost:5055/me/app@DIGEST", {"localhost:5055/me/app"}),
        ("docker run -t ubuntu top", set()),
        ("docker push localhost:5055/me/app", set()),
        ("docker image ls", set()),
    ],
)
def test_images_that_a_lab_makes_are_built_tagged_or_pulled(command: str, made: set[str]) -> None:
    """``-t`` is a name for ``build`` only."""
    assert names(Command(command)).makes == made


def test_only_commands_give_names() -> None:
    """What is typed into a program is that program's."""
    assert names(Typed("docker run --name web nginx", "main")) == Names(frozenset(), frozenset())


def test_labs_that_are_shipped_know_their_own() -> None:
    """As the ledger needs it to clean up after them."""
    found = {lab.name: names_of(lab) for lab in load_course(course_folder("labs")).labs}
    assert found["nginx-and-mongo"].containers == {"nginx", "mongo"}
    assert found["build-flask-image"].makes == {"python-hello-world"}
    assert found["push"].makes == {"localhost:5055/student/python-hello-world"}
    assert found["push"].containers == {"registry"}


@pytest.mark.parametrize(
    ("ask", "output", "answer"),
    [
        (None, "shown", None),
        ("80", "shown", "80"),
        ("$output", "shown", "shown"),
        ("$output", r"C:\1 \g<0>", r"C:\1 \g<0>"),
        ("$output", "none", "none"),
        ("about $output", "shown", "about $output"),
    ],
)
def test_solution_answers_what_the_lab_says_or_what_its_last_command_printed(
    ask: str | None, output: str, answer: str | None
) -> None:
    """``$output`` stands for the printed line when it is the whole answer."""
    assert asked_for(a_step("a", ask=ask), output) == answer


@pytest.mark.parametrize("cut", range(1, 60))
def test_prompts_marks_are_not_shown_wherever_the_output_is_cut(cut: int) -> None:
    """Nor kept; other escape sequences are."""
    shown = "one\r\n" + "\x1b]133;D;0;aid=0123456789abcdef\x07" + "push$ \x1b[1mtwo\x1b[m"
    first, begun = without_marks(shown[:cut])
    second, rest = without_marks(begun + shown[cut:])
    assert (first + second, rest) == ("one\r\npush$ \x1b[1mtwo\x1b[m", "")
