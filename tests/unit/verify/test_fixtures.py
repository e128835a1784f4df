"""The fixtures that a check may ask for, in real check hosts."""

from __future__ import annotations

from pathlib import Path

from labrunner.model.verdict import Verdict
from labrunner.verify.process import CheckHost
from labrunner.verify.request import CheckRequest
from tests.unit.builders import ref
from tests.unit.conftest import Serve
from tests.unit.servers import routes
from tests.unit.verify.conftest import FILE, Run, Write


def test_check_gets_what_its_lab_has(write: Write, host: CheckHost, tmp_path: Path) -> None:
    """The variables in force, the folder, the recorded evidence, by short and by full name; of its own lab only."""
    write(
        """
        @step("one")
        def test_one(var, folder, recorded, records, evidence):
            evidence.update(var=var, folder=str(folder), records=records)
            evidence.update(short=recorded("before"), full=recorded("other/step"))
        """
    )
    request = CheckRequest(
        (FILE,),
        ("lab/one",),
        "unix:///nowhere",
        variables={"lab": {"web_port": "9090"}, "other": {"web_port": "1"}},
        folders={"lab": str(tmp_path / "lab"), "other": "/other"},
        recorded={"lab/before": {"pid": 1}, "other/step": {"pid": 2}},
    )
    (result,) = host.run(request)[ref("one")]
    assert result.verdict is Verdict.PASSED
    assert result.evidence == {
        "var": {"web_port": "9090"},
        "folder": str(tmp_path / "lab"),
        "records": {"lab/before": {"pid": 1}, "other/step": {"pid": 2}},
        "short": {"pid": 1},
        "full": {"pid": 2},
    }


def test_check_of_a_lab_without_variables_gets_none(run: Run) -> None:
    """An empty mapping, no error."""
    assert run('@step("one")\ndef test_one(var, evidence):\n    evidence["var"] = var\n')[0].evidence == {"var": {}}


def test_comparison_with_a_step_that_never_passed_is_blocked(run: Run) -> None:
    """With the command that would record it."""
    (result,) = run('@step("one")\ndef test_one(recorded):\n    recorded("before")["pid"]\n')
    assert (result.verdict, result.next) == (Verdict.BLOCKED, "labrunner check lab/before")
    assert result.reason == (
        "this is compared with what lab/before recorded when it passed, and that step has not passed here"
    )


def test_engine_is_the_requests_endpoint(serve: Serve, socket_folder: Path, write: Write, host: CheckHost) -> None:
    """Whatever DOCKER_HOST says in the check's process."""
    server = serve(routes({"/v1.41/volumes": {"Volumes": [{"Name": "v1"}]}}), socket_folder / "engine.sock")
    write('@step("one")\ndef test_one(engine, evidence):\n    evidence["volumes"] = sorted(engine.volumes())\n')
    (result,) = host.run(CheckRequest((FILE,), ("lab/one",), server.host))[ref("one")]
    assert result.evidence == {"volumes": ["v1"]}


def test_registry_is_asked_as_the_learner_with_the_labs_password(write: Write, host: CheckHost) -> None:
    """Whichever lab made the password; without one, with no login."""
    write(
        """
        @step("one")
        def test_one(registry, evidence):
            evidence.update(host=registry.host, user=registry.user, password=registry.password)
        """
    )

    def seen(secrets: dict[str, dict[str, str]]) -> object:
        variables = {"lab": {"registry": "localhost:5055", "user": "ann"}}
        request = CheckRequest((FILE,), ("lab/one",), "unix:///nowhere", variables, secrets=secrets)
        return host.run(request)[ref("one")][0].evidence

    login = {"host": "localhost:5055", "user": "ann"}
    assert seen({"a": {"key": "k"}, "push": {"password": "p"}}) == {**login, "password": "p"}
    assert seen({}) == {**login, "password": None}
