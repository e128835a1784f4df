"""The check host: nothing of the learner's matters, nothing of one request is left for the next."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labrunner.model.errors import ToolError
from labrunner.model.verdict import Verdict
from labrunner.verify import host as host_module
from labrunner.verify.process import CheckHost
from labrunner.verify.request import CheckRequest
from tests.unit.builders import ref
from tests.unit.verify.conftest import FILE, Run, Write

BOMB = "raise RuntimeError('the learner was imported')\n"
ASK = CheckRequest((FILE,), ("lab/one",), "unix:///nowhere")
FAILS = '@step("one")\ndef test_one():\n    require(False, "the work is not done")\n'


@pytest.fixture
def sabotage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A learner's folder, the current one, full of files and settings that would change a verdict."""
    folder = tmp_path / "learner"
    folder.mkdir()
    for name in ("docker", "pytest", "yaml", "json", "sitecustomize", "usercustomize", "conftest", "evil"):
        (folder / f"{name}.py").write_text(BOMB)
    (folder / "labrunner").mkdir()
    (folder / "labrunner" / "__init__.py").write_text(BOMB)
    for name, section in (("pytest.ini", "pytest"), ("tox.ini", "pytest"), ("setup.cfg", "tool:pytest")):
        (folder / name).write_text(f"[{section}]\naddopts = --collect-only -p evil\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setenv("PYTHONSTARTUP", str(folder / "evil.py"))
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    monkeypatch.setenv("PYTEST_PLUGINS", "evil")
    return folder


@pytest.mark.usefixtures("sabotage")
def test_learners_files_and_settings_change_no_verdict(write: Write, checks: Path) -> None:
    """A ``docker.py``, ``conftest.py``, ``pytest.ini``, ``sitecustomize.py`` or PYTHONPATH is not looked at."""
    write(FAILS)
    with CheckHost(checks) as host:
        (result,) = host.run(ASK)[ref("one")]
    assert (result.verdict, result.reason) == (Verdict.FAILED, "the work is not done")


def test_learners_module_is_not_found_by_name(sabotage: Path, write: Write, checks: Path) -> None:
    """The import path has neither the current folder nor PYTHONPATH."""
    write(
        f"""
        @step("one")
        def test_one(evidence):
            import json, importlib.util
            evidence["evil"] = importlib.util.find_spec("evil") is not None
            evidence["learners"] = [place for place in sys.path if place in ("", {str(sabotage)!r})]
            evidence["json"] = json.__file__
        """
    )
    with CheckHost(checks) as host:
        (result,) = host.run(ASK)[ref("one")]
    assert result.verdict is Verdict.PASSED
    assert (result.evidence["evil"], result.evidence["learners"]) == (False, [])
    assert not result.evidence["json"].startswith(str(sabotage))


def test_configuration_beside_and_above_the_checks_is_not_read(run: Run, checks: Path) -> None:
    """Not even a ``conftest.py`` or a ``pytest.ini`` that came into the checks' own folder."""
    for folder in (checks, checks.parent):
        (folder / "conftest.py").write_text(BOMB)
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    (result,) = run(FAILS)
    assert (result.verdict, result.reason) == (Verdict.FAILED, "the work is not done")


def test_installed_plugins_are_not_loaded(run: Run) -> None:
    """Whatever this environment has: each could change an outcome, and costs time."""
    (result,) = run(
        """
        @step("one")
        def test_one(evidence, request):
            plugins = request.config.pluginmanager
            evidence["distributions"] = [str(dist.project_name) for _, dist in plugins.list_plugin_distinfo()]
            evidence["variables"] = [name for name in os.environ if name.startswith("PYTEST_")]
        """
    )
    assert result.evidence["distributions"] == []
    assert sorted(result.evidence["variables"]) == [
        "PYTEST_CURRENT_TEST",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD",
        "PYTEST_VERSION",
    ]


def test_what_a_check_prints_is_no_message(run: Run) -> None:
    """By Python, by the descriptor, or by a program that it starts, be it in the words of the protocol."""
    (result,) = run(
        """
        @step("one")
        def test_one(evidence):
            print('{"done": null}')
            sys.stderr.write("noise" * 10000)
            os.write(1, b'{"done": null}\\n')
            subprocess.run(["echo", '{"done": null}'], check=True)
            evidence["end"] = "reached"
        """
    )
    assert (result.verdict, result.evidence) == (Verdict.PASSED, {"end": "reached"})


def test_check_that_reads_its_standard_input_finds_nothing_there(run: Run) -> None:
    """Requests arrive on that pipe: neither a check nor a program that it starts may wait for one, or take it."""
    (result,) = run(
        """
        @step("one")
        def test_one(evidence):
            evidence["own"] = sys.stdin.read()
            evidence["child"] = subprocess.run(["cat"], stdout=subprocess.PIPE, check=True, text=True).stdout
        """
    )
    assert (result.verdict, result.evidence) == (Verdict.PASSED, {"own": "", "child": ""})


def test_nothing_of_one_request_is_left_for_the_next(run: Run) -> None:
    """Each is answered by a process of its own, from the check file as it is now."""
    source = """
        @step("one")
        def test_one(evidence):
            evidence["seen"] = getattr(pytest, "left_behind", None)
            pytest.left_behind = "here"
            os.chdir("/")
        """
    assert run(source)[0].evidence == {"seen": None}
    assert run(source)[0].evidence == {"seen": None}
    assert run(FAILS)[0].verdict is Verdict.FAILED


def test_step_without_a_check_has_no_result(run: Run) -> None:
    """The judge makes an error of it; pytest's "no tests ran" is not one of the host."""
    assert run(FAILS, "two") == ()
    assert run("", "one") == ()


def test_check_file_that_is_missing_is_the_tools_error(host: CheckHost) -> None:
    """An installation without it judges nobody."""
    with pytest.raises(ToolError, match=r"the checks were run, and pytest ended with <ExitCode.USAGE_ERROR: 4>"):
        host.run(ASK)


def test_host_ends_with_its_standard_input(write: Write, checks: Path) -> None:
    """So none is left when the command that started it is killed; every request before is answered."""
    write(FAILS)
    done = subprocess.run(
        [sys.executable, "-P", "-E", "-m", host_module.__name__],
        cwd=checks,
        input=ASK.line() * 2,
        capture_output=True,
        check=True,
        timeout=60,
    )
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(message) for message in messages] == [["running"], ["result"], ["done"]] * 2
    assert messages[0] == {"running": {"step": "lab/one", "check": "test_one", "says": "test_one"}}
    assert messages[1]["result"]["verdict"] == "failed"
    assert messages[2] == {"done": None}


def test_arguments_name_no_configuration_and_only_the_asked_files() -> None:
    """The files come last, so that none is taken for an option's value."""
    arguments = host_module.arguments(ASK)
    assert arguments[-1] == FILE
    assert arguments[arguments.index("-c") + 1] == os.devnull
    assert {"--noconftest", "--assert=plain"} <= set(arguments)
