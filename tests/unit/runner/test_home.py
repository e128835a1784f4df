"""A learner's home: folders, carried files, secrets, and ports that are taken by really listening sockets."""

from __future__ import annotations

import json
import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import bcrypt
import pytest

from labrunner.model.errors import ToolError, UsageError
from labrunner.model.lab import Course, Lab, WriteFile
from labrunner.runner import variables as variables_module
from labrunner.runner.home import Home, home_folder, surroundings
from labrunner.runner.variables import port_is_free
from labrunner.verify.verifier import Surroundings
from tests.unit.builders import a_lab, a_step
from tests.unit.conftest import Powerless

PUSH = {"registry": "localhost:5055", "registry_port": "5055", "user": "student", "web": "nginx"}

Listen = Callable[[str], int]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that does not exist yet."""
    return Home(tmp_path / "home")


@pytest.fixture
def listen() -> Iterator[Listen]:
    """``listen(address)`` takes a free port of that address and listens on it."""
    with ExitStack() as sockets:

        def take(address: str) -> int:
            server = sockets.enter_context(socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET))
            server.bind((address, 0))
            server.listen(1)
            return int(server.getsockname()[1])

        yield take


def every_port_is_free(_: int) -> bool:
    """Whatever listens on this host."""
    return True


def started(home: Home, lab: Lab, **wanted: str) -> dict[str, str]:
    """The values in force after a start on a host where every port is free."""
    return dict(home.start(Course((lab,)), lab, wanted, every_port_is_free))


def mode(file: Path) -> int:
    """The file's permissions."""
    return stat.S_IMODE(file.stat().st_mode)


def logs_in(htpasswd: Path, user: str, password: str) -> bool:
    """Whether a registry that reads this file lets the user in."""
    users = dict(line.split(":", 1) for line in htpasswd.read_text().splitlines())
    return user in users and bcrypt.checkpw(password.encode(), users[user].encode())


def test_home_is_the_named_one_or_a_folder_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """LABRUNNER_HOME, with a tilde as in a shell, else ``~/labrunner``."""
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.setenv("LABRUNNER_HOME", "~/course")
    assert home_folder() == Path("/home/me/course")
    monkeypatch.setenv("LABRUNNER_HOME", "")
    assert home_folder() == Path("/home/me/labrunner")


def test_home_stays_where_it_was_named_though_the_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commands work from any folder."""
    monkeypatch.chdir(tmp_path)
    home = Home(Path("here"))
    monkeypatch.chdir("/")
    assert home.folder("push") == tmp_path / "here" / "push"
    assert home.transcript("push", "login", "main") == tmp_path / "here" / "transcripts" / "push" / "login.main.txt"


def test_start_makes_the_folder_and_is_recorded(home: Home) -> None:
    """With the values in force."""
    values = started(home, a_lab(variables=PUSH))
    assert values == PUSH
    assert home.folder("lab").is_dir()
    progress = home.journal.progress()
    assert (progress.current, progress.variables) == ("lab", {"lab": PUSH})


def test_start_brings_the_files_to_start_from_and_leaves_those_that_are_there(home: Home, tmp_path: Path) -> None:
    """Resuming never takes the learner's work away."""
    (tmp_path / "lab" / "start" / "sub").mkdir(parents=True)
    (tmp_path / "lab" / "start" / "app.py").write_text("begin\n")
    (tmp_path / "lab" / "start" / "sub" / "data.txt").write_text("data\n")
    lab = a_lab(folder=tmp_path / "lab")
    started(home, lab)
    (home.folder("lab") / "app.py").write_text("mine\n")
    (home.folder("lab") / "sub" / "data.txt").unlink()
    started(home, lab)
    assert (home.folder("lab") / "app.py").read_text() == "mine\n"
    assert (home.folder("lab") / "sub" / "data.txt").read_text() == "data\n"


def carrying() -> Course:
    """A lab whose steps write ``app.py`` twice and ``src/Dockerfile``, and one that takes both over."""
    writes = (WriteFile("app.py", "first\n"), WriteFile("src/Dockerfile", "FROM x\n"), WriteFile("app.py", "last\n"))
    build = a_lab(a_step("a", lab="build", actions=writes), name="build")
    return Course((build, a_lab(name="deploy", number=2, carry={"build": ("app.py", "src/Dockerfile")})))


def test_carried_files_are_the_learners_own(home: Home) -> None:
    """What was built in the other lab goes on here; and what is here already stays."""
    course = carrying()
    own = home.folder("build")
    (own / "src").mkdir(parents=True)
    (own / "app.py").write_text("mine\n")
    (own / "src" / "Dockerfile").write_text("FROM mine\n")
    home.start(course, course.lab("deploy"), {}, every_port_is_free)
    assert (home.folder("deploy") / "app.py").read_text() == "mine\n"
    assert (home.folder("deploy") / "src" / "Dockerfile").read_text() == "FROM mine\n"
    (own / "app.py").write_text("changed later\n")
    home.start(course, course.lab("deploy"), {}, every_port_is_free)
    assert (home.folder("deploy") / "app.py").read_text() == "mine\n"


def test_carried_files_are_the_solutions_where_the_learner_has_none(home: Home) -> None:
    """As the other lab leaves them in the end."""
    course = carrying()
    home.start(course, course.lab("deploy"), {}, every_port_is_free)
    assert (home.folder("deploy") / "app.py").read_text() == "last\n"
    assert (home.folder("deploy") / "src" / "Dockerfile").read_text() == "FROM x\n"


@pytest.fixture
def push() -> Lab:
    """A lab with a password."""
    return a_lab(name="push", variables=PUSH, secrets={"password": "auth/htpasswd"})


def test_password_is_made_for_the_learners_eyes_only_and_the_registry_knows_its_hash(home: Home, push: Lab) -> None:
    """Mode 0600 whatever the umask; the registry's file has no clear text."""
    umask = os.umask(0)
    try:
        started(home, push)
    finally:
        os.umask(umask)
    clear, htpasswd = home.folder("push") / "password.txt", home.folder("push") / "auth" / "htpasswd"
    password = home.secrets(push)["password"]
    assert mode(clear) == 0o600
    assert clear.read_text() == f"{password}\n"
    assert len(password) >= 16
    assert password not in htpasswd.read_text()
    assert logs_in(htpasswd, "student", password)
    assert not logs_in(htpasswd, "student", password + "x")


def test_each_home_has_a_password_of_its_own_and_keeps_it(home: Home, push: Lab, tmp_path: Path) -> None:
    """A second start changes neither the password nor the hash: the registry may be running."""
    started(home, push)
    first = home.secrets(push)
    htpasswd = (home.folder("push") / "auth" / "htpasswd").read_text()
    started(home, push)
    assert home.secrets(push) == first
    assert (home.folder("push") / "auth" / "htpasswd").read_text() == htpasswd
    other = Home(tmp_path / "other")
    started(other, push)
    assert other.secrets(push) != first


@pytest.mark.parametrize("lost", ["password.txt", "auth/htpasswd"])
def test_lost_half_of_a_password_is_made_again_so_that_both_fit(home: Home, push: Lab, lost: str) -> None:
    """Otherwise no login would ever succeed."""
    started(home, push)
    (home.folder("push") / lost).unlink()
    started(home, push)
    assert logs_in(home.folder("push") / "auth" / "htpasswd", "student", home.secrets(push)["password"])
    assert mode(home.folder("push") / "password.txt") == 0o600


def test_password_belongs_to_the_user_in_force(home: Home, push: Lab) -> None:
    """The one asked for now, or the one that this home uses already, in another lab or in this one."""
    htpasswd = home.folder("push") / "auth" / "htpasswd"
    started(home, a_lab(name="other", variables={"user": "student"}), user="ann")
    started(home, push)
    password = home.secrets(push)["password"]
    assert logs_in(htpasswd, "ann", password)
    started(home, push, user="bob")
    assert logs_in(htpasswd, "bob", home.secrets(push)["password"])
    assert home.secrets(push)["password"] == password


def test_lab_without_secrets_or_not_started_has_none(home: Home, push: Lab) -> None:
    """Nothing is made by looking."""
    assert home.secrets(a_lab()) == {}
    assert home.secrets(push) == {}
    assert not home.path.exists()


def test_checks_may_know_every_labs_folder_and_the_secrets_that_were_made(home: Home, push: Lab) -> None:
    """Those of labs that were not started yet too: the folder is where it will be."""
    started(home, push)
    assert surroundings(Course((a_lab(), push)), home, "unix:///engine") == Surroundings(
        endpoint="unix:///engine",
        folders={"lab": str(home.path / "lab"), "push": str(home.path / "push")},
        secrets={"push": home.secrets(push)},
    )


def test_docker_configuration_is_the_homes_own_and_knows_the_users_plugins(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No login of the user is in it, none of the lab reaches the user; a login of the lab in it stays."""
    monkeypatch.setenv("DOCKER_CONFIG", "/users/config")
    folder = home.docker_config()
    assert folder == home.path / ".docker"
    assert mode(folder) == 0o700
    assert json.loads((folder / "config.json").read_text()) == {"cliPluginsExtraDirs": ["/users/config/cli-plugins"]}
    (folder / "config.json").write_text('{"auths": {}}')
    assert (home.docker_config() / "config.json").read_text() == '{"auths": {}}'


def test_docker_configuration_of_a_user_is_in_the_usual_place(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where DOCKER_CONFIG says nothing."""
    monkeypatch.delenv("DOCKER_CONFIG", raising=False)
    monkeypatch.setenv("HOME", "/home/me")
    config = json.loads((home.docker_config() / "config.json").read_text())
    assert config == {"cliPluginsExtraDirs": ["/home/me/.docker/cli-plugins"]}


def test_home_that_cannot_be_made_is_told_with_the_systems_reason(socket_folder: Path, powerless: Powerless) -> None:
    """A folder of another user."""
    lab = a_lab()
    with powerless(), pytest.raises(ToolError, match=r"was to be made in .*: Permission denied") as no:
        Home(socket_folder / "home").start(Course((lab,)), lab, {})
    assert no.value.next == "labrunner start with --home DIR, a folder you may write to"


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])  # noqa: S104 - really listened on, by the test
def test_port_on_which_somebody_listens_is_taken(listen: Listen, address: str) -> None:
    """On one address of the host or on all."""
    port = listen(address)
    assert not port_is_free(port)


def test_port_on_which_nobody_listens_is_free(silent_port: int) -> None:
    """And asking does not take it."""
    assert port_is_free(silent_port)
    assert port_is_free(silent_port)


def test_port_on_which_somebody_listens_by_ipv6_only_is_taken(listen: Listen) -> None:
    """Docker publishes by IPv6 as well."""
    try:
        port = listen("::1")
    except OSError:
        pytest.skip("this host has no IPv6")
    assert not port_is_free(port)


def test_host_without_ipv6_has_nobody_who_listens_there(monkeypatch: pytest.MonkeyPatch, silent_port: int) -> None:
    """Here a family that no kernel knows stands for it."""
    monkeypatch.setattr(variables_module, "_FAMILIES", (socket.AF_INET, 99))
    assert port_is_free(silent_port)


def test_taken_port_is_replaced_by_the_next_free_one(home: Home, listen: Listen) -> None:
    """Asked of the real host."""
    port = listen("127.0.0.1")
    lab = a_lab(variables={"web_port": str(port)})
    chosen = int(home.start(Course((lab,)), lab, {})["web_port"])
    assert port < chosen < port + 100
    assert port_is_free(chosen)


def test_replacement_is_none_of_the_labs_other_numbers(home: Home) -> None:
    """Two variables with one value could not be told apart in the text."""
    lab = a_lab(variables={"web_port": "8080", "db_port": "8081", "answer": "8082"})
    values = home.start(Course((lab,)), lab, {}, lambda port: port != 8080)
    assert values == {"web_port": "8083", "db_port": "8081", "answer": "8082"}


def test_two_taken_ports_get_two_replacements(home: Home) -> None:
    """Never the same."""
    lab = a_lab(variables={"web_port": "8080", "db_port": "8081"})
    values = home.start(Course((lab,)), lab, {}, lambda port: port > 8081)
    assert sorted(values.values()) == ["8082", "8083"]


def test_port_that_this_home_chose_is_kept_though_it_is_taken(home: Home) -> None:
    """It is the learner's own container that has it; in a lab that shares the variable too."""
    one, two = a_lab(name="one", variables={"web_port": "8080"}), a_lab(name="two", variables={"web_port": "8080"})
    course = Course((one, two))
    home.start(course, one, {}, lambda port: port != 8080)
    for lab in (one, two):
        assert home.start(course, lab, {}, lambda _: False) == {"web_port": "8081"}


def test_host_whose_ports_are_all_taken_is_told_so(home: Home) -> None:
    """With the range, and with how to see who has them."""
    lab = a_lab(variables={"web_port": "8080"})
    with pytest.raises(ToolError, match="a free port from 8080 to 8179 was looked for, and all are taken") as caught:
        home.start(Course((lab,)), lab, {}, lambda _: False)
    assert caught.value.next is not None
    assert caught.value.next.startswith("ss -ltnp")


def test_wanted_values_are_taken_as_they_are(home: Home) -> None:
    """A port that the learner names is not asked for; the other variables stay."""
    lab = a_lab(variables=PUSH)
    values = home.start(Course((lab,)), lab, {"registry_port": "6000", "user": "ann"}, lambda port: port != 6000)
    assert values == {**PUSH, "registry_port": "6000", "user": "ann", "registry": "localhost:6000"}
    assert home.journal.progress().variables["lab"] == values


def test_registry_follows_its_port(home: Home) -> None:
    """Replaced or asked for, at first and again; one that the learner named stays."""
    lab = a_lab(variables=PUSH)
    course = Course((lab,))
    assert home.start(course, lab, {}, lambda port: port != 5055)["registry"] == "localhost:5056"
    assert started(home, lab)["registry"] == "localhost:5056"
    assert started(home, lab, registry_port="7000")["registry"] == "localhost:7000"
    assert started(home, lab, registry="docker.io")["registry"] == "docker.io"
    assert started(home, lab, registry_port="7001")["registry"] == "docker.io"


def test_lab_with_a_registry_and_no_port_of_it_keeps_the_registry(home: Home) -> None:
    """There is nothing to follow."""
    assert started(home, a_lab(variables={"registry": "localhost:5055"})) == {"registry": "localhost:5055"}


@pytest.mark.parametrize(
    ("variables", "name", "may"),
    [
        (PUSH, "web", "registry, registry_port, user"),
        (PUSH, "colour", "registry, registry_port, user"),
        ({"web": "nginx"}, "web", "none"),
    ],
)
def test_variable_that_may_not_be_set_is_a_usage_error_before_anything_is_made(
    home: Home, variables: dict[str, str], name: str, may: str
) -> None:
    """With those that may."""
    lab = a_lab(variables=variables)
    with pytest.raises(UsageError, match=f"{name} was to be set for lab, and the .* set there are {may}$") as caught:
        started(home, lab, **{name: "x"})
    first = may.partition(",")[0]
    example = "" if may == "none" else f" --set {first}={variables[first]}"
    assert caught.value.next == f"labrunner start lab{example}"
    assert not home.path.exists()


@pytest.mark.parametrize("value", ["abc", "", "0", "65536", "-1", "80 80", "08080", "\u0668\u0660"])
def test_port_that_is_none_is_a_usage_error(home: Home, value: str) -> None:
    """Rather than a command that cannot run."""
    with pytest.raises(UsageError, match=r"registry_port was to be .*, and a port is a number from 1 to 65535"):
        started(home, a_lab(variables=PUSH), registry_port=value)


def test_port_of_another_server_of_the_lab_is_a_usage_error(home: Home) -> None:
    """The second of the two could never be started. What is offered may be had."""
    lab = a_lab(variables={"web_port": "8080", "db_port": "8081"})
    with pytest.raises(UsageError, match="web_port was to be 8081, and that is db_port of lab") as caught:
        started(home, lab, web_port="8081")
    assert caught.value.next == "labrunner start lab --set web_port=8082"
    assert started(home, lab, web_port="8081", db_port="8080") == {"web_port": "8081", "db_port": "8080"}


def test_home_is_held_by_one_command_at_a_time(home: Home) -> None:
    """The second is told who works there; with the first one's end it is free, however that came about."""
    with home.held("labrunner goto"), pytest.raises(ToolError) as no, Home(home.path).held("labrunner solve"):
        pytest.fail("two commands hold the home")
    assert no.value.says == (
        f"labrunner solve was to work in {home.path}, and labrunner goto (process {os.getpid()}) is working there"
    )
    assert no.value.next == "wait for it, or end it with Ctrl-C"
    with pytest.raises(ZeroDivisionError), home.held("labrunner solve"):
        _ = 1 // 0
    with home.held("a longer name than before"):
        pass
    with home.held("reset"), pytest.raises(ToolError, match=r"and reset \(process \d+\) is"), home.held("solve"):
        pytest.fail("two commands hold the home")


def test_home_that_cannot_be_held_is_told_with_the_systems_reason(home: Home, powerless: Powerless) -> None:
    home.path.mkdir(mode=0o500)
    home.path.chmod(0o555)
    with powerless(), pytest.raises(ToolError) as no, home.held("labrunner solve"):
        pytest.fail("nobody may write there")
    assert no.value.says == f"labrunner solve was to work in {home.path}, and that failed: Permission denied"
    assert "--home DIR" in (no.value.next or "")
