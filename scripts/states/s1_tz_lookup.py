"""S1: one provisional tzid per site, by geometry first (states.md §3)."""

import logging
import re
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa

from scripts.lib.contracts import contract_path, schema
from scripts.lib.errors import Abort, Breach, Codes, Fault
from scripts.lib.logs import event
from scripts.lib.tables import categorical, column_of, constant, values_of
from scripts.states.ambiguity import ambiguities, s1_breaches
from scripts.states.governance import Stand
from scripts.states.ladder import CountryZones, Ladder, Resolution, Sites, resolve
from scripts.states.mcc import load_mcc
from scripts.states.overrides import SCOPES, active, compile_overrides, load_overrides
from scripts.states.policy import Caps, Nudge, load_caps, load_nudge
from scripts.states.receipt import Receipt, check_partition, check_sealed, open_receipt
from scripts.states.s1_tally import S1Tally, blocks, breaches
from scripts.states.site_key import SiteKeys, country_categories, country_codes
from scripts.states.site_pass import Columns, Work, concluded, site_pass
from scripts.states.sites import Table, batches
from scripts.states.sort import SORT_MEMORY_MB
from scripts.states.state import Body, Stages, Tokens, run_state
from scripts.zone_index.file import check_payload
from scripts.zone_index.index import ZoneIndex, open_index

SITES = Table("site_locations", "schemas.1B.yaml#/egress/site_locations")
COUNTRY_ZONES = Table("country_zones", "schemas.ingress.layer1.yaml#/country_zones")
OUTPUT = "schemas.2A.yaml#/plan/s1_tz_lookup"
TZID = "schemas.layer1.yaml#/$defs/iana_tzid"
POLICIES = ("tz_nudge", "tz_overrides", "governance")
DATASETS = ("site_locations", "lookup_index", "tz_world_2025a", "country_zones", *POLICIES, "s1_tz_lookup")
CODES: Codes = {
    "2A-S1-001": [Breach.RECEIPT],
    "2A-S1-010": [Breach.MISSING, Breach.SEAL],
    "2A-S1-011": [Breach.PARTITION],
    "2A-S1-020": ["lookup_index"],
    "2A-S1-021": [(Breach.CONTENT, "tz_nudge")],
    "2A-S1-022": [Breach.CONTENT, Breach.DUPLICATE],
    "2A-S1-030": [(Breach.CONTENT, "site_locations"), Breach.OUTPUT],
    "2A-S1-040": [Breach.EMBED, Breach.TIMESTAMP],  # the contract gives S1 no code of its own for the time
    "2A-S1-041": [Breach.OVERWRITE],
    "2A-S1-050": [Breach.COVERAGE],
    "2A-S1-051": [(Breach.DUPLICATE, "site_locations")],
    "2A-S1-053": [Breach.ZONE],
    "2A-S1-080": [Breach.CONTRACTS],
}


def main(
    *,
    receipt: str,
    inventory: str,
    site_locations: Sequence[str],
    lookup_index: str,
    country_zones: str,
    tz_nudge: str,
    tz_overrides: str,
    governance: str,
    dataset: str,
    report: str,
    seed: int,
    manifest_fingerprint: str,
    merchant_mcc_map: Sequence[str] = (),
    sort_memory_mb: int = SORT_MEMORY_MB,
) -> None:
    tokens: Tokens = {"seed": seed, "manifest_fingerprint": manifest_fingerprint}

    def compute(stages: Stages) -> Body:
        s0 = open_receipt(receipt, inventory, manifest_fingerprint, DATASETS)
        check_partition("site_locations", *site_locations, **tokens)
        check_sealed(s0, "site_locations", *site_locations)
        policies = {"tz_nudge": tz_nudge, "tz_overrides": tz_overrides, "governance": governance}
        ladder, nudge, caps = open_ladder(s0, lookup_index, country_zones, policies, merchant_mcc_map)
        event("INPUTS", assets=sorted(s0.sealed))

        decide = partial(look_up, ladder, {**tokens, "created_utc": s0.verified_at_utc})
        work = Work("S1", SITES, OUTPUT, decide, S1Tally.nothing(len(ladder.index.tzids)))
        passed = site_pass(work, site_locations, stages["s1_tz_lookup"], sort_memory_mb)
        borders = ambiguities(passed.tally.cells, ladder)
        body = {
            "s0": s0.report(),
            "inputs": inputs_block(s0, nudge, tokens),
            **blocks(passed, caps, borders),
            "output": {"path": contract_path("s1_tz_lookup", **tokens), "format": "parquet"},
        }
        log_lookup(body["counts"])
        stand = Stand(seed, passed.keys.rows, caps, s0.verified_at_utc[:10])
        found = [*breaches(passed), *s1_breaches(body["governance"], borders, stand)]
        unordered = Abort("2A-S1-070", "site_locations was not in key order", seed=seed, dataset="site_locations")
        return concluded(passed, body, found, unordered)

    run_state("S1", CODES, compute, header=tokens, outputs={"s1_tz_lookup": dataset}, report=report)


def open_ladder(
    s0: Receipt, lookup_index: str, country_zones: str, policies: dict[str, str], mcc_map: Sequence[str] = ()
) -> tuple[Ladder, Nudge, Caps]:
    """What decides a site, from the bytes that S0 sealed; `policies` are the paths of POLICIES by their names."""
    cutoff, index = s0.verified_at_utc[:10], open_sealed_index(s0, lookup_index)
    for asset, path in [*policies.items(), ("country_zones", country_zones)]:
        check_sealed(s0, asset, path)
    nudge, caps = load_nudge(policies["tz_nudge"]), load_caps(policies["governance"], cutoff)
    if nudge.epsilon_degrees > caps.epsilon_degrees_cap:
        message = f"epsilon_degrees {nudge.epsilon_degrees} is above {caps.epsilon_degrees_cap} (epsilon_degrees_cap)"
        raise Fault(Breach.CONTENT, "tz_nudge", message, path=policies["tz_nudge"])
    overrides = compile_overrides(active(load_overrides(policies["tz_overrides"]), cutoff), index.tzids)
    countries = read_country_zones(country_zones, index.tzids)
    mcc = load_mcc(s0, mcc_map) if overrides.needs_mcc else None
    prefer_own = caps.border_preference == "in_country"
    return Ladder(index, nudge.epsilon_degrees, overrides, countries, mcc, prefer_own), nudge, caps


def open_sealed_index(s0: Receipt, path: str) -> ZoneIndex:
    """The lookup index: as sealed, its arrays as built, from the sealed polygons (2A-S1-020, -053)."""
    check_sealed(s0, "lookup_index", path)
    try:
        check_payload(path)
        index = open_index(path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, MemoryError) as problem:
        raise Abort("2A-S1-020", f"lookup index unreadable: {str(problem)[:120]}", path=path) from None
    polygons = s0.sealed.get("tz_world_2025a")
    if polygons is None or index.header["tz_world_sha256"] != polygons.sha256_hex:
        raise Abort("2A-S1-020", "lookup index was built from other polygons than the sealed ones", path=path)
    malformed = [tzid for tzid in index.tzids if not re.fullmatch(schema(TZID)["pattern"], str(tzid))]
    if malformed:
        raise Abort("2A-S1-053", f"not an IANA zone name: {malformed[0]!r}", path=path)
    return index


def read_country_zones(path: str, tzids: Sequence[str]) -> CountryZones:
    """Zones per country; a zone without polygon is left out, as no site can lie in it."""
    zone = {tzid: number for number, tzid in enumerate(tzids)}
    pairs: list[tuple[int, str]] = []
    for batch in batches(COUNTRY_ZONES, path):
        codes = country_codes(batch["country_iso"].to_pylist()).tolist()
        pairs += zip(codes, batch["tzid"].to_pylist(), strict=True)
    return CountryZones.of_pairs([(code, zone[tzid]) for code, tzid in pairs if tzid in zone])


def look_up(
    ladder: Ladder, stamps: dict[str, int | str], batch: pa.RecordBatch, keys: SiteKeys
) -> tuple[Columns, S1Tally]:
    """The rows of s1_tz_lookup for one batch of sites, and their tally."""
    sites = Sites(keys, lon=values_of(batch["lon_deg"]), lat=values_of(batch["lat_deg"]))
    found = resolve(ladder, sites)
    tzids = ladder.index.tzids
    return rows_of(batch, keys, found, tzids) | stamped(stamps, len(batch)), S1Tally.of(keys.country, found, len(tzids))


def rows_of(batch: pa.RecordBatch, keys: SiteKeys, found: Resolution, tzids: list[str]) -> Columns:
    """What S1 says of each site of a batch."""
    overridden = found.scope >= 0
    return {
        "merchant_id": batch["merchant_id"],
        "legal_country_iso": country_categories(keys.country),
        "site_order": batch["site_order"],
        "lat_deg": batch["lat_deg"],
        "lon_deg": batch["lon_deg"],
        # Rows without a lawful zone are counted, and the table withheld.
        "tzid_provisional": categorical(np.clip(found.zone, 0, len(tzids) - 1), tzids),
        "tzid_provisional_source": categorical(overridden.astype(np.int32), ["polygon", "override"]),
        "override_scope": categorical(found.scope, SCOPES),
        "override_applied": column_of(overridden),
        "nudge_lat_deg": column_of(found.nudge_lat, np.isnan(found.nudge_lat)),
        "nudge_lon_deg": column_of(found.nudge_lon, np.isnan(found.nudge_lon)),
    }


def stamped(stamps: dict[str, int | str], rows: int) -> Columns:
    """The columns that hold one value in every row: the tokens of the partition and the time of the receipt."""
    return {
        name: constant(value, rows) if isinstance(value, str) else column_of(np.full(rows, value, np.uint64))
        for name, value in stamps.items()
    }


def inputs_block(s0: Receipt, nudge: Nudge, tokens: Tokens) -> Body:
    """The `inputs` block of the run report."""
    overrides, mcc_map = s0.sealed["tz_overrides"], s0.sealed.get("merchant_mcc_map")
    return {
        "site_locations": {"path": contract_path("site_locations", **tokens)},
        "tz_world": {"id": "tz_world_2025a", "license": s0.sealed["tz_world_2025a"].license_class},
        "tz_nudge": {"semver": nudge.semver, "sha256_digest": nudge.sha256_digest},
        "tz_overrides": {"version_tag": overrides.version_tag, "sha256_digest": overrides.sha256_hex},
        "merchant_mcc_map": {"version_tag": mcc_map.version_tag if mcc_map else None},
    }


def log_lookup(counts: dict[str, Any]) -> None:
    """The LOOKUP event; sites that lie further from their country than the threshold make it a warning."""
    fallbacks = {name: counts[name] for name in counts if name.startswith("fallback_nearest_")}
    severity = logging.WARNING if counts["fallback_nearest_outside_threshold"] else logging.INFO
    event("LOOKUP", severity=severity, sites=counts["sites_total"], **fallbacks)


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
