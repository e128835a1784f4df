"""The command line as its users meet it: words, exit codes, JSON, and one sentence for each bad input."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from labrunner import __version__
from labrunner.cli.main import COMMANDS, labrunner
from labrunner.engine.engine import Engine

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment with a home and a ledger of its own, and no engine chosen."""
    kept = {name: value for name, value in os.environ.items() if name not in {"DOCKER_HOST", "DOCKER_CONTEXT"}}
    return {**kept, "LABRUNNER_HOME": str(tmp_path / "home"), "XDG_STATE_HOME": str(tmp_path / "state")}


def run(environ: dict[str, str], *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "labrunner", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environ, cwd=cwd, timeout=120)


def error_of(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The error that ``--json`` gives, having seen that it is the only thing there and that no traceback came."""
    data = json.loads(done.stdout)
    assert data["verdict"] == "errored"
    assert data["labs"] == []
    assert "Traceback" not in done.stderr
    error = data["error"]
    assert isinstance(error, dict)
    assert not error["says"].endswith(".")
    return error


def test_help_names_every_command(environ: dict[str, str]) -> None:
    shown = run(environ, "--help").stdout
    assert all(name in shown for name in COMMANDS)
    assert run(environ, "--version").stdout.strip() == f"labrunner, version {__version__}"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(environ: dict[str, str], name: str) -> None:
    done = run(environ, name, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout or name in {"images", "engine", "shell", "site", "completion"}
    command = labrunner.get_command(click.Context(labrunner), name)
    assert command is not None
    assert command.name == name


def test_bare_command_says_where_one_is(environ: dict[str, str]) -> None:
    assert "next: labrunner start first-container" in run(environ).stdout
    run(environ, "start", "nginx-and-mongo")
    shown = run(environ).stdout
    assert "> nginx-and-mongo" in shown
    assert "step1 images" in shown
    assert "then: labrunner check nginx-and-mongo/images --answer TEXT" in shown
    assert "next: labrunner check nginx-and-mongo/images --answer TEXT" in run(environ, "hint").stdout
    data = json.loads(run(environ, "--json").stdout)
    assert (data["lab"], data["step"], data["name"]) == ("nginx-and-mongo", "step1", "images")


def test_options_may_stand_before_the_command(environ: dict[str, str], tmp_path: Path) -> None:
    """``--home`` and ``--json`` before a command's name are not lost."""
    elsewhere = tmp_path / "elsewhere"
    done = run(environ, "--home", str(elsewhere), "--json", "start", "first-container")
    assert json.loads(done.stdout)["folder"] == str(elsewhere / "first-container")
    assert (elsewhere / "journal.jsonl").exists()


def test_list_tells_length_and_needs(environ: dict[str, str]) -> None:
    data = json.loads(run(environ, "list", "--json").stdout)
    needs = {lab["lab"]: lab["needs"] for lab in data["labs"]}
    assert needs["push"] == ["build-flask-image"]
    assert "push" in needs["deploy-change"]
    assert "step3" in run(environ, "list", "nginx-and-mongo").stdout
    assert "needs build-flask-image" in run(environ, "list").stdout


def test_start_makes_the_folder_and_shows_the_first_step(environ: dict[str, str], tmp_path: Path) -> None:
    done = run(environ, "start", "push", "--set", "user=ada")
    assert done.returncode == 0
    assert (tmp_path / "home" / "push" / "password.txt").stat().st_mode & 0o777 == 0o600
    assert "password.txt" in done.stdout
    assert "user is ada here" in done.stdout
    assert "docker login --username ada" in run(environ, "show", "login").stdout
    assert json.loads(run(environ, "show", "step1", "--json").stdout)["name"] == "registry"
    assert json.loads(run(environ, "start", "push", "--json").stdout)["variables"]["user"] == "ada"


@pytest.mark.parametrize(
    ("arguments", "says", "follows"),
    [
        (["check", "nginx-and-mongo/mong"], "did you mean mongo?", "labrunner list nginx-and-mongo"),
        (["check", "nginx-and-mong/mongo"], "did you mean nginx-and-mongo?", "labrunner list"),
        (["check", "step3"], "no lab", "labrunner"),
        (["check"], "no lab has been started", "labrunner start first-container"),
        (["export"], "nothing has been started", "labrunner start first-container"),
        (["reset"], "no lab has been started", "labrunner start first-container"),
        (["show", "first-container/step99"], "there is no step", "labrunner list first-container"),
        (["start", "nginx"], "there is no lab 'nginx'", "labrunner list"),
        (["start", "push", "--set", "user"], "not NAME=VALUE", "labrunner start"),
        (["start", "push", "--set", "server=me"], "the variables that may be set", "labrunner start push"),
        (["check", "nginx-and-mongo/nginx", "--answer", "1"], "which asks nothing", "labrunner check"),
        (["run"], "run needs the names of labs", "labrunner run --all"),
        (["run", "--all", "push"], "run needs the names of labs", "labrunner run --all"),
        (["chekc"], "there is no command 'chekc'; did you mean check?", "labrunner --help"),
        (["check", "--engine", "lxc"], "is not one of", "labrunner check --help"),
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_code_2(
    environ: dict[str, str], arguments: list[str], says: str, follows: str
) -> None:
    """What follows can be typed as it stands: no word of it has to be replaced."""
    done = run(environ, *arguments, "--json")
    assert done.returncode == 2
    error = error_of(done)
    assert says in error["says"]
    assert follows in error["next"]
    assert not re.search(r"\b(LAB|STEP|NAME|VALUE)\b", error["next"])


def test_option_without_its_value_leads_to_the_commands_own_help(environ: dict[str, str]) -> None:
    done = run(environ, "check", "--answer")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines() == [
        "labrunner: option '--answer' requires an argument", "next: labrunner check --help"
    ]  # fmt: skip


@pytest.mark.parametrize("command", [["check", "nginx-and-mongo/nginx"], ["run", "--all"], ["images", "list"]])
def test_no_engine_is_errored(environ: dict[str, str], tmp_path: Path, command: list[str]) -> None:
    done = run({**environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}, *command, "--json")
    assert done.returncode == 3
    assert "does not answer" in error_of(done)["says"]
    assert error_of(done)["next"] == "unset DOCKER_HOST, or start the engine that it names"


def test_doctor_without_engine_is_a_blocker(environ: dict[str, str], tmp_path: Path) -> None:
    chosen = {**environ, "DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    done = run(chosen, "doctor", "--offline", "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["findings"][0]["blocks"]
    assert "BLOCKS  engine" in run(chosen, "doctor", "--offline").stdout


def test_namespace_engine_that_has_no_place_is_errored(environ: dict[str, str]) -> None:
    chosen = {**environ, "LABRUNNER_ENGINE_DATA": "/proc/none"}
    done = run(chosen, "check", "nginx-and-mongo/nginx", "--engine", "namespace", "--json")
    assert done.returncode == 3
    assert error_of(done)["says"].startswith("the engine's data were to lie in /proc/none, and it cannot be written")


def test_remote_context_has_to_be_named(environ: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "docker"
    meta = config / "contexts" / "meta" / hashlib.sha256(b"far").hexdigest()
    meta.mkdir(parents=True)
    (config / "config.json").write_text('{"currentContext": "far"}')
    (meta / "meta.json").write_text('{"Endpoints": {"docker": {"Host": "tcp://192.0.2.1:2375"}}}')
    done = run({**environ, "DOCKER_CONFIG": str(config)}, "check", "nginx-and-mongo/nginx", "--json")
    assert done.returncode == 3
    assert "remote engine" in error_of(done)["says"]


def test_mistake_in_a_lab_is_named_with_its_line(environ: dict[str, str], tmp_path: Path) -> None:
    """A course with a broken lab says file, line and what was expected."""
    shutil.copytree(ROOT / "labs", tmp_path / "labs")
    lab = tmp_path / "labs" / "06-clean-up" / "lab.md"
    lab.write_text(lab.read_text().replace("bash run reply=y", "bash run replay=y"))
    done = run({**environ, "LABRUNNER_COURSE": str(tmp_path)}, "list", "--json")
    assert done.returncode == 3
    assert "lab.md:" in error_of(done)["says"]
    assert "replay" in error_of(done)["says"]


@pytest.mark.parametrize("command", [["list"], ["check", "nginx-and-mongo/nginx"]])
def test_course_that_is_not_there_is_wrong_usage(environ: dict[str, str], tmp_path: Path, command: list[str]) -> None:
    """For ``check`` too, whose process of checks is started before anything else."""
    done = run({**environ, "LABRUNNER_COURSE": str(tmp_path / "none")}, *command, "--json")
    assert done.returncode == 2
    assert error_of(done)["next"] == "unset LABRUNNER_COURSE"


def test_full_disk_is_one_sentence(environ: dict[str, str], tmp_path: Path) -> None:
    """A home on a full disk: the sentence says what failed, and with room again all goes on."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    home = tmp_path / "home"
    home.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(home)], check=True)
    try:
        subprocess.run(["dd", "if=/dev/zero", f"of={home}/filler", "bs=512"], capture_output=True, check=False)
        done = run(environ, "start", "nginx-and-mongo", "--json")
        assert done.returncode == 3
        assert "No space left" in error_of(done)["says"]
        (home / "filler").unlink()
        assert run(environ, "start", "nginx-and-mongo").returncode == 0
    finally:
        subprocess.run(["umount", str(home)], check=True)


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_doctor_finds_a_prepared_host_able(environ: dict[str, str]) -> None:
    done = run(environ, "doctor", "--offline", "--json")
    assert done.returncode == 0, done.stdout
    assert {"engine", "version", "client", "image", "port"} <= {
        row["what"] for row in json.loads(done.stdout)["findings"]
    }
    assert "ok      engine" in run(environ, "doctor", "--offline", "nginx-and-mongo").stdout


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_doctor_mends_what_is_harmless_once(environ: dict[str, str]) -> None:
    first = json.loads(run(environ, "doctor", "--offline", "--fix", "--json").stdout)
    assert [row["what"] for row in first["fixed"]] == ["home"]
    assert Path(environ["LABRUNNER_HOME"]).is_dir()
    assert json.loads(run(environ, "doctor", "--offline", "--fix", "--json").stdout)["fixed"] == []
    assert "fixed" not in json.loads(run(environ, "doctor", "--offline", "--json").stdout)


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_images_are_listed_and_present(environ: dict[str, str]) -> None:
    listed = json.loads(run(environ, "images", "list", "--json").stdout)["images"]
    assert {row["image"] for row in listed} >= {"ubuntu:latest", "registry:2"}
    assert all(row["present"] for row in listed)
    assert "ubuntu:latest" in run(environ, "images", "list").stdout
    prepared = json.loads(run(environ, "images", "prepare", "--offline", "--json").stdout)["images"]
    assert {row["how"] for row in prepared} == {"present"}
    assert "present" in run(environ, "images", "prepare", "--offline", "nginx-and-mongo").stdout


@pytest.mark.engine
def test_first_line_says_which_engine_and_why(environ: dict[str, str], engine: Engine) -> None:
    done = run({**environ, "DOCKER_HOST": engine.host}, "check", "nginx-and-mongo/images")
    assert done.returncode == 1
    assert done.stdout.startswith("engine: docker ")
    assert "(DOCKER_HOST)" in done.stdout.splitlines()[0]
    assert "next: labrunner check nginx-and-mongo/images --answer TEXT" in done.stdout
