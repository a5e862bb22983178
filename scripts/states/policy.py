"""The sealed policies: epsilon nudge, overrides and caps (states.md §1.1, §3.1, §4)."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import yaml

from scripts.lib.contracts import load_yaml, schema_errors
from scripts.lib.errors import Abort
from scripts.lib.files import sha256_text

SCOPES = ["site", "mcc", "country"]  # in order of precedence
PROVENANCE = ("reason_code", "owner")


class Nudge(NamedTuple):
    semver: str
    epsilon_degrees: float
    sha256_digest: str


class Overrides(NamedTuple):
    """Active overrides as look-up arrays; zone ids index the sorted tzids of the lookup index, -1 is none."""

    country: np.ndarray  # int32 [65536], by country code (`country_codes`)
    mcc: np.ndarray  # int32 [10000], by mcc
    sites: list[tuple[int, str, int, int]]  # merchant_id, country_iso, site_order, zone id

    @property
    def needs_mcc(self) -> bool:
        return bool((self.mcc >= 0).any())


def country_codes(iso: list[str]) -> np.ndarray:
    """Two-letter codes as uint16 numbers, so that a country is an array index."""
    return np.array([(ord(code[0]) << 8) | ord(code[1]) for code in iso], dtype=np.uint16)


def country_name(code: int) -> str:
    """The inverse of `country_codes` for one number."""
    return chr(code >> 8) + chr(code & 255)


def load_nudge(path: str, code: str = "2A-S1-021") -> Nudge:
    """tz_nudge with its digest checked over the decimal as written; raises `code`."""
    policy = _parse(path, code, as_text=True)
    errors = schema_errors(policy, "schemas.2A.yaml#/policy/tz_nudge_v1")
    if errors:
        raise Abort(code, "; ".join(errors), path=path)
    written = policy["epsilon_degrees"]
    if nudge_digest(policy["semver"], written) != policy["sha256_digest"]:
        raise Abort(code, "sha256_digest does not cover semver and epsilon_degrees as written", path=path)
    if not Decimal(written) > 0:
        raise Abort(code, f"epsilon_degrees must be > 0, found {written}", path=path)
    return Nudge(policy["semver"], float(written), policy["sha256_digest"])


def nudge_digest(semver: str, epsilon: str) -> str:
    """The law of tz_nudge.sha256_digest (states.md §1.1)."""
    return sha256_text(f"semver={semver}\nepsilon_degrees={epsilon}\n")


def load_overrides(path: str, schema_code: str, duplicate_code: str) -> list[dict[str, Any]]:
    """All override rows; raises `schema_code` or, for two rows of one (scope, target), `duplicate_code`."""
    rows = _parse(path, schema_code)
    errors = schema_errors(rows, "schemas.2A.yaml#/policy/tz_overrides_v1")
    if errors:
        raise Abort(schema_code, "; ".join(errors[:5]), path=path, errors=len(errors))
    if odd := [problem for number, row in enumerate(rows) for problem in _impossible(number, row)]:
        raise Abort(schema_code, "; ".join(odd[:5]), path=path, errors=len(odd))
    keys = [(row["scope"], row["target"]) for row in rows]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise Abort(duplicate_code, f"more than one row for {', '.join(':'.join(key) for key in twice)}", path=path)
    return rows


def _impossible(number: int, row: dict[str, Any]) -> Iterator[str]:
    """What a pattern cannot refuse: a day that does not exist, and numbers that no site key can hold."""
    expiry = row.get("expiry_yyyy_mm_dd")
    try:
        date.fromisoformat(expiry or "9999-12-31")
    except ValueError:
        yield f"{number}/expiry_yyyy_mm_dd: {expiry!r} is not a day"
    if row["scope"] == "site":
        merchant, _, order = row["target"].split("|")
        if int(merchant) >= 2**64 or int(order) >= 2**31:
            yield f"{number}/target: {row['target']!r} is beyond merchant_id or site_order"


def active(rows: list[dict[str, Any]], cutoff: str) -> list[dict[str, Any]]:
    """Rows that have no expiry or expire on or after `cutoff` (yyyy-mm-dd)."""
    return [row for row in rows if (row.get("expiry_yyyy_mm_dd") or "9999-12-31") >= cutoff]


def incomplete_provenance(rows: list[dict[str, Any]]) -> list[str]:
    """`scope:target` of active rows that do not say who and why (decisions.md §5 decision 8)."""
    lacking = []
    for row in rows:
        complete = all(row.get(field) for field in PROVENANCE) and (row.get("notes") or row.get("evidence_url"))
        if not complete or (row["scope"] == "country" and not row.get("approved_by")):
            lacking.append(f"{row['scope']}:{row['target']}")
    return lacking


def compile_overrides(rows: list[dict[str, Any]], tzids: list[str], code: str) -> Overrides:
    """Look-up arrays of active rows; raises `code` for a tzid outside `tzids`."""
    zone = {tzid: number for number, tzid in enumerate(tzids)}
    unknown = sorted({row["tzid"] for row in rows} - set(zone))
    if unknown:
        raise Abort(code, f"overrides name zones without polygon: {', '.join(unknown)}")
    table = Overrides(np.full(65536, -1, np.int32), np.full(10000, -1, np.int32), [])
    for row in rows:
        if row["scope"] == "country":
            table.country[country_codes([row["target"]])] = zone[row["tzid"]]
        elif row["scope"] == "mcc":
            table.mcc[int(row["target"])] = zone[row["tzid"]]
        else:
            merchant, iso, order = row["target"].split("|")
            table.sites.append((int(merchant), iso, int(order), zone[row["tzid"]]))
    return table


def match(
    table: Overrides, merchant: np.ndarray, country: np.ndarray, order: np.ndarray, mcc: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """First matching override per row in order site, mcc, country.

    `merchant` uint64, `country` uint16 codes, `order` int32, `mcc` int32 (-1 unknown), all [n].
    Returns zone ids and scope numbers (index into SCOPES), int32 [n], -1 where nothing matches.
    """
    zone = table.country[country]
    scope = np.where(zone >= 0, 2, -1).astype(np.int32)
    by_mcc = np.where(mcc >= 0, table.mcc[np.clip(mcc, 0, 9999)], -1)
    zone, scope = np.where(by_mcc >= 0, by_mcc, zone), np.where(by_mcc >= 0, 1, scope)
    for merchant_id, iso, site_order, zone_id in table.sites:
        hit = (merchant == np.uint64(merchant_id)) & (country == country_codes([iso])[0]) & (order == site_order)
        zone, scope = np.where(hit, zone_id, zone), np.where(hit, 0, scope)
    return zone.astype(np.int32), scope.astype(np.int32)


def load_governance(path: str, code: str, cutoff: str) -> dict[str, Any]:
    """Caps as plain numbers; an unexpired approved exception raises `override_rate_cap` to its rate."""
    policy = _parse(path, code)
    errors = schema_errors(policy, "schemas.2A.yaml#/policy/governance_v1")
    if errors:
        raise Abort(code, "; ".join(errors[:5]), path=path)
    caps = {name: entry["value"] for name, entry in policy.items() if name != "exceptions"}
    valid = [entry for entry in policy["exceptions"] if entry["expiry"] >= cutoff]
    caps["override_rate_cap"] = max([caps["override_rate_cap"], *(entry["rate"] for entry in valid)])
    return {**caps, "exceptions": sorted(entry["id"] for entry in valid)}


def _parse(path: str, code: str, as_text: bool = False) -> Any:
    try:
        return load_yaml(path, as_text=as_text)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as problem:
        raise Abort(code, " ".join(str(problem).split())[:200], path=path) from None
