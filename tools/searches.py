"""Writes the results of the searches in results/searches/: text and figures, and a section of docs/tune.md.

Each folder has the `search.json` of a search, from which the rest is written.
"""

from pathlib import Path

from mnist_lab.search.presentation import wording, write_search
from mnist_lab.search.record import Search
from tools import markdown

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "results" / "searches"
PAGE = ROOT / "docs" / "tune.md"


def folders() -> list[Path]:
    """Return the folders of the searches whose records are kept."""
    return sorted(file.parent for file in FOLDER.glob("*/search.json"))


def with_searches(text: str) -> str:
    """Return the text of docs/tune.md with the results of each search."""
    found = [_found(folder, Search.read(folder)) for folder in folders()]
    return markdown.put(text, "searches", "\n\n".join(found), by="make docs")


def write() -> None:
    """Write the text and the figures of each search, and the page of the documentation."""
    for folder in folders():
        for file in write_search(folder, Search.read(folder)):
            if file.suffix == ".html":
                file.unlink()  # its links lead to runs, which are not kept
    PAGE.write_text(with_searches(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


def _found(folder: Path, record: Search) -> str:
    link = f"[{folder.relative_to(ROOT)}](../{folder.relative_to(ROOT)}/search.md)"
    sentences = [f"`{record.name}` tried {wording.extent(record)}.", wording.outcome(record), wording.progress(record)]
    verdict = [wording.confirmed(record), wording.optimism(record), f"The trials, with figures: {link}."]
    return "\n\n".join(" ".join(filter(None, some)) for some in (sentences, verdict))
