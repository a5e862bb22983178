"""A plain table as the run root of one seed, by the law of segment 1B: row n of the table is site 1 of merchant n.

So key order is the order of the table, nothing is sorted or held in memory, and the zones come back row by row. The
user's own columns lie beside the sites in `own_rows.parquet`, pinned like all else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from scripts.lib.contracts import arrow_schema, catalog_path, columns
from scripts.lib.files import canonical_json, sha256_file, sha256_text, write_json
from scripts.lib.published import part_name
from scripts.lib.tables import categorical, column_of, encoded, stream_writer
from scripts.upstream.bundle_1b import sealed_members, write_bundle
from scripts.upstream.plain_check import Places
from scripts.upstream.plain_table import Rows

SITES = "schemas.1B.yaml#/egress/site_locations"
PART_ROWS = 200_000  # as the engine's own segment 1B cuts its parts
ZONES = "schemas.own.yaml#/sites_with_zones"
ROW = "row"  # the column of own_rows that numbers the rows as a spreadsheet does


@dataclass(frozen=True)
class Source:
    """Where a root comes from: the name of the table, its digest, and which of its columns were taken for what."""

    table: str
    sha256: str
    columns: dict[str, Any]


class SiteParts:
    """Writes site_locations, part by part, into `folder`; `countries` are the ISO-2 codes that places count by."""

    def __init__(self, folder: Path, countries: list[str]):
        folder.mkdir(parents=True)
        self.countries = countries
        self.folder, self.rows, self.schema = folder, 0, encoded(arrow_schema(SITES))
        self.paths: list[Path] = []
        self._part: pq.ParquetWriter | None = None

    def add(self, places: Places) -> None:
        """The next rows of the table, which must be sound."""
        batch = self._batch(places)
        start = 0
        while start < len(batch):
            if self.rows % PART_ROWS == 0:
                self.close()
                self.paths.append(self.folder / part_name(len(self.paths)))
                self._part = stream_writer(self.paths[-1], self.schema)
            piece = batch.slice(start, PART_ROWS - self.rows % PART_ROWS)
            assert self._part is not None
            self._part.write_batch(piece)
            start += len(piece)
            self.rows += len(piece)

    def close(self) -> None:
        """End the part that is open."""
        if self._part is not None:
            self._part.close()

    def _batch(self, places: Places) -> pa.RecordBatch:
        rows = len(places.country)
        found = {
            "merchant_id": column_of(np.arange(self.rows + 1, self.rows + rows + 1, dtype=np.uint64)),
            "legal_country_iso": categorical(places.country, self.countries),
            "site_order": column_of(np.ones(rows, np.int32)),
            "lon_deg": column_of(places.lon),
            "lat_deg": column_of(places.lat),
        }
        return pa.record_batch([found[field.name].cast(field.type) for field in self.schema], schema=self.schema)


def own_batch(rows: Rows, names: list[str]) -> pa.RecordBatch:
    """The user's own columns with the number of each row; a name that the zones need is kept as `own_NAME`."""
    found = {ROW: column_of(rows.numbers)}
    for name in names:
        column = rows.columns[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        found[own_name(name)] = column
    return pa.record_batch(list(found.values()), names=list(found))


def own_name(name: str) -> str:
    """Under which name a column of the user's comes back."""
    taken = {ROW, *columns(ZONES)}
    return f"own_{name}" if name in taken else name


def seal_root(
    root: Path, seed: int, parts: SiteParts, countries: int, source: Source, earlier: Mapping[str, str]
) -> None:
    """Put receipt, bundle and manifest around the parts and own rows that lie in `root`.

    The fingerprint follows from the content alone, and `earlier` leads from the fingerprint that was taken before to
    its time: the same table taken again is the same upstream, byte by byte.
    """
    files = [*parts.paths, root / catalog_path("own_rows")]
    parameter_hash = sha256_text(canonical_json(source.columns))
    content = [seed, parameter_hash, [sha256_file(path) for path in files]]
    fingerprint = sha256_text(canonical_json(content))
    receipt = {
        "run_id": sha256_text(canonical_json(["run", fingerprint]))[:32],
        "seed": seed,
        "parameter_hash": parameter_hash,
        "manifest_fingerprint": fingerprint,
        "created_utc": earlier.get(fingerprint) or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }
    place = {"seed": seed, "manifest_fingerprint": fingerprint}
    target = (root / catalog_path("site_locations", **place)).parent
    target.parent.mkdir(parents=True)
    parts.folder.rename(target)
    rng: dict[str, Any] = {"generator": None, "keyed_by": []}
    members = sealed_members(receipt, parts.rows, countries, rng, *(str(target / path.name) for path in parts.paths))
    write_bundle((root / catalog_path("validation_bundle_index_1B", **place)).parent, members)
    write_json(root / catalog_path("run_receipt_1B"), receipt)
    manifest = {"kind": "table", "seed": seed, "rows": parts.rows, "assumptions": [], **vars(source)}
    write_json(root / catalog_path("replica_manifest"), manifest)
