"""buildx and Compose, which speak BuildKit's gRPC through the engine's socket, behind a scope."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from labrunner.engine.engine import Engine
from labrunner.engine.ledger import Ledger
from tests.e2e.conftest import cannot_run
from tests.e2e.scope.conftest import PREFIX, SECONDS, Client, State

pytestmark = pytest.mark.engine

PLUGINS = ("buildx", "compose")
NAME = f"{PREFIX}lab-buildx"


@pytest.fixture(scope="session")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration of docker's client that has the real plugins: this host's, else Debian's, unpacked there."""
    folder = tmp_path_factory.mktemp("docker")
    if not has_plugins(folder):
        unpack_plugins(tmp_path_factory.mktemp("apt"), folder / "cli-plugins")
        if not has_plugins(folder):
            cannot_run(
                "docker has no plugins buildx and compose, nor has apt-get their packages",
                "apt-get install docker-buildx docker-compose",
            )
    return folder


def has_plugins(config: Path) -> bool:
    """Whether docker's client knows both."""
    commands = (["docker", "--config", str(config), plugin, "version"] for plugin in PLUGINS)
    return all(subprocess.run(command, capture_output=True, check=False).returncode == 0 for command in commands)


def unpack_plugins(apt: Path, target: Path) -> None:
    """By this host's own sources, but for Debian 12, which lacks them, by those of the release behind it."""
    target.mkdir()
    if shutil.which("apt-get") is None:
        return
    for needed in ("sources", "lists", "cache"):
        (apt / needed).mkdir()
    for source in (Path("/etc/apt/sources.list"), *Path("/etc/apt/sources.list.d").glob("*")):
        if source.is_file():
            (apt / "sources" / source.name).write_text(source.read_text().replace("bookworm", "trixie"))
    options = {
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": f"{apt}/sources",
        "Dir::State::Lists": f"{apt}/lists",
        "Dir::Cache": f"{apt}/cache",
        "APT::Sandbox::User": "",  # apt's own user may not look into this folder
    }
    command = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    for words in (["update"], ["download", *(f"docker-{plugin}" for plugin in PLUGINS)]):
        subprocess.run([*command, *words], cwd=apt, capture_output=True, check=False, timeout=SECONDS)
    for package in apt.glob("*.deb"):
        subprocess.run(["dpkg-deb", "-x", str(package), str(apt / "unpacked")], check=True)
    for plugin in apt.glob("unpacked/usr/*/docker/cli-plugins/docker-*"):
        (target / plugin.name).symlink_to(plugin)


@pytest.fixture
def client(lab: Client, config: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The learner's client with its plugins, of which Compose takes BuildKit only where it is asked to."""
    monkeypatch.setenv("DOCKER_CONFIG", str(config))
    monkeypatch.setenv("BUILDX_BUILDER", "default")
    return replace(lab, buildkit="1")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a build, and of a Compose project that runs what it makes."""
    folder = tmp_path / NAME
    folder.mkdir()
    write_project(folder, NAME, "one")
    return folder


def write_project(folder: Path, name: str, content: str) -> None:
    (folder / "Dockerfile").write_text(f"FROM ubuntu\nRUN echo {content} > /x\nCMD sleep 600\n")
    (folder / "compose.yaml").write_text(f"services: {{app: {{build: ., image: {name}, init: true}}}}\n")


def build_by(plugin: str, folder: Path, name: str) -> list[str]:
    """The words that build the image."""
    if plugin == "buildx":
        return ["buildx", "build", "--tag", name, str(folder)]
    return ["compose", "--project-directory", str(folder), "--file", str(folder / "compose.yaml"), "build"]


@pytest.mark.parametrize("plugin", PLUGINS)
def test_what_it_builds_is_the_labs_own(
    client: Client, engine: Engine, ledger: Ledger, strangers: State, project: Path, plugin: str
) -> None:
    """Labelled and recorded, by its name too, which moves with a second build; and a prune takes it all."""
    built = []
    for content in ("one", "two"):
        write_project(project, NAME, content)
        client(*build_by(plugin, project, NAME))
        found = engine.api.json("GET", f"/images/{NAME}/json")
        assert found["Config"]["Labels"]["labrunner.image"].endswith("/home/push")
        assert {(made.name, made.of) for made in ledger.made()} >= {(found["Id"], ""), (f"{NAME}:latest", found["Id"])}
        built.append(found["Id"])
    assert len(set(built)) == 2
    client("system", "prune", "--all", "--force")
    assert State.take(engine) == strangers
    assert ledger.made() == ()


def test_compose_takes_down_what_it_brought_up(client: Client, engine: Engine, strangers: State, project: Path) -> None:
    """Build, network and container, and all of them removed by the client itself."""
    compose = build_by("compose", project, NAME)[:-1]
    client(*compose, "up", "--build", "--detach")
    assert client(*compose, "ps", "--quiet")
    client(*compose, "down", "--rmi", "all")
    assert State.take(engine) == strangers


@pytest.mark.parametrize("plugin", PLUGINS)
def test_strangers_name_is_refused_before_anything_is_built(
    client: Client, engine: Engine, ledger: Ledger, strangers: State, project: Path, plugin: str
) -> None:
    write_project(project, f"{PREFIX}image", "one")
    said = client.refused(*build_by(plugin, project, f"{PREFIX}image"))
    assert f"{PREFIX}image:latest names an image that was not made in this lab" in said
    assert "labrunner shell --no-scope" in said
    assert State.take(engine) == strangers
    assert ledger.made() == ()


@pytest.mark.parametrize("words", ["buildx prune --all --force", "builder prune --all --force"])
def test_prune_of_the_build_cache_takes_nothing(client: Client, engine: Engine, project: Path, words: str) -> None:
    """It is shared, and has no owner."""
    client(*build_by("buildx", project, NAME))
    cache = {row["ID"] for row in engine.api.json("GET", "/system/df")["BuildCache"]}
    assert cache
    client(*words.split())
    assert {row["ID"] for row in engine.api.json("GET", "/system/df")["BuildCache"]} == cache
