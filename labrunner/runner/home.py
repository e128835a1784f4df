"""A learner's home: one folder per lab, one journal, a Docker configuration of its own."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import bcrypt

from labrunner.engine.ledger import Ledger
from labrunner.model.errors import ToolError
from labrunner.model.lab import Course, Lab, WriteFile
from labrunner.runner.journal import Journal
from labrunner.runner.variables import choose_variables, port_is_free
from labrunner.verify.verifier import Surroundings

#: How the folder of a run's throwaway home begins.
THROWAWAY = "labrunner-run-"


def home_folder(home: str | None = None) -> Path:
    """The home that is meant: the one named, else LABRUNNER_HOME, else ``~/labrunner``."""
    return Path(home or os.environ.get("LABRUNNER_HOME") or "~/labrunner").expanduser()


class Home:
    """One learner's home in the folder ``path``, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.journal = Journal(self.path / "journal.jsonl")

    def folder(self, lab: str) -> Path:
        """The folder of a lab."""
        return self.path / lab

    def transcript(self, lab: str, step: str, terminal: str) -> Path:
        """Where the output of a terminal during a step is kept."""
        return self.path / "transcripts" / lab / f"{step}.{terminal}.txt"

    @contextmanager
    def held(self, what: str) -> Iterator[None]:
        """Hold the home while ``what`` works in it; ToolError where another command does."""
        file = self.path / ".lock"
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = file.open("a+b", buffering=0)
        except OSError as error:
            raise self._unusable(what, error) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                lock.seek(0)
                holder = lock.read().decode(errors="replace") or "another command"
                raise ToolError(
                    f"{what} was to work in {self.path}, and {holder} is working there",
                    next="wait for it, or end it with Ctrl-C",
                ) from error
            try:
                lock.truncate(0)
                lock.write(f"{what} (process {os.getpid()})".encode())
            except OSError as error:
                raise self._unusable(what, error) from error
            yield

    def _unusable(self, what: str, error: OSError) -> ToolError:
        return ToolError(
            f"{what} was to work in {self.path}, and that failed: {error.strerror}",
            next="labrunner with --home DIR, a folder with room that you may write to",
        )

    def docker_config(self) -> Path:
        """The labs' own DOCKER_CONFIG, so that a login of the lab never reaches the user's credentials.

        The user's CLI plugins (buildx, compose) are made known to it.
        """
        folder = self.path / ".docker"
        file = folder / "config.json"
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            users = Path(os.environ.get("DOCKER_CONFIG") or "~/.docker").expanduser()
            file.write_text(json.dumps({"cliPluginsExtraDirs": [str(users / "cli-plugins")]}) + "\n")
        return folder

    def knows_login(self, registry: str) -> bool:
        """Whether the labs' terminals are logged in at a registry."""
        known = json.loads((self.docker_config() / "config.json").read_text(encoding="utf-8"))
        return any(registry in name for name in known.get("auths", ()))

    def start(
        self, course: Course, lab: Lab, wanted: Mapping[str, str], is_free: Callable[[int], bool] | None = None
    ) -> Mapping[str, str]:
        """Make or resume the lab's folder and record its variables, which are returned.

        ``wanted`` are values that the learner asked for. A port that is taken is replaced by the next free one, unless
        this home chose it earlier: then it is the learner's own container that has it. Files that are there stay.
        """
        values = choose_variables(lab, self.journal.progress(), wanted, is_free or port_is_free)
        self._make_folder(course, lab, values)
        self.journal.started(lab.name, values)
        return values

    def restart(self, course: Course, lab: Lab) -> None:
        """Put the files of a lab's start back, with its variables as they are; it does not become the current lab."""
        self._make_folder(course, lab, self.journal.progress().of_lab(lab))

    def _make_folder(self, course: Course, lab: Lab, values: Mapping[str, str]) -> None:
        try:
            folder = self.folder(lab.name)
            folder.mkdir(parents=True, exist_ok=True)
            self._bring_files(course, lab, folder)
            for name, file in lab.secrets.items():
                self._make_secret(folder, name, file, user=values.get("user", ""))
        except OSError as error:
            raise ToolError(
                f"the folder of {lab.name} was to be made in {self.path}, and that failed: {error.strerror}",
                next="labrunner start with --home DIR, a folder you may write to",
            ) from error

    def _bring_files(self, course: Course, lab: Lab, folder: Path) -> None:
        start = lab.folder / "start"
        for source in sorted(start.rglob("*")) if start.is_dir() else ():
            target = folder / source.relative_to(start)
            if source.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, target)
        for other, names in lab.carry.items():
            for name in names:
                target, own = folder / name, self.folder(other) / name
                if target.exists():
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                if own.exists():
                    shutil.copyfile(own, target)
                else:
                    target.write_text(_solution_file(course.lab(other), name), encoding="utf-8")

    def _make_secret(self, folder: Path, name: str, file: str, user: str) -> None:
        """A password in ``NAME.txt``, for the learner's eyes only, and the htpasswd file that knows its bcrypt hash."""
        clear, htpasswd = folder / f"{name}.txt", folder / file
        password = clear.read_text(encoding="utf-8").strip() if clear.exists() else ""
        if password and htpasswd.exists() and htpasswd.read_text(encoding="utf-8").startswith(f"{user}:"):
            return
        password = password or secrets.token_urlsafe(12)
        clear.touch(mode=0o600)
        clear.write_text(password + "\n", encoding="utf-8")
        htpasswd.parent.mkdir(parents=True, exist_ok=True)
        hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(rounds=8)).decode()
        htpasswd.write_text(f"{user}:{hashed}\n", encoding="utf-8")

    def secrets(self, lab: Lab) -> Mapping[str, str]:
        """The lab's secrets by name, as far as they were made."""
        files = {name: self.folder(lab.name) / f"{name}.txt" for name in lab.secrets}
        return {name: file.read_text(encoding="utf-8").strip() for name, file in files.items() if file.exists()}


def leftover_homes(ledger: Ledger) -> frozenset[str]:
    """The homes whose things nobody needs: throwaway ones of earlier runs, and those that are there no more."""
    homes = {made.home for made in ledger.made()}
    return frozenset(home for home in homes if f"/{THROWAWAY}" in home or not Path(home).exists())


def surroundings(course: Course, home: Home, endpoint: str, answers: Mapping[str, str] | None = None) -> Surroundings:
    """What the checks may know of this home, and of the learner's answers by ``lab/step``."""
    return Surroundings(
        endpoint=endpoint,
        folders={lab.name: str(home.folder(lab.name)) for lab in course.labs},
        secrets={lab.name: home.secrets(lab) for lab in course.labs if lab.secrets},
        answers=answers or {},
    )


def _solution_file(lab: Lab, name: str) -> str:
    """The file as the lab's solution leaves it; that it writes one is made sure of when the course is loaded."""
    written = [action for step in lab.steps for action in step.actions if isinstance(action, WriteFile)]
    return next(action.content for action in reversed(written) if action.path == name)
