"""What README and docs say exists: paths, make targets, rules, and the fingerprint of the example for consumers."""

import re
from pathlib import Path

import pytest

from scripts.lib.contracts import load_yaml
from scripts.lib.pins import pins_path, read_pins

PAGES = [Path("README.md"), Path("CONTRIBUTING.md"), *sorted(Path("docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!\w+:|#)([^)#]+)")
PATH = re.compile(r"(?:scripts|config|docs|tests|rules|envs|profiles)/[\w./-]*[\w/]")


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_named_paths_exist(page):
    text = page.read_text()
    named = set(PATH.findall(text))
    examples = {
        "config/authority/mine.yaml",
        "config/authority/pins/mine/SEED.json",
        "config/candidates/mine.yaml",
        "config/candidates/my_idea.yaml",
        "config/phases/NAME.yaml",
        "tests/contract/sN.py",
        "scripts/states/sN_",
    }
    assert sorted(path for path in named - examples if not Path(path).exists()) == []
    assert [link for link in LINK.findall(text) if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_named_commands_exist(page):
    text = page.read_text()
    rules = set(re.findall(r"^rule (\w+):", "".join(path.read_text() for path in Path(".").glob("rules/*.smk")), re.M))
    rules |= {"certify"}
    asked = re.findall(r"`(?:snakemake)((?: -{1,2}[\w-]+(?: \d+)?)*)((?: [a-z_]+)+)", text)
    targets = {word for _, words in asked for word in words.split()}
    assert targets <= rules
    modules = re.findall(r"python -m (scripts[\w.]+\w)", text)
    assert [name for name in modules if not Path(name.replace(".", "/") + ".py").exists()] == []


def test_consumers_example_names_the_pinned_run():
    text = Path("docs/consumers.md").read_text()
    (run, seed) = re.search(r"results/runs/(\w+)/seed=(\d+)", text).groups()
    authority = load_yaml(Path(f"config/candidates/{run}.yaml"))["authority"]
    pins = read_pins(pins_path(authority, seed))
    assert re.search(r'"([0-9a-f]{64})"', text)[1] == pins.manifest_fingerprint
