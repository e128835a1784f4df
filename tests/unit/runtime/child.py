"""Doing things in a short-lived process of their own: what cannot be undone in the one that runs the tests."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Callable
from typing import Any


def in_child(work: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever JSON carries
    """What ``work`` returns in a forked process; an OSError there is its number, any other failure its name."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside threads: this child starts none
        child = os.fork()
    if not child:
        os.close(reading)
        try:
            answer = work()
        except OSError as error:
            answer = error.errno
        except BaseException as error:  # noqa: BLE001 - the parent tells of it
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, json.dumps(answer).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answers:
        content = answers.read()
    os.waitpid(child, 0)
    assert content, "the process ended before it could answer"
    return json.loads(content)
