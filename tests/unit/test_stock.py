"""The decisions about images, without an engine: present, pulled or built, and a sentence for what fails."""

from __future__ import annotations

import io
import platform
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import docker
import pytest
from docker.errors import APIError, ImageNotFound
from urllib3.exceptions import ProtocolError

from labrunner.engine import standin, stock
from labrunner.engine.stock import Obtained, Progress
from labrunner.model.errors import ToolError

IMAGES = Path(__file__).parents[2] / "images"
FIVE = ("mongo:3.4", "nginx:latest", "python:3.6.1-alpine", "registry:2", "ubuntu:latest")
NO_HOST = 'Get "https://hub.invalid/v2/": dial tcp: lookup hub.invalid: no such host.'
NO_MANIFEST = "manifest for nginx:latest not found: manifest unknown: manifest unknown"

Events = Sequence[Mapping[str, Any]]


class FakeEngine:
    """The few calls that the decisions rest on; ``pulls`` and ``builds`` hold each one's events or error."""

    @staticmethod
    def version() -> Mapping[str, Any]:
        """As Docker's, which builds."""
        return {"Components": [{"Name": "Engine"}]}

    def __init__(self, *present: str, pulls: Mapping[str, Events | Exception] | None = None) -> None:
        self.tags = set(present)
        self.pulls = dict(pulls or {})
        self.builds: Events | Exception = ()
        self.rows: Sequence[Mapping[str, Any]] = ()
        self.containers_of: Mapping[str, str] = {}
        self.asked: list[str] = []
        self.removed: list[str] = []
        self.context = b""
        self.buildargs: Mapping[str, str] = {}
        self.images = SimpleNamespace(get=self.get)
        self.api = SimpleNamespace(
            pull=self.pull,
            build=self.build,
            images=lambda **_: self.rows,
            containers=lambda **_: [
                {"ImageID": image, "Names": [f"/{name}"]} for name, image in self.containers_of.items()
            ],
            remove_image=self.remove_image,
        )

    @property
    def client(self) -> docker.DockerClient:
        return cast("docker.DockerClient", self)

    def get(self, reference: str) -> object:
        if stock.full_name(reference) not in self.tags:
            raise ImageNotFound(reference)
        return object()

    def pull(self, reference: str, **_: object) -> Iterator[Mapping[str, Any]]:
        self.asked.append(reference)
        answer = self.pulls[reference]
        if isinstance(answer, Exception):
            raise answer
        yield from answer
        if not any("error" in event for event in answer):
            self.tags.add(reference)

    def build(
        self, *, fileobj: io.BufferedIOBase, buildargs: Mapping[str, str], **_: object
    ) -> Iterator[Mapping[str, Any]]:
        self.context, self.buildargs = fileobj.read(), buildargs
        if isinstance(self.builds, Exception):
            raise self.builds
        yield from self.builds

    def remove_image(self, tag: str) -> None:
        if any(row["Id"] in self.containers_of.values() and tag in row["RepoTags"] for row in self.rows):
            raise refused(409, "conflict: unable to remove repository reference")
        self.removed.append(tag)


def refused(status: int, words: str) -> APIError:
    return APIError("refused", response=cast("Any", SimpleNamespace(status_code=status)), explanation=words)


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The references that were given to the builder, which only notes them."""
    noted: list[str] = []

    def build(_client: object, recipes: Sequence[standin.Recipe], *_: object) -> frozenset[str]:
        noted.extend(recipe.reference for recipe in recipes)
        return frozenset(recipe.reference for recipe in recipes)

    monkeypatch.setattr(stock, "build", build)
    return noted


def obtain(
    engine: FakeEngine,
    *references: str,
    offline: bool = False,
    consent: Callable[[tuple[str, ...]], bool] = lambda _: pytest.fail("nothing needs consent here"),
    progress: Callable[[Progress], None] = lambda _: None,
    recipes: Path = IMAGES,
) -> tuple[Obtained, ...]:
    return stock.obtain(engine.client, references, recipes=recipes, offline=offline, consent=consent, progress=progress)


def explained(error: ToolError) -> ToolError:
    assert "\n" not in error.says
    assert not error.says.endswith(".")
    assert not error.says[0].isupper()
    assert error.next
    return error


def test_what_is_present_is_neither_pulled_nor_built(built: list[str]) -> None:
    engine = FakeEngine("nginx:latest")
    assert obtain(engine, "nginx") == (Obtained("nginx", "present", stand_in=False),)
    assert obtain(engine, "nginx", offline=True) == (Obtained("nginx", "present", stand_in=False),)
    assert (engine.asked, built) == ([], [])


def test_offline_asks_no_hub_and_builds_only_what_is_missing(built: list[str]) -> None:
    engine = FakeEngine("nginx:latest")
    got = obtain(engine, "ubuntu", "nginx", "mongo:3.4", "ubuntu", offline=True)
    assert [(image.reference, image.how) for image in got] == [
        ("ubuntu", "built"),
        ("nginx", "present"),
        ("mongo:3.4", "built"),
    ]
    assert (engine.asked, built) == ([], ["ubuntu:latest", "mongo:3.4"])


def test_what_the_hub_gives_is_pulled_without_any_consent(built: list[str]) -> None:
    engine = FakeEngine(pulls={"nginx:latest": ()})
    assert obtain(engine, "nginx") == (Obtained("nginx", "pulled", stand_in=False),)
    assert built == []


def test_a_pull_reports_the_share_of_all_layers_that_is_done() -> None:
    layer: dict[str, Any] = {"progressDetail": {}}
    engine = FakeEngine(
        pulls={
            "nginx:latest": (
                {"status": "Pulling from library/nginx", "id": "latest"},
                {"status": "Pulling fs layer", "id": "a", **layer},
                {"status": "Already exists", "id": "b", **layer},
                {"status": "Downloading", "id": "a", "progressDetail": {"current": 50, "total": 100}},
                {"status": "Download complete", "id": "a", **layer},
                {"status": "Extracting", "id": "a", "progressDetail": {"current": 50, "total": 100}},
                {"status": "Pull complete", "id": "a", **layer},
                {"status": "Status: Downloaded newer image for nginx:latest"},
            )
        }
    )
    told: list[Progress] = []
    obtain(engine, "nginx", progress=told.append)
    assert {progress.what for progress in told} == {"nginx"}
    assert [progress.doing for progress in told] == ["ask the hub", *["pull"] * 6, "pulled"]
    done = [round(progress.done, 2) for progress in told if progress.done is not None]
    assert done == [0.0, 0.5, 0.7, 0.9, 0.95, 1.0, 1.0]


def test_a_hub_that_is_not_there_is_asked_once_and_consent_is_asked_once_for_all(built: list[str]) -> None:
    engine = FakeEngine(pulls={"nginx:latest": refused(500, NO_HOST)})
    asked: list[tuple[str, ...]] = []

    def agree(references: tuple[str, ...]) -> bool:
        asked.append(references)
        return True

    got = obtain(engine, "nginx", "mongo:3.4", consent=agree)
    assert engine.asked == ["nginx:latest"]
    assert asked == [("nginx", "mongo:3.4")]
    assert [image.how for image in got] == ["built", "built"]
    assert built == ["nginx:latest", "mongo:3.4"]


def test_without_consent_nothing_is_built_and_the_error_says_how_to_go_on(built: list[str]) -> None:
    engine = FakeEngine(pulls={"nginx:latest": refused(500, NO_HOST)})
    with pytest.raises(ToolError) as raised:
        obtain(engine, "nginx", consent=lambda _: False)
    error = explained(raised.value)
    assert "nginx was asked of the hub, and it cannot be reached" in error.says
    assert "no such host" in error.says
    assert error.next == "labrunner images prepare --offline"
    assert built == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (NO_HOST, "cannot be reached"),
        (
            'Get "https://hub.invalid/v2/": dial tcp 10.0.0.1:443: connect: connection refused',
            "cannot be reached",
        ),
        (
            'Get "https://hub.invalid/v2/": net/http: request canceled (Client.Timeout exceeded)',
            "cannot be reached",
        ),
        ("x509: certificate signed by unknown authority", "cannot be reached"),
        ("received unexpected HTTP status: 503 Service Unavailable", "cannot be reached"),
        (NO_MANIFEST, "gives no such image"),
        (
            "pull access denied for nope, repository does not exist or may require login",
            "gives no such image",
        ),
        ("no matching manifest for linux/arm64/v8 in the manifest list entries", "gives no such image"),
        ("toomanyrequests: You have reached your pull rate limit", "quota of pulls is used up"),
    ],
)
def test_a_refused_pull_is_understood_whether_refused_at_once_or_later(words: str, kind: str) -> None:
    for answer in (refused(500, words), ({"error": words, "errorDetail": {"message": words}},)):
        with pytest.raises(ToolError) as raised:
            obtain(FakeEngine(pulls={"nginx:latest": answer}), "nginx", consent=lambda _: False)
        assert kind in explained(raised.value).says


def test_a_pull_that_ends_in_silence_is_no_success() -> None:
    engine = FakeEngine(pulls={"nginx:latest": ()})
    engine.images.get = FakeEngine().get  # the engine never has it
    with pytest.raises(ToolError, match="ended the pull without an image"):
        obtain(engine, "nginx", consent=lambda _: False)


def test_another_registry_is_named_and_asked_although_the_hub_is_silent() -> None:
    engine = FakeEngine(
        pulls={
            "nginx:latest": refused(500, NO_HOST),
            "localhost:5055/thing:latest": refused(404, NO_MANIFEST),
        }
    )
    with pytest.raises(ToolError) as raised:
        obtain(engine, "nginx", "localhost:5055/thing")
    assert "localhost:5055/thing was asked of localhost:5055, and it gives no such" in explained(raised.value).says
    assert "stand-ins for mongo:3.4, nginx:latest" in raised.value.says


@pytest.mark.parametrize(
    ("offline", "words", "way"),
    [
        (True, "", "labrunner images prepare"),
        (False, NO_HOST, "labrunner doctor"),
        (False, NO_MANIFEST, "labrunner images list"),
        (False, "toomanyrequests: slow down", "docker login"),
    ],
)
def test_an_image_without_a_stand_in_fails_before_anything_is_built(
    offline: bool,  # noqa: FBT001
    words: str,
    way: str,
    built: list[str],
) -> None:
    engine = FakeEngine(pulls={name: refused(500, words) for name in ("nginx:latest", "redis:7")})
    with pytest.raises(ToolError) as raised:
        obtain(engine, "nginx", "redis:7", offline=offline)
    assert "redis:7" in explained(raised.value).says or words == NO_HOST
    assert raised.value.next == way
    assert built == []


def test_a_stand_in_for_another_architecture_is_refused(monkeypatch: pytest.MonkeyPatch, built: list[str]) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    with pytest.raises(ToolError) as raised:
        obtain(FakeEngine(), "nginx", "mongo:3.4", offline=True)
    assert "its stand-in is not available on aarch64" in explained(raised.value).says
    assert built == []
    assert obtain(FakeEngine(), "nginx", offline=True)[0].how == "built"


def test_a_full_disk_is_named_and_not_mistaken_for_a_missing_hub() -> None:
    words = "failed to register layer: write /usr/lib/x: no space left on device"
    engine = FakeEngine(pulls={"nginx:latest": ({"error": words},)})
    with pytest.raises(ToolError) as raised:
        obtain(engine, "nginx")
    assert "the disk is full" in explained(raised.value).says
    assert raised.value.next == "docker system df"


def test_an_engine_that_goes_away_is_a_sentence() -> None:
    engine = FakeEngine(standin.BASE)
    engine.builds = ProtocolError("Connection broken: IncompleteRead(0 bytes read)")
    with pytest.raises(ToolError, match="the engine was asked for images, and it failed") as raised:
        obtain(engine, "ubuntu", offline=True)
    explained(raised.value)


def row(image: str, label: str, *tags: str) -> dict[str, Any]:
    return {"Id": image, "RepoTags": list(tags), "Labels": {"labrunner.stand-in": label}}


def test_only_a_tag_that_equals_its_label_is_a_stand_in() -> None:
    engine = FakeEngine()
    engine.rows = (
        row("1", standin.BASE, standin.BASE),
        row("2", "nginx:latest", "nginx:latest", "mine:latest"),
        row("3", "python:3.6.1-alpine", "python-hello-world:latest"),  # a learner's image, built on a stand-in
        row("4", "ubuntu:latest", "docker.io/library/ubuntu:latest"),  # as Podman names it
        {**row("5", "mongo:3.4"), "RepoTags": None},
    )
    assert stock.stand_ins(engine.client) == ("nginx:latest", "ubuntu:latest")


def test_what_a_container_uses_is_kept_and_the_base_goes_last() -> None:
    engine = FakeEngine()
    engine.rows = (
        row("1", standin.BASE, standin.BASE),
        row("2", "nginx:latest", "nginx:latest"),
        row("3", "ubuntu:latest", "ubuntu:latest", "keep:latest"),
    )
    engine.containers_of = {"web": "2", "other": "9"}
    assert stock.remove_stand_ins(engine.client) == (
        stock.Removal("nginx:latest", removed=False, used_by=("web",)),
        stock.Removal("ubuntu:latest", removed=True),
        stock.Removal(standin.BASE, removed=True),
    )
    assert engine.removed == ["ubuntu:latest", standin.BASE]


def test_the_recipes_are_the_five_that_offline_promises() -> None:
    recipes = standin.recipes_in(IMAGES)
    assert tuple(sorted(recipes)) == FIVE
    for recipe in recipes.values():
        assert f"FROM {standin.BASE}\n" in (recipe.folder / "Dockerfile").read_text()
    assert [recipe.reference for recipe in recipes.values() if recipe.wheel] == ["mongo:3.4"]


def test_a_recipe_without_its_label_is_named(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(ToolError, match=r"x/Dockerfile: expected a line LABEL") as raised:
        standin.recipes_in(tmp_path)
    explained(raised.value)


@pytest.mark.parametrize(
    ("system", "says", "way"),
    [
        ({"ID": "debian"}, "mmdebstrap, and it is not installed", "sudo apt-get install"),
        (
            {"ID": "ubuntu", "ID_LIKE": "debian"},
            "mmdebstrap, and it is not installed",
            "sudo apt-get install",
        ),
        ({"ID": "fedora", "PRETTY_NAME": "Fedora 40"}, "and this is Fedora 40", "labrunner images prepare"),
    ],
)
def test_a_host_without_mmdebstrap_learns_what_it_lacks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, system: Mapping[str, str], says: str, way: str
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: system)
    with pytest.raises(ToolError) as raised:
        obtain(FakeEngine(), "ubuntu", offline=True)
    assert says in explained(raised.value).says
    assert raised.value.next is not None
    assert raised.value.next.startswith(way)


def test_mmdebstrap_s_own_words_explain_its_failure(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tool = tmp_path / "mmdebstrap"
    tool.write_text('#!/bin/sh\necho "I: running apt-get update..." >&2\necho "E: Failed to fetch x" >&2\nexit 25\n')
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    told: list[Progress] = []
    with pytest.raises(ToolError) as raised:
        obtain(FakeEngine(), "ubuntu", offline=True, progress=told.append)
    assert "mmdebstrap failed: E: Failed to fetch x" in explained(raised.value).says
    assert raised.value.next == "sudo apt-get update"
    assert told == [Progress("stand-in base", "running apt-get update", None)]


@pytest.mark.parametrize(
    ("output", "error", "says", "way"),
    [
        (
            "\x1b[91mE: Unable to fetch some archives\n\x1b[0m",
            "The command '/bin/sh -c apt-get' returned a non-zero code: 100",
            "ubuntu:latest was to be built, and step 2/3 failed: E: Unable to fetch some archives",
            "sudo apt-get update",
        ),
        (
            "x\n",
            "The command returned 1",
            "step 2/3 failed: The command returned 1",
            "labrunner images prepare",
        ),
        ("x\n", "write /x: no space left on device", "the disk is full", "docker system df"),
    ],
)
def test_a_failed_build_names_its_step_and_its_cause(output: str, error: str, says: str, way: str) -> None:
    engine = FakeEngine(standin.BASE)
    engine.builds = ({"stream": "Step 2/3 : RUN x\n"}, {"stream": output}, {"error": error})
    with pytest.raises(ToolError) as raised:
        obtain(engine, "ubuntu", offline=True)
    assert says in explained(raised.value).says
    assert raised.value.next is not None
    assert raised.value.next.startswith(way)


def test_a_build_that_ends_in_silence_is_no_success() -> None:
    engine = FakeEngine(standin.BASE)
    engine.builds = ({"stream": "Step 1/3 : FROM x\n"},)
    with pytest.raises(ToolError, match="ended the build without an image"):
        obtain(engine, "ubuntu", offline=True)


def failing_build(engine: FakeEngine, recipes: Path, reference: str) -> ToolError:
    """Build up to the engine's refusal, which leaves what was sent in the fake."""
    engine.builds = ({"error": "enough"},)
    with pytest.raises(ToolError) as raised:
        obtain(engine, reference, offline=True, recipes=recipes)
    return explained(raised.value)


@pytest.fixture
def wheel_recipe(tmp_path: Path) -> Path:
    """A recipe with a wheel that lies on this disk, and a hash that is not its own."""
    wheel = tmp_path / "prog-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("prog/bin/prog", "x")
        archive.writestr("prog-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: prog\nVersion: 1.0\n")
        archive.writestr("prog-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("prog-1.0.dist-info/RECORD", "")
    folder = tmp_path / "recipes" / "prog"
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text('FROM x\nLABEL labrunner.stand-in="prog:1"\n')
    (folder / "start.sh").write_text("#!/bin/sh\n")
    (folder / "start.sh").chmod(0o700)
    (folder / "wheel.txt").write_text(f"prog @ {wheel.as_uri()} --hash=sha256:{'0' * 64}\n")
    return tmp_path / "recipes"


def test_a_wheel_with_another_hash_is_refused(wheel_recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    engine = FakeEngine(standin.BASE)
    error = failing_build(engine, wheel_recipe, "prog:1")
    assert "the download of its wheel failed" in error.says
    assert engine.context == b""


def test_the_context_is_root_s_and_holds_the_unpacked_wheel(
    wheel_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    monkeypatch.setattr(standin, "_download", lambda *_: next(wheel_recipe.parent.glob("*.whl")))
    engine = FakeEngine(standin.BASE)
    failing_build(engine, wheel_recipe, "prog:1")
    with tarfile.open(fileobj=io.BytesIO(engine.context)) as tar:
        members = {member.name: (member.mode, member.uid) for member in tar.getmembers()}
    assert members["Dockerfile"] == (0o644, 0)
    assert members["start.sh"] == (0o755, 0)
    assert members["wheel/prog/bin/prog"] == (0o755, 0)


@pytest.mark.parametrize(
    ("index", "given"),
    [
        ("https://packages.invalid/simple", "https://packages.invalid/simple"),
        ("https://me:secret@packages.invalid/simple", None),
    ],
)
def test_the_host_s_package_index_is_handed_on_without_passwords(
    monkeypatch: pytest.MonkeyPatch, index: str, given: str | None
) -> None:
    engine = FakeEngine(standin.BASE)
    monkeypatch.setenv("PIP_INDEX_URL", index)
    monkeypatch.setenv("https_proxy", "http://proxy.invalid:3128")
    failing_build(engine, IMAGES, "python:3.6.1-alpine")
    assert engine.buildargs.get("PIP_INDEX_URL") == given
    assert engine.buildargs["https_proxy"] == "http://proxy.invalid:3128"


def test_the_host_s_pip_configuration_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = tmp_path / "pip.conf"
    config.write_text("[global]\nindex-url = https://packages.invalid/simple\n")
    monkeypatch.delenv("PIP_INDEX_URL", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    engine = FakeEngine(standin.BASE)
    failing_build(engine, IMAGES, "python:3.6.1-alpine")
    assert engine.buildargs["PIP_INDEX_URL"] == "https://packages.invalid/simple"
