"""How far a run moved from P0: the biggest zone by country, and concentration before and after."""

from dataclasses import dataclass

from scripts.report.evidence import Fact
from scripts.report.numbers import decimal
from scripts.report.run_evidence import Run

CONCENTRATION = (
    ("gini_top1_share", "Gini of the biggest zones"),
    ("mean_hhi", "mean HHI"),
)


@dataclass(frozen=True)
class Move:
    """One country of C_multi on one seed: share of its biggest zone at P0 and now, and the files of both."""

    iso: str
    seed: int
    before: float
    after: float
    before_link: str
    after_link: str

    @property
    def moved(self) -> bool:
        """Whether the two differ."""
        return self.before != self.after


@dataclass(frozen=True)
class Concentration:
    """One measure of concentration over C_multi on one seed, before and after."""

    name: str
    seed: int
    before: Fact | None
    after: Fact | None


def moves(run: Run) -> list[Move]:
    """Countries that P0 and the run both measure, those that moved most first."""
    found = []
    for number, seed in run.published.items():
        if number not in run.p0 or not len(run.p0[number].countries.rows):
            continue
        before = run.p0[number].countries
        old = before.rows.set_index("country_iso")["top1_share"]
        table = seed.countries.rows
        for row in table[table["is_c_multi"] & table["country_iso"].isin(old.index)].to_dict("records"):
            iso = str(row["country_iso"])
            found.append(Move(iso, number, float(old[iso]), float(row["top1_share"]), before.link, seed.countries.link))
    order = {seed: place for place, seed in enumerate(run.required)}
    return sorted(found, key=lambda move: (-abs(move.after - move.before), move.iso, order.get(move.seed, 99)))


def concentration(run: Run) -> list[Concentration]:
    """Gini and mean HHI of C_multi at P0 and now, by seed."""
    found = []
    for key, name in CONCENTRATION:
        for number, seed in run.seeds.items():
            before = run.p0.get(number)
            found.append(
                Concentration(
                    name,
                    number,
                    before.diagnostics.maybe("concentration", "C_multi", key, "value", show=decimal)
                    if before
                    else None,
                    seed.diagnostics.maybe("concentration", "C_multi", key, "value", show=decimal),
                )
            )
    return found
