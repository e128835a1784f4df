"""The table: which rule each endpoint of the Docker API has. What is not in it and changes something is refused.

https://docs.docker.com/reference/api/engine/version/v1.41/
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from labrunner.proxy import belongings, builds, containers, images, prunes
from labrunner.proxy.buildkit import grpc
from labrunner.proxy.call import Call, Hijack, Pass, Plan, Refused
from labrunner.proxy.scope import Scope

#: From a scope, a call and its body (empty, unless the endpoint says that the rule reads it) to what happens.
Rule = Callable[[Scope, Call, bytes], Plan]
_FORBIDDEN = 403


@dataclass(frozen=True)
class Endpoint:
    """A rule, and whether it reads the request's body."""

    method: str
    path: re.Pattern[str]
    rule: Rule
    reads: bool = False


def _pass(_scope: Scope, call: Call, _body: bytes) -> Plan:
    return Pass(call)


def _hijack(_scope: Scope, call: Call, _body: bytes) -> Plan:
    return Hijack(call)


def _refuse(_scope: Scope, call: Call, _body: bytes) -> Plan:
    raise Refused(
        _FORBIDDEN, f"{call.method} {call.path} is not for labs; if you do mean it, type: labrunner shell --no-scope"
    )


_OWN = "/containers/[^/]+/(?:stop|kill|restart|pause|unpause|rename)"
_HARMLESS = "/auth|/build/cancel|/containers/[^/]+/(?:start|wait|resize|exec|copy)|/exec/[^/]+/resize|/images/.+/push"
_TABLE: tuple[tuple[str, str, Rule, bool], ...] = (
    # method, path, rule, whether the rule reads the body
    (".*", "/libpod(/.*)?", _refuse, False),
    ("GET", "/containers/[^/]+/attach/ws", _hijack, False),
    ("GET|HEAD|OPTIONS", "/.*", _pass, False),
    ("POST", "/containers/create", containers.create, True),
    ("POST", "/containers/prune", prunes.containers, False),
    ("POST", _OWN, containers.own, False),
    ("POST", "/containers/[^/]+/update", containers.update, True),
    ("DELETE", "/containers/[^/]+", containers.own, False),
    ("POST", "/containers/[^/]+/attach|/exec/[^/]+/start|/session", _hijack, False),
    ("PUT", "/containers/[^/]+/archive", _pass, False),
    ("POST", _HARMLESS, _pass, False),
    ("POST", "/build", builds.build, False),
    ("POST", "/build/prune", prunes.build_cache, False),
    ("POST", "/grpc", grpc, False),
    ("POST", "/commit", images.commit, True),
    ("POST", "/images/create", images.bring, False),
    ("POST", "/images/load", images.load, False),
    ("POST", "/images/prune", prunes.images, False),
    ("POST", "/images/.+/tag", images.tag, False),
    ("DELETE", "/images/.+", images.remove, False),
    ("POST", "/networks/create", belongings.create_network, True),
    ("POST", "/networks/prune", prunes.networks, False),
    ("POST", "/networks/[^/]+/(?:connect|disconnect)", containers.connect, True),
    ("DELETE", "/networks/[^/]+", belongings.own_network, False),
    ("POST", "/volumes/create", belongings.create_volume, True),
    ("POST", "/volumes/prune", prunes.volumes, False),
    ("DELETE", "/volumes/[^/]+", belongings.own_volume, False),
)
ENDPOINTS = tuple(Endpoint(method, re.compile(path), rule, reads) for method, path, rule, reads in _TABLE)


def find_endpoint(call: Call) -> Endpoint:
    """The first endpoint of the table that a call is for; one that refuses where there is none."""
    for endpoint in ENDPOINTS:
        if re.fullmatch(endpoint.method, call.method) and endpoint.path.fullmatch(call.path):
            return endpoint
    return Endpoint(call.method, re.compile(".*"), _refuse)
