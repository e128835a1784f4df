"""Examine the hub: whether it can be reached, and how many pulls it still grants."""

from __future__ import annotations

import http.client

from labrunner.engine.finding import Finding
from labrunner.engine.registry import Registry
from labrunner.model.errors import ToolError

#: Docker's own place to ask this; a HEAD does not count as a pull
#: (https://docs.docker.com/docker-hub/usage/pulls/).
_PREVIEW = "ratelimitpreview/test"
_SECONDS = 3.0
_OFFLINE = "labrunner images prepare --offline"


def examine_hub(host: str = "docker.io") -> Finding:
    """What the hub says. It never blocks: stand-ins can take the place of what it does not give."""
    try:
        answer = Registry(host, "", None, timeout=_SECONDS).head(_PREVIEW, "latest")
    except ToolError as error:
        return Finding("hub", blocks=False, says=f"{error.says}; stand-ins can be built without it", next=_OFFLINE)
    left = answer.headers.get("ratelimit-remaining", "").partition(";")[0]
    if answer.status == http.client.TOO_MANY_REQUESTS or left == "0":
        says = f"{host} answers, and your quota of pulls is used up"
        return Finding("hub", blocks=False, says=says, next=f"docker login, or {_OFFLINE}")
    if answer.status >= http.client.BAD_REQUEST:
        says = f"{host} was asked for your quota of pulls, and answers {answer.status}"
        return Finding("hub", blocks=False, says=says, next=_OFFLINE)
    return Finding("hub", blocks=False, says=f"{host} answers, and grants {f'{left} pulls more' if left else 'pulls'}")
