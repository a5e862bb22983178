"""What tells one seed's sites from another's, whatever file they came in: digests of rows, not of bytes."""

import hashlib
from dataclasses import dataclass

import numpy as np

from scripts.lib.tables import values_of
from scripts.states.site_key import key_columns
from scripts.states.sites import Table, batches

LOOKUP = Table("s1_tz_lookup", "schemas.2A.yaml#/plan/s1_tz_lookup")


@dataclass(frozen=True)
class SiteRows:
    """Hex SHA-256 over the site keys and coordinates in key order, and over the merchants."""

    sha256: str
    merchants_sha256: str


def site_rows(path: str) -> SiteRows:
    """Of an s1_tz_lookup, which lies in key order; streamed, so that memory does not grow with rows."""
    columns = [hashlib.sha256() for _ in range(5)]  # merchant, country, order, lon, lat: each over all of its values
    merchants, last = hashlib.sha256(), None
    for batch in batches(LOOKUP, path):
        keys = key_columns(batch)
        for column, values in zip(
            columns, (*keys, values_of(batch["lon_deg"]), values_of(batch["lat_deg"])), strict=True
        ):
            column.update(np.ascontiguousarray(values).data)
        new = np.flatnonzero(np.diff(keys.merchant, prepend=keys.merchant[:1])).tolist()
        first = [0] if len(keys.merchant) and keys.merchant[0] != last else []
        merchants.update(np.ascontiguousarray(keys.merchant[first + new]).data)
        last = keys.merchant[-1]
    whole = hashlib.sha256(b"".join(column.digest() for column in columns))
    return SiteRows(whole.hexdigest(), merchants.hexdigest())
