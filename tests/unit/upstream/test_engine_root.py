"""A run root as an engine writes it: foreign keys in the receipt, many parts, several runs below one folder."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scripts.lib.errors import Abort, AbortGroup, UsageError
from scripts.lib.files import read_json, sha256_file, sha256_text, tree_files, write_json
from scripts.lib.pins import pins_path
from scripts.lib.published import part_name
from scripts.upstream import import_upstream, pin_authority
from scripts.upstream.authority import read_authority, root_paths
from scripts.upstream.bundle_1b import bundle_members, write_bundle
from tests.lawful import SITES, site_table

FOREIGN = {"contracts_layout": "model_spec", "runs_root": "/home/somebody/runs", "external_roots": ["/home/somebody/x"]}
PARTS = 3


def engine_root(runs: Path, seed: int) -> Path:
    """One run of an engine: its sites in three parts of large_string, its receipt with paths of its machine."""
    root, fingerprint = runs / sha256_text(f"run {seed}")[:32], sha256_text(f"engine {seed}")
    paths = {name: root / path for name, path in root_paths(seed, fingerprint).items()}
    paths["site_locations"].parent.mkdir(parents=True)
    table = site_table(SITES)
    table = table.cast(table.schema.set(1, pa.field("legal_country_iso", pa.large_string())))
    parts = [paths["site_locations"].with_name(part_name(number)) for number in range(PARTS)]
    for number, part in enumerate(parts):
        pq.write_table(table.slice(3 * number, 3), part, compression="zstd")
    receipt = {
        "run_id": root.name,
        "seed": seed,
        "parameter_hash": sha256_text("parameters"),
        "manifest_fingerprint": fingerprint,
        "created_utc": "2026-02-15T00:00:00.000000Z",
    }
    write_bundle(paths["bundle_index"].parent, bundle_members(receipt, len(table), 1, {}, *map(str, parts)))
    write_json(paths["run_receipt"], receipt | FOREIGN)
    return root


@pytest.fixture
def runs(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for seed in (42, 7):
        engine_root(tmp_path / "runs", seed)
    return tmp_path / "runs"


def test_a_folder_of_runs_is_pinned_part_by_part(runs):
    pin_authority.main(["runs", "--name", "mine"])
    authority = read_authority("mine")
    assert sorted(authority.seeds) == [7, 42]
    for seed in (42, 7):
        assert [Path(path).name for path in authority.parts(seed)["site_locations"]] == [
            part_name(n) for n in range(PARTS)
        ]


def test_import_copies_every_part_and_no_foreign_path(runs, tmp_path):
    pin_authority.main(["runs", "--name", "mine"])
    authority = read_authority("mine")
    target = tmp_path / "upstream"
    outputs = {
        key: str(target / path) for key, path in root_paths(42, authority.seeds[42].manifest_fingerprint).items()
    }
    parts = [str(target / path) for path in authority.parts(42)["site_locations"]]
    given = {"authority_file": "config/authority/mine.yaml", "pins": pins_path("mine", 42)}
    import_upstream.main(**given, **outputs | {"site_locations": parts})
    assert all(Path(part).is_file() for part in parts)
    assert not any(b"somebody" in (target / name).read_bytes() for name in tree_files(target))
    assert read_json(outputs["run_receipt"]) == authority.seeds[42].receipt
    assert sha256_file(outputs["run_receipt"]) == authority.seeds[42].files["run_receipt.json"]


def drop_a_part(root: Path) -> None:
    next(root.rglob(part_name(1))).unlink()


def add_a_stranger(root: Path) -> None:
    (next(root.rglob(part_name(0))).parent / "notes.txt").write_text("mine")


def lose_a_field(root: Path) -> None:
    receipt = read_json(root / "run_receipt.json")
    del receipt["seed"]
    write_json(root / "run_receipt.json", receipt)


REFUSED = {
    "part lost": (drop_a_part, "part-00001"),
    "stranger": (add_a_stranger, "notes.txt"),
    "seed": (lose_a_field, "seed"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_root_is_not_pinned(name, runs):
    change, said = REFUSED[name]
    root = sorted(runs.iterdir())[0]
    change(root)
    with pytest.raises((Abort, AbortGroup, UsageError), match=said) as caught:
        pin_authority.seed_pins(root)
    assert "Traceback" not in str(caught.value)
