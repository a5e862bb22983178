"""S2: the final tzid of every site; overrides are confirmed, never re-decided (states.md §4)."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pyarrow as pa

from scripts.lib.contracts import columns, contract_path
from scripts.lib.errors import Abort, Breach, Codes
from scripts.lib.logs import event
from scripts.lib.tables import categorical
from scripts.reference.tz_world import zones_of_world
from scripts.states.governance import Stand, override_breaches
from scripts.states.mcc import MccMap, load_mcc
from scripts.states.overrides import SCOPES, Overrides, active, compile_overrides, load_overrides
from scripts.states.policy import load_caps
from scripts.states.receipt import Receipt, check_partition, check_published, check_sealed, open_receipt
from scripts.states.s2_tally import Claims, S2Tally, blocks, breaches, confirm, judge_coherence, judge_zones
from scripts.states.site_key import SiteKeys, named, rows_by_country
from scripts.states.site_pass import Columns, Work, concluded, site_pass
from scripts.states.sites import Table, open_checked
from scripts.states.sort import SORT_MEMORY_MB
from scripts.states.state import Body, Stages, Tokens, check_embedded, run_state

LOOKUP = Table("s1_tz_lookup", "schemas.2A.yaml#/plan/s1_tz_lookup", counted=("tzid_provisional",))
OUTPUT = "schemas.2A.yaml#/egress/site_timezones"
NUDGES = ("nudge_lat_deg", "nudge_lon_deg")
DATASETS = ("s1_tz_lookup", "tz_overrides", "governance", "tz_world_2025a", "site_timezones")
CODES: Codes = {
    "2A-S2-001": [Breach.RECEIPT],
    "2A-S2-010": [Breach.MISSING, Breach.SEAL, Breach.CONTENT],
    "2A-S2-011": [Breach.PARTITION],
    "2A-S2-020": [(Breach.CONTENT, "tz_overrides")],
    "2A-S2-021": [(Breach.DUPLICATE, "tz_overrides")],
    "2A-S2-022": ["merchant_mcc_map"],
    "2A-S2-030": [(Breach.CONTENT, "s1_tz_lookup.rows"), Breach.OUTPUT],
    "2A-S2-040": [Breach.EMBED],
    "2A-S2-041": [Breach.OVERWRITE],
    "2A-S2-042": [Breach.TIMESTAMP],
    "2A-S2-050": [Breach.COVERAGE],
    "2A-S2-051": [(Breach.DUPLICATE, "s1_tz_lookup")],
    "2A-S2-057": [Breach.ZONE],
    "2A-S2-080": [Breach.CONTRACTS],
}


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
    manifest_fingerprint: str,
    merchant_mcc_map: Sequence[str] = (),
) -> None:
    tokens: Tokens = {"seed": seed, "manifest_fingerprint": manifest_fingerprint}

    def compute(stages: Stages) -> Body:
        s0 = open_receipt(receipt, inventory, manifest_fingerprint, DATASETS)
        cutoff = s0.verified_at_utc[:10]
        check_partition("s1_tz_lookup", s1_tz_lookup, **tokens)
        check_published(s1_report, "s1_tz_lookup", s1_tz_lookup)
        check_sealed(s0, "tz_overrides", tz_overrides)
        every = load_overrides(tz_overrides)
        current = active(every, cutoff)
        check_sealed(s0, "governance", governance)
        caps = load_caps(governance, cutoff)
        lacking = {row.rule: missing for row in current if (missing := row.lacks(caps.approvers))}
        check_sealed(s0, "tz_world_2025a", tz_world)
        tzids = zones_of_world(tz_world)
        overrides = compile_overrides(current, tzids)
        mcc = load_mcc(s0, merchant_mcc_map) if overrides.needs_mcc else None
        event("INPUTS", assets=sorted(s0.sealed))

        open_checked(LOOKUP, s1_tz_lookup)
        check_embedded("s1_tz_lookup", s1_tz_lookup, tokens, s0.verified_at_utc)
        decide = partial(finalise, overrides, mcc, tzids)
        work = Work("S2", LOOKUP, OUTPUT, decide, S2Tally.nothing(len(tzids)), carried=NUDGES)
        passed = site_pass(work, [s1_tz_lookup], stages["site_timezones"], SORT_MEMORY_MB)
        tally = passed.tally
        event("OVERRIDES", overridden=tally.overridden.sum().item())
        path = contract_path("site_timezones", **tokens)
        body = {
            "s0": s0.report(),
            "inputs": inputs_block(s0, tokens, mapped=mcc is not None),
            **blocks(passed, every, current, lacking, caps),
            "output": {"path": path, "format": "parquet", "created_utc": s0.verified_at_utc},
        }
        found = breaches(passed)
        if lacking:
            what = "; ".join(f"{rule}: {', '.join(missing)}" for rule, missing in sorted(lacking.items()))
            found.append(Abort("2A-S2-091", f"provenance incomplete: {what}", path=tz_overrides))
        stand = Stand(seed, passed.keys.rows, caps, cutoff)
        found += override_breaches("2A-S2-090", named(tally.overridden), tally.by_rule(), stand)
        event("GOVERNANCE", **body["governance"]["rates"])
        unordered = Abort("2A-S2-070", "s1_tz_lookup was not in key order", seed=seed)
        return concluded(passed, body, found, unordered)

    outputs = {"site_timezones": dataset}
    run_state("S2", CODES, compute, header=tokens, outputs=outputs, report=report, previous=[s1_report])


def inputs_block(s0: Receipt, tokens: Tokens, *, mapped: bool) -> Body:
    """The `inputs` block of the run report; `mapped` if the merchant map was read."""
    overrides, mcc_map = s0.sealed["tz_overrides"], s0.sealed["merchant_mcc_map"] if mapped else None
    return {
        "s1_tz_lookup": {"path": contract_path("s1_tz_lookup", **tokens)},
        "tz_overrides": {"semver": overrides.version_tag, "sha256_digest": overrides.sha256_hex},
        "mcc_mapping": {
            "id": mcc_map.asset_id if mcc_map else None,
            "sha256_digest": mcc_map.sha256_hex if mcc_map else None,
        },
    }


def finalise(
    overrides: Overrides, mcc: MccMap | None, tzids: list[str], batch: pa.RecordBatch, keys: SiteKeys
) -> tuple[Columns, S2Tally]:
    """The rows of site_timezones for one batch of s1_tz_lookup, and their tally; `tzids` are those of the polygons."""
    claims = Claims.of(batch, tzids)
    bad_zones, strangers = judge_zones(batch["tzid_provisional"], tzids)
    unconfirmed, rules = confirm(overrides, mcc, keys, claims)
    tally = S2Tally(
        bad_zones + judge_coherence(batch, claims) + unconfirmed,
        sites=rows_by_country(keys.country),
        overridden=rows_by_country(keys.country[claims.applied]),
        scopes=np.bincount(claims.scope[claims.scope >= 0], minlength=len(SCOPES)),
        zones=np.bincount(claims.zone[claims.zone >= 0], minlength=len(tzids)) > 0,
        rules=rules,
        strangers=strangers,
    )
    carried = {name: batch[name] for name in columns(OUTPUT) if name in batch.schema.names}
    # Rows without a lawful zone are counted, and the table withheld.
    final = categorical(np.maximum(claims.zone, 0), tzids)
    return carried | {"tzid": final, "tzid_source": batch["tzid_provisional_source"]}, tally


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
