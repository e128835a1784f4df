"""A learner's progress and files as one file, and back: ``labrunner export`` and ``labrunner import``.

It is a tar archive, compressed by gzip: ``labrunner-export.json`` (its version), ``journal.jsonl`` and the labs'
folders. Passwords, logins and transcripts stay behind: they are of use on the old machine only.
"""

from __future__ import annotations

import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from labrunner.model.errors import ToolError, UsageError
from labrunner.model.lab import Course
from labrunner.model.progress import Progress, exchangeable
from labrunner.runner.home import Home
from labrunner.runner.variables import is_valid

_HEAD = "labrunner-export.json"
_VERSION = 1
#: Bytes and files that an export may hold: far more than six labs, far less than a disk.
_MOST_BYTES = 256 << 20
_MOST_FILES = 10_000


def export_to(file: Path, home: Home, course: Course) -> int:
    """Write the home's progress and files to ``file``, which must not exist; the number of the labs' files."""
    if not home.journal.file.exists():
        raise UsageError(
            f"progress was to be exported, and nothing has been started in {home.path}",
            next=f"labrunner start {course.labs[0].name}",
        )
    count = 0
    try:
        with file.open("xb") as target, tarfile.open(fileobj=target, mode="w:gz") as archive:
            head = json.dumps({"version": _VERSION}).encode()
            member = tarfile.TarInfo(_HEAD)
            member.size = len(head)
            archive.addfile(member, io.BytesIO(head))
            archive.add(home.journal.file, "journal.jsonl")
            for path in _files(home, course):
                archive.add(path, str(path.relative_to(home.path)), recursive=False)
                count += 1
    except FileExistsError as error:
        raise UsageError(
            f"progress was to be exported to {file}, and there is such a file", next="name another file"
        ) from error
    except OSError as error:
        raise ToolError(
            f"progress was to be exported to {file}, and that failed: {error.strerror}",
            next="labrunner export FILE, in a folder with room that you may write to",
        ) from error
    return count


def _files(home: Home, course: Course) -> Iterator[Path]:
    """The regular files of the labs' folders, but for their secrets."""
    for lab in course.labs:
        folder = home.folder(lab.name)
        secret = {folder / f"{name}.txt" for name in lab.secrets} | {folder / file for file in lab.secrets.values()}
        for path in sorted(folder.rglob("*")) if folder.is_dir() else ():
            if path.is_file() and not path.is_symlink() and path not in secret:
                yield path


def import_from(file: Path, home: Home) -> int:
    """Take up what was exported, in a home where nothing has been started; the number of the labs' files."""
    if home.journal.file.exists():
        raise UsageError(
            f"{file} was to be imported into {home.path}, where labs have been started already",
            next=f"labrunner import {file} --home DIR, another folder",
        )
    try:
        with tarfile.open(file, "r:gz") as archive:
            members = _checked(file, archive)
            home.path.mkdir(parents=True, exist_ok=True)
            for member in (*members, archive.getmember("journal.jsonl")):
                _extract(archive, member, home.path)
    except FileNotFoundError as error:
        raise UsageError(f"{file} was to be imported, and there is no such file", next="labrunner export") from error
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        raise _no_export(file, str(error) or type(error).__name__) from error
    except OSError as error:
        raise ToolError(
            f"{file} was to be imported into {home.path}, and that failed: {error.strerror or error}",
            next="labrunner import FILE --home DIR, a folder with room that you may write to",
        ) from error
    try:
        _demand_harmless(home.journal.progress())
    except ToolError as error:
        home.journal.file.unlink()
        raise ToolError(
            f"{file} was to be imported, and its journal cannot be taken up: {error.says}",
            next="labrunner export on the other machine, with the labrunner of this one",
        ) from error
    return len(members)


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> None:
    """Write one file that was checked; Debian 12's Python, 3.11.2, has no "Extraction filters" (tarfile) yet."""
    if hasattr(tarfile, "data_filter"):
        archive.extract(member, folder, filter="data")
        return
    member.mode &= 0o755
    member.uid, member.gid, member.uname, member.gname = os.getuid(), os.getgid(), "", ""
    archive.extract(member, folder)


def _demand_harmless(progress: Progress) -> None:
    """ToolError where a variable has a value that no lab would give it: it would be typed into a shell."""
    for values in progress.variables.values():
        for name, value in values.items():
            if exchangeable(name) and not is_valid(name, value):
                raise ToolError(f"it sets {name} to {value!r}")


def _checked(file: Path, archive: tarfile.TarFile) -> list[tarfile.TarInfo]:
    """The files of the labs; UsageError where the archive is no export, or holds what no export holds."""
    members: list[tarfile.TarInfo] = []
    size = 0
    for member in archive:
        members.append(member)
        size += member.size
        if size > _MOST_BYTES or len(members) > _MOST_FILES:
            raise _no_export(file, f"it holds more than {_MOST_BYTES >> 20} MiB or {_MOST_FILES} files")
        if not member.isreg() or member.name.startswith("/") or ".." in Path(member.name).parts:
            raise _no_export(file, f"it holds {member.name}, which is no plain file of a lab")
    if [member.name for member in members[:2]] != [_HEAD, "journal.jsonl"]:
        raise _no_export(file, f"it does not begin with {_HEAD} and journal.jsonl")
    head = archive.extractfile(members[0])
    version = json.load(head)["version"] if head else None
    if version != _VERSION:
        raise ToolError(
            f"{file} was to be imported, and it is of version {version}, not {_VERSION}",
            next="pip install --upgrade labrunner",
        )
    for parts in (Path(member.name).parts for member in members[2:]):
        if len(parts) == 1 or parts[0].startswith("."):  # .docker names programs for docker to start
            raise _no_export(file, f"it holds {'/'.join(parts)}, which is in no lab's folder")
    return members[2:]


def _no_export(file: Path, why: str) -> UsageError:
    return UsageError(f"{file} was to be imported, and it is no export of labrunner ({why})", next="labrunner export")
