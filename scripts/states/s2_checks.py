"""What S2 holds rows and table to: coherence, confirmed overrides, nothing lost or moved (states.md §4)."""

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.errors import Abort, raise_all
from scripts.lib.tables import values_of
from scripts.states.policy import SCOPES, country_name, match


def codes_of(column: pa.DictionaryArray, values: list[str]) -> np.ndarray:
    """A nullable text column -> index into `values`, -1 for null."""
    number = np.array([values.index(value) for value in column.dictionary.to_pylist()], np.int32)
    codes = np.full(len(column), -1, np.int32)
    codes[values_of(column.is_valid())] = number[values_of(column.indices.drop_null())]
    return codes


def check_coherence(batch: pa.RecordBatch, applied: np.ndarray, scope: np.ndarray) -> None:
    """Source, scope and override_applied say the same; nudge fields come in pairs (2A-S2-054, -055, -056)."""
    source = codes_of(batch["tzid_provisional_source"], ["polygon", "override"]) == 1
    no_effect = int(((scope >= 0) & ~source & ~applied).sum())
    incoherent = int(((applied != source) | (applied != (scope >= 0))).sum())
    lat_null, lon_null = (values_of(batch[name].is_null()) for name in ("nudge_lat_deg", "nudge_lon_deg"))
    half = int((lat_null != lon_null).sum())
    raise_all(
        [
            Abort(code, f"{rows} rows {what}", dataset="s1_tz_lookup", rows=rows)
            for code, rows, what in (
                ("2A-S2-055", no_effect, "name an override scope on a polygon decision"),
                ("2A-S2-054", incoherent, "contradict themselves on source, scope and override_applied"),
                ("2A-S2-056", half, "carry half a nudge"),
            )
            if rows
        ]
    )


def confirm(overrides, mcc, merchant, country, order, zone, scope, applied) -> Counter:
    """Every overridden row finds the same active override again (2A-S2-023, -024, -054).

    Returns the number of rows by (country_iso, rule), where a rule is `scope:target`.
    """
    rows = np.flatnonzero(applied)
    if not len(rows):
        return Counter()
    codes = mcc(merchant[rows]) if mcc else np.full(len(rows), -1, np.int32)
    if mcc and (codes < 0).any():
        raise Abort("2A-S2-023", f"{int((codes < 0).sum())} overridden merchants are not in merchant_mcc_map")
    found, found_scope = match(overrides, merchant[rows], country[rows], order[rows], codes)
    gone, other = found < 0, (found != zone[rows]) | (found_scope != scope[rows])
    if gone.any():
        raise Abort("2A-S2-024", f"{int(gone.sum())} rows rest on an override that is not active")
    if other.any():
        raise Abort("2A-S2-054", f"{int(other.sum())} rows rest on another override than S2 finds")
    return rules_used(merchant[rows], country[rows], order[rows], found_scope, codes)


def rules_used(
    merchant: np.ndarray, country: np.ndarray, order: np.ndarray, scope: np.ndarray, mcc: np.ndarray
) -> Counter:
    """Rows by (country_iso, `scope:target`); arrays [n] as `match` takes and returns them."""
    used: Counter = Counter()
    for number in np.flatnonzero(scope == SCOPES.index("site")):
        iso = country_name(int(country[number]))
        used[iso, f"site:{merchant[number]}|{iso}|{order[number]}"] += 1
    for kind in ("mcc", "country"):
        picked = scope == SCOPES.index(kind)
        target = mcc[picked] if kind == "mcc" else country[picked]
        pairs, rows = np.unique(np.column_stack([country[picked], target]), axis=0, return_counts=True)
        for (code, value), count in zip(pairs.tolist(), rows.tolist(), strict=True):
            used[country_name(code), f"mcc:{value:04d}" if kind == "mcc" else f"country:{country_name(code)}"] += count
    return used


def table_breaches(tally: dict[str, Any], source: str, stage: Any) -> list[Abort]:
    """1:1 with S1, a unique key, nudge fields unchanged as far as statistics tell (2A-S2-050, -051, -056)."""
    breaches = []
    expected, written = tally["keys"].rows, tally["written"]
    if expected != written:
        breaches.append(Abort("2A-S2-050", f"{written} rows written for {expected} of s1_tz_lookup"))
    if tally["keys"].duplicates:
        breaches.append(Abort("2A-S2-051", f"{tally['keys'].duplicates} duplicate site keys", dataset="s1_tz_lookup"))
    if nudges(source) != nudges(stage):
        breaches.append(Abort("2A-S2-056", "nudge fields are not those of s1_tz_lookup", dataset="s1_tz_lookup"))
    return breaches


def nudges(path: Any) -> dict[str, tuple]:
    """Least value, greatest value and nulls of both nudge columns, from the statistics of the file.

    They cannot tell two values that changed places; `stream` hands the columns through as they are.
    """
    metadata = pq.read_metadata(path)
    found: dict[str, tuple] = {}
    for name in ("nudge_lat_deg", "nudge_lon_deg"):
        column = metadata.schema.names.index(name)
        parts = [metadata.row_group(group).column(column).statistics for group in range(metadata.num_row_groups)]
        lows, highs = ([getattr(part, end) for part in parts if part.has_min_max] for end in ("min", "max"))
        found[name] = (min(lows, default=None), max(highs, default=None), sum(part.null_count for part in parts))
    return found
