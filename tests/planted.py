"""The certification of planted seeds: `certify_run` as its rule calls it, on metrics that a test made."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scripts.certification import certify_run
from scripts.lib.files import read_json, write_json
from tests.unit.certification.nouns import SEEDS

FILES = ("comparison", "correction_budget", "certification", "gate_table", "freeze_record", "verdict")
RULES = ("plan", "gates", "cohorts", "triage", "metrics")


def call_rule(files: Mapping[str, str], compared: dict[str, Any], **given: Any) -> None:
    """Certify a run of the plan's seeds that reopens nothing; `files` are those of `FILES`, by name."""
    write_json(files["comparison"], compared)
    write_json(files["correction_budget"], {})
    usual = {"diagnostics": [], "governance": "config/policy/governance.yaml", "required_seeds": SEEDS}
    usual |= {"not_certifiable": None, "retained": {}, "reopen_record": [], "progression": []}
    usual |= {name: f"config/certification/{name}.yaml" for name in RULES}
    certify_run.main(**files, facts="config/authority/facts.yaml", **usual | given)


def certify(
    folder: Path,
    seeds: Sequence[dict[str, Any]],
    *,
    earth: Sequence[str] = (),
    compared: dict[str, Any] | None = None,
    counts: Sequence[str] = (),
    required: Sequence[int] = SEEDS,
    **given: Any,
) -> dict[str, Any]:
    """The certificate of these seeds' metrics, with the freeze record as `freeze` and the verdict's text as `lines`."""
    files = {name: str(folder / name) for name in FILES}
    metrics = [str(folder / f"seed_metrics_{number}.json") for number in range(len(seeds))]
    for path, found in zip(metrics, seeds, strict=True):
        write_json(path, found)
    nothing = folder / "zone_counts.csv"
    nothing.write_text("country_iso,tzid,tzid_source,ambiguous,sites\n")
    call_rule(
        files,
        compared or {"run": "planted", "against": {}},
        seed_metrics=metrics,
        earth=list(earth),
        zone_counts=list(counts) or [str(nothing)] * len(seeds),
        required_seeds=list(required),
        run="planted",
        authority="planted",
        retained={"planted": {"42": seeds[0]["run_id"]}},
        **given,
    )
    found = read_json(files["certification"])
    return found | {"freeze": read_json(files["freeze_record"]), "lines": Path(files["verdict"]).read_text()}
