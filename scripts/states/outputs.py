"""What every published dataset of S1-S4 must hold, judged on the staged bytes, in the state's own code (states.md §1).

Tables are judged by Parquet schema and row-group statistics: the check costs the same for any number of rows.
"""

from pathlib import Path
from typing import Any

from scripts.lib.contracts import arrow_schema, catalog_path, dictionary, schema_errors
from scripts.lib.errors import Abort, reason_codes
from scripts.lib.files import read_json, sha256_file

_TIMESTAMPS = ("created_utc", "generated_utc")


def check_output(
    state: str, dataset: str, path: str, stage: str | Path, tokens: dict[str, Any], verified_at_utc: str
) -> None:
    """Schema (-030), path and embedded tokens (-040), timestamp (-042) and write-once (-041) of one staged dataset."""
    entry = dictionary()[dataset]
    if entry["schema_ref"]:
        if entry["format"] == "parquet":
            _check_columns(state, entry["schema_ref"], stage)
            check_embedded(state, stage, tokens, verified_at_utc)
        else:
            _check_document(state, entry["schema_ref"], stage, tokens, verified_at_utc)
    if not Path(path).as_posix().endswith(catalog_path(dataset, **tokens)):
        raise Abort(f"2A-{state}-040", f"{dataset} lies at another path than its tokens say", path=path)
    refuse_overwrite(state, path, stage)


def check_embedded(state: str, table: str | Path, tokens: dict[str, Any], verified_at_utc: str) -> None:
    """Every row of a table carries exactly these tokens (-040) and the receipt's time (-042, where it exists)."""
    import pyarrow.parquet as pq  # here, as S3 writes no table

    wanted = {name: (f"2A-{state}-040", value) for name, value in tokens.items()}
    if f"2A-{state}-042" in reason_codes():
        wanted["created_utc"] = (f"2A-{state}-042", verified_at_utc)
    metadata = pq.read_metadata(table)
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            column = metadata.row_group(group).column(number)
            code, value = wanted.get(column.path_in_schema, (None, None))
            statistics = column.statistics
            if code and (statistics is None or (statistics.min, statistics.max) != (value, value)):
                raise Abort(code, f"rows carry another {column.path_in_schema} than {value}", path=Path(table).name)


def refuse_overwrite(state: str, path: str | Path, stage: str | Path) -> None:
    """Write-once: other bytes at a published path are a breach, the same bytes a no-op (states.md §1)."""
    if Path(path).exists() and not is_withheld(path) and sha256_file(path) != sha256_file(stage):
        raise Abort(f"2A-{state}-041", "published with other bytes", path=str(path))


def is_withheld(path: str | Path) -> bool:
    """Whether the dataset at `path` was withheld; a file that cannot be read was not."""
    try:
        if str(path).endswith(".parquet"):
            from scripts.lib.tables import withheld_codes

            return bool(withheld_codes(path))
        if str(path).endswith(".json"):
            found = read_json(path)
            return isinstance(found, dict) and "withheld" in found
        return Path(path).stat().st_size == 0
    except (OSError, ValueError):
        return False


def _check_columns(state: str, schema_ref: str, stage: str | Path) -> None:
    import pyarrow.parquet as pq

    found, wanted = pq.read_schema(stage).remove_metadata(), arrow_schema(schema_ref)
    if not found.equals(wanted):
        names = [name for name in wanted.names if name not in found.names or found.field(name) != wanted.field(name)]
        odd = names + [name for name in found.names if name not in wanted.names]
        raise Abort(f"2A-{state}-030", f"columns differ from the schema: {', '.join(odd) or 'their order'}")


def _check_document(state: str, schema_ref: str, stage: str | Path, tokens: dict[str, Any], verified: str) -> None:
    found = read_json(stage)
    errors = schema_errors(found, schema_ref)
    if errors:
        raise Abort(f"2A-{state}-030", "; ".join(errors[:3]), path=Path(stage).name)
    other = [name for name, value in tokens.items() if found[name] != value]
    if other:
        raise Abort(f"2A-{state}-040", f"{', '.join(other)} differ from the path", path=Path(stage).name)
    if any(found[name] != verified for name in _TIMESTAMPS if name in found):
        raise Abort(f"2A-{state}-042", "the timestamp differs from the receipt", path=Path(stage).name)
