"""Near misses that are made from what the solution of a step does: what a learner gets nearly right anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from labrunner.authoring.proving.case import Case, files_of, typed
from labrunner.content.frontmatter import line_of
from labrunner.model.lab import Action, Command, Lab, Step, Visit

_RUN = re.compile(r"docker (?:container )?run ")
_PORT = re.compile(r"(--publish|-p) (\d+):(\d+)")
_NAME = re.compile(r"--name (\S+)")
_BUILD = re.compile(r"(docker (?:image )?build .*)(-t|--tag) (\S+)")
_SEVERAL = re.compile(r"(docker (?:container )?(?:stop|rm|image rm)\b(?: -\S+(?: \d+)?)*) ([^-\s]\S*)( \S.*)")
_PUSH = re.compile(r"docker push (\S+)")
#: How far a wrong port of the host, or of the container, is from the right one.
_ELSEWHERE, _NEXT = 1000, 1


def general_cases(lab: Lab, step: Step) -> tuple[Case, ...]:
    """The general near misses of a step; their place is that of the step in the front matter."""
    maker = _Maker(lab, step)
    return (*maker.answers(), *maker.runs(), *maker.names(), *maker.builds(), *maker.halves(), *maker.pushes())


@dataclass(frozen=True)
class _Maker:
    lab: Lab
    step: Step

    def _case(self, name: str, actions: tuple[Action, ...], *because: str) -> Case:
        file = self.lab.folder / "lab.md"
        line = line_of(file.read_text(encoding="utf-8"), "steps", self.step.name)
        return Case(name, file, line, actions, None, because)

    def _with(self, command: Command, *lines: str) -> tuple[Action, ...]:
        """The solution with other lines in the place of one command; no page is waited for that will not come."""
        before, _, after = _split(self.step.actions, command)
        return tuple(each for each in (*before, *typed(*lines), *after) if not isinstance(each, Visit))

    def _commands(self, pattern: re.Pattern[str]) -> Iterator[tuple[Command, re.Match[str]]]:
        for action in self.step.actions:
            if isinstance(action, Command) and (found := pattern.search(action.line)):
                yield action, found

    def answers(self) -> Iterator[Case]:
        """A question that nobody answers."""
        if self.step.ask is not None:
            yield self._case("no answer is given", (), "no answer was given")

    def runs(self) -> Iterator[Case]:
        """A server on another port, on none, from another port of its own, ended, or paused."""
        for command, port in self._commands(_PORT):
            flag, host, inside = port.groups()
            line, elsewhere, other = command.line, int(host) + _ELSEWHERE, int(inside) + _NEXT
            asked = f"was to be published as {host}, and it publishes "

            def at(published: str, line: str = line) -> str:
                return _PORT.sub(published, line)

            yield self._case(
                f"port {elsewhere} of the host",
                self._with(command, at(f"{flag} {elsewhere}:{inside}")),
                f"{asked}{elsewhere}->",
            )
            yield self._case("no port is published", self._with(command, at("")), f"{asked}no port")
            yield self._case(
                f"port {other} of the container",
                self._with(command, at(f"{flag} {host}:{other}")),
                f"{asked}{host}->{other}",
            )
            yield self._case(
                "the container has ended",
                self._with(command, f"docker container wait $({_detached(line)} sh -c 'exit 3')"),
                "was to run, and it is exited with exit code 3",
            )
            yield self._case(
                "the container is paused",
                self._with(command, f"docker container pause $({_detached(line)})"),
                "was to run, and it is paused",
            )

    def names(self) -> Iterator[Case]:
        """A container under another name, where its name is one of the lab's variables."""
        for command, name in self._commands(_NAME):
            if name[1] in self.lab.variables.values():
                other = _NAME.sub(f"--name {name[1]}-other", command.line)
                says = f"a container named {name[1]} was asked for, and there is none"
                yield self._case(f"the name {name[1]}-other", self._with(command, other), says)

    def builds(self) -> Iterator[Case]:
        """Files that are written and not built; an image under another tag."""
        for command, build in self._commands(_BUILD):
            asked = f"an image named {build[3]} was asked for, and there is none"
            files = files_of(self.step)
            if files:
                yield self._case("the files are written, and nothing is built", files, asked)
            other = _BUILD.sub(r"\1\2 \3:other", command.line)
            yield self._case("the image has another tag", (*files, *typed(other)), asked)
            return  # a second build is like the first

    def halves(self) -> Iterator[Case]:
        """Of several things the first one only; stopped ones that are paused in truth."""
        for _, several in self._commands(_SEVERAL):
            verb, first, others = several.groups()
            left = "still runs" if " stop" in verb else "is still there"
            yield self._case("the first one only", typed(f"{verb} {first}"), left)
            if " stop" in verb:
                yield self._case("they are paused", typed(f"docker container pause {first}{others}"), left)
            break

    def pushes(self) -> Iterator[Case]:
        """Pushed under another tag."""
        for _, push in self._commands(_PUSH):
            lines = (f"docker tag {push[1]} {push[1]}:other", f"docker push {push[1]}:other")
            yield self._case(
                "pushed under another tag", typed(*lines), "and it is not there", "still has the first one"
            )


def _split(actions: tuple[Action, ...], command: Command) -> tuple[tuple[Action, ...], Command, tuple[Action, ...]]:
    place = actions.index(command)
    return actions[:place], command, actions[place + 1 :]


def _detached(line: str) -> str:
    return line if re.search(r" (?:-d|--detach)\b", line) else _RUN.sub(lambda run: f"{run[0]}--detach ", line)
