"""What makes an ordinary process of the one that made a container, in the order of the plan."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import select
import signal
import stat

from labrunner.runtime import capabilities, seccomp, syscalls, users
from labrunner.runtime.errors import Kind, RuntimeFailure
from labrunner.runtime.perform import first
from labrunner.runtime.perform.context import Context
from labrunner.runtime.perform.targets import is_folder_at, opened
from labrunner.runtime.plan import operations as do

_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"  # Docker's


def await_group(_: do.AwaitGroup, context: Context) -> None:
    """Wait for the shim's word; it has ended, or failed to do it, where there is none."""
    if not context.control.recv(1):
        raise RuntimeFailure(Kind.BROKEN, "the shim has ended")


def set_limit(operation: do.SetLimit, _: Context) -> None:
    """Set one limit; raising a hard one needs CAP_SYS_RESOURCE."""
    number: int | None = getattr(resource, f"RLIMIT_{operation.name.upper()}", None)
    if number is None:
        raise RuntimeFailure(Kind.BAD_LIMIT, f"invalid ulimit type: {operation.name}")
    try:
        resource.setrlimit(number, (operation.soft, operation.hard))
    except ValueError as error:  # a soft limit above the hard one, or a hard one that we may not raise
        raise RuntimeFailure(Kind.BAD_LIMIT, f"error setting rlimit type {operation.name}: {error}") from error


def find_user(operation: do.FindUser, context: Context) -> None:
    """Look the user up, and give it the pipes, without which /dev/stdout is EACCES for it."""
    user = context.user = users.find(context.root, operation.user, operation.groups)
    for stream in range(3):
        if not stat.S_ISCHR(os.fstat(stream).st_mode) or os.isatty(stream):
            with contextlib.suppress(OSError):  # a single id has no other user, and it needs none
                os.fchown(stream, user.uid, -1)


def enter_folder(operation: do.EnterFolder, context: Context) -> None:
    """Enter it, and see that it is in the container: a link to a leaked descriptor leads out (CVE-2024-21626)."""
    try:
        with opened(context.root, operation.target) as target:
            os.fchdir(target)
        os.getcwd()  # noqa: PTH109 - refused by the kernel for a folder that no path leads to
    except OSError as error:  # runc's words
        says = f'chdir to cwd ("{operation.target}") set in config.json failed: {os.strerror(error.errno or 0).lower()}'
        raise RuntimeFailure(Kind.BAD_WORKDIR, says, errno=error.errno or 0) from error


def drop_capabilities(operation: do.DropCapabilities, _: Context) -> None:
    """Before the user changes."""
    capabilities.drop(operation.kept)


def become_user(_: do.BecomeUser, context: Context) -> None:
    """Groups first, while we may still change them."""
    user = _found(context)
    os.setgroups(user.groups)
    os.setresgid(user.gid, user.gid, user.gid)
    os.setresuid(user.uid, user.uid, user.uid)


def settle_capabilities(operation: do.SettleCapabilities, _: Context) -> None:
    """After the user has changed."""
    capabilities.settle(operation.kept, os.getuid())


def gain_nothing(_: do.GainNothing, __: Context) -> None:
    """Hold for this process and all that come of it."""
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)


def filter_calls(operation: do.FilterCalls, _: Context) -> None:
    """Install the filter, which the zygote has compiled for the default capabilities before it forked."""
    syscalls.install_filter(seccomp.program(operation.capabilities, os.uname().machine, operation.emulate))


def die_with_parent(_: do.DieWithParent, context: Context) -> None:
    """The shim may have ended before the kernel knew what to do then: its end of the line is closed in that case."""
    syscalls.prctl(syscalls.PR_SET_PDEATHSIG, signal.SIGKILL)
    line = select.poll()
    line.register(context.control, 0)
    if line.poll(0):
        raise RuntimeFailure(Kind.BROKEN, "the shim has ended")


def reap(_: do.Reap, __: Context) -> None:
    """Fork: this one stays, and its child goes on, in a group of its own, so that Ctrl-C reaches it once."""
    child = os.fork()
    if child:
        first.serve(child)
    os.setpgid(0, 0)
    if os.isatty(0):
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)


def execute(operation: do.Execute, context: Context) -> None:
    """Execute the program. RuntimeFailure (NOT_FOUND, NOT_EXECUTABLE) with the words that runc has for it."""
    environment = _environment(operation.env, _found(context).home)
    name = operation.args[0]
    path = name if "/" in name else _search(name, environment.get("PATH", _DEFAULT_PATH))
    if path is None:
        says = f'exec: "{name}": executable file not found in $PATH'
        raise RuntimeFailure(Kind.NOT_FOUND, says, errno=errno.ENOENT)
    os.umask(0o022)
    syscalls.close_on_exec(3)
    try:
        os.execve(path, operation.args, environment)  # noqa: S606 - what a container is for
    except OSError as error:
        raise _not_executed(path, error) from error


def _search(name: str, path: str) -> str | None:
    """The first of the folders that has an executable file of this name."""
    candidates = (f"{folder or '.'}/{name}" for folder in path.split(":"))
    return next((one for one in candidates if os.access(one, os.X_OK) and not is_folder_at(one)), None)


def _not_executed(path: str, error: OSError) -> RuntimeFailure:
    number = error.errno or 0
    if number in {errno.ENOENT, errno.ENOTDIR} and not os.access(path, os.F_OK):
        says = f'exec: "{path}": stat {path}: {os.strerror(number).lower()}'
        return RuntimeFailure(Kind.NOT_FOUND, says, errno=number)
    number = errno.EISDIR if is_folder_at(path) else number
    return RuntimeFailure(Kind.NOT_EXECUTABLE, f'exec: "{path}": {os.strerror(number).lower()}', errno=number)


def _environment(env: tuple[str, ...], home: str) -> dict[str, str]:
    """The variables; the last of a name holds. HOME is the user's where nobody gave one, as Docker has it."""
    given = dict(pair.partition("=")[::2] for pair in env)
    return given if given.get("HOME") else {**given, "HOME": home}


def _found(context: Context) -> users.User:
    if context.user is None:
        raise RuntimeFailure(Kind.BROKEN, "a plan has to find a user before it needs one")
    return context.user
