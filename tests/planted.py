"""The certification of planted seeds: `certify_run` as its rule calls it, on metrics that a test made."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.certification import certify_run
from scripts.lib.files import read_json, write_json

SEEDS = [42, 7, 101, 202]
CONFIG = "config/certification"


def certify(
    folder: Path,
    seeds: Sequence[dict[str, Any]],
    *,
    earth: Sequence[str] = (),
    compared: dict[str, Any] | None = None,
    counts: Sequence[str] = (),
    required: Sequence[int] = SEEDS,
    governance: str = "config/policy/governance.yaml",
    not_certifiable: str | None = None,
) -> dict[str, Any]:
    """The certificate of these seeds' metrics, with the freeze record as `freeze` and the verdict's text as `lines`."""
    paths = [folder / f"seed_metrics_{number}.json" for number in range(len(seeds))]
    for path, found in zip(paths, seeds, strict=True):
        write_json(path, found)
    nothing = folder / "zone_counts.csv"
    nothing.write_text("country_iso,tzid,tzid_source,ambiguous,sites\n")
    write_json(folder / "comparison.json", compared or {"run": "planted", "against": {}})
    write_json(folder / "budget.json", {})
    certify_run.main(
        seed_metrics=list(map(str, paths)),
        earth=list(earth),
        zone_counts=list(counts) or [str(nothing)] * len(seeds),
        diagnostics=[],
        comparison=str(folder / "comparison.json"),
        governance=governance,
        facts="config/authority/facts.yaml",
        correction_budget=str(folder / "budget.json"),
        reopen_record=[],
        progression=[],
        **{name: f"{CONFIG}/{name}.yaml" for name in ("plan", "gates", "cohorts", "triage", "metrics")},
        **{name: str(folder / name) for name in ("certification", "gate_table", "freeze_record", "verdict")},
        run="planted",
        authority="planted",
        required_seeds=list(required),
        not_certifiable=not_certifiable,
        retained={"planted": {"42": seeds[0]["run_id"]}},
    )
    found = read_json(folder / "certification")
    return found | {"freeze": read_json(folder / "freeze_record"), "lines": (folder / "verdict").read_text()}
