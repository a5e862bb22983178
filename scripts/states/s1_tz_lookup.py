"""S1: one provisional tzid per site, by geometry first (states.md §3)."""

import logging
import re
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.contracts import arrow_schema, catalog_path, schema
from scripts.lib.errors import Abort, Breach, Codes, raise_all
from scripts.lib.logs import event, say
from scripts.lib.tables import (
    ROW_GROUP,
    categorical,
    column_of,
    constant,
    encoded,
    stream_writer,
    values_of,
)
from scripts.states import ladder
from scripts.states.governance import s1_breaches
from scripts.states.mcc import load_mcc
from scripts.states.policy import (
    SCOPES,
    active,
    compile_overrides,
    country_codes,
    load_governance,
    load_nudge,
    load_overrides,
)
from scripts.states.receipt import Receipt, check_partition, check_sealed, open_receipt
from scripts.states.s1_tally import Tally
from scripts.states.sites import batches, country_categories, key_columns, open_checked
from scripts.states.sort import SORT_MEMORY_MB, sorted_copy
from scripts.states.state import Stages, run_state
from scripts.zone_index.index import ZoneIndex, open_index

SITES = "schemas.1B.yaml#/egress/site_locations"
OUTPUT = "schemas.2A.yaml#/plan/s1_tz_lookup"
TZID = "schemas.layer1.yaml#/$defs/iana_tzid"
COUNTRY_ZONES = "schemas.ingress.layer1.yaml#/country_zones"
DATASETS = (
    "site_locations",
    "tz_world_2025a",
    "tz_nudge",
    "tz_overrides",
    "governance",
    "country_zones",
    "s1_tz_lookup",
)
PROGRESS_ROWS = 5_000_000
CODES: Codes = {
    "2A-S1-001": [Breach.RECEIPT],
    "2A-S1-010": [Breach.MISSING, Breach.SEAL, Breach.CONTENT, Breach.DUPLICATE],
    "2A-S1-011": [Breach.PARTITION],
    "2A-S1-021": [(Breach.CONTENT, "tz_nudge")],
    "2A-S1-030": [(Breach.CONTENT, "site_locations"), Breach.OUTPUT],
    "2A-S1-040": [Breach.EMBED, Breach.TIMESTAMP],  # the contract gives S1 no code of its own for the time
    "2A-S1-041": [Breach.OVERWRITE],
    "2A-S1-053": [Breach.ZONE],
    "2A-S1-080": [Breach.CONTRACTS],
}


def main(
    *,
    receipt: str,
    inventory: str,
    site_locations: str,
    lookup_index: str,
    country_zones: str,
    tz_nudge: str,
    tz_overrides: str,
    governance: str,
    dataset: str,
    report: str,
    seed: int,
    fingerprint: str,
    merchant_mcc_map: list[str] | str = (),
    sort_memory_mb: int = SORT_MEMORY_MB,
) -> None:
    tokens = {"seed": seed, "manifest_fingerprint": fingerprint}

    def compute(stages: Stages) -> dict[str, Any]:
        s0 = open_receipt(receipt, inventory, fingerprint, DATASETS)
        check_partition("site_locations", site_locations, **tokens)
        check_sealed(s0, "site_locations", site_locations)
        cutoff = s0.verified_at_utc[:10]
        index = open_sealed_index(s0, lookup_index)
        check_sealed(s0, "tz_nudge", tz_nudge)
        nudge = load_nudge(tz_nudge)
        sealed_overrides = check_sealed(s0, "tz_overrides", tz_overrides)
        rows = active(load_overrides(tz_overrides, "2A-S1-010", "2A-S1-010"), cutoff)
        overrides = compile_overrides(rows, index.tzids, "2A-S1-053")
        check_sealed(s0, "governance", governance)
        caps = load_governance(governance, "2A-S1-010", cutoff)
        check_sealed(s0, "country_zones", country_zones)
        countries = read_country_zones(country_zones, index.tzids)
        mcc_map = s0.sealed.get("merchant_mcc_map")
        mcc_of = load_mcc(s0, merchant_mcc_map, overrides.needs_mcc, "2A-S1-010")
        event("INPUTS", assets=sorted(s0.sealed))

        resolve = partial(
            ladder.resolve,
            index,
            epsilon=nudge.epsilon_degrees,
            overrides=overrides,
            countries=countries,
            prefer_own=caps.get("border_preference") == "in_country",
        )
        constants = {**tokens, "created_utc": s0.verified_at_utc}
        tally = stream(site_locations, stages["s1_tz_lookup"], resolve, mcc_of, index.tzids, constants, sort_memory_mb)
        body = {
            "s0": s0.report(),
            "inputs": {
                "site_locations": {"path": catalog_path("site_locations", **tokens)},
                "tz_world": {"id": "tz_world_2025a", "license": s0.sealed["tz_world_2025a"].license_class},
                "tz_nudge": {"semver": nudge.semver, "sha256_digest": nudge.sha256_digest},
                "tz_overrides": {
                    "version_tag": sealed_overrides.version_tag,
                    "sha256_digest": sealed_overrides.sha256_hex,
                },
                "merchant_mcc_map": {"version_tag": mcc_map.version_tag if mcc_map else None},
            },
            **tally.report(index.tzids, caps),
            "output": {"path": catalog_path("s1_tz_lookup", **tokens), "format": "parquet"},
        }
        log_lookup(body["counts"])
        breaches = tally.breaches() + s1_breaches(body["counts"], body["governance"], seed)
        if breaches:
            breaches[0].report = body  # counts of a failed run are evidence, its rows are not
        raise_all(breaches)
        event("VALIDATION", id="2A-S1", result="pass", sites_total=tally.keys.rows)
        if not tally.sorted_input:
            body["warnings"] = [
                Abort("2A-S1-070", "site_locations was not in key order", seed=seed, dataset="site_locations").finding()
            ]
        return body

    run_state("S1", CODES, compute, header=tokens, outputs={"s1_tz_lookup": dataset}, report=report)


def log_lookup(counts: dict[str, Any]) -> None:
    """The LOOKUP event; sites that lie further from their country than the threshold make it a warning."""
    names = {edge: f"fallback_nearest_{edge}_threshold" for edge in ("within", "outside")}
    fallbacks = {name: counts[name] for name in names.values()}
    severity = logging.WARNING if counts[names["outside"]] else logging.INFO
    event("LOOKUP", severity=severity, sites=counts["sites_total"], **fallbacks)


def open_sealed_index(s0: Receipt, path: str) -> ZoneIndex:
    """The lookup index, which must have been built from the sealed polygons (2A-S1-020, -053)."""
    try:
        index = open_index(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as problem:
        raise Abort("2A-S1-020", f"lookup index unreadable: {str(problem)[:120]}", path=path) from None
    sealed = s0.sealed.get("tz_world_2025a")
    if sealed is None or index.header["tz_world_sha256"] != sealed.sha256_hex:
        raise Abort("2A-S1-020", "lookup index was built from other polygons than the sealed ones", path=path)
    malformed = [tzid for tzid in index.tzids if not re.fullmatch(schema(TZID)["pattern"], str(tzid))]
    if malformed:
        raise Abort("2A-S1-053", f"not an IANA zone name: {malformed[0]!r}", path=path)
    return index


def read_country_zones(path: str, tzids: list[str]) -> ladder.CountryZones:
    """Zones per country; a zone without polygon is left out, as no site can lie in it."""
    zone = {tzid: number for number, tzid in enumerate(tzids)}
    pairs: list[tuple[int, str]] = []
    for batch in batches(open_checked(path, COUNTRY_ZONES, "2A-S1-010"), COUNTRY_ZONES, "2A-S1-010"):
        codes = country_codes(batch["country_iso"].to_pylist()).tolist()
        pairs += zip(codes, batch["tzid"].to_pylist(), strict=True)
    return ladder.country_zones([(code, zone[tzid]) for code, tzid in pairs if tzid in zone])


def stream(path, stage, resolve, mcc_of, tzids, constants, sort_memory_mb: int) -> Tally:
    """Resolve all sites of `path` into `stage`, batch by batch; unsorted input is sorted first and read again."""
    tally = _stream_once(path, stage, resolve, mcc_of, tzids, constants)
    if tally.keys.sorted:
        return tally
    say("S1: site_locations is not in key order; sorting it within the memory bound")
    with sorted_copy(path, SITES, "2A-S1-030", sort_memory_mb) as ordered:
        tally = _stream_once(ordered, stage, resolve, mcc_of, tzids, constants)
    tally.sorted_input = False
    return tally


def _stream_once(path, stage, resolve, mcc_of, tzids, constants) -> Tally:
    tally = Tally()
    columns = encoded(arrow_schema(OUTPUT))
    table = open_checked(path, SITES, "2A-S1-030")
    total = table.metadata.num_rows
    with stream_writer(stage, columns) as out:
        for batch in batches(table, SITES, "2A-S1-030"):
            merchant, country, order = key_columns(batch)
            tally.keys.add(merchant, country, order)
            if not tally.keys.sorted:
                break
            lon, lat = (values_of(batch[name]) for name in ("lon_deg", "lat_deg"))
            sites = ladder.Sites(
                merchant, country, order, lon, lat, mcc_of(merchant) if mcc_of else np.full(len(merchant), -1, np.int32)
            )
            found = resolve(sites)
            check_resolution(found, len(tzids))
            tally.add(sites, found)
            out.write_batch(to_batch(batch, country, found, tzids, constants, columns), row_group_size=ROW_GROUP)
            if total > PROGRESS_ROWS and tally.keys.rows % PROGRESS_ROWS < len(lon):
                say(f"S1: {tally.keys.rows:,} of {total:,} sites")
    tally.written = pq.read_metadata(stage).num_rows
    return tally


def check_resolution(found: ladder.Resolution, zones: int) -> None:
    """What every resolved row must satisfy, whichever rung decided it (2A-S1-052, -053, -054)."""
    resolved = found.rung != ladder.UNRESOLVED
    lat_set, lon_set = ~np.isnan(found.nudge_lat), ~np.isnan(found.nudge_lon)
    nudged = found.rung >= ladder.NUDGED
    breaches = {
        "2A-S1-052": (resolved & (found.zone < 0), "have no zone"),
        "2A-S1-053": (found.zone >= zones, "have a zone without polygon"),
        "2A-S1-054": ((lat_set != lon_set) | (nudged != lat_set), "carry half a nudge, or one that did not happen"),
    }
    raise_all([Abort(code, f"{int(rows.sum())} rows {what}") for code, (rows, what) in breaches.items() if rows.any()])


def to_batch(
    batch: pa.RecordBatch, country, found: ladder.Resolution, tzids, constants, schema: pa.Schema
) -> pa.RecordBatch:
    """Rows of s1_tz_lookup for one batch of sites."""
    rows = len(batch)
    overridden = found.scope >= 0
    columns = {
        "seed": column_of(np.full(rows, constants["seed"], np.uint64)),
        "manifest_fingerprint": constant(constants["manifest_fingerprint"], rows),
        "merchant_id": batch["merchant_id"].cast(pa.uint64()),
        "legal_country_iso": country_categories(country),
        "site_order": batch["site_order"].cast(pa.int32()),
        "lat_deg": batch["lat_deg"],
        "lon_deg": batch["lon_deg"],
        "tzid_provisional": categorical(np.maximum(found.zone, 0), tzids),
        "tzid_provisional_source": categorical(overridden.astype(np.int32), ["polygon", "override"]),
        "override_scope": categorical(found.scope, SCOPES),
        "override_applied": column_of(overridden),
        "nudge_lat_deg": column_of(found.nudge_lat, np.isnan(found.nudge_lat)),
        "nudge_lon_deg": column_of(found.nudge_lon, np.isnan(found.nudge_lon)),
        "created_utc": constant(constants["created_utc"], rows),
    }
    return pa.record_batch([columns[name].cast(schema.field(name).type) for name in schema.names], schema=schema)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main, snakemake)
