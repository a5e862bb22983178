"""What S1 counts while it streams, and the report blocks and breaches that follow from the counts."""

from typing import Any

import numpy as np

from scripts.lib.errors import Abort
from scripts.states import ladder
from scripts.states.governance import fallback_block, preferred_by_country
from scripts.states.policy import SCOPES, country_name
from scripts.states.sites import Keys


class Tally:
    """Counts over the stream, per country code where governance needs them."""

    def __init__(self) -> None:
        self.keys = Keys()
        self.sorted_input = True
        self.written = 0  # rows of the table as it lies on disk
        self.rung_by_country = np.zeros((ladder.UNRESOLVED + 1, 65536), np.int64)
        self.overrides_by_scope = np.zeros(len(SCOPES), np.int64)
        self.zones_seen: set[int] = set()

    def add(self, sites: ladder.Sites, found: ladder.Resolution) -> None:
        flat = found.rung.astype(np.int64) * 65536 + sites.country
        self.rung_by_country += np.bincount(flat, minlength=self.rung_by_country.size).reshape(-1, 65536)
        self.overrides_by_scope += np.bincount(found.scope[found.scope >= 0], minlength=len(SCOPES))
        self.zones_seen.update(np.unique(found.zone).tolist())

    def report(self, tzids: list[str], caps: dict[str, Any]) -> dict[str, Any]:
        """The `counts`, `checks`, `governance` and `diagnostics` blocks of the run report."""
        rung = self.rung_by_country.sum(axis=1)
        by_scope = dict(zip(SCOPES, self.overrides_by_scope.tolist(), strict=True))
        unresolved = int(rung[ladder.UNRESOLVED])
        counts = {
            "sites_total": self.keys.rows,
            "rows_emitted": self.written - unresolved,
            "border_nudged": int(rung[ladder.NUDGED :].sum()),
            "distinct_tzids": len(self.zones_seen - {-1}),
            "overrides_applied": int(rung[ladder.OVERRIDE]),
            **{f"overrides_{scope}": number for scope, number in by_scope.items()},
            "overrides_country_singleton_auto": int(rung[ladder.SINGLETON]),
            "fallback_nearest_within_threshold": int(rung[ladder.NEAREST_WITHIN]),
            "fallback_nearest_outside_threshold": int(rung[ladder.NEAREST_OUTSIDE]),
        }
        governance = fallback_block(
            self.rung_by_country.sum(axis=0),
            self.rung_by_country[ladder.NEAREST_WITHIN],
            self.rung_by_country[ladder.NEAREST_OUTSIDE],
            self.rung_by_country[ladder.OVERRIDE],
            caps,
        )
        if "border_preference" in caps:
            preferred = self.rung_by_country[ladder.PREFERRED]
            governance["preferred_by_country"] = preferred_by_country(self.rung_by_country.sum(axis=0), preferred)
        return {
            "counts": counts
            | {"fallback_count": governance["fallback_count"], "fallback_rate": governance["rates"]["fallback_rate"]},
            "checks": {
                "pk_duplicates": self.keys.duplicates,
                "coverage_mismatch": abs(self.keys.rows - self.written),
                "null_tzid": unresolved,
                "unknown_tzid": 0,
            },
            "governance": governance,
            "diagnostics": {
                "border_ambiguity_unresolved": {
                    "total": unresolved,
                    "by_country": _by_country(self.rung_by_country[ladder.UNRESOLVED]),
                },
                "border_ambiguity_fallbacks": {
                    "within_threshold": counts["fallback_nearest_within_threshold"],
                    "outside_threshold": counts["fallback_nearest_outside_threshold"],
                },
            },
        }

    def breaches(self) -> list[Abort]:
        """Structural breaches of the whole table."""
        unresolved = _by_country(self.rung_by_country[ladder.UNRESOLVED])
        found = [
            Abort("2A-S1-055", f"{rows} sites without zone", country=country, rows=rows)
            for country, rows in unresolved.items()
        ]
        if self.keys.duplicates:
            found.append(Abort("2A-S1-051", f"{self.keys.duplicates} duplicate site keys", dataset="site_locations"))
        if self.keys.gaps:
            message = f"site_order has {self.keys.gaps} gaps: every merchant and country must count from 1"
            found.append(Abort("2A-S1-010", message, dataset="site_locations"))
        if self.written != self.keys.rows:
            found.append(Abort("2A-S1-050", f"{self.written} rows written for {self.keys.rows} sites"))
        return found


def _by_country(counts: np.ndarray) -> dict[str, int]:
    return {country_name(int(code)): int(counts[code]) for code in np.flatnonzero(counts)}
