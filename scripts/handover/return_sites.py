"""The rows of a user's own table with their zones, in the table's order, as Parquet and CSV; only after a PASS."""

from collections.abc import Iterator
from contextlib import ExitStack
from itertools import chain

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from scripts.lib.contracts import arrow_schema, contract_path
from scripts.lib.errors import Breach, Fault
from scripts.lib.files import read_json, staged, write_text
from scripts.lib.logs import event, say
from scripts.lib.tables import categorical, column_of, stream_writer, values_of
from scripts.states.egress import refusal
from scripts.states.ladder import Ladder, Resolution, Sites, resolve
from scripts.states.receipt import check_published, check_sealed, open_receipt
from scripts.states.s1_tz_lookup import POLICIES, SITES, open_ladder
from scripts.states.site_key import key_columns
from scripts.states.sites import BATCH, Table, batches, even
from scripts.zone_index.index import lookup

ZONES = Table("site_timezones", "schemas.2A.yaml#/egress/site_timezones")
OUTPUT = "schemas.own.yaml#/sites_with_zones"
RUNGS = ["polygon", "nudge", "own_country", "override", "only_zone", "nearest", "far_nearest"]  # as ladder.py counts
BYTES = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary)
READ = ("site_locations", "site_timezones", "country_zones", *POLICIES)


def main(
    *,
    reports: list[str],
    receipt: str,
    inventory: str,
    own_rows: list[str],
    site_locations: list[str],
    site_timezones: str,
    lookup_index: str,
    country_zones: str,
    tz_nudge: str,
    tz_overrides: str,
    governance: str,
    sites_with_zones: str,
    sites_with_zones_csv: str,
    seed: int,
) -> None:
    outputs = (sites_with_zones, sites_with_zones_csv)
    fingerprint = read_json(receipt)["manifest_fingerprint"]
    place = contract_path("site_timezones", seed=seed, manifest_fingerprint=fingerprint)
    if refused := refusal(site_timezones.partition(place)[0], fingerprint, seed):
        withhold(outputs, reports, refused)
        return
    s0 = open_receipt(receipt, inventory, fingerprint, READ)
    check_sealed(s0, "site_locations", *site_locations)
    check_published(reports[2], "site_timezones", site_timezones)
    policies = {"tz_nudge": tz_nudge, "tz_overrides": tz_overrides, "governance": governance}
    ladder, *_ = open_ladder(s0, lookup_index, country_zones, policies)
    rows = zip(own_batches(own_rows), batches(SITES, *site_locations), batches(ZONES, site_timezones), strict=True)
    write(outputs, (joined(ladder, own, sites, zones) for own, sites, zones in rows))


def withhold(outputs: tuple[str, ...], reports: list[str], refused: str) -> None:
    """What a seed without PASS gets instead of zones: a short text with the codes that stopped it."""
    codes = sorted({error["code"] for path in reports for error in read_json(path)["errors"]})
    why = ", ".join(codes) or refused
    text = f"withheld: the seed did not pass ({why}), so its zones are not given out; docs/reason-codes.md\n"
    for path in outputs:
        write_text(path, text)
    say(f"sites_with_zones {text}".rstrip())


def own_batches(paths: list[str]) -> Iterator[pa.RecordBatch]:
    """The user's own columns, batch by batch as the sites come."""
    for path in paths:
        with pq.ParquetFile(path, pre_buffer=False) as file:
            yield from even(file.iter_batches(batch_size=BATCH))


def joined(ladder: Ladder, own: pa.RecordBatch, sites: pa.RecordBatch, zones: pa.RecordBatch) -> pa.RecordBatch:
    """Own columns and zones of the same rows; `Fault` where a table has other rows than the zones, or other zones."""
    if not (len(own) == len(sites) == len(zones)) or sites["merchant_id"] != zones["merchant_id"]:
        raise Fault(Breach.COVERAGE, "site_timezones", "the zones are not those of the table's rows, row by row")
    places = Sites(key_columns(sites), values_of(sites["lon_deg"]), values_of(sites["lat_deg"]))
    covering = ladder.index.set_sizes[lookup(ladder.index, places.lon, places.lat)]
    open_rows = np.flatnonzero(covering != 1)
    again = resolve(ladder, places.at(open_rows))
    check_zones(ladder, zones, open_rows, again)
    rung = np.zeros(len(zones), np.int32)
    rung[open_rows] = again.rung
    found = {
        "tzid": zones["tzid"],
        "tzid_source": zones["tzid_source"],
        "decided_by": categorical(rung, RUNGS),
        "zones_at_site": column_of(covering.astype(np.int32)),
        "nudged": pc.is_valid(zones["nudge_lat_deg"]),
        "override_scope": zones["override_scope"],
    }
    schema = arrow_schema(OUTPUT)
    columns = [*own.columns, *(found[field.name].cast(field.type) for field in schema)]
    return pa.record_batch(columns, schema=pa.schema([*own.schema.remove_metadata(), *schema]))


def check_zones(ladder: Ladder, zones: pa.RecordBatch, rows: np.ndarray, again: Resolution) -> None:
    """The zones published for `rows`, which no single polygon decides, are those that the sealed policy gives them."""
    wanted = [ladder.index.tzids[zone] for zone in again.zone.tolist()]
    found = zones["tzid"].take(column_of(rows)).to_pylist()
    if other := sum(zone != published for zone, published in zip(wanted, found, strict=True)):
        raise Fault(Breach.SEAL, "site_timezones", f"{other} zones differ from what the sealed policy gives")


def write(outputs: tuple[str, str], rows: Iterator[pa.RecordBatch]) -> None:
    """Publish the rows as Parquet and CSV together, batch by batch."""
    with ExitStack() as stack:
        stages = [stack.enter_context(staged(path)) for path in outputs]
        first, count = next(rows), 0
        parquet = stack.enter_context(stream_writer(stages[0], first.schema))
        csv = stack.enter_context(pa.csv.CSVWriter(stages[1], text_batch(first.slice(0, 0)).schema))
        for batch in chain([first], rows):
            parquet.write_batch(batch)
            csv.write_batch(text_batch(batch))
            count += len(batch)
        event("EMIT", rows=count)


def text_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch as CSV can hold it: ids in bytes as hex digits."""
    return pa.record_batch([_readable(column) for column in batch.columns], names=batch.schema.names)


def _readable(column: pa.Array) -> pa.Array:
    if not any(is_kind(column.type) for is_kind in BYTES):
        return column
    return pa.array([None if value is None else value.hex() for value in column.to_pylist()], pa.string())


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
