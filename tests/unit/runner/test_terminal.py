"""A real bash in a real terminal."""

from __future__ import annotations

import io
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from labrunner.model.errors import ToolError
from labrunner.runner import terminal as terminal_module
from labrunner.runner.terminal import Terminal
from labrunner.runner.terminal import open_terminal as open_in
from tests.unit.processes import ends

SECRET = "t0p-s3cret"  # noqa: S105 - of this test

#: A program that has the terminal before it says so.
HOLDING = "bash -c 'echo up; exec cat'"

Open = Callable[..., Terminal]


@pytest.fixture
def open_terminal(tmp_path: Path) -> Iterator[Open]:
    """``open_terminal(NAME="value")`` opens a terminal in the test's folder, which is its HOME too."""
    with ExitStack() as terminals:

        def make(**more: str) -> Terminal:
            terminal = open_in(tmp_path, {**os.environ, "HOME": str(tmp_path), **more})
            terminals.callback(terminal.close)
            return terminal

        yield make


@pytest.fixture
def terminal(open_terminal: Open) -> Terminal:
    """One terminal."""
    return open_terminal()


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """``hurry()``: from now on programs have a second to show themselves or to end."""
    return lambda: monkeypatch.setattr(terminal_module, "READY_SECONDS", 1)


@pytest.fixture
def hasty(terminal: Terminal, hurry: Callable[[], None]) -> Terminal:
    """A terminal whose programs have a second to show themselves or to end."""
    hurry()
    return terminal


def program(folder: Path, source: str) -> str:
    """The command that runs this Python program."""
    (folder / "program.py").write_text(source)
    return "python3 program.py"


def test_command_gives_what_it_showed_and_nothing_else(terminal: Terminal) -> None:
    """Neither the typed line nor the prompt; lines end as in a file."""
    assert terminal.run("echo one; echo two >&2") == "one\ntwo\n"
    assert terminal.run("true") == ""


def test_output_without_a_newline_at_its_end_is_whole(terminal: Terminal) -> None:
    """The prompt stands on its line."""
    assert terminal.run("printf abc") == "abc"


@pytest.mark.parametrize(("command", "code"), [("true", "0"), ("false", "1"), ("no-such-command 2>/dev/null", "127")])
def test_command_that_fails_is_as_good_as_another_and_its_exit_code_is_kept(
    terminal: Terminal, command: str, code: str
) -> None:
    """Outcomes are for the checks; the learner may look."""
    terminal.run(command)
    assert terminal.run("echo $?") == f"{code}\n"


def test_shell_keeps_folder_and_variables_between_commands(terminal: Terminal, tmp_path: Path) -> None:
    """It begins in the given folder."""
    assert terminal.run("pwd") == f"{tmp_path}\n"
    terminal.run("cd /; x=5")
    assert terminal.run('echo "$PWD $x"') == "/ 5\n"


def test_program_sees_a_terminal_and_the_given_environment(open_terminal: Open) -> None:
    """So it asks, draws and colours as for a learner."""
    terminal = open_terminal(LAB_SETTING="here")
    assert terminal.run("test -t 0 && test -t 1 && echo $TERM $LAB_SETTING") == "xterm here\n"


def test_users_shell_settings_play_no_part(tmp_path: Path, open_terminal: Open) -> None:
    """No alias, no prompt of theirs, no prompt command."""
    for name in (".bashrc", ".bash_profile", ".profile"):
        (tmp_path / name).write_text("alias echo='echo never'; PS1='mine> '\n")
    terminal = open_terminal(PROMPT_COMMAND="echo never", PS1="theirs> ", BASH_ENV=str(tmp_path / ".bashrc"))
    assert terminal.run("echo hello") == "hello\n"


def test_users_shell_history_is_left_alone(tmp_path: Path, open_terminal: Open) -> None:
    """Neither grown by what was typed here nor cut to bash's default of 500 lines."""
    history = tmp_path / ".bash_history"
    history.write_text("".join(f"echo {number}\n" for number in range(1000)))
    before = history.read_text()
    terminal = open_terminal()
    terminal.run("echo typed in a lab")
    with pytest.raises(ToolError):
        terminal.run("exit")
    open_terminal().close()
    assert history.read_text() == before


@pytest.mark.parametrize("length", [100, 239, 240, 241, 500, 2000])
def test_long_line_that_wraps_is_one_command(terminal: Terminal, length: int) -> None:
    """Its echo is none of its output."""
    assert terminal.run(f"echo {'x' * length} | wc -c") == f"{length + 1}\n"


def test_output_that_looks_like_a_prompt_ends_nothing(terminal: Terminal) -> None:
    """The terminal's own prompt has a mark that no one else knows."""
    assert terminal.run("echo 'labrunner-00000000:0$ '; echo after") == "labrunner-00000000:0$ \nafter\n"


def test_bytes_that_are_no_text_break_nothing(terminal: Terminal) -> None:
    """A program may print what it likes."""
    assert terminal.run(r"printf '\377\n'; echo ok") == "\ufffd\nok\n"


@pytest.mark.parametrize("question", ["Are you sure you want to continue? [y/N] ", "Remove it? ", "Your name: "])
def test_question_is_answered(terminal: Terminal, tmp_path: Path, question: str) -> None:
    """As a learner answers, once it is asked."""
    command = program(tmp_path, f"print('WARNING: much\\n')\nprint('got', input({question!r}))\n")
    assert terminal.run(command, reply="y").splitlines()[-1] == "got y"


def test_command_that_ends_without_asking_is_not_answered(terminal: Terminal) -> None:
    """The answer would be typed at the shell as a command; what the command showed is the output."""
    assert terminal.run("echo nothing to remove", reply="touch typed-at-the-shell") == "nothing to remove\n"
    assert terminal.run("ls typed-at-the-shell 2>/dev/null") == ""


LOGIN = "import getpass\nprint('Login', 'Succeeded' if getpass.getpass('Password: ') == {secret!r} else 'failed')\n"


def test_secret_is_typed_at_its_hidden_prompt_and_never_shown(terminal: Terminal, tmp_path: Path) -> None:
    """Not in the output, not in the transcript."""
    transcript = io.StringIO()
    terminal.record(transcript)
    command = program(tmp_path, LOGIN.format(secret=SECRET))
    output = terminal.run(command, secret=SECRET)
    assert output.splitlines()[-1] == "Login Succeeded"
    assert "Password:" in transcript.getvalue()
    assert "Login Succeeded" in transcript.getvalue()
    assert SECRET not in transcript.getvalue() + output


def test_secret_is_not_typed_where_the_command_ended_without_asking(terminal: Terminal) -> None:
    """At the shell's prompt it would be shown, and run as a command."""
    transcript = io.StringIO()
    terminal.record(transcript)
    assert terminal.run("echo connection refused", secret=SECRET) == "connection refused\n"
    assert terminal.run("echo next") == "next\n"
    assert SECRET not in transcript.getvalue()


def test_secret_is_not_typed_at_a_prompt_that_would_show_it(hasty: Terminal) -> None:
    """Rather the step breaks."""
    transcript = io.StringIO()
    hasty.record(transcript)
    with pytest.raises(ToolError, match="asks for the password, and would show it"):
        hasty.run("read -p 'Password: ' typed", secret=SECRET)
    assert SECRET not in transcript.getvalue()


def test_transcript_is_of_its_time_only(terminal: Terminal) -> None:
    """What was shown before or after is not in it; two may follow each other."""
    terminal.run("echo before")
    first, second = io.StringIO(), io.StringIO()
    terminal.record(first)
    terminal.run("echo in-the-first")
    terminal.record(second)
    terminal.run("echo in-the-second")
    terminal.record(None)
    terminal.run("echo after")
    assert first.getvalue().count("in-the-first") == 2
    assert second.getvalue().count("in-the-second") == 2
    assert "before" not in first.getvalue()
    assert "second" not in first.getvalue()
    assert "after" not in second.getvalue()


def test_program_that_holds_the_terminal_is_waited_for_until_it_is_ready(terminal: Terminal, tmp_path: Path) -> None:
    """By what it shows, not by its first word; Ctrl-C ends it, and the shell goes on."""
    command = program(
        tmp_path,
        "import pathlib, time\nprint('starting', flush=True)\ntime.sleep(0.2)\npathlib.Path('up').touch()\n"
        "print('PID 1', flush=True)\ntime.sleep(600)\n",
    )
    terminal.hold(command, "PID")
    assert (tmp_path / "up").exists()
    terminal.press("Ctrl-C")
    assert terminal.run("echo shell") == "shell\n"


def test_program_that_says_nothing_of_readiness_is_ready_when_it_shows_anything(terminal: Terminal) -> None:
    """White space is nothing."""
    terminal.hold(r"bash -c 'printf \"\n \n\"; echo up; exec cat'", None)
    terminal.press("Ctrl-D")
    assert terminal.run("echo shell") == "shell\n"


def test_program_in_the_terminal_is_typed_to_and_left(terminal: Terminal) -> None:
    """A shell in the shell, as ``docker exec -it`` gives it."""
    terminal.hold("PS1='inner# ' bash --norc --noprofile", "inner# $")
    terminal.hold("echo $((6 * 7))", "42.*inner# $")
    terminal.leave("exit")
    assert terminal.run("echo outer") == "outer\n"


def test_program_that_ends_instead_of_holding_the_terminal_is_no_error(terminal: Terminal) -> None:
    """Its outcome is for the checks: the container that could not be started is not there."""
    terminal.hold("echo no such image; false", "PID")
    assert terminal.run("echo shell") == "shell\n"


def test_program_that_never_gets_ready_is_the_tools_error_with_its_last_line(hasty: Terminal) -> None:
    """After the time that it had."""
    with pytest.raises(ToolError, match=r"'echo one; echo two; cat' was typed, .* 1 s; its last line: two") as no:
        hasty.hold("echo one; echo two; cat", "never shown")
    assert no.value.next == "labrunner doctor"


def test_program_that_shows_nothing_at_all_is_told_so(hasty: Terminal) -> None:
    """There is no last line then."""
    with pytest.raises(ToolError, match="its last line: none"):
        hasty.hold("cat", "never shown")


def test_question_that_never_comes_is_the_tools_error(hasty: Terminal) -> None:
    """While the command goes on."""
    with pytest.raises(ToolError, match="'cat' was typed, and its terminal did not answer within 1 s"):
        hasty.run("cat", reply="y")


def test_program_that_does_not_end_by_its_key_is_the_tools_error(terminal: Terminal, hurry: Callable[[], None]) -> None:
    """The key is named."""
    terminal.hold("bash -c 'trap \"\" INT; echo up; exec sleep 600'", "up")
    hurry()
    with pytest.raises(ToolError, match="'Ctrl-C' was typed, and its terminal did not answer within 1 s"):
        terminal.press("Ctrl-C")


def test_command_that_takes_too_long_is_the_tools_error(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command has more time than a program that holds the terminal, and yet an end."""
    monkeypatch.setattr(terminal_module, "COMMAND_SECONDS", 1)
    with pytest.raises(ToolError, match="'sleep 600' was typed, and its terminal did not answer within 1 s"):
        terminal.run("sleep 600")


@pytest.mark.parametrize("act", ["run", "hold", "leave", "press"])
def test_shell_that_has_ended_is_the_tools_error_whatever_is_done(terminal: Terminal, act: str) -> None:
    """A lab that typed ``exit`` once too often."""
    with pytest.raises(ToolError, match="'exit' was typed, and its terminal has ended"):
        terminal.leave("exit")
    acts: dict[str, Callable[[], object]] = {
        "run": lambda: terminal.run("ls"),
        "hold": lambda: terminal.hold("top", None),
        "leave": lambda: terminal.leave("exit"),
        "press": lambda: terminal.press("Ctrl-C"),
    }
    with pytest.raises(ToolError, match="its terminal has ended"):
        acts[act]()


def test_two_terminals_are_two_shells(open_terminal: Open) -> None:
    """One holds a program while the other works."""
    first, second = open_terminal(), open_terminal()
    first.hold(HOLDING, "up")
    assert second.run("echo second") == "second\n"
    first.press("Ctrl-C")
    assert first.run("echo first") == "first\n"


def test_closing_ends_the_shell_though_it_ignores_the_hang_up(terminal: Terminal) -> None:
    """Closing twice is closing once."""
    shell = int(terminal.run("echo $$"))
    terminal.run('trap "" HUP INT TERM')
    terminal.close()
    terminal.close()
    assert ends(shell)


def test_closing_ends_a_shell_that_ignores_all_and_waits_for_a_program_that_does(
    terminal: Terminal, tmp_path: Path
) -> None:
    """Nothing keeps it open."""
    shell = int(terminal.run("echo $$"))
    terminal.run('trap "" HUP INT TERM')
    terminal.hold("bash -c 'echo $$ > pid; echo up; exec sleep 600'", "up")
    terminal.close()
    assert ends(shell)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)


def test_closing_hangs_up_on_the_program_that_holds_the_terminal(terminal: Terminal, tmp_path: Path) -> None:
    """As when a window is closed."""
    terminal.hold("bash -c 'echo $$ > pid; echo up; exec sleep 600'", "up")
    pid = int((tmp_path / "pid").read_text())
    terminal.close()
    assert ends(pid)


def test_nothing_is_left_in_the_folder_of_temporary_files(
    open_terminal: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal's own settings are read once."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    open_terminal()
    assert not list(tmp_path.glob("labrunner-*"))


def test_folder_that_is_missing_is_told_and_nothing_is_started(tmp_path: Path) -> None:
    """Left to itself pexpect forks first, and the copy of this very process goes on."""
    process = os.getpid()
    with pytest.raises(ToolError, match=f"was to be opened in {tmp_path}/missing, and there is no such folder") as no:
        open_in(tmp_path / "missing", dict(os.environ))
    assert os.getpid() == process
    assert no.value.next == "labrunner start LAB makes it again"
