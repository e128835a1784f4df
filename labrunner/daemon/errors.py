"""From what went wrong to HTTP status and Docker's words: the one place where either is decided.

A client shows the message as it is, and some compare it (docker-py looks for "No such image", the docker command for
"executable file not found"), so these are Docker's own sentences, in Docker's own spelling.
"""

from __future__ import annotations

from http import HTTPStatus

from labrunner.runtime.errors import Kind, RuntimeFailure


class ApiError(Exception):
    """A refusal: the status and the message of an answer. ``code`` is the container's exit code where it has one."""

    def __init__(self, status: int, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.status = int(status)
        self.message = message
        self.code = code


def bad_request(message: str) -> ApiError:
    """The client asked for something that makes no sense."""
    return ApiError(HTTPStatus.BAD_REQUEST, message)


def conflict(message: str) -> ApiError:
    """What was asked for does not go together with the state of things."""
    return ApiError(HTTPStatus.CONFLICT, message)


def not_built(what: str) -> ApiError:
    """A part of Docker's API that this engine does not serve."""
    return ApiError(HTTPStatus.NOT_IMPLEMENTED, f"the namespace engine does not serve {what}")


def page_not_found() -> ApiError:
    """No such path, in the words of Docker's router."""
    return ApiError(HTTPStatus.NOT_FOUND, "page not found")


def no_such_container(name: str) -> ApiError:
    """The name, ID or prefix names no container."""
    return ApiError(HTTPStatus.NOT_FOUND, f"No such container: {name}")


def no_such_exec(name: str) -> ApiError:
    """The ID names no exec."""
    return ApiError(HTTPStatus.NOT_FOUND, f"No such exec instance: {name}")


def no_such_image(name: str) -> ApiError:
    """The reference or ID names no image."""
    return ApiError(HTTPStatus.NOT_FOUND, f"No such image: {name}")


def ambiguous(prefix: str) -> ApiError:
    """The prefix names more than one container."""
    return bad_request(f"multiple IDs found with provided prefix: {prefix}")


def name_in_use(name: str, owner: str) -> ApiError:
    """Another container has that name."""
    return conflict(
        f'Conflict. The container name "/{name}" is already in use by container "{owner}". '
        "You have to remove (or rename) that container to be able to reuse that name."
    )


def not_running(container: str) -> ApiError:
    """The container has no process to ask."""
    return conflict(f"Container {container} is not running")


#: Exit code and status of a container that could not be started, by kind of failure.
_AT_START = {
    Kind.NOT_FOUND: (127, HTTPStatus.BAD_REQUEST),
    Kind.NOT_EXECUTABLE: (126, HTTPStatus.BAD_REQUEST),
    Kind.BAD_MOUNT: (127, HTTPStatus.BAD_REQUEST),
    Kind.BAD_WORKDIR: (128, HTTPStatus.BAD_REQUEST),
    Kind.BAD_LIMIT: (128, HTTPStatus.BAD_REQUEST),
}
_USERS = frozenset({Kind.NO_SUCH_USER, Kind.NO_SUCH_GROUP})
_STATUS = {
    Kind.BAD_ARCHIVE: HTTPStatus.BAD_REQUEST,
    Kind.BAD_DIGEST: HTTPStatus.BAD_REQUEST,
    Kind.TOO_LARGE: HTTPStatus.BAD_REQUEST,
    Kind.NOT_RUNNING: HTTPStatus.CONFLICT,
    Kind.MISSING_FEATURE: HTTPStatus.NOT_IMPLEMENTED,
}


def at_start(failure: RuntimeFailure) -> ApiError:
    """A container that could not be started."""
    code, status = _AT_START.get(failure.kind, (128, HTTPStatus.INTERNAL_SERVER_ERROR))
    return ApiError(status, _explained("create", failure), code=code)


def at_exec(failure: RuntimeFailure) -> ApiError:
    """A process that could not be started beside another one; its exit code is 126, whatever the reason."""
    _, status = _AT_START.get(failure.kind, (0, HTTPStatus.INTERNAL_SERVER_ERROR))
    return ApiError(status, _explained("exec", failure), code=126)


def of_runtime(failure: RuntimeFailure) -> ApiError:
    """Any other failure of the runtime."""
    return ApiError(_STATUS.get(failure.kind, HTTPStatus.INTERNAL_SERVER_ERROR), failure.says)


def _explained(doing: str, failure: RuntimeFailure) -> str:
    """The failure behind the words that Docker's clients know."""
    if failure.kind in _USERS:
        return failure.says
    says = failure.says.replace(": is a directory", ": permission denied")  # clients look for these words for 126
    return f"OCI runtime {doing} failed: unable to start container process: {says}: unknown"
