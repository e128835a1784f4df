"""Progress and files as one archive, and what is taken from an archive that comes from elsewhere."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from labrunner.model.errors import LabrunnerError, ToolError, UsageError
from labrunner.model.lab import Course
from labrunner.runner import portable
from labrunner.runner.home import Home
from labrunner.runner.portable import export_to, import_from
from tests.unit.builders import a_lab, a_result, a_step, ref

COURSE = Course((a_lab(a_step("run"), name="one", secrets={"password": "auth/htpasswd"}), a_lab(name="two", number=2)))

Member = tuple[str, bytes] | tarfile.TarInfo
Pack = Callable[..., Path]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with progress, files, a secret, a login and a transcript."""
    home = Home(tmp_path / "home")
    home.start(COURSE, COURSE.lab("one"), {})
    home.journal.judged([], {ref("one/run"): (a_result("one/run", container="c1"),)})
    (home.folder("one") / "deep").mkdir()
    (home.folder("one") / "deep" / "app.py").write_text("mine")
    (home.folder("one") / "link").symlink_to("/etc/passwd")
    (home.docker_config() / "config.json").write_text("login")
    home.transcript("one", "run", "main").parent.mkdir(parents=True)
    home.transcript("one", "run", "main").write_text("shown")
    return home


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    """``pack(member, …)`` is an archive of these: names with content, or entries as tar has them."""

    def packed(*members: Member) -> Path:
        file = tmp_path / "packed.tar.gz"
        with tarfile.open(file, "w:gz") as archive:
            for member in members:
                entry = member if isinstance(member, tarfile.TarInfo) else tarfile.TarInfo(member[0])
                content = b"" if isinstance(member, tarfile.TarInfo) else member[1]
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
        return file

    return packed


def head(version: object = 1) -> Member:
    return "labrunner-export.json", json.dumps({"version": version}).encode()


def entry(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    """An entry of a tar archive."""
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


JOURNAL: Member = ("journal.jsonl", b"")


def test_what_is_exported_comes_back(home: Home, tmp_path: Path) -> None:
    """Progress and the learner's files, but no secret, no login, no transcript and no link."""
    file, other = tmp_path / "mine.tar.gz", Home(tmp_path / "other" / "home")
    assert export_to(file, home, COURSE) == 1
    assert import_from(file, other) == 1
    assert other.journal.progress() == home.journal.progress()
    found = sorted(str(path.relative_to(other.path)) for path in other.path.rglob("*") if not path.is_dir())
    assert found == ["journal.jsonl", "one/deep/app.py"]
    assert (other.folder("one") / "deep" / "app.py").read_text() == "mine"


def test_nothing_is_exported_over_a_file_or_where_nothing_was_started(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "there.tar.gz"
    file.write_bytes(b"precious")
    with pytest.raises(UsageError, match="there is such a file"):
        export_to(file, home, COURSE)
    assert file.read_bytes() == b"precious"
    with pytest.raises(UsageError, match="nothing has been started"):
        export_to(tmp_path / "new", Home(tmp_path / "empty"), COURSE)
    with pytest.raises(ToolError, match="No such file or directory"):
        export_to(tmp_path / "no" / "folder", home, COURSE)


def test_import_changes_no_home_in_which_something_was_started(home: Home, tmp_path: Path) -> None:
    export_to(tmp_path / "mine.tar.gz", home, COURSE)
    before = home.journal.file.read_bytes()
    with pytest.raises(UsageError, match="labs have been started already"):
        import_from(tmp_path / "mine.tar.gz", home)
    assert home.journal.file.read_bytes() == before


@pytest.mark.parametrize(
    ("members", "kind", "says"),
    [
        ((head(), JOURNAL, ("../evil", b"x")), UsageError, r"it holds \.\./evil"),
        ((head(), JOURNAL, ("one/../../evil", b"x")), UsageError, "it holds one/../../evil"),
        ((head(), JOURNAL, ("/evil", b"x")), UsageError, "it holds /evil"),
        ((head(), JOURNAL, entry("one/x", tarfile.SYMTYPE, "/etc/passwd")), UsageError, "it holds one/x"),
        ((head(), JOURNAL, entry("one/x", tarfile.LNKTYPE, "journal.jsonl")), UsageError, "it holds one/x"),
        ((head(), JOURNAL, entry("one/x", tarfile.FIFOTYPE)), UsageError, "it holds one/x"),
        ((head(), JOURNAL, entry("one/x", tarfile.CHRTYPE)), UsageError, "it holds one/x"),
        ((head(), JOURNAL, (".docker/config.json", b"{}")), UsageError, "it holds .docker/config.json"),
        ((head(), JOURNAL, JOURNAL), UsageError, "it holds journal.jsonl, which is in no lab's folder"),
        ((JOURNAL, head()), UsageError, "it does not begin with"),
        ((), UsageError, "it does not begin with"),
        ((("labrunner-export.json", b"no JSON"), JOURNAL), UsageError, "is no export of labrunner"),
        ((("labrunner-export.json", b"{}"), JOURNAL), UsageError, "is no export of labrunner"),
        ((("labrunner-export.json", b"[]"), JOURNAL), UsageError, "is no export of labrunner"),
        ((head(2), JOURNAL, ("new", b"")), ToolError, "is of version 2, not 1"),
    ],
)
def test_archive_that_is_no_export_is_refused_whole(
    pack: Pack, tmp_path: Path, members: tuple[Member, ...], kind: type[LabrunnerError], says: str
) -> None:
    """What is good in it is not taken either."""
    home = Home(tmp_path / "deep" / "home")
    with pytest.raises(kind, match=says):
        import_from(pack(*members), home)
    assert not home.path.exists()
    assert not (tmp_path / "deep" / "evil").exists()


def test_archive_that_is_too_big_is_refused(pack: Pack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the number of its files, and by their bytes."""
    archive = pack(head(), JOURNAL, ("one/a", b"x" * 100), ("one/b", b"x"))
    for limit, value in (("_MOST_FILES", 3), ("_MOST_BYTES", 100)):
        with monkeypatch.context() as patched:
            patched.setattr(portable, limit, value)
            with pytest.raises(UsageError, match="it holds more than"):
                import_from(archive, Home(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("content", [b"", b"random", b"\x1f\x8b\x08" + bytes(20)])
def test_file_that_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "some"
    file.write_bytes(content)
    with pytest.raises(UsageError, match="is no export of labrunner"):
        import_from(file, Home(tmp_path / "home"))


def test_archive_that_ends_early_is_refused(home: Home, tmp_path: Path) -> None:
    """A copy that was broken off: nothing of it is taken for progress."""
    (home.folder("one") / "big").write_bytes(bytes(range(256)) * 400)
    file = tmp_path / "mine.tar.gz"
    export_to(file, home, COURSE)
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(UsageError, match="is no export of labrunner"):
        import_from(file, Home(tmp_path / "new"))
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("line", [b"no JSON\n", b'{"v": 2}\n'])
def test_journal_that_cannot_be_read_is_not_taken_up(pack: Pack, tmp_path: Path, line: bytes) -> None:
    """Another import into the same home is possible."""
    home = Home(tmp_path / "home")
    with pytest.raises(ToolError, match="its journal cannot be taken up"):
        import_from(pack(head(), ("journal.jsonl", line), ("one/a", b"x")), home)
    assert import_from(pack(head(), JOURNAL), home) == 0


def test_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such file"):
        import_from(tmp_path / "none", Home(tmp_path / "home"))


def test_variable_that_would_be_run_by_a_shell_is_refused(pack: Pack, tmp_path: Path) -> None:
    """What a journal sets is typed into commands."""
    line = {"v": 1, "at": "", "event": "started", "lab": "push", "variables": {"user": "x; touch evil"}}
    home = Home(tmp_path / "home")
    with pytest.raises(ToolError, match="it sets user to 'x; touch evil'"):
        import_from(pack(head(), ("journal.jsonl", json.dumps(line).encode() + b"\n")), home)
    assert not home.journal.file.exists()
