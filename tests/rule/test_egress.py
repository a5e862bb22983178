"""No PASS, no read: the consumer gate opens nothing whose bundle does not hold."""

import pytest

from scripts.lib.contracts import catalog_path
from scripts.lib.egress import open_site_timezones
from scripts.lib.errors import Abort
from tests.lawful import FINGERPRINT, SEED


@pytest.fixture
def bundle(passed):
    return passed.root / catalog_path("validation_bundle_2A", manifest_fingerprint=FINGERPRINT)


def test_a_passed_run_opens(passed):
    table = open_site_timezones(passed.root, FINGERPRINT, SEED)
    assert table.num_rows > 0
    assert "tzid" in table.column_names


@pytest.mark.parametrize(
    ("harm", "code"),
    [
        (lambda bundle: (bundle / "_passed.flag").unlink(), "2A-S5-052"),
        (lambda bundle: (bundle / "_passed.flag").write_text(f"sha256_hex = {'0' * 64}\n"), "2A-S5-050"),
        (lambda bundle: (bundle / "checks.json").write_text("{}"), "2A-S5-046"),
        (lambda bundle: (bundle / "added.json").write_text("{}"), "2A-S5-044"),
        (lambda bundle: (bundle / "index.json").unlink(), "2A-S5-040"),
    ],
)
def test_a_broken_bundle_keeps_it_shut(passed, bundle, harm, code):
    harm(bundle)
    with pytest.raises(Abort) as caught:
        open_site_timezones(passed.root, FINGERPRINT, SEED)
    assert caught.value.code == code


def test_another_seed_is_not_covered(passed):
    with pytest.raises(Abort) as caught:
        open_site_timezones(passed.root, FINGERPRINT, SEED + 1)
    assert caught.value.code == "2A-S5-030"
