"""The phase ledger as people read it."""

from scripts.certification.phase_ledger import as_markdown


def test_a_done_phase_after_an_open_one_is_out_of_order():
    stages = {
        "P3": {"open": ["P3.1"], "blocked_by": [], "may_start": True, "done": False},
        "P4": {"open": [], "blocked_by": ["P3.1"], "may_start": False, "done": True},
    }
    statement = {"id": "P4.1", "statement": "s", "holds": True, "why": "w", "evidence": []}
    lines = as_markdown("run", [statement], stages)
    assert "* P3: open: P3.1\n" in lines
    assert "* P4: statements hold; out of order until P3.1\n" in lines
