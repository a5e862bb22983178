"""What the console makes of Snakemake's records, planted here as Snakemake 9 sends them."""

import json
import logging
import signal
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.logging import DefaultFormatter
from snakemake_interface_logger_plugins.common import LogEvent

from scripts.workflow import console
from scripts.workflow.console import Console, scheduler_words

NOISE = [
    {"msg": "Building DAG of jobs..."},
    {"msg": "Provided cores: 2", "event": LogEvent.RESOURCES_INFO},
    {"msg": "Job stats: ...", "event": LogEvent.RUN_INFO, "stats": {"total": 61}},
    {"msg": "Select jobs to execute..."},
    {"msg": "None", "event": LogEvent.SHELLCMD},
    {"msg": "1 of 61 steps (2%) done", "event": LogEvent.PROGRESS},
]


def workflow(targets=("certify",), quiet=("RULES", "HOST"), dryrun=False, verbose=False, main=True):
    settings = SimpleNamespace(quiet=[SimpleNamespace(name=name) for name in quiet], dryrun=dryrun, verbose=verbose)
    rules = [SimpleNamespace(name=name) for name in ("certify", "candidates", "gate")]
    dag = SimpleNamespace(targets=list(targets))
    return SimpleNamespace(output_settings=settings, dag_settings=dag, rules=rules, is_main_process=main)


def planted(**about) -> Console:
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: record.levelno >= logging.INFO)
    spoken = Console(handler, workflow(**about), "tiny")
    told(spoken, msg="Workflow has started!", event=LogEvent.WORKFLOW_STARTED)
    return spoken


def told(spoken: Console, level=logging.INFO, **fields) -> str:
    record = logging.makeLogRecord({"levelno": level, **fields})
    return record.said if spoken.filter(record) else ""


def started(spoken: Console, rule="s1_tz_lookup", outputs=(), jobid=4) -> None:
    wildcards = {"run": "tiny", "seed": "42", "manifest_fingerprint": "ab"}
    about = {"jobid": jobid, "rule_name": rule, "wildcards": wildcards, "output": list(outputs)}
    told(spoken, msg="Rule", event=LogEvent.JOB_INFO, **about)


def failed(spoken: Console, rule="s1_tz_lookup", rule_msg=None, indent=False) -> str:
    about = {"jobid": 4, "rule_name": rule, "rule_msg": rule_msg, "log": ["x.jsonl", "slurm.log"], "indent": indent}
    return told(spoken, logging.ERROR, msg="Error in rule", event=LogEvent.JOB_ERROR, **about)


def test_a_line_a_job_with_place_and_outcome_and_nothing_else(tmp_path):
    spoken = planted()
    assert [told(spoken, **record) for record in NOISE] == [""] * len(NOISE)
    report = tmp_path / "s1_run_report.json"
    report.write_text(json.dumps({"status": "fail"}))
    started(spoken, outputs=[str(report)])
    line = told(spoken, msg="Finished jobid: 4", event=LogEvent.JOB_FINISHED, job_id=4)
    assert line.split() == ["1/61", "0.0", "s", "s1_tz_lookup", "tiny", "seed", "42", "fail"]


def test_a_failed_job_is_told_once_with_the_words_of_the_scheduler_and_its_logs():
    spoken = planted()
    started(spoken)
    noise = "RuleException:\nCalledProcessError in file rules/states.smk, line 70"
    assert told(spoken, logging.ERROR, msg=noise, event=LogEvent.ERROR, exception="RuleException") == ""
    text = failed(spoken, rule_msg="SLURM-job '7' failed, SLURM status is: NODE_FAIL")
    assert "s1_tz_lookup tiny seed 42" in text and "NODE_FAIL" in text and "x.jsonl, slurm.log" in text
    assert failed(spoken, indent=True) == ""  # one of a group
    for said in console.SAID:
        assert told(spoken, logging.ERROR, msg=said, event=LogEvent.ERROR, exception="WorkflowError") == ""
    assert spoken.failure().startswith("no verdict: 1 failed, first s1_tz_lookup tiny seed 42\n  next:")


def test_a_failed_group_is_told_with_its_jobs_and_what_lies_in_its_log(tmp_path):
    log = tmp_path / "slurm.log"
    log.write_text("slurmstepd: error: CANCELLED DUE TO TIME LIMIT\n")
    spoken = planted()
    spoken.formatter = DefaultFormatter(show_failed_logs=True)
    info = [{"rule_name": "s1_tz_lookup", "jobid": 4, "output": [], "log": []}]
    about = {"groupid": "seed", "aux_logs": [str(log)], "job_error_info": info}
    text = told(spoken, logging.ERROR, msg="Error in group seed", event=LogEvent.GROUP_ERROR, **about)
    assert all(word in text for word in ("Error in group seed", "rule s1_tz_lookup", str(log), "TIME LIMIT"))
    assert spoken.failure().startswith("no verdict: 1 failed, first group seed")


def test_a_record_of_an_unknown_job_and_an_unreadable_report_stop_nothing(tmp_path):
    spoken = planted()
    assert told(spoken, msg="Finished jobid: 9", event=LogEvent.JOB_FINISHED, job_id=9) == ""
    assert "s1_tz_lookup" in failed(spoken)
    started(spoken, outputs=[str(tmp_path / "s1_run_report.json")])
    assert told(spoken, msg="Finished jobid: 4", event=LogEvent.JOB_FINISHED, job_id=4).endswith("seed 42")


def test_what_is_not_known_is_shown():
    spoken = planted()
    assert told(spoken, logging.WARNING, msg="No SLURM account given") == "No SLURM account given"
    text = "LockException:\nError: Directory cannot be locked."
    assert told(spoken, logging.ERROR, msg=text, event=LogEvent.ERROR, exception="LockException") == text


def test_a_gate_that_fails_speaks_for_itself():
    spoken = planted(targets=["gate"])
    started(spoken, rule="gate")
    assert failed(spoken, rule="gate") == "" and spoken.failure() == ""


def test_a_run_with_nothing_to_do_has_its_verdict_or_says_that_there_is_none(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    words = {"msg": "Nothing to be done (all requested files are present and up to date)."}
    assert told(planted(), **words).endswith("no verdict: it was not asked for")
    verdict = tmp_path / "results/runs/tiny/certification/verdict.txt"
    verdict.parent.mkdir(parents=True)
    verdict.write_text("tiny: PASS_B\n")
    with pytest.raises(SystemExit):
        told(planted(), **words)
    assert "no verdict: it does not stand on this tree\n" in capsys.readouterr().err
    monkeypatch.setattr(console, "faults", lambda record: [])
    assert told(planted(), **words).endswith("\ntiny: PASS_B")


@pytest.mark.parametrize("dryrun", [False, True])
def test_a_typo_in_a_target_is_answered(dryrun):
    spoken = planted(targets=["certfy"], dryrun=dryrun)
    text = "MissingRuleException:\nNo rule to produce certfy"
    said = told(spoken, logging.ERROR, msg=text, event=LogEvent.ERROR, exception="MissingRuleException")
    assert said.startswith("no target `certfy`; did you mean `certify`?")
    path = planted(targets=["results/runs/tiny/none"])
    assert told(path, logging.ERROR, msg=text, event=LogEvent.ERROR, exception="MissingRuleException") == text


@pytest.mark.parametrize("about", [{"dryrun": True}, {"verbose": True}, {"quiet": ["HOST"]}, {"main": False}], ids=str)
def test_what_is_no_run_for_a_person_keeps_the_words_of_snakemake(about):
    spoken = planted(**about)
    assert told(spoken, msg="Building DAG of jobs...") == "Building DAG of jobs..."
    assert told(spoken, logging.DEBUG, msg="what the own filter of the handler drops") == ""


def test_a_stop_ends_without_another_word(monkeypatch):
    spoken = planted()
    monkeypatch.setattr("psutil.Process.children", lambda self, recursive: [])
    with pytest.raises(SystemExit):
        spoken.stop(signal.SIGINT, None)
    started(spoken)
    assert failed(spoken) == ""
    assert spoken.failure().startswith("stopped: 0 of 0 jobs are finished; no verdict\n")


def test_what_the_scheduler_says_of_a_job_stands_in_its_log_alone(tmp_path: Path):
    log = tmp_path / "slurm_logs/7.log"
    log.parent.mkdir()
    said = "slurmstepd-n1: error: Exceeded job memory limit"
    log.write_text(f"rule a\n{said}\n{said}\n")
    ours = tmp_path / "a.jsonl"
    ours.write_text("slurmstepd-n1: not here\n")
    assert scheduler_words([str(ours), str(log)]) == "\n  slurmstepd-n1: error: Exceeded job memory limit"
