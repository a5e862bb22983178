"""A world of squares: planted plans of sites, run through S0-S5 and the scorer, and certified."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from scripts.lib.contracts import arrow_schema, load_yaml
from scripts.lib.files import read_json, sha256_file, write_json
from scripts.lib.tables import write_table
from scripts.scoring import score_seed
from tests.lawful import APPROVERS, FINGERPRINT, OVERRIDE, House
from tests.lawful_world import COUNTRIES, reference
from tests.planted import SEEDS, certify

AT = {  # a point of each square that no other covers, and one in the overlap of China's two
    "Auckland": (171.0, -40.0),
    "Chatham": (-178.0, -42.0),
    "Shanghai": (101.0, 31.0),
    "Urumqi": (111.0, 31.0),
    "overlap": (107.0, 31.0),
    "Paris": (1.0, 41.0),
    "Berlin": (11.0, 41.0),
    "Bermuda": (-64.9, 32.1),
}
FR_DE = [("FR", "Europe/Berlin"), ("DE", "Europe/Paris")]  # this world gives both countries two zones


def plan(large: tuple[int, int], small: tuple[int, int], second: str = "") -> dict[tuple[str, str], int]:
    """Sites of three large countries and a small one in their first and second zone, or all seconds in `second`."""
    zones = {"NZ": ("Auckland", "Chatham"), "FR": ("Paris", "Berlin"), "DE": ("Berlin", "Paris")}
    found = {}
    for country, (first, other) in (zones | {"CN": ("Shanghai", "Urumqi")}).items():
        for place, count in zip((first, second or other), small if country == "CN" else large, strict=True):
            found[country, place] = count
    return found


EVEN, LEAN, COLLAPSED = plan((300, 300), (60, 60)), plan((510, 90), (102, 18)), plan((599, 1), (119, 1))
LEAKED = plan((300, 300), (60, 60), "Bermuda")
AMBIGUOUS = EVEN | {("CN", "Urumqi"): 0, ("CN", "overlap"): 60}
INHABITED = AMBIGUOUS | {("CN", "overlap"): 8, ("CN", "Urumqi"): 52}  # 0.42 % of the sites: above the cap alone
DROPPED = EVEN | {("CN", "Shanghai"): 90, ("CN", "Urumqi"): 0}
TO_URUMQI = OVERRIDE | {"tzid": "Asia/Urumqi"}
ZONES = arrow_schema("schemas.ingress.layer1.yaml#/country_zones")
CAPS = load_yaml("config/policy/governance.yaml") | {"approvers": APPROVERS}


def sites(plan: dict[tuple[str, str], int], seed: int) -> list[tuple]:
    """Rows of site_locations; a hair of jitter and 2 % more sites by seed, so that no two seeds are one drawing."""
    rows, order = [], {}
    for (country, place), count in plan.items():
        lon, lat = AT[place]
        for _ in range(count + count * SEEDS.index(seed) // 50):
            order[country] = order.get(country, 0) + 1
            shift = (order[country] % 97 + seed / 1000) / 1000
            rows.append((7, country, order[country], lon + shift, lat + shift))
    return sorted(rows)


class World:
    """Runs one seed at a time through the states and the scorer, then reduces."""

    def __init__(self, folder: Path):
        self.folder, self.shared = folder, folder / "shared"
        self.shared.mkdir()
        reference(self.shared)
        self.number = 0
        zones = pa.table([pa.array(column) for column in zip(*sorted([*COUNTRIES, *FR_DE]), strict=True)], schema=ZONES)
        write_table(self.shared / "country_zones.parquet", zones)
        write_table(folder / "polygon_zones.parquet", zones)

    def house(self, plan, seed: int, overrides=(), governance=CAPS, jitter: int | None = None) -> House:
        """A seed through its six states."""
        self.number += 1
        rows = sites(plan, seed if jitter is None else jitter)
        house = House(self.folder / str(self.number), self.shared, rows, list(overrides))
        house.policy("governance", governance)
        return house.run_all()

    def score(self, house: House, seed: int) -> dict[str, Any]:
        names = ["run_receipt", "s1_tz_lookup", "site_timezones", "country_zones", "governance"]
        identity = house.root / "identity.json"
        files = {"tz_world": house.path("tz_world"), "tzdb": house.path("tzdb"), "places": house.path("tzdb")}
        known = {"release": "2026c", "content_sha256": "0" * 64, "known": True}
        write_json(identity, {name: known | {"sha256": sha256_file(path)} for name, path in files.items()})
        outputs = {"seed_metrics": "m.json", "country_diagnostics": "c.csv", "zone_counts": "z.csv"}
        score_seed.main(
            reports=[house.path(f"s{number}_run_report") for number in range(6)],
            site_locations=house.parts(),
            receipt=house.path("s0_gate_receipt_2A"),
            inventory=house.path("sealed_inputs_2A"),
            **{name: house.path(name) for name in names},
            polygon_zones=str(self.folder / "polygon_zones.parquet"),
            reference_identity=str(identity),
            gates="config/certification/gates.yaml",
            cohorts="config/certification/cohorts.yaml",
            **{name: str(house.root / file) for name, file in outputs.items()},
            seed=seed,
            manifest_fingerprint=FINGERPRINT,
        )
        return read_json(house.root / "m.json")

    def seed_metrics(self, plan, seed: int, **given) -> dict[str, Any]:
        return self.score(self.house(plan, seed, **given), seed)

    def certify(self, metrics: list[dict[str, Any]], **given) -> dict[str, Any]:
        return certify(self.folder / "out", metrics, **given)

    def run(self, plan, **policy) -> dict[str, Any]:
        return self.certify([self.seed_metrics(plan, seed, **policy) for seed in SEEDS])
