"""What decided a verdict, in words: causes before consequences, and nothing that holds (certification.md §9)."""

from collections.abc import Sequence
from dataclasses import replace

from scripts.certification.certificate import Certificate
from scripts.certification.gate_table import GateRow, least_favourable
from scripts.scoring.gates import Grade
from scripts.scoring.variants import UNTOUCHED_CHECK

SHOWN = 2
AGGREGATE = {
    "required_seed_data_distinct": "two required seeds carry the same rows",
    "run_certifiable": "the candidate is marked as one that cannot be certified",
}


def decided_by(certificate: Certificate) -> list[str]:
    """The parts of the "decided by" line: of a failure what keeps it from B, of a PASS_B what keeps it from B+.

    Reason codes, gates with value and threshold, other checks of seeds, stability, then checks over all seeds.
    """
    if certificate.status == "PASS_BPLUS":
        return ["every gate holds"]
    grade: Grade = "bplus" if certificate.passes else "b"
    missing = [f"no data for {seeds_text(certificate.missing_seeds)}"] if certificate.missing_seeds else []
    return [
        *_codes(certificate),
        *_gates(certificate, grade),
        *_other_checks(certificate, grade),
        *_stability(certificate, grade),
        *missing,
        *(AGGREGATE[name] for name in certificate.failing_gates if name in AGGREGATE),
    ]


def verdict_lines(certificate: Certificate, path: str) -> str:
    """The three lines that end a run: verdict, what decided it, where to read on."""
    noted = f" (qualified: {'; '.join(certificate.qualifications)})" if certificate.qualifications else ""
    decided = "; ".join(certificate.decided_by)
    return f"{certificate.run}: {certificate.status}{noted}\n  decided by: {decided}\n  read on:    {path}\n"


def seeds_text(seeds: Sequence[int]) -> str:
    """`seed 42`, or `seeds 42, 7`."""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def _codes(certificate: Certificate) -> list[str]:
    by_seed = certificate.seed_error_codes
    found = sorted({code for codes in by_seed.values() for code in codes})
    return [f"{code} on {seeds_text([seed for seed in by_seed if code in by_seed[seed]])}" for code in found]


def _gates(certificate: Certificate, grade: Grade) -> list[str]:
    codes = certificate.seed_error_codes
    rows = [row for row in certificate.gates if row.axis != "stability"]
    # Of a seed with a code, the code already says what governance found.
    rows = [_of_seeds(row, [seed for seed in codes if not codes[seed] or row.axis != "governance"]) for row in rows]
    missed = [f"{row.gate} {_miss(row, grade)}" for row in rows if row.misses(grade)]
    more = len(missed) - SHOWN
    return missed[:SHOWN] + ([f"{more} more"] if more > 0 else [])


def _of_seeds(row: GateRow, seeds: list[int]) -> GateRow:
    """The row with the least favourable value that these seeds have, for a gate that a withheld seed leaves open."""
    if row.value is not None and row.worst_seed in seeds:
        return row
    return replace(row, value=least_favourable([row.values[seed] for seed in seeds], row.op))


def _miss(row: GateRow, grade: Grade) -> str:
    """The value with four digits, or with as many as it takes to tell it from the threshold, and the threshold."""
    value, threshold = row.value, row.threshold(grade)
    shown = next(text for digits in (4, 6, 9, 12, 17) if float(text := f"{value:.{digits}g}") != threshold)
    return f"{shown}, asked {row.op} {threshold:g}"


def _other_checks(certificate: Certificate, grade: Grade) -> list[str]:
    """Checks of seeds that are no gate, where no reason code of the seed is their cause."""
    by_check: dict[str, list[int]] = {}
    for seed, failing in certificate.seed_failing_gates.items():
        for name in [] if certificate.seed_error_codes[seed] else failing[grade.upper()]:
            gate = name.removesuffix(UNTOUCHED_CHECK)  # a gate that fails is named itself
            if name not in certificate.thresholds.gates and (gate == name or gate not in failing[grade.upper()]):
                by_check.setdefault(name, []).append(seed)
    return [f"{name} fails on {seeds_text(seeds)}" for name, seeds in list(by_check.items())[: SHOWN + 1]]


def _stability(certificate: Certificate, grade: Grade) -> list[str]:
    failed = [row for row in certificate.gates if row.axis == "stability" and not row.holds(grade)]
    if not failed:
        return []
    return [f"stability across seeds ({failed[0].reason or f'{failed[0].gate} {_miss(failed[0], grade)}'})"]
