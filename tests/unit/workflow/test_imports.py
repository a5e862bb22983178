"""The floors of the house: who may import whom, and that nobody goes in a circle."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from scripts.workflow.upkeep import code_of

SCRIPTS = Path("scripts")
FLOORS = [
    "lib",
    "zone_index",
    "reference",
    "upstream",
    "states",
    "handover",
    "scoring",
    "certification",
    "report",
    "archive",
]
OWN = {"lib": set(), "zone_index": set()}  # both stand on nothing else of the project
ROOF = {"workflow", "docs", "verify.py"}  # not rules' scripts: they may look into every floor


def imports() -> dict[Path, set[Path]]:
    """Module of scripts/ -> the modules of scripts/ that it imports, also inside functions."""
    found = {}
    for path in sorted(SCRIPTS.rglob("*.py")):
        names: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{path}: a relative import"
                names.update([f"{node.module}", *(f"{node.module}.{alias.name}" for alias in node.names)])
        files = {Path(name.replace(".", "/") + ".py") for name in names if name.startswith("scripts.")}
        found[path] = {file for file in files if file.is_file()}
    return found


MODULES = imports()


def floor(path: Path) -> str:
    return path.parts[1]


def test_every_module_has_its_floor():
    assert {floor(path) for path in MODULES} <= {*FLOORS, *ROOF, "__init__.py"}


@pytest.mark.parametrize("name", FLOORS)
def test_no_import_runs_upward(name):
    allowed = OWN.get(name, set(FLOORS[: FLOORS.index(name)])) | {name}
    upward = [
        f"{path} imports {used}"
        for path, uses in MODULES.items()
        for used in uses
        if floor(path) == name and floor(used) not in allowed
    ]
    assert upward == []


def test_no_import_goes_in_a_circle():
    assert len(list(TopologicalSorter(MODULES).static_order())) >= len(MODULES)


def test_code_inputs_are_transitive():
    assert "scripts/zone_index/index.py" in code_of("scripts/states/s1_tz_lookup.py")
    assert "scripts/reference/tzif.py" not in code_of("scripts/states/s1_tz_lookup.py")
    contracts = {
        path.removeprefix("config/contracts/") for path in code_of("scripts/states/s2_overrides.py") if ".yaml" in path
    }
    assert {"schemas/schemas.layer1.yaml", "dataset_dictionary.yaml", "reason_codes.yaml"} <= contracts
    assert "config/contracts/artefact_registry.yaml" in code_of("scripts/states/s0_gate.py")
    assert "scripts/report/templates/parts.html" in code_of("scripts/report/build_report.py")
