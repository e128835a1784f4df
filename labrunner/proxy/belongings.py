"""Rules for volumes and networks."""

from __future__ import annotations

import json

from labrunner.proxy.call import Call, Pass, Plan, Record
from labrunner.proxy.scope import Scope


def create_volume(scope: Scope, call: Call, body: bytes) -> Plan:
    """Label a new volume; making one that is there gives that one, whoever's it is."""
    config = json.loads(body) if body.strip() else {}
    if config.get("Name") and scope.look("volume", config["Name"]) is not None:
        return Pass(call, body)
    config["Labels"] = {**(config.get("Labels") or {}), **scope.labels("volume")}
    return Record(call, json.dumps(config).encode(), lambda answer: scope.add("volume", answer["Name"]))


def create_network(scope: Scope, call: Call, body: bytes) -> Plan:
    """Label a network."""
    config = json.loads(body)
    config["Labels"] = {**(config.get("Labels") or {}), **scope.labels("network")}
    return Record(call, json.dumps(config).encode(), lambda answer: scope.add("network", answer["Id"]))


def own_volume(scope: Scope, call: Call, _: bytes) -> Plan:
    """Remove one's own volume."""
    return Pass(call.at("/volumes/" + scope.owned("volume", call.path.split("/")[2], "remove")))


def own_network(scope: Scope, call: Call, _: bytes) -> Plan:
    """Remove one's own network."""
    return Pass(call.at("/networks/" + scope.owned("network", call.path.split("/")[2], "remove")))
