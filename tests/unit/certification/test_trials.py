"""P3 over all candidates of its lane on the frozen upstream, and never over a reopened one (certification.md §16)."""

from scripts.certification import candidates
from scripts.certification.comparison import Against, Comparison, Movement, SeedComparison
from scripts.certification.trials import candidate_improves, candidates_sound, improvement_honest, trials_of
from tests.unit.certification.nouns import certificate, gate_row

P0 = {42: "a", 7: "b"}


def against(gain=0.0, veto=(), rescued=False, lost=(), digests=None) -> Against:
    """One gate that misses B by 0.08 at P0."""
    move = Movement(1.0, 1.0 - gain, gain, 0.08, improved=gain >= 0.004, bought_with=[])
    seed = SeedComparison({"top1": move}, {}, rescued, list(lost), list(veto), {})
    return Against(True, [], {42: seed}, P0 if digests is None else digests)


def trials(names=None, **found):
    comparisons = [Comparison(run, "p0", {"p0": entry}) for run, entry in found.items()]
    return trials_of("p0", names or list(found), comparisons, P0)


def test_one_candidate_that_improves_is_enough_whichever_run_is_current():
    found = trials(flat=against(), good=against(0.02))
    assert candidate_improves(found) == (True, "good: top1")
    assert improvement_honest(found).holds and candidates_sound(found).holds


def test_a_reopened_candidate_turns_nothing_to_yes():
    """It is not of the lane, so its comparison with P0 is not among the trials."""
    found = trials(["flat"], flat=against(), reopened=against(0.5))
    assert list(found.measured) == ["flat"]
    assert not candidate_improves(found).holds and not improvement_honest(found).holds


def test_a_governance_gain_is_said_and_is_no_realism():
    found = candidate_improves(trials(rescuer=against(rescued=True)))
    assert not found.holds
    assert "brought back below their caps, which is no realism: rescuer seeds 42" in found.why


def test_a_vetoed_improvement_is_not_honest_unless_another_is():
    bought = against(0.02, veto=["top1 improves only through overrides"])
    assert improvement_honest(trials(bad=bought)).why == "bad seed 42: top1 improves only through overrides"
    assert improvement_honest(trials(bad=bought, good=against(0.02))).holds


def test_what_was_not_run_or_run_against_another_p0_is_named():
    found = trials(["old", "absent"], old=against(0.5, digests={42: "c", 7: "b"}))
    assert found.measured == {}
    why = candidate_improves(found).why
    assert "absent was not run" in why and "old was run against another P0" in why


def test_a_candidate_that_loses_structure_is_not_sound():
    found = candidates_sound(trials(loser=against(0.02, lost=["s4_status_pass"])))
    assert found.why == "loser seed 42: s4_status_pass held at P0"


def test_the_nearest_is_named_with_the_part_of_the_gap_that_it_closes():
    found = candidate_improves(trials(flat=against(), nearer=against(0.003)))
    assert "the nearest is nearer, top1 gains 0.003 of 0.08 on seed 42" in found.why


def test_a_candidate_is_accepted_against_p0_only():
    certificates = [certificate("p0", gates=[gate_row()])]
    good, bad = against(0.02), against(0.02, veto=["why"])
    for p0, parent, accepted in ((bad, good, "none"), (good, bad, "candidate")):
        found = candidates.report(certificates, [Comparison("candidate", "p0", {"p0": p0, "parent": parent})])
        assert f"Accepted against P0: {accepted}." in found


def test_a_baseline_has_not_begun_p3():
    found = trials_of(None, [], [], {})
    assert not candidate_improves(found).holds and "a baseline" in candidate_improves(found).why
