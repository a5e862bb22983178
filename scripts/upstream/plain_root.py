"""A plain table as the run root of one seed, by the law of segment 1B: row n of the table is site 1 of merchant n.

So key order is the order of the table, nothing is sorted or held in memory, and the zones come back row by row. The
user's own columns lie beside the sites in `own_rows.parquet`, pinned like all else.
"""

from collections.abc import Mapping
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
from scripts.upstream.bundle_1b import bundle_members, write_bundle
from scripts.upstream.plain_check import Places
from scripts.upstream.plain_table import Rows

SITES = "schemas.1B.yaml#/egress/site_locations"
PART_ROWS = 200_000  # as the engine's own segment 1B cuts its parts
ZONES = "schemas.own.yaml#/sites_with_zones"
ROW = "row"  # the column of own_rows that numbers the rows as a spreadsheet does


class PlainRoot:
    """Writes a root batch by batch: the parts of the sites, and the user's `own` columns of the same rows.

    `countries` are the ISO-2 codes that places count by; `close` ends the files, `seal` makes a root of them.
    """

    def __init__(self, root: Path, countries: list[str], own: list[str]):
        self.root, self.countries, self.own = root, countries, own
        self.own_rows, self.parts = root / catalog_path("own_rows"), root / "parts"
        self.parts.mkdir(parents=True)
        self.schema = encoded(arrow_schema(SITES))
        self.rows = 0
        self.paths: list[Path] = []
        self.seen = np.zeros(len(countries), np.bool_)  # of each country, whether a site lies there
        self._part: pq.ParquetWriter | None = None
        self._own: pq.ParquetWriter | None = None

    def add(self, rows: Rows, places: Places) -> None:
        """The next rows of the table, which must be sound."""
        batch = _own_batch(rows, self.own)
        self._own = self._own or stream_writer(self.own_rows, batch.schema)
        self._own.write_batch(batch)
        self.seen[places.country] = True
        batch = self._site_batch(places)
        start = 0
        while start < len(batch):
            if self._part is None or self.rows % PART_ROWS == 0:
                self._part = self._next_part()
            piece = batch.slice(start, PART_ROWS - self.rows % PART_ROWS)
            self._part.write_batch(piece)
            start += len(piece)
            self.rows += len(piece)

    def close(self) -> None:
        """End the files that are open."""
        for writer in filter(None, (self._part, self._own)):
            writer.close()

    def seal(self, seed: int, source: dict[str, Any], earlier: Mapping[str, str]) -> None:
        """Put receipt, bundle and manifest around the parts and own rows; `source` is table, sha256, columns.

        The fingerprint follows from the content alone, and `earlier` leads from the fingerprint that was taken before
        to its time: the same table taken again is the same upstream, byte by byte.
        """
        parameter_hash = sha256_text(canonical_json(source["columns"]))
        content = [seed, parameter_hash, [sha256_file(path) for path in (*self.paths, self.own_rows)]]
        fingerprint = sha256_text(canonical_json(content))
        receipt = {
            "run_id": sha256_text(canonical_json(["run", fingerprint]))[:32],
            "seed": seed,
            "parameter_hash": parameter_hash,
            "manifest_fingerprint": fingerprint,
            "created_utc": earlier.get(fingerprint) or datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
        place = {"seed": seed, "manifest_fingerprint": fingerprint}
        target = (self.root / catalog_path("site_locations", **place)).parent
        target.parent.mkdir(parents=True)
        self.parts.rename(target)
        rng: dict[str, Any] = {"generator": None, "keyed_by": []}
        paths = (str(target / path.name) for path in self.paths)
        members = bundle_members(receipt, self.rows, int(self.seen.sum()), rng, *paths)
        write_bundle((self.root / catalog_path("validation_bundle_index_1B", **place)).parent, members)
        write_json(self.root / catalog_path("run_receipt_1B"), receipt)
        manifest = {"kind": "table", "seed": seed, "rows": self.rows, "assumptions": [], **source}
        write_json(self.root / catalog_path("replica_manifest"), manifest)

    def _next_part(self) -> pq.ParquetWriter:
        if self._part is not None:
            self._part.close()
        self.paths.append(self.parts / part_name(len(self.paths)))
        return stream_writer(self.paths[-1], self.schema)

    def _site_batch(self, places: Places) -> pa.RecordBatch:
        rows = len(places.country)
        found = {
            "merchant_id": column_of(np.arange(self.rows + 1, self.rows + rows + 1, dtype=np.uint64)),
            "legal_country_iso": categorical(places.country, self.countries),
            "site_order": column_of(np.ones(rows, np.int32)),
            "lon_deg": column_of(places.lon),
            "lat_deg": column_of(places.lat),
        }
        return pa.record_batch([found[field.name].cast(field.type) for field in self.schema], schema=self.schema)


def _own_batch(rows: Rows, names: list[str]) -> pa.RecordBatch:
    """The user's own columns with the number of each row; a name that the zones need is kept as `own_NAME`."""
    taken = {ROW, *columns(ZONES)}
    found = {ROW: column_of(rows.numbers)}
    for name in names:
        column = rows.columns[name]
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        found[f"own_{name}" if name in taken else name] = column
    return pa.record_batch(list(found.values()), names=list(found))
