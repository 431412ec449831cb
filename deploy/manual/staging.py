"""What the site consists of: the pages of the manual, and the files and folders to which they link.

Pages keep their paths (``docs/errors/syntax.md`` becomes ``docs/errors/syntax.html``), README is the home page. A file
that is not a page becomes one below ``files/``, and so does a folder, with all that it contains.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from navigation import list_of, menu, places

#: A link in Markdown: its target, and its anchor with ``#``.
_LINK = re.compile(r"(\]\()([^)#\s]+)(#[^)\s]*)?(?=\))")
_PICTURES = frozenset({".svg", ".png"})
#: Not for readers.
_HIDDEN = frozenset({"__pycache__"})


def stage(top: Path, source: Path) -> None:
    """Write what Sphinx reads into ``source``, from the checkout at ``top``."""
    pages = {top / "README.md", *(top / "docs").rglob("*.md"), *top.glob("plugins/*/README.md")}
    files: set[Path] = set()
    folders: set[Path] = set()
    waiting = sorted(pages)
    while waiting:
        for target, _ in _targets(waiting.pop()):
            if target.suffix == ".md" and target not in pages:
                pages.add(target)
                waiting.append(target)
            elif target.is_dir():
                folders.add(target)
                files.update(_below(target))
            elif target.suffix in _PICTURES:
                _put(source / target.relative_to(top), target.read_bytes())
            elif target.is_file():
                files.add(target)
    for page in pages:
        _put(source / _name(page, top), _rewritten(page, top).encode())
    for file in files - pages:
        _put(source / _name(file, top), _shown(file, top).encode())
    for folder in folders:
        if not any((folder / name).exists() for name in ("README.md", "index.md")):
            _put(source / _name(folder, top), _listed(folder, top).encode())
    here = Path(__file__).parent
    shutil.copytree(here / "static", source / "static")
    order = json.dumps(places((source / "index.md").read_text("utf-8")))
    _put(source / "order.js", (here / "order.js").read_bytes().replace(b"MENU = {}", f"MENU = {order}".encode()))


def _targets(page: Path) -> Iterator[tuple[Path, re.Match[str]]]:
    """Yield each file and folder of the checkout to which ``page`` links, and the link."""
    for link in _LINK.finditer(page.read_text("utf-8")):
        if "://" not in link[2]:
            target = Path(os.path.normpath(page.parent / link[2]))
            if target.exists():
                yield target, link


def _name(path: Path, top: Path) -> PurePosixPath:
    """Return the path, in the site's source, of the page that shows ``path``."""
    place = PurePosixPath(path.relative_to(top).as_posix())
    if path == top / "README.md":
        return PurePosixPath("index.md")
    if path.is_dir():
        if (path / "README.md").exists():
            return place / "README.md"
        return place / "index.md" if any(path.glob("*.md")) else "files" / place / "index.md"
    return place if path.suffix in {".md", *_PICTURES} else "files" / place.with_name(f"{place.name}.md")


def _rewritten(page: Path, top: Path) -> str:
    """Return ``page`` with links to where the site has what they name, and the way that `navigation` knows."""
    text, name = page.read_text("utf-8"), _name(page, top)
    here = name.parent
    targets = {link.start(): target for target, link in _targets(page)}

    def led(link: re.Match[str]) -> str:
        target = targets.get(link.start())
        return link[0] if target is None else f"{link[1]}{_way(_name(target, top), here)}{link[3] or ''}"

    shown = _LINK.sub(led, text)
    if name.as_posix() == "index.md":
        return shown + menu(shown)
    if above := list_of(name):
        return f"---\norphan: true\n---\n\n[{above[1]}]({_way(above[0], here)})\n\n{shown}"
    return shown


def _way(target: PurePosixPath, here: PurePosixPath) -> str:
    return PurePosixPath(os.path.relpath(target, here)).as_posix()


def _shown(file: Path, top: Path) -> str:
    """Return the page that shows ``file``. Search leaves it out: people look for what is said, not for each name."""
    text = file.read_text("utf-8")
    fence = "`" * max(3, *(len(ticks) + 1 for ticks in re.findall(r"`{3,}", text)), 3)
    title = file.relative_to(top).as_posix()
    suffix = file.suffix.removeprefix(".")
    return f"---\norphan: true\nnosearch: true\n---\n\n# {title}\n\n{fence}{suffix or 'text'}\n{text}\n{fence}\n"


def _listed(folder: Path, top: Path) -> str:
    """Return the page that lists what is in ``folder``."""
    name, here = folder.relative_to(top).as_posix(), _name(folder, top).parent
    if any(folder.glob("*.md")):
        pages = [(_title(page), page.name) for page in sorted(folder.glob("*.md"))]
        lines = [f"- [{title}]({path})" for title, path in pages]
        return "\n".join([f"# {folder.name.capitalize()}", "", *lines, ""])
    lines = [
        f"- [{file.relative_to(folder).as_posix()}]({_way(_name(file, top), here)})" for file in sorted(_below(folder))
    ]
    return "\n".join(["---", "orphan: true", "---", "", f"# {name}/", "", *lines, ""])


def _title(page: Path) -> str:
    return page.read_text("utf-8").partition("# ")[2].partition("\n")[0]


def _below(folder: Path) -> Iterator[Path]:
    """Yield each file of text in ``folder`` and below."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not _HIDDEN & set(path.parts) and b"\0" not in path.read_bytes():
            yield path


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
