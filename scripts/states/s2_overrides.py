"""S2: the final tzid of every site; overrides are confirmed, never re-decided (states.md §4)."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.contracts import arrow_schema, catalog_path
from scripts.lib.errors import Abort, Breach, Codes, raise_all
from scripts.lib.logs import event, say
from scripts.lib.tables import ROW_GROUP, categorical, encoded, stream_writer, values_of
from scripts.reference.tz_world import UNREADABLE, tz_world_info
from scripts.states.governance import emitted, override_by_country, s2_breaches
from scripts.states.mcc import load_mcc
from scripts.states.outputs import check_embedded
from scripts.states.policy import (
    SCOPES,
    Overrides,
    active,
    compile_overrides,
    incomplete_provenance,
    load_governance,
    load_overrides,
)
from scripts.states.receipt import check_partition, check_published, check_sealed, open_receipt
from scripts.states.s2_checks import check_coherence, codes_of, confirm, table_breaches
from scripts.states.sites import Keys, batches, key_columns, open_checked
from scripts.states.sort import SORT_MEMORY_MB, sorted_copy
from scripts.states.state import Stages, run_state

INPUT = "schemas.2A.yaml#/plan/s1_tz_lookup"
OUTPUT = "schemas.2A.yaml#/egress/site_timezones"
DATASETS = ("s1_tz_lookup", "tz_overrides", "governance", "tz_world_2025a", "site_timezones")
CODES: Codes = {
    "2A-S2-001": [Breach.RECEIPT],
    "2A-S2-010": [Breach.MISSING, Breach.SEAL, Breach.CONTENT],
    "2A-S2-011": [Breach.PARTITION],
    "2A-S2-020": [(Breach.CONTENT, "tz_overrides")],
    "2A-S2-021": [(Breach.DUPLICATE, "tz_overrides")],
    "2A-S2-022": ["merchant_mcc_map"],
    "2A-S2-030": [Breach.OUTPUT],
    "2A-S2-040": [Breach.EMBED],
    "2A-S2-041": [Breach.OVERWRITE],
    "2A-S2-042": [Breach.TIMESTAMP],
    "2A-S2-057": [Breach.ZONE],
    "2A-S2-080": [Breach.CONTRACTS],
}
TZID_CODES = {("tzid_provisional", "null"): "2A-S2-052", ("tzid_provisional", "value"): "2A-S2-053"}


def main(
    *,
    receipt: str,
    inventory: str,
    s1_report: str,
    s1_tz_lookup: str,
    tz_world: str,
    tz_overrides: str,
    governance: str,
    dataset: str,
    report: str,
    seed: int,
    fingerprint: str,
    merchant_mcc_map: list[str] | str = (),
) -> None:
    tokens = {"seed": seed, "manifest_fingerprint": fingerprint}

    def compute(stages: Stages) -> dict[str, Any]:
        s0 = open_receipt(receipt, inventory, fingerprint, DATASETS)
        check_partition("s1_tz_lookup", s1_tz_lookup, **tokens)
        check_published(s1_report, "s1_tz_lookup", s1_tz_lookup)
        cutoff = s0.verified_at_utc[:10]
        sealed = check_sealed(s0, "tz_overrides", tz_overrides)
        all_rows = load_overrides(tz_overrides, "2A-S2-020", "2A-S2-021")
        rows = active(all_rows, cutoff)
        check_sealed(s0, "governance", governance)
        caps = load_governance(governance, "2A-S2-010", cutoff)
        check_sealed(s0, "tz_world_2025a", tz_world)
        tzids = zones_of_world(tz_world)
        overrides = compile_overrides(rows, tzids, "2A-S2-057")
        mcc = load_mcc(s0, merchant_mcc_map, overrides.needs_mcc, "2A-S2-022")
        lacking = incomplete_provenance(rows)
        event("INPUTS", assets=sorted(s0.sealed))

        tally = stream(s1_tz_lookup, stages["site_timezones"], overrides, mcc, tzids, s0.verified_at_utc, tokens)
        event("OVERRIDES", overridden=tally["overridden"].sum().item())
        body = {
            "s0": s0.report(),
            "inputs": {
                "s1_tz_lookup": {"path": catalog_path("s1_tz_lookup", **tokens)},
                "tz_overrides": {"semver": sealed.version_tag, "sha256_digest": sealed.sha256_hex},
                "mcc_mapping": {
                    "id": "merchant_mcc_map" if mcc else None,
                    "sha256_digest": s0.sealed["merchant_mcc_map"].sha256_hex if mcc else None,
                },
            },
            **report_blocks(tally, len(rows), len(all_rows) - len(rows), lacking, caps),
            "output": {
                "path": catalog_path("site_timezones", **tokens),
                "format": "parquet",
                "created_utc": s0.verified_at_utc,
            },
        }
        breaches = table_breaches(tally, s1_tz_lookup, stages["site_timezones"])
        if lacking:
            breaches.append(Abort("2A-S2-091", f"provenance incomplete for {', '.join(lacking)}", path=tz_overrides))
        breaches += s2_breaches(body["counts"], caps, seed)
        event("GOVERNANCE", **body["governance"]["rates"])
        if breaches:
            breaches[0].report = body
        raise_all(breaches)
        event("VALIDATION", id="2A-S2", result="pass", sites_total=tally["keys"].rows)
        if not tally["sorted_input"]:
            body["warnings"] = [Abort("2A-S2-070", "s1_tz_lookup was not in key order", seed=seed).finding()]
        return body

    run_state(
        "S2",
        CODES,
        compute,
        header=tokens,
        outputs={"site_timezones": dataset},
        report=report,
        previous=[s1_report],
    )


def zones_of_world(path: str) -> list[str]:
    """Sorted tzids of the sealed polygons (2A-S2-010)."""
    try:
        return tz_world_info(path)["tzids"]
    except UNREADABLE as problem:
        raise Abort("2A-S2-010", f"zone polygons unreadable: {problem}"[:200], path=path) from None


def stream(path, stage, overrides: Overrides, mcc, tzids: list[str], created: str, tokens: dict) -> dict[str, Any]:
    """Write site_timezones batch by batch, in key order; returns the counts for the report."""
    open_checked(path, INPUT, "2A-S2-010")
    check_embedded("s1_tz_lookup", path, tokens, created)
    tally = _stream_once(path, stage, overrides, mcc, tzids)
    if tally["keys"].sorted:
        return tally
    say("S2: s1_tz_lookup is not in key order; sorting it within the memory bound")
    with sorted_copy(path, INPUT, "2A-S2-030", SORT_MEMORY_MB) as ordered:
        return _stream_once(ordered, stage, overrides, mcc, tzids) | {"sorted_input": False}


def _stream_once(path, stage, overrides: Overrides, mcc, tzids: list[str]) -> dict[str, Any]:
    tally: dict[str, Any] = {
        "keys": Keys(),
        "sorted_input": True,
        "sites": np.zeros(65536, np.int64),
        "overridden": np.zeros(65536, np.int64),
        "by_scope": np.zeros(len(SCOPES), np.int64),
        "by_rule": Counter(),
        "tzids": set(),
    }
    schema = encoded(arrow_schema(OUTPUT))
    with stream_writer(stage, schema) as out:
        table = open_checked(path, INPUT, "2A-S2-010")
        for batch in batches(table, INPUT, "2A-S2-030", TZID_CODES):
            merchant, country, order = key_columns(batch)
            tally["keys"].add(merchant, country, order)
            if not tally["keys"].sorted:
                break
            zone = zone_ids(batch["tzid_provisional"], tzids)
            scope = codes_of(batch["override_scope"], SCOPES)
            applied = values_of(batch["override_applied"])
            check_coherence(batch, applied, scope)
            tally["by_rule"] += confirm(overrides, mcc, merchant, country, order, zone, scope, applied)

            tally["sites"] += np.bincount(country, minlength=65536)
            tally["overridden"] += np.bincount(country[applied], minlength=65536)
            tally["by_scope"] += np.bincount(scope[scope >= 0], minlength=len(SCOPES))
            tally["tzids"].update(np.unique(zone).tolist())
            columns = {name: batch[name] for name in schema.names if name in batch.schema.names}
            columns |= {
                "tzid": categorical(zone, tzids),
                "tzid_source": batch["tzid_provisional_source"],
            }
            arrays = [columns[name].cast(schema.field(name).type) for name in schema.names]
            out.write_batch(pa.record_batch(arrays, schema=schema), row_group_size=ROW_GROUP)
    return tally | {"written": pq.read_metadata(stage).num_rows}


def zone_ids(column: pa.DictionaryArray, tzids: list[str]) -> np.ndarray:
    """tzid column -> zone ids int32; raises 2A-S2-057 for a zone without polygon."""
    zone = {tzid: number for number, tzid in enumerate(tzids)}
    values = column.dictionary.to_pylist()
    unknown = sorted({value for value in values if value not in zone})
    if unknown:
        raise Abort("2A-S2-057", f"no polygon for {', '.join(map(str, unknown[:5]))}", tzid=str(unknown[0]))
    return np.array([zone[value] for value in values], np.int32)[values_of(column.indices)]


def report_blocks(
    tally: dict[str, Any], active_rules: int, expired: int, lacking: list[str], caps: dict[str, Any]
) -> dict[str, Any]:
    """`counts`, `checks` and `governance` of the run report."""
    total, overridden = tally["keys"].rows, int(tally["overridden"].sum())
    return {
        "counts": {
            "sites_total": total,
            "rows_emitted": tally["written"],
            "overridden_total": overridden,
            "overridden_by_scope": dict(zip(SCOPES, tally["by_scope"].tolist(), strict=True)),
            "override_no_effect": 0,
            "overrides_active": active_rules,
            "expired_skipped": expired,
            "dup_scope_target": 0,
            "mcc_targets_missing": 0,
            "distinct_tzids": len(tally["tzids"]),
            "provenance_missing": len(lacking),
        },
        "checks": {
            "pk_duplicates": tally["keys"].duplicates,
            "coverage_mismatch": abs(total - tally["written"]),
            "null_tzid": 0,
            "unknown_tzid": 0,
            "tzid_not_in_tz_world": 0,
        },
        "catalogue": {"writer_order_ok": tally["sorted_input"]},
        "governance": {
            "caps": {"override_rate_cap": caps["override_rate_cap"], "exceptions": caps["exceptions"]},
            "rates": {"override_rate": emitted(overridden, total)},
            "override_by_country": override_by_country(tally["sites"], tally["overridden"]),
            "override_by_rule": [
                {"country_iso": country, "rule": rule, "count": count}
                for (country, rule), count in sorted(tally["by_rule"].items())
            ],
        },
    }


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
