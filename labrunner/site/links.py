"""Look over finished pages: a link that leads nowhere, and whatever a browser would fetch from another host."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

#: Attributes that a browser fetches by itself. A link's ``href`` is followed by its reader, and may lead anywhere.
_FETCHED = {"src", "srcset", "poster", "data"}
_STYLE = re.compile(r"url\(\s*['\"]?((?:https?:)?//[^)'\"]+)|@import\s+['\"]((?:https?:)?//[^'\"]+)")


@dataclass
class _Page(HTMLParser):
    """What a page refers to, and what may be referred to in it."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the addresses and names of one tag."""
        for name, value in attrs:
            if not value:
                continue
            if name == "id":
                self.ids.add(value)
            elif name == "href" and tag in {"a", "area"}:
                self.links.append(value)
            elif name in _FETCHED or name == "href":
                self.fetched.append(value)


def faults(site: Path) -> list[str]:
    """One sentence for each fault of the pages and style sheets below ``site``, in the order of their names."""
    pages = {file: _read(file) for file in sorted(site.rglob("*.html"))}
    found = [fault for file, page in pages.items() for fault in _faults(site, file, page, pages)]
    for file in sorted(site.rglob("*.css")):
        for match in _STYLE.finditer(file.read_text(encoding="utf-8")):
            found.append(f"{file.relative_to(site)}: {match[1] or match[2]} would be fetched from another host")
    return found


def _read(file: Path) -> _Page:
    page = _Page()
    page.feed(file.read_text(encoding="utf-8"))
    return page


def _faults(site: Path, file: Path, page: _Page, pages: dict[Path, _Page]) -> list[str]:
    name = file.relative_to(site)
    found = [
        f"{name}: {address} would be fetched from another host"
        for address in page.fetched
        if urlsplit(address).netloc or urlsplit(address).scheme in {"http", "https"}
    ]
    for address in dict.fromkeys([*page.links, *page.fetched]):
        parts = urlsplit(address)
        if parts.scheme or parts.netloc:
            continue
        target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
        if not target.is_file() or not target.is_relative_to(site.resolve()):
            found.append(f"{name}: {address} leads to no file of the site")
        elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].ids:
            found.append(f"{name}: {address} leads to no heading")
    return found
