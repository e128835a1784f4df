"""The text and the solution: what each rule finds after one change."""

from __future__ import annotations

import pytest

from tests.unit.authoring.conftest import PUSH, WEB, Case, Finds

EXACT = "Type `docker container run --detach --publish 8080:80 --name site nginx`."


@pytest.mark.parametrize(
    "case",
    [
        Case(
            "shown",
            WEB,
            "```bash aside",
            "```bash",
            "```bash\n",
            "'run' or, where the solution does not do it, 'aside' behind bash, found 'docker version'",
        ),
        Case(
            "shown",
            WEB,
            "```bash aside",
            "```bash run",
            "```bash run\ndocker version",
            "'aside' or 'shows' before the first '##', found 'run', which nobody would do",
        ),
        Case(
            "shown",
            WEB,
            "localhost:8080\n```",
            "localhost:8080/x\n```",
            "```text open",
            "http://localhost:8080 to be shown, found 'http://localhost:8080/x'",
        ),
        Case(
            "shown",
            WEB,
            "docker container stop SITE_ID\n```",
            "$ docker container stop SITE_ID\n```",
            "```bash run\n$",
            "a command without a prompt, found '$ docker container stop",
        ),
        Case(
            "told",
            PUSH,
            "Write `Dockerfile`:",
            "Write it:",
            "```dockerfile",
            "to say the name of the file, `Dockerfile`, found nothing",
        ),
        Case("told", PUSH, "Answer `y`.", "Answer yes.", "```bash run reply", "to say the answer, `y`, found nothing"),
        Case(
            "told",
            WEB,
            "Do it in the second terminal.",
            "Do it.",
            "```bash run term",
            "to say which terminal is the second one, found nothing",
        ),
        Case(
            "drift",
            WEB,
            EXACT,
            EXACT.replace("8080:80", "80:8080"),
            "Type `docker container run",
            "8080:80 --name site",
        ),
        Case(
            "drift", WEB, EXACT, EXACT.replace("--detach ", ""), "Type `docker container run", "found 'docker container"
        ),
        Case(
            "drift", WEB, EXACT, EXACT.replace("--name", "--rm --name"), "Type `docker container run", "80 --rm --name"
        ),
    ],
)
def test_mistake_is_found(finds: Finds, case: Case) -> None:
    """With its line, and what was expected."""
    assert case.says in finds(case)
