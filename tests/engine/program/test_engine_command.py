"""``labrunner engine``: start, status, env, logs, stop."""

from __future__ import annotations

from tests.engine.program.conftest import User


def test_engine_is_started_found_and_ended(user: User) -> None:
    """It answers as soon as ``start`` returns, and once only; what ``env`` says leads docker to it."""
    assert user.labrunner("engine", "status").returncode == 1
    begun = user.labrunner("engine", "start")
    assert begun.returncode == 0, begun.stderr
    assert begun.stdout.startswith(f"the namespace engine has started, and answers at unix://{user.home}/data/")
    told_once = "goes on without: this process may not make groups" in begun.stderr
    assert told_once is not user.limits
    assert user.labrunner("engine", "start").stdout.startswith("the namespace engine was started before, and answers")
    told = user.data("engine", "status")
    assert (told["running"], told["host"]) == (True, f"unix://{user.home}/data/engine.sock")
    assert user.labrunner("engine", "env").stdout == f"export DOCKER_HOST={told['host']}\n"
    assert user.docker("version", "--format", "{{.Server.Version}}").strip()
    assert "serving on" in user.labrunner("engine", "logs", "-n", "1").stdout
    assert user.labrunner("engine", "stop").stdout == "the namespace engine has ended\n"
    assert user.labrunner("engine", "stop").stdout.startswith("no engine answers at")
    assert user.data("engine", "status")["running"] is False


def test_data_that_are_served_are_not_served_twice(user: User) -> None:
    """A second daemon says so in one sentence, and the first one goes on."""
    user.labrunner("engine", "start")
    second = user.run(
        user.python, "-m", "labrunner.daemon", "--data", f"{user.home}/data", "--socket", f"{user.home}/other.sock"
    )
    assert second.returncode != 0
    assert "Traceback" not in second.stderr
    assert len(second.stderr.strip().splitlines()) == 1
    assert user.docker("ps", "--quiet") == ""


def test_logs_of_an_engine_that_never_was_are_none(user: User) -> None:
    done = user.labrunner("engine", "logs")
    assert (done.returncode, done.stdout) == (0, "")
    assert "no engine was started with this folder" in done.stderr
