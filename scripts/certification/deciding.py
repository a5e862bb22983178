"""What decided a verdict, in words: causes before consequences, and nothing that holds (certification.md §9)."""

from typing import Any

from scripts.scoring.gate_table import worst_seed
from scripts.scoring.gates import holds

SHOWN = 2
AGGREGATE = {"required_seed_data_distinct": "two required seeds carry the same upstream data"}


def decided_by(certificate: dict[str, Any]) -> list[str]:
    """The parts of the "decided by" line: of a failure what keeps it from B, of a PASS_B what keeps it from B+.

    Reason codes, gates with value and threshold, other checks of seeds, stability, then checks over all seeds.
    """
    if certificate["status"] == "PASS_BPLUS":
        return ["every gate holds"]
    grade = "b" if certificate["status"] == "FAIL_REALISM" else "bplus"
    codes = certificate["seed_error_codes"]
    by_code: dict[str, list[str]] = {}
    for seed, found in codes.items():
        for code in found:
            by_code.setdefault(code, []).append(seed)
    parts = [f"{code} on {seeds_text(seeds)}" for code, seeds in sorted(by_code.items())]
    rows = [row for row in certificate["gates"] if row["axis"] != "stability"]
    # Of a seed with a code, the code already says what governance found.
    rows = [_of_seeds(row, [seed for seed in codes if not codes[seed] or row["axis"] != "governance"]) for row in rows]
    gates = [row for row in rows if _misses(row, grade)]
    shown = gates[:SHOWN]
    parts += [f"{row['gate']} {_miss(row['value'], row[grade])}, asked {row['op']} {row[grade]:g}" for row in shown]
    parts += [f"{len(gates) - len(shown)} more"] if len(gates) > len(shown) else []
    parts += _other_checks(certificate, grade, [seed for seed, found in codes.items() if not found])
    parts += _stability([row for row in certificate["gates"] if row["axis"] == "stability"], grade)
    if certificate["missing_seeds"]:
        parts.append(f"no data for {seeds_text(certificate['missing_seeds'])}")
    return parts + [AGGREGATE[name] for name in certificate["failing_gates"] if name in AGGREGATE]


def verdict_lines(certificate: dict[str, Any], path: str) -> str:
    """The three lines that end a run: verdict, what decided it, where to read on."""
    caveats = sorted({entry["caveat"] for entry in certificate["caveats"]})
    noted = f" (with caveats: {', '.join(caveats)})" if caveats and certificate["status"] != "FAIL_REALISM" else ""
    decided = "; ".join(certificate["decided_by"])
    return f"{certificate['run']}: {certificate['status']}{noted}\n  decided by: {decided}\n  read on:    {path}\n"


def seeds_text(seeds: list) -> str:
    """`seed 42`, or `seeds 42, 7`."""
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def _misses(row: dict[str, Any], grade: str) -> bool:
    """Whether a known value misses the threshold: a value that is missing has its cause elsewhere."""
    return row["value"] is not None and not holds(row["value"], row["op"], row[grade])


def _of_seeds(row: dict[str, Any], seeds: list[str]) -> dict[str, Any]:
    """The row with the least favourable value that these seeds have, for a gate that a withheld seed leaves open."""
    known = {int(seed): row["values"][seed] for seed in seeds if row["values"][seed] is not None}
    if row["value"] is not None and str(row["worst_seed"]) in seeds:
        return row
    return row | {"value": known[worst_seed(known, row["op"])] if known else None}


def _miss(value: float, threshold: float) -> str:
    """The value with four digits, or with as many as it takes to tell it from the threshold."""
    return next(text for digits in (4, 6, 9, 12, 17) if float(text := f"{value:.{digits}g}") != threshold)


def _other_checks(certificate: dict[str, Any], grade: str, seeds: list[str]) -> list[str]:
    """Checks of seeds that are no gate; `seeds` are those without a reason code, which would be their cause."""
    by_check: dict[str, list[str]] = {}
    for seed in seeds:
        for name in certificate["seed_failing_gates"][seed][grade.upper()]:
            if name not in certificate["thresholds"]["gates"]:
                by_check.setdefault(name, []).append(seed)
    return [f"{name} fails on {seeds_text(found)}" for name, found in list(by_check.items())[: SHOWN + 1]]


def _stability(rows: list[dict[str, Any]], grade: str) -> list[str]:
    failed = [row for row in rows if not row[f"holds_{grade}"]]
    if not failed:
        return []
    first = failed[0]
    why = first["reason"] or f"{first['gate']} {_miss(first['value'], first[grade])}, asked <= {first[grade]:g}"
    return [f"stability across seeds ({why})"]
