"""Cases of S5: the evidence it gathers, and a bundle whose index, files or flag were changed (states.md §7)."""

from pathlib import Path

from scripts.lib.files import canonical_json, read_json
from scripts.lib.published import flag_text
from scripts.states.bundle import read_index, verify_bundle, write_index_and_flag
from tests.contract.table import ZEROS, Table, conflict, edit, flip, json, lost
from tests.lawful import House, raised

BUNDLE = "validation_bundle_2A"


def published(change):
    """A check: the published bundle after a change of its folder."""

    def check(house: House) -> list[str]:
        change(house.files[BUNDLE])
        return raised(lambda: verify_bundle(house.files[BUNDLE]))

    return check


def with_index(change):
    """A check: the bundle with the list of its index edited in place."""

    def apply(root: Path) -> None:
        index = read_json(root / "index.json")
        change(index["files"])
        (root / "index.json").write_text(canonical_json(index))

    return published(apply)


def with_flag(change):
    """A check: the bundle with a flag that `change` makes of the true digest."""
    return published(lambda root: (root / "_passed.flag").write_bytes(change(read_index(root).digest(root))))


def edit_evidence(root: Path) -> None:
    (root / "checks.json").write_text((root / "checks.json").read_text() + " ")


def other_bundle(root: Path) -> None:
    """Another bundle that verifies."""
    edit_evidence(root)
    write_index_and_flag(root)
    verify_bundle(root)


S5 = Table(
    "S5",
    before={},
    after={
        "inventory without an asset": ("2A-S5-001", json("sealed_inputs_2A", lambda found: found[1:])),
        "table missing": ("2A-S5-010", lost("site_timezones")),
        "table changed after S4": ("2A-S5-010", flip("site_timezones")),
        "payload missing": ("2A-S5-010", lost("tz_timetable_payload")),
        "partition of another fingerprint": (
            "2A-S5-011",
            lambda house: (house.files["site_timezones"].parents[1] / f"manifest_fingerprint={ZEROS}").mkdir(),
        ),
        "foreign file": ("2A-S5-012", lambda house: (house.files[BUNDLE] / "notes.txt").touch()),
        "payload changed after S3": ("2A-S5-020", flip("tz_timetable_payload")),
        "manifest of another release": ("2A-S5-020", edit("tz_timetable_cache", tzdb_release_tag="2025a")),
        "legality says FAIL": ("2A-S5-030", edit("s4_legality_report", status="FAIL")),
        "published with other bytes": ("2A-S5-060", lambda house: edit_evidence(house.files[BUNDLE])),
        "intact bundle of other bytes": ("2A-S5-060", lambda house: other_bundle(house.files[BUNDLE])),
    },
    checks={
        "index without files": ("2A-S5-040", with_index(lambda files: files.clear())),
        "index missing": ("2A-S5-040", published(lambda root: (root / "index.json").unlink())),
        "index out of order": ("2A-S5-041", with_index(lambda files: files.reverse())),
        "index beyond the root": ("2A-S5-042", with_index(lambda files: files[0].update(path="../checks.json"))),
        "file twice in the index": ("2A-S5-043", with_index(lambda files: files.insert(0, files[0]))),
        "file outside the index": ("2A-S5-044", with_index(lambda files: files.pop())),
        "file added": ("2A-S5-044", published(lambda root: (root / "added.json").write_text("{}"))),
        "flag in the index": (
            "2A-S5-045",
            with_index(lambda files: files.append({"path": "_passed.flag", "sha256_hex": ZEROS})),
        ),
        "evidence edited": ("2A-S5-046", published(edit_evidence)),
        "flag of another digest": ("2A-S5-050", with_flag(lambda digest: flag_text(ZEROS).encode())),
        "digest in upper case": (
            "2A-S5-051",
            with_index(lambda files: files[0].update(sha256_hex=files[0]["sha256_hex"].upper())),
        ),
        "flag in upper case": ("2A-S5-051", with_flag(lambda digest: f"sha256_hex = {digest.upper()}\n".encode())),
        "flag missing": ("2A-S5-052", published(lambda root: (root / "_passed.flag").unlink())),
        "flag with two line feeds": ("2A-S5-052", with_flag(lambda digest: flag_text(digest).encode() + b"\n")),
        "contracts at odds": ("2A-S5-080", conflict("S5", BUNDLE)),
    },
)
