"""Small worlds of three countries: AA has four zones, BB one, CC two."""

import pandas as pd
from hypothesis import strategies as st

from scripts.scoring.cohorts import add_cohorts, read_cohorts
from scripts.scoring.country_table import country_table
from scripts.scoring.variants import Counted

COHORTS = read_cohorts("config/certification/cohorts.yaml")
SUPPORT = pd.DataFrame(
    {
        "country_iso": ["AA", "AA", "AA", "AA", "BB", "CC", "CC"],
        "tzid": ["Z/1", "Z/2", "Z/3", "Z/4", "Z/5", "Z/6", "Z/7"],
    }
)

rows = st.lists(
    st.tuples(
        st.sampled_from(["AA", "BB", "CC"]),
        st.sampled_from([f"Z/{number}" for number in range(1, 8)]),
        st.sampled_from(["polygon", "override"]),
        st.integers(1, 900),
    ),
    min_size=1,
    max_size=20,
)


def counts(*rows: tuple, ambiguous=()) -> pd.DataFrame:
    """Rows (country_iso, tzid, tzid_source, sites); `ambiguous` are (country_iso, tzid)."""
    frame = pd.DataFrame(rows, columns=["country_iso", "tzid", "tzid_source", "sites"])
    frame["ambiguous"] = [tuple(row[:2]) in ambiguous for row in rows]
    return frame


def counted(frame: pd.DataFrame) -> Counted:
    """The world of these counts, scored."""
    return Counted(add_cohorts(country_table(frame, SUPPORT), COHORTS), frame, SUPPORT, COHORTS)
