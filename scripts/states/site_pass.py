"""The pass that S1 and S2 share: sites in, one row per site out as the state decides, in key order, batch by batch."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Generic, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from scripts.lib.contracts import arrow_schema
from scripts.lib.errors import Abort, Breach, Fault, Finding, raise_all
from scripts.lib.logs import event, say
from scripts.lib.tables import ROW_GROUP, column_of, encoded, stream_writer, values_of
from scripts.states.site_key import KEY, KeyCheck, SiteKeys, key_columns
from scripts.states.sites import Table, batches, open_checked
from scripts.states.sort import sorted_copy
from scripts.states.state import Body

Columns = dict[str, pa.Array]
Laws = dict[str, tuple[str, str]]  # name of a count -> the code that it raises, and what such rows do
PROGRESS_ROWS = 5_000_000


@dataclass(frozen=True)
class Tally:
    """What a state counts; the tallies of two batches add up field by field. `broken`: rows against a law, by name."""

    broken: Counter[str]

    def __add__(self, other: Self) -> Self:
        names = [field.name for field in fields(self)]
        return replace(self, **{name: getattr(self, name) + getattr(other, name) for name in names})

    def breaches(self, laws: Laws) -> list[Finding]:
        """One breach for each law that rows break."""
        return [
            Abort(code, f"{self.broken[name]} rows {what}") for name, (code, what) in laws.items() if self.broken[name]
        ]


T = TypeVar("T", bound=Tally)


@dataclass(frozen=True)
class Work(Generic[T]):
    """What a state does in a pass: the table it reads, the schema of what it writes, its decision, an empty tally.

    `carried` are columns that every row must have as it was read; with them, the rows on disk are read again to see it.
    """

    state: str
    source: Table
    output: str
    decide: Callable[[pa.RecordBatch, SiteKeys], tuple[Columns, T]]
    nothing: T
    carried: tuple[str, ...] = ()


@dataclass(frozen=True)
class Passed(Generic[T]):
    """A finished pass: the rows that the footers promise, the keys read, the rows on disk, what the state counted."""

    promised: int
    keys: KeyCheck
    written: int
    tally: T
    sorted_input: bool
    altered: int = 0

    def checks(self) -> dict[str, int]:
        """What the `checks` block of both run reports holds."""
        return {"pk_duplicates": self.keys.duplicates, "coverage_mismatch": abs(self.promised - self.written)}

    def breaches(self, dataset: str) -> list[Finding]:
        """A key of `dataset` that stands twice, rows lost or added on the way."""
        found: list[Finding] = []
        if self.keys.duplicates:
            message = f"{self.keys.duplicates} duplicate site keys"
            found.append(Fault(Breach.DUPLICATE, dataset, message, dataset=dataset))
        if not self.written == self.keys.rows == self.promised:
            message = f"{self.written} rows written and {self.keys.rows} read for {self.promised} of {dataset}"
            found.append(Fault(Breach.COVERAGE, dataset, message))
        return found


def site_pass(work: Work[T], paths: Sequence[str], stage: Path, sort_memory_mb: int) -> Passed[T]:
    """Write what `work` decides about the sites in all parts to `stage`; unsorted sites are sorted and read again."""
    passed = _once(work, paths, stage)
    if passed.keys.sorted:
        return passed
    say(f"{work.state}: {work.source.dataset} is not in key order; sorting it within the memory bound")
    with sorted_copy(work.source, paths, sort_memory_mb) as ordered:
        return replace(_once(work, [ordered], stage), sorted_input=False)


def concluded(passed: Passed[T], body: Body, found: Sequence[Finding], unordered: Abort) -> Body:
    """The body of a state in which nothing was `found`, with the warning `unordered` where it had to sort its sites.

    Raises all that was found; the body goes with it, as counts of a failed run are evidence and its rows are not.
    """
    raise_all(found, report=body)
    event("VALIDATION", id=unordered.code.rpartition("-")[0], result="pass", sites_total=passed.keys.rows)
    return body if passed.sorted_input else body | {"warnings": [unordered.finding()]}


def _once(work: Work[T], paths: Sequence[str], stage: Path) -> Passed[T]:
    """One pass in the order of the parts, given up where that is not the key's."""
    keys, tally, columns = KeyCheck(), work.nothing, encoded(arrow_schema(work.output))
    total = open_checked(work.source, *paths)
    with stream_writer(stage, columns) as out:
        for batch in batches(work.source, *paths):
            batch_keys = key_columns(batch)
            keys.add(batch_keys)
            if not keys.sorted:
                break
            decided, counted = work.decide(batch, batch_keys)
            tally += counted
            arrays = [decided[field.name].cast(field.type) for field in columns]
            out.write_batch(pa.record_batch(arrays, schema=columns), row_group_size=ROW_GROUP)
            if total > PROGRESS_ROWS and keys.rows % PROGRESS_ROWS < len(batch):
                say(f"{work.state}: {keys.rows:,} of {total:,} sites")
    altered = 0
    if work.carried and keys.sorted:
        names = [*KEY, *work.carried]
        written = batches(Table(work.source.dataset, work.output), str(stage), only=names)
        altered = altered_rows(batches(work.source, *paths, only=names), written, work.carried)
    return Passed(total, keys, pq.read_metadata(stage).num_rows, tally, keys.sorted, altered)


def altered_rows(before: Iterable[pa.RecordBatch], after: Iterable[pa.RecordBatch], columns: Sequence[str]) -> int:
    """Rows whose site key or whose number in one of `columns` is not what it was (states.md §4); null is no number.

    Both come in batches of the same size; rows that one of the two has not are none of these, as counts tell them.
    """
    total = 0
    for whole_old, whole_new in zip(before, after, strict=False):
        rows = min(len(whole_old), len(whole_new))
        old, new = whole_old.slice(0, rows), whole_new.slice(0, rows)
        altered = np.zeros(rows, bool)
        for was, now in zip(key_columns(old), key_columns(new), strict=True):
            altered |= was != now
        for name in columns:
            altered |= _differs(old[name], new[name])
        total += int(altered.sum())
    return total


def _differs(old: pa.Array, new: pa.Array) -> np.ndarray:
    set_before, set_after = values_of(old.is_valid()), values_of(new.is_valid())
    zeros = column_of(np.zeros(len(old)))  # as an array: a scalar would make Arrow import pandas
    other: np.ndarray = values_of(pc.coalesce(old, zeros)) != values_of(pc.coalesce(new, zeros))
    differs: np.ndarray = (set_before != set_after) | (set_before & other)
    return differs
