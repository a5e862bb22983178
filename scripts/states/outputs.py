"""What every published dataset of S1-S4 must hold, judged on the staged bytes (states.md §1).

Tables are judged by Parquet schema and row-group statistics: the check costs the same for any number of rows.
"""

from pathlib import Path

from scripts.lib.contracts import arrow_schema, catalog_path, dictionary, schema_errors
from scripts.lib.errors import Breach, Fault
from scripts.lib.files import read_json, sha256_file
from scripts.lib.published import is_withheld

_TIMESTAMPS = ("created_utc", "generated_utc")
Tokens = dict[str, int | str]  # seed and manifest_fingerprint, or the latter alone


def check_output(dataset: str, path: str, stage: Path, tokens: Tokens, verified_at_utc: str) -> None:
    """OUTPUT, EMBED, TIMESTAMP or OVERWRITE for one staged dataset that must not be published at `path`."""
    entry = dictionary()[dataset]
    if entry["schema_ref"]:
        if entry["format"] == "parquet":
            _check_columns(dataset, entry["schema_ref"], stage)
            check_embedded(dataset, stage, tokens, verified_at_utc)
        else:
            _check_document(dataset, entry["schema_ref"], stage, tokens, verified_at_utc)
    if not Path(path).as_posix().endswith(catalog_path(dataset, **tokens)):
        raise Fault(Breach.EMBED, dataset, f"{dataset} lies at another path than its tokens say", path=path)
    refuse_overwrite(dataset, path, stage)


def check_embedded(dataset: str, table: str | Path, tokens: Tokens, verified_at_utc: str) -> None:
    """Every row of a table carries exactly these tokens (EMBED) and the receipt's time (TIMESTAMP)."""
    import pyarrow.parquet as pq  # here, as S3 writes no table

    wanted = {name: (Breach.EMBED, value) for name, value in tokens.items()}
    wanted["created_utc"] = (Breach.TIMESTAMP, verified_at_utc)
    metadata = pq.read_metadata(table)
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            column = metadata.row_group(group).column(number)
            name, statistics = column.path_in_schema, column.statistics
            if name not in wanted:
                continue
            kind, value = wanted[name]
            if statistics is None or (statistics.min, statistics.max) != (value, value):
                raise Fault(kind, dataset, f"rows carry another {name} than {value}", path=Path(table).name)


def refuse_overwrite(dataset: str, path: str | Path, stage: str | Path) -> None:
    """Write-once: other bytes at a published path are a breach, the same bytes a no-op (states.md §1)."""
    if Path(path).exists() and not is_withheld(path) and sha256_file(path) != sha256_file(stage):
        raise Fault(Breach.OVERWRITE, dataset, "published with other bytes", path=str(path))


def _check_columns(dataset: str, schema_ref: str, stage: Path) -> None:
    import pyarrow.parquet as pq

    found, wanted = pq.read_schema(stage).remove_metadata(), arrow_schema(schema_ref)
    if not found.equals(wanted):
        names = [name for name in wanted.names if name not in found.names or found.field(name) != wanted.field(name)]
        odd = names + [name for name in found.names if name not in wanted.names]
        raise Fault(Breach.OUTPUT, dataset, f"columns differ from the schema: {', '.join(odd) or 'their order'}")


def _check_document(dataset: str, schema_ref: str, stage: Path, tokens: Tokens, verified_at_utc: str) -> None:
    found = read_json(stage)
    if errors := schema_errors(found, schema_ref):
        raise Fault(Breach.OUTPUT, dataset, "; ".join(errors[:3]), path=stage.name)
    other = [name for name, value in tokens.items() if found[name] != value]
    if other:
        raise Fault(Breach.EMBED, dataset, f"{', '.join(other)} differ from the path", path=stage.name)
    if any(found[name] != verified_at_utc for name in _TIMESTAMPS if name in found):
        raise Fault(Breach.TIMESTAMP, dataset, "the timestamp differs from the receipt", path=stage.name)
