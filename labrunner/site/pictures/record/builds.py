"""Record what builds and pushes save: steps from the cache, blobs that the registry has already."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote

from labrunner.engine.objects import Container
from labrunner.engine.registry import Registry
from labrunner.model.errors import ToolError
from labrunner.site.pictures.record.images import made_by, short
from labrunner.site.pictures.record.waiting import until
from labrunner.site.pictures.record.workshop import Workshop

Recorded = dict[str, Any]
Files = dict[str, str]

_REQUEST = re.compile(r'"(?P<method>[A-Z]+) (?P<path>/v2/\S*) HTTP/[\d.]+" (?P<status>\d+)')
_CREATED = 201
_OK = 200


def cache(shop: Workshop, right: Files, wrong: Files) -> Recorded:
    """The steps of two builds of each order of lines; between the two, ``app.py`` has changed."""
    return {"orders": [_twice(shop, "RUN, then COPY", right), _twice(shop, "COPY, then RUN", wrong)]}


def _twice(shop: Workshop, order: str, files: Files) -> Recorded:
    name = shop.name("cache")
    first = shop.build(name, files, fresh=True)
    second = shop.build(name, {**files, "app.py": files["app.py"] + "# changed\n"})
    steps = [
        {"instruction": one["instruction"], "first": _how(one), "second": _how(two)}
        for one, two in zip(first, second, strict=True)
    ]
    return {"order": order, "steps": steps}


def _how(step: Recorded) -> str:
    return "given" if step["instruction"].startswith("FROM") else "cached" if step["cached"] else "run"


def pushes(shop: Workshop, before: Files, after: Files) -> Recorded:
    """What a registry is asked in three pushes: a new image, the changed one, and that one to another repository."""
    registry = shop.run("registry:2", ports={"5000/tcp": ("127.0.0.1", None)})
    port = shop.container(registry.id).host_ports(5000)[0]
    asked = Registry(f"localhost:{port}", "", None)
    until(lambda: _answers(asked), "the registry of the recording")
    app = shop.name("pushed")
    rows = []
    for files, repository, what in (
        (before, "student/app", "the first push"),
        (after, "student/app", "app.py has changed"),
        (after, "student/copy", "the same image, into another repository"),
    ):
        shop.build(app, files)
        seen = len(_requests(shop, registry))
        shop.push(app, f"{asked.host}/{repository}")
        rows.append({"what": what, "repository": repository, **_push(shop, asked, registry, repository, app, seen)})
    return {"pushes": rows}


def _push(shop: Workshop, asked: Registry, registry: Container, repository: str, image: str, seen: int) -> Recorded:
    answer = asked.get(f"/v2/{repository}/manifests/latest")
    manifest = json.loads(answer.body)
    requests = _requests(shop, registry)[seen:]
    made = [made_by(entry.created_by) for entry in shop.engine.history(image) if entry.size]
    blobs = [
        {**_blob(layer, requests), "what": f"layer: {by}"} for layer, by in zip(manifest["layers"], made, strict=True)
    ]
    blobs.append({**_blob(manifest["config"], requests), "what": "configuration"})
    return {
        "manifest": {"digest": short(answer.headers["docker-content-digest"]), "bytes": len(answer.body)},
        "blobs": blobs,
    }


def _blob(row: Recorded, requests: list[tuple[str, str, int]]) -> Recorded:
    digest = row["digest"]
    fate = "already there"
    for method, path, status in requests:
        if digest in path and status == _CREATED:
            fate = {"PUT": "uploaded", "POST": "mounted"}[method]
    return {"digest": short(digest), "bytes": row["size"], "fate": fate}


def _requests(shop: Workshop, registry: Container) -> list[tuple[str, str, int]]:
    """What the registry was asked so far, from its log: method, path, status."""
    log = shop.engine.logs(registry, tail=10_000)
    return [(found["method"], unquote(found["path"]), int(found["status"])) for found in _REQUEST.finditer(log)]


def _answers(registry: Registry) -> bool:
    try:
        return registry.get("/v2/").status == _OK
    except ToolError:
        return False
