"""The magics: each reads its line, asks the desk, and shows what comes of it. An error is a sentence in the cell."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from functools import wraps

from IPython.core.error import UsageError as IPythonUsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, cell_magic, line_cell_magic, line_magic, magics_class, no_var_expand
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import Markdown, display

from labrunner.engine.engine import Engine
from labrunner.jupyter import doing
from labrunner.jupyter.bash import run_bash
from labrunner.jupyter.desk import Desk, is_stale, open_desk
from labrunner.jupyter.export import ANSWER
from labrunner.jupyter.shown import Problem, Verdicts, lab_text
from labrunner.jupyter.term import Typing, fill_in, look, press, type_lines
from labrunner.jupyter.wording import in_notebook
from labrunner.model.errors import LabrunnerError, ToolError, UsageError
from labrunner.model.lab import Step
from labrunner.runner.hands import visit
from labrunner.runner.hinting import next_hint
from labrunner.runner.judging import demand_question, judge
from labrunner.runner.unforeseen import unforeseen

#: Characters of an address's answer that a cell shows.
_PAGE = 2000


def _in_a_sentence(magic: Callable[..., object]) -> Callable[..., object]:
    """The magic, which shows an error as a sentence: nothing is raised, so the cells below it still run."""

    @wraps(magic)
    def shown(self: LabMagics, *given: str) -> object:
        try:
            return magic(self, *given)
        except LabrunnerError as error:
            return Problem(error)
        except KeyboardInterrupt:
            return Problem(ToolError("the cell was interrupted", next="run it again, once you want to"))
        except Exception as error:  # noqa: BLE001 - the last resort: a sentence instead of a traceback
            return Problem(unforeseen(error))

    return shown


@magics_class
class LabMagics(Magics):
    """The labs' magics of one kernel, which share its desk."""

    def __init__(self, shell: InteractiveShell) -> None:
        super().__init__(shell)
        self._outside = dict(os.environ)
        self._desk: Desk | None = None
        self._plain_bash = shell.find_cell_magic("bash")

    @magic_arguments()
    @argument("name", metavar="LAB", help="The lab.")
    @argument("--text", metavar="DIGITS", help="What the notebook was made from.")
    @argument(
        "--set", dest="settings", metavar="NAME=VALUE", action="append", default=[], help="A variable of the lab."
    )
    @argument("--home", metavar="DIR", help="Your home for the labs.")
    @argument("--engine", default="auto", help="auto, docker or podman.")
    @line_magic
    @_in_a_sentence
    def lab(self, line: str) -> object:
        """Make or resume a lab's folder, and work there: each notebook begins with it."""
        given = _read(LabMagics.lab, line)
        wanted = dict(setting.partition("=")[::2] for setting in given.settings)
        desk = open_desk(given.name, wanted, given.home, given.engine, self._outside)
        said = desk.enter()
        before, self._desk = self._desk, desk
        if before is not None:
            before.checks.close()
        missing = [image for image in desk.lab.images if Engine(desk.facts.endpoint).image(image) is None]
        stale = given.text is not None and is_stale(desk, given.text)
        return Markdown(lab_text(desk.session(), desk.lab, desk.facts, said=said, missing=missing, stale=stale))

    @magic_arguments()
    @argument("step", metavar="STEP", nargs="?", help="step3, or its name; the open step when left out.")
    @argument("--answer", metavar="TEXT", nargs="*", help="Your answer, where the step asks something.")
    @line_magic
    @_in_a_sentence
    def check(self, line: str) -> object:
        """Verify a step: what is really there, and if it is not right, why, and what to do next."""
        given = _read(LabMagics.check, line)
        desk = self._at()
        session = desk.session()
        steps = session.steps(given.step)
        answers = {}
        if given.answer is not None:
            demand_question(session, steps, given.step or str(steps[0].ref))
            answers = {str(steps[0].ref): _answer(given.answer, steps[0])}
        judged = judge(session, steps, desk.facts, answers=answers, host=desk.checks)
        if judged.unrecorded is not None:
            display(Problem(judged.unrecorded))
        return Verdicts(judged.report)

    @magic_arguments()
    @argument("step", metavar="STEP", nargs="?", help="step3, or its name; the open step when left out.")
    @line_magic
    @_in_a_sentence
    def hint(self, line: str) -> object:
        """The next hint of a step, from vague to exact."""
        desk = self._at()
        hint = next_hint(desk.session(), desk.step(_read(LabMagics.hint, line).step))
        found = "" if hint.found is None else f"The last check found: {hint.found.reason}\n\n"
        return Markdown(
            in_notebook(
                f"{found}**Hint {hint.number} of {hint.of}** for step {hint.step.number}, {hint.step.title}:\n\n"
                f"{hint.text}\n\nMore help: `{hint.next}`"
            )
        )

    @magic_arguments()
    @argument("step", metavar="STEP", nargs="?", help="step3, or its name; the open step when left out.")
    @line_magic
    @_in_a_sentence
    def solve(self, line: str) -> object:
        """Do a step for me, and show how."""
        desk = self._at(enter=True)
        return Verdicts(doing.solve(desk, desk.step(_read(LabMagics.solve, line).step), sys.stdout))

    @magic_arguments()
    @argument("step", metavar="STEP", help="step3, or its name.")
    @line_magic
    @_in_a_sentence
    def goto(self, line: str) -> object:
        """Bring about what comes before a step, across labs."""
        desk = self._at(enter=True)
        return Verdicts(doing.goto(desk, desk.step(_read(LabMagics.goto, line).step), sys.stdout))

    @magic_arguments()
    @argument("step", metavar="STEP", nargs="?", help="Back to the start of this step; of the lab when left out.")
    @line_magic
    @_in_a_sentence
    def reset_lab(self, line: str) -> object:
        """Back to the start of the lab or of a step; your files are kept aside."""
        desk = self._at(enter=True)
        asked = _read(LabMagics.reset_lab, line).step
        report = doing.reset(desk, None if asked is None else desk.step(asked), sys.stdout)
        return None if report is None else Verdicts(report)

    @magic_arguments()
    @argument("name", metavar="NAME", nargs="?", default="main", help="Which terminal of the lab; main when left out.")
    @argument("--until", metavar="REGEX", help="Go on once this is shown, and leave the program running.")
    @argument("--reply", metavar="TEXT", help="What is typed where the command asks a question.")
    @argument("--secret", metavar="NAME", help="Which of the lab's secrets is typed where the command asks for it.")
    @argument("--press", metavar="KEY", choices=["Ctrl-C", "Ctrl-D"], help="A key to press; it ends the program.")
    @no_var_expand
    @line_cell_magic
    @_in_a_sentence
    def term(self, line: str, cell: str | None = None) -> object:
        """Type the cell's lines into a terminal of the lab's, which goes on afterwards; without a cell, show it."""
        given = _read(LabMagics.term, line)
        desk = self._at(enter=True)
        if cell is not None:
            type_lines(desk, given.name, cell, Typing(given.until, given.reply, given.secret), sys.stdout)
        elif given.press is None:
            look(desk, given.name, sys.stdout)
        if given.press is not None:
            press(desk, given.name, given.press, sys.stdout)
        return None

    @line_magic
    @_in_a_sentence
    def visit(self, line: str) -> object:
        """Open an address, and show what answers there."""
        desk = self._at(enter=True)
        url = fill_in(desk, line.strip())
        page = visit(url, Engine(desk.facts.endpoint))
        sys.stdout.write(f"{url}\n{'nothing answers there' if page is None else page.text[:_PAGE]}\n")
        return None

    @no_var_expand
    @cell_magic
    @_in_a_sentence
    def bash(self, line: str, cell: str) -> object:
        """Run the cell by bash, in the lab's folder and environment."""
        self._at(enter=True)
        if line:  # options of IPython's own
            return self._plain_bash(f"--no-raise-error {line}", cell)
        run_bash(cell, sys.stdout)
        return None

    def _at(self, *, enter: bool = False) -> Desk:
        """The desk, and on request its folder and environment, for what types commands; UsageError before ``%lab``."""
        if self._desk is None:
            raise UsageError(
                "this notebook does not know yet which lab it is", next="run the cell with %lab, near the top"
            )
        if enter and (said := self._desk.enter()) is not None:
            sys.stdout.write(f"({said})\n")
        return self._desk


def _read(magic: Callable[..., object], line: str) -> Namespace:
    """The line as the magic's arguments say, its words split and their quotes taken off as a shell does it."""
    parser: ArgumentParser = vars(magic)["parser"]
    try:
        return parser.parse_args(shlex.split(line))
    except (IPythonUsageError, ValueError) as error:
        name = magic.__name__
        raise UsageError(f"%{name} {line} was not understood: {error}".strip(), next=f"%{name}?") from error


def _answer(words: list[str], step: Step) -> str:
    """The learner's answer; UsageError where it is still to be put in."""
    answer = " ".join(words)
    if answer in {"", ANSWER}:
        raise UsageError(
            f"{step.position} asks something, and your answer is to stand behind --answer",
            next=f"put it in the place of {ANSWER}, and run the cell again",
        )
    return answer
