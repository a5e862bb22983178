"""A lawful run root of a dozen hand-made sites in a world of squares, and each state as one call on it.

Tests break one thing and ask for the code; everything runs in milliseconds, by the same functions that the rules call.
"""

import json
import shutil
from collections.abc import Callable, Mapping
from copy import copy
from functools import partialmethod
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from scripts.lib.contracts import arrow_schema, catalog_path, contract_path, dictionary
from scripts.lib.errors import Abort, AbortGroup, Codes, coded
from scripts.lib.files import read_json, sha256_file, sha256_text, tree_files, write_json
from scripts.lib.pins import SeedPins
from scripts.lib.published import part_name
from scripts.lib.records import plain
from scripts.lib.tables import write_table
from scripts.states import s0_gate, s1_tz_lookup, s2_overrides, s3_timetable, s4_legality, s5_bundle
from scripts.states.policy import nudge_digest
from scripts.upstream.authority import root_paths
from scripts.upstream.bundle_1b import EGRESS, REQUIRED, bundle_members, egress_checksums, write_bundle
from tests.lawful_world import RELEASE, table_of, write_release

SEED, HORIZON = 42, 2037
FINGERPRINT = sha256_text("lawful")
CREATED = "2026-02-15T00:00:42.000000Z"
_MODULES = (s0_gate, s1_tz_lookup, s2_overrides, s3_timetable, s4_legality, s5_bundle)
STATES = {f"S{number}": module for number, module in enumerate(_MODULES)}
RELEASES = dict.fromkeys(("tz_world_2025a", "tzdb_release", "country_zones", "lookup_index"), RELEASE)
RELEASES["merchant_mcc_map"] = "v1"
CODES = {name: state.CODES for name, state in STATES.items()}
DATASETS = {"S1": "s1_tz_lookup", "S2": "site_timezones", "S4": "s4_legality_report"}  # what `main` calls `dataset`
FILES = {  # what it calls otherwise than the dictionary does
    "receipt": "s0_gate_receipt_2A",
    "inventory": "sealed_inputs_2A",
    "determinism": "s0_determinism_receipt",
    "manifest": "tz_timetable_cache",
    "payload": "tz_timetable_payload",
    "adjustments": "tz_offset_adjustments",
    "legality": "s4_legality_report",
    **{f"s{number}_report": f"s{number}_run_report" for number in range(6)},
}
TOKENS = {"seed": SEED, "manifest_fingerprint": FINGERPRINT}
SITES_SCHEMA = arrow_schema("schemas.1B.yaml#/egress/site_locations")
BIG = 2**63 + 5  # a merchant id that no signed integer holds
SITES = [
    (7, "BM", 1, -64.5, 32.5),
    (7, "BM", 2, -60.0, 32.5),  # at sea: singleton
    (7, "CN", 1, 102.0, 35.0),
    (7, "CN", 2, 107.0, 35.0),  # two zones: override
    (8, "FR", 1, 5.0, 45.0),
    (8, "FR", 2, 10.0, 45.0),  # on the border: the nudge decides for Berlin
    (BIG, "DE", 1, 15.0, 45.0),
    (BIG, "NZ", 1, 175.0, -40.0),
    (BIG, "NZ", 2, -178.0, -42.0),
]
_WHY = {"reason_code": "BORDER_OVERLAP", "owner": "tests", "approved_by": "board", "notes": "two polygons overlap"}
OVERRIDE = {"scope": "country", "target": "CN", "tzid": "Asia/Shanghai", **_WHY}
APPROVERS = {
    "since": "2026-01-01",
    "approvers": [{"id": "board", "name": "The board", "may": ["override", "exception", "reopen", "phase"]}],
}
EXCEPTION = {
    **{"id": "EX-1", "approver": "board", "requester": "team", "reason": "people live in the overlap"},
    **{"scope": {"cap": "override_rate", "countries": ["CN"]}, "rate": 0.004},
    **{"valid_from": "2026-02-01", "expiry": "2026-02-15"},
}


def stated(**values: Any) -> dict[str, dict[str, Any]]:
    """Values as a policy states them: each with a reason and a source."""
    return {name: {"value": value, "why": "test", "source": "test"} for name, value in values.items()}


OPEN_CAPS = {
    "approvers": APPROVERS,
    **stated(fallback_rate_cap=1.0, fallback_country_cap=1.0, override_rate_cap=1.0, preferred_rate_cap=1.0),
    **stated(fallback_country_min_sites=1, fallback_country_min_rows=1),
    **stated(override_exception_ceiling=0.005, epsilon_degrees_cap=0.01),
    "exceptions": [],
}


def site_table(rows: list[tuple] = tuple(SITES)) -> pa.Table:
    """Rows (merchant_id, legal_country_iso, site_order, lon_deg, lat_deg) as site_locations."""
    return table_of(SITES_SCHEMA, rows)


class House:
    """One run root; every path is an attribute of `files`, every state a method."""

    def __init__(self, root: Path, shared: Path, rows: list[tuple] = tuple(SITES), overrides: list[dict] = (OVERRIDE,)):
        self.root, self.upstream = root, root / "upstream"
        ref = root / "reference"
        shutil.copytree(shared, ref, ignore=shutil.ignore_patterns("lookup_index.bin"))
        self.files = {name: self.upstream / path for name, path in root_paths(SEED, FINGERPRINT).items()}
        ours = [name for name, entry in dictionary().items() if entry["root"] in ("run", "policy")]
        self.files |= {name: root / catalog_path(name, **TOKENS) for name in ours}
        self.files |= {
            "tz_world": ref / "tz_world.parquet",
            "tzdb": ref / "tzdata.tar.gz",
            "tzdb_meta": ref / "tzdb_release.json",
            "country_zones": ref / "country_zones.parquet",
            "lookup_index": shared / "lookup_index.bin",
            "mcc": self.upstream / catalog_path("merchant_mcc_map", release="v1"),
        }
        self.run = {
            "run_id": sha256_text("run")[:32],
            "seed": SEED,
            "parameter_hash": sha256_text("parameters"),
            "manifest_fingerprint": FINGERPRINT,
            "created_utc": CREATED,
        }
        self.plant(site_table(rows))
        self.policy("tz_overrides", list(overrides))
        self.policy("governance", OPEN_CAPS)
        self.nudge("0.002")

    def plant(self, table: pa.Table) -> None:
        """Write the upstream of `table` and pin it."""
        write_table(self.files["site_locations"], table)
        members = bundle_members(self.run, len(table), 1, {}, str(self.files["site_locations"]))
        write_bundle(self.files["bundle_index"].parent, members)
        write_json(self.files["run_receipt"], self.run)
        self.repin()

    def plant_parts(self, *tables: pa.Table) -> None:
        """Write the upstream of these parts and pin it."""
        first = self.files["site_locations"]
        for number, table in enumerate(tables):
            write_table(first.with_name(part_name(number)), table)
        self.vouch()

    def vouch(self, checksums: dict[str, Any] | None = None) -> None:
        """Let the upstream's bundle, and the pins, speak of site_locations as it lies, or as `checksums` say."""
        bundle, first = self.files["bundle_index"].parent, self.files["site_locations"]
        members = {name: read_json(bundle / name) for name in REQUIRED if name != "index.json"}
        parts = [str(first.with_name(name)) for name in tree_files(first.parent)]
        members[EGRESS] = checksums or egress_checksums(SEED, FINGERPRINT, parts)
        write_bundle(bundle, members)
        self.repin()

    def parts(self) -> list[str]:
        """The pinned parts of site_locations, as a rule names them."""
        folder = contract_path("site_locations", **TOKENS)
        return [str(self.upstream / name) for name in self.pins.below(folder)]

    def repin(self) -> None:
        """Pin the upstream as it lies."""
        files = {name: sha256_file(self.upstream / name) for name in tree_files(self.upstream)}
        self.pins = SeedPins(**self.run, files=files)

    def policy(self, name: str, value: Any) -> None:
        self.files[name].parent.mkdir(parents=True, exist_ok=True)
        self.files[name].write_text(value if isinstance(value, str) else yaml.safe_dump(value))

    def nudge(self, epsilon: str, semver: str = "1.3.1") -> None:
        text = f"semver: {semver}\nepsilon_degrees: {epsilon}\nsha256_digest: {nudge_digest(semver, epsilon)}\n"
        self.policy("tz_nudge", text)

    def mcc_map(self, rows: list[tuple[int, int]]) -> None:
        """Add a merchant map to the upstream."""
        write_table(self.files["mcc"], table_of(arrow_schema("schemas.ingress.layer1.yaml#/merchant_mcc_map"), rows))
        self.repin()

    def release(self, archive: bytes) -> None:
        """Another tzdb archive, under the release's name."""
        self.files["tzdb"].write_bytes(archive)
        write_release(self.files["tzdb"].parent)

    def path(self, name: str) -> str:
        return str(self.files[name])

    def call(self, main: Callable[..., Any], names: Mapping[str, str] = FILES, **changes: Any) -> Any:
        """Call the `main` of a rule, each argument found by name; `names` are the datasets of other names."""
        write_json(self.root / "pins.json", plain(self.pins))
        asked = signature(main).parameters
        given = {
            "pins": str(self.root / "pins.json"),
            "releases": RELEASES,
            "site_locations": self.parts(),
            "merchant_mcc_map": [self.path("mcc")] if self.files["mcc"].exists() else [],
            **{"horizon_year": HORIZON, "sort_memory_mb": 64, **TOKENS, **changes},
        }
        for argument, parameter in asked.items():
            if argument not in given and parameter.default is Parameter.empty:
                given[argument] = self.path(names.get(argument, argument))
        return main(**{argument: given[argument] for argument in asked if argument in given} | changes)

    def state(self, name: str, **changes: Any) -> list[str]:
        """Run a state as its rule does; returns the codes of its report."""
        files = FILES | {"report": f"{name.lower()}_run_report", "dataset": DATASETS.get(name)}
        self.call(STATES[name].main, files, **changes)
        return self.codes(name)

    s0, s1, s2 = partialmethod(state, "S0"), partialmethod(state, "S1"), partialmethod(state, "S2")
    s3, s4, s5 = partialmethod(state, "S3"), partialmethod(state, "S4"), partialmethod(state, "S5")

    def through(self, state: str) -> "House":
        """Run S0 to `state`; each must pass."""
        for name in list(STATES)[: int(state[1]) + 1]:
            found = self.state(name)
            assert self.report(name)["status"] == "pass", found
        return self

    def report(self, state: str) -> dict[str, Any]:
        return read_json(self.files[f"{state.lower()}_run_report"])

    def codes(self, state: str) -> list[str]:
        """Codes of errors and warnings in the state's run report, sorted."""
        report = self.report(state)
        return sorted({finding["code"] for finding in report["errors"] + report["warnings"]})

    def rewrite(self, name: str, change: Callable[[pa.Table], pa.Table]) -> None:
        """Replace a table by a changed one."""
        write_table(self.files[name], change(pq.read_table(self.files[name])))

    def edit(self, name: str, change: Callable[[Any], Any]) -> None:
        """Replace a JSON file by a changed one; `change` may work in place."""
        value = read_json(self.files[name])
        changed = change(value)
        self.files[name].write_text(json.dumps(value if changed is None else changed))

    def republish(self, report: str, dataset: str) -> None:
        """Let a run report vouch for a dataset as it lies, as if the state itself had written it so."""
        path = self.files[dataset]
        entry = {"sha256_hex": sha256_file(path), "size_bytes": path.stat().st_size}
        self.edit(report, lambda found: found["published"].update({dataset: entry}))

    def reseal(self, asset: str, name: str) -> None:
        """Let the inventory vouch for an input as it lies, as if S0 had sealed it so."""
        seal = {"sha256_hex": sha256_file(self.files[name])}
        self.edit("sealed_inputs_2A", lambda rows: [row | (seal if row["asset_id"] == asset else {}) for row in rows])

    def flip(self, name: str, offset: int | None = None) -> bytes:
        """Change one bit in the middle of a file, or at `offset`; returns what it was."""
        data = self.files[name].read_bytes()
        at = len(data) // 2 if offset is None else offset
        self.files[name].write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
        return data

    def copy(self, root: Path) -> "House":
        """The same house in another folder."""
        shutil.copytree(self.root, root)
        twin = copy(self)
        twin.root, twin.upstream = root, root / "upstream"
        own = {name: path for name, path in self.files.items() if name != "lookup_index"}
        twin.files = self.files | {name: root / path.relative_to(self.root) for name, path in own.items()}
        return twin

    def run_all(self) -> "House":
        """Run the six states, whatever their status."""
        for name in STATES:
            self.state(name)
        return self

    def published(self) -> dict[str, str]:
        """Digest of every published file, by path."""
        names = [name for name in tree_files(self.root) if name.startswith(("data/", "reports/"))]
        return {name: sha256_file(self.root / name) for name in names}

    def leftovers(self) -> list[str]:
        """Staging files that an interrupted write left."""
        return [path.name for path in self.root.rglob("*.stage")]


def raised(call: Callable[[], Any], codes: Codes | None = None) -> list[str]:
    """Sorted codes that `call` raises, faults under the `codes` of a state; empty when it passes.

    A finding is three lines.
    """
    try:
        with coded(codes or {}):
            call()
    except (Abort, AbortGroup) as problem:
        breaches = getattr(problem, "breaches", [problem])
        assert all(len(str(breach).splitlines()) == 3 for breach in breaches)
        return sorted({breach.code for breach in breaches})
    return []


def column(table: pa.Table, name: str, values: list[Any], kind: pa.DataType | None = None) -> pa.Table:
    """`table` with one column replaced; nulls are allowed, as a hand-made file may hold anything."""
    at = table.schema.get_field_index(name)
    return table.set_column(at, pa.field(name, kind or table.schema.field(name).type), pa.array(values, kind))
