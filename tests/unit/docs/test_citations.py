"""Every citation of the contract in code, configuration and docs leads to a heading, step or row of docs/contract."""

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
CONTRACT = ROOT / "docs/contract"
PAGES = {path.name: path for path in CONTRACT.glob("*.md") if path.name != "README.md"}
ALIAS = {"design": "decisions.md"}  # in values of config/ that results carry
_NAME = r"(?<![\w/-])(?:docs/contract/)?(?P<page>[\w-]+\.md|design)(?= §| [AP]\d)"
_SECTION = r"§(?P<first>\d+(?:\.\d+)?)(?:[-–](?P<last>\d+))?(?:,? steps? (?P<step>\d+)|,? decision (?P<decision>\d+))?"
_ROW = r"(?<=\.md )(?P<row>A\d+|P\d(?:\.\d)?)\b"
CITATION = re.compile(rf"RFC \d+ §[\d.]+|{_NAME}|{_SECTION}|{_ROW}")


def cited(text: str, own: str | None = None) -> list[tuple[str | None, str]]:
    """(page, what) of every citation in `text`: a heading `3.1`, `2 step 5`, `5 decision 6` or a row `A8`.

    A bare § belongs to the page named last; in a page of the contract (`own`), to that page itself.
    """
    found, page = [], own
    for match in CITATION.finditer(text):
        if match["page"]:
            page = ALIAS.get(match["page"], match["page"])
            continue
        if match["row"]:
            found.append((page, match["row"]))
        elif match["first"]:
            detail = f" step {match['step']}" if match["step"] else ""
            detail += f" decision {match['decision']}" if match["decision"] else ""
            found.append((page, match["first"] + detail))
            chapter = int(match["first"].split(".")[0])
            found += [(page, str(number)) for number in range(chapter + 1, int(match["last"] or chapter) + 1)]
        page = own or page
    return found


@cache
def targets(page: str) -> set[str]:
    """What can be cited in a page: its numbered headings, the steps of each section, and rows by their first cell."""
    found, section = set(), ""
    for line in PAGES[page].read_text(encoding="utf-8").splitlines():
        if heading := re.match(r"#+ (\d+(?:\.\d+)?)\.? ", line):
            section = heading[1]
            found.add(section)
        elif step := re.match(r"(\d+)\. ", line):
            found.add(f"{section} step {step[1]}")
        elif row := re.match(r"\| (\d+) \|", line):
            found.add(f"{section} decision {row[1]}")
        elif row := re.match(r"\| ([AP]\d[\d.]*) \|", line):
            found |= {row[1], row[1].split(".")[0]}
    return found


def dangling(text: str, page: str | None = None) -> list[str]:
    """Citations of `text` that lead nowhere."""
    return [
        f"{name} §{what}" for name, what in cited(text, page) if what not in (targets(name) if name in PAGES else ())
    ]


def sources() -> list[Path]:
    """Text files of the project that may cite."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    kinds = {".py", ".smk", ".yaml", ".yml", ".md", ".toml", ".html", ".txt", ""}
    this = Path(__file__).relative_to(ROOT).as_posix()
    return [ROOT / name for name in listed if Path(name).suffix in kinds and name != this and (ROOT / name).is_file()]


def test_every_citation_leads_somewhere():
    found = {}
    for path in sources():
        own = path.name if path.parent == CONTRACT and path.name in PAGES else None
        if lost := dangling(path.read_text(encoding="utf-8"), own):
            found[path.relative_to(ROOT).as_posix()] = lost
    assert found == {}


def test_the_contract_is_cited():
    """Each page is, so that a renamed form of citation does not empty the test above."""
    counts = dict.fromkeys(PAGES, 0)
    for path in sources():
        if path.parent != CONTRACT:
            for page, _ in cited(path.read_text(encoding="utf-8")):
                counts[page] += 1
    assert min(counts[page] for page in ("states.md", "certification.md", "baseline-facts.md", "decisions.md")) > 5
    assert sum(counts.values()) > 100


@pytest.mark.parametrize(
    ("text", "lost"),
    [
        ("states.md §3.1", []),
        ("states.md §3.9", ["states.md §3.9"]),
        ("certification.md §2-5, §7 (A8)", []),
        ("certification.md §14-17", ["certification.md §17"]),
        ("certification.md A8, certification.md A15", ["certification.md §A15"]),
        ("certification.md P3.2", []),
        ("states.md §2 step 5, then §2, steps 99", ["states.md §2 step 99"]),
        ("design §5 decision 6; decisions.md §5, decision 77", ["decisions.md §5 decision 77"]),
        ("docs/contract/states.md §9", ["states.md §9"]),
        ("RFC 8536 §3.2", []),
        ("§4 of nothing", ["None §4"]),
        ("anchors.md §2", ["anchors.md §2"]),
    ],
)
def test_citations_are_told_apart(text, lost):
    assert dangling(text) == lost
