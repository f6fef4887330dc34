"""A pilot on which all forty rules are met, and one perturbation for each kind of evidence that takes the go away."""
import json, subprocess, sys
from datetime import datetime, timedelta
from pathlib import Path
import pytest
from pilot_to_prod.core.clock import fixed_clock, parse_time
from pilot_to_prod.core.files import append_line, dump_yaml, read_yaml, write_atomic
from pilot_to_prod.core.results import Result, check, save_result
from pilot_to_prod.core.settings import load_settings
from pilot_to_prod.operate.choices import Plan
from pilot_to_prod.operate.decide import LOCK, decide
from pilot_to_prod.operate.evidence import find_evidence
from pilot_to_prod.operate.handoff import make_handoff
from pilot_to_prod.operate.modes import MODES
from pilot_to_prod.operate.owners import DUTIES
from pilot_to_prod.operate.readiness import assess
from pilot_to_prod.operate.rules import load_rules
from pilot_to_prod.operate.signoff import ROLES, sign_off

NOW = '2026-03-01T12:00'
SETTINGS = """
[pilot]
name = demo
title = Support assistant
owner = Maria Lindqvist
[data]
documents = pilot/documents
owner = Eva Holm
system_of_record = CRM
licence = own
residency = EU
lawful_basis = contract
purpose = support
[feature.triage]
prompt = triage
tiers = intent, house
fallback = pilot.feature.by_rule
[feature.answer]
prompt = answer
tiers = intent, house
fallback = pilot.feature.hand_over
task = answer
retrieve = 3
[slo]
p50_ms = 100
p95_ms = 800
p99_ms = 900
ttft_ms = 300
[compliance]
regions = local, eu
[schedule]
daily = 0 3 * * * | monitor, retention
weekly = 0 4 * * 1 | review_sample
"""
MODELS = dict(model_list=[
    dict(model_name='intent', litellm_params=dict(model='local/intent')),
    dict(model_name='house', litellm_params=dict(model='openai/qwen3-8b', api_base='http://127.0.0.1:1/v1'),
         model_info=dict(p2p_vendor='house', p2p_region='eu', p2p_input_usd_per_million='0.02', p2p_output_usd_per_million='0.05'))])

@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch):
    for name in ('P2P_ROOT', 'P2P_RUN_ID', 'P2P_RUN_DIR', 'P2P_STAGE'): monkeypatch.delenv(name, raising=False)

def owners(root: Path, **other: object) -> None:
    people = {d: f'Person {chr(65+i)}bel' for i, d in enumerate(DUTIES)}
    contacts = {k: dict(person='Bo Ek', answer_by='2026-03-20') for k in ('it', 'security')}
    write_atomic(root/'pilot'/'owners.yaml', dump_yaml(dict(
        duties=people | other, contacts=contacts, rota='weeks in turn', support_sla='first answer in four hours')))

def leave(root: Path, stage: str, ids: list[str], bad: str = '', until: datetime | None = None) -> None:
    checks = tuple(check(i, i, 0 if i == bad else 1, '>=', 1) for i in ids)
    save_result(Result(stage=stage, checks=checks, valid_until=until), root/'mlruns'/'runs'/'20260301T090000Z-aaaaaa')

def stages() -> dict[str, list[str]]:
    out: dict[str, list[str]] = {}
    for n in (n for r in load_rules() for n in r.needs if n.kind == 'check'):
        stage, _, id = n.ref.partition('.')
        if id not in out.setdefault(stage, []): out[stage].append(id)
    return out

@pytest.fixture
def pilot(tmp_path: Path) -> Path:
    root = tmp_path
    write_atomic(root/'settings.ini', SETTINGS)
    write_atomic(root/'models.yaml', dump_yaml(MODELS))
    write_atomic(root/'pilot'/'documents'/'a.md', 'text')
    write_atomic(root/'pilot'/'golden'/'golden.jsonl', '{}\n')
    write_atomic(root/'pilot'/'golden'/'golden.lock', json.dumps(dict(threshold=dict(triage=0.8, answer=0.6))))
    write_atomic(root/'pilot'/'failure_modes.yaml', dump_yaml(dict(modes={
        m: dict(behaviour='the written rule answers', tested_by=['load_test.error_rate']) for m in MODES})))
    owners(root)
    for stage, ids in stages().items(): leave(root, stage, ids)
    save_result(decide(load_settings(root, {}), Plan(), find_evidence(root)), root/'mlruns'/'runs'/'20260301T090000Z-aaaaaa')
    for role in ROLES.values(): sign(root, role.id)
    for path, kind, by in [('drills', 'fallback', 'Eva Holm'), ('reviews', 'dashboard', 'Eva Holm'), ('handoff', 'walkthrough', 'Ola Berg'),
                           ('handoff', 'walkthrough', 'Li Wei'), ('handoff', 'live_session', 'Li Wei')]:
        append_line(root/'pilot'/f'{path}.jsonl', dict(kind=kind, by=by, at='2026-02-27T09:00:00'))
    return root

def sign(root: Path, role: str) -> None:
    person = read_yaml(root/'pilot'/'owners.yaml')['duties'][ROLES[role].duty]
    sign_off(load_settings(root, {}), role, person, clock=fixed_clock('2026-03-01T10:00'))

def judge(root: Path, at: str = NOW):
    return assess(load_settings(root, {}), find_evidence(root), clock=fixed_clock(at))

def states(root: Path, at: str = NOW) -> dict[str, str]: return {v.id: v.state for v in judge(root, at).rules}

def test_go_is_reachable_and_only_from_evidence(pilot):
    found = judge(pilot)
    assert found.line == 'GO: 40 of 40 met', [str(v) for v in found.rules if v.state != 'met']
    assert found.gate.verdict == 'pass'
    assert found.valid_until == parse_time('2026-03-06T09:00:00')   # the dashboards are looked at weekly

def edit(path: str, old: str, new: str):
    def change(root: Path) -> None:
        text = (root/path).read_text()
        assert old in text
        (root/path).write_text(text.replace(old, new))
    return change

def drop(path: str): return lambda root: (root/path).unlink()

PERTURBED = [
    ('check fails', lambda r: leave(r, 'prompts', stages()['prompts'], bad='direct_calls'), 'R01', 'unmet'),
    ('check vanishes', lambda r: leave(r, 'swap', ['rehearsed']), 'R01', 'not measured'),
    ('stage never ran', drop('mlruns/runs/20260301T090000Z-aaaaaa/rollout.result.json'), 'R34', 'not measured'),
    ('result outlived', lambda r: leave(r, 'load_test', stages()['load_test'], until=parse_time('2026-03-01')), 'R32', 'stale'),
    ('evidence changed under a sign-off', lambda r: leave(r, 'red_team', [*stages()['red_team'], 'more']), 'R23', 'stale'),
    ('sign-offs removed', lambda r: write_atomic(r/'pilot'/'signoffs.jsonl', ''), 'R25', 'unmet'),
    ('sign-off edited', edit('pilot/signoffs.jsonl', 'Person', 'Persona'), 'R24', 'stale'),
    ('a group owns it', lambda r: owners(r, month_twelve='Platform team'), 'R36', 'unmet'),
    ('a contact without a date', edit('pilot/owners.yaml', "answer_by: '2026-03-20'", 'answer_by: null'), 'R37', 'unmet'),
    ('a mode without a test', edit('pilot/failure_modes.yaml', '- load_test.error_rate', ''), 'R26', 'unmet'),
    ('a mode whose test fails', lambda r: leave(r, 'load_test', stages()['load_test'], bad='error_rate'), 'R26', 'unmet'),
    ('a setting unstated', edit('settings.ini', 'ttft_ms = 300', 'ttft_ms ='), 'R04', 'unmet'),
    ('no regions', edit('settings.ini', 'regions = local, eu', 'regions ='), 'R22', 'unmet'),
    ('not scheduled', edit('settings.ini', ', retention', ''), 'R21', 'unmet'),
    ('no drill on file', drop('pilot/drills.jsonl'), 'R27', 'not measured'),
    ('another kind of drill', edit('pilot/drills.jsonl', 'fallback', 'fire'), 'R27', 'unmet'),
    ('one walker twice', edit('pilot/handoff.jsonl', 'Ola Berg', 'Li Wei'), 'R39', 'unmet'),
    ('a runbook without its rota', edit('pilot/owners.yaml', 'rota: weeks in turn', "rota: ''"), 'R31', 'unmet'),
]

@pytest.mark.parametrize(('change', 'rule', 'state'), [p[1:] for p in PERTURBED], ids=[p[0] for p in PERTURBED])
def test_one_perturbation_takes_the_go_away(pilot, change, rule, state):
    change(pilot)
    found = judge(pilot)
    assert states(pilot)[rule] == state, [str(v) for v in found.rules if v.id == rule]
    assert not found.go and found.gate.verdict == 'fail'

@pytest.mark.parametrize(('at', 'rule'), [('2026-03-06T09:00:00', 'R29'), ('2026-03-21', 'R37'), ('2026-05-28T09:00:00', 'R27'), ('2026-08-29', 'R23')])
def test_evidence_ages(pilot, at, rule):
    assert states(pilot, at)[rule] == 'stale'
    before = (parse_time(at) - timedelta(days=1)).isoformat()
    assert states(pilot, before)[rule] == 'met'

def test_a_new_signature_renews(pilot):
    leave(pilot, 'red_team', [*stages()['red_team'], 'more'])
    assert states(pilot)['R23'] == 'stale'
    sign(pilot, 'legal')
    assert states(pilot)['R23'] == 'met'

def test_architecture_gate_flips(pilot):
    settings = load_settings(pilot, {})
    def failed() -> list[str]: return [c.id for c in decide(settings, None, find_evidence(pilot)).gate.failed]
    assert failed() == []
    edit(LOCK, '"number": 1', '"number": 2')(pilot)
    assert failed() == ['locked']

def test_handoff_gate_flips(pilot):
    settings = load_settings(pilot, {})
    run = pilot/'mlruns'/'runs'/'20260301T090000Z-aaaaaa'
    save_result(judge(pilot), run)
    assert make_handoff(settings, find_evidence(pilot), pilot/'pack').gate.verdict == 'pass'
    assert 'Missing' not in ''.join(p.read_text() for p in (pilot/'pack').glob('*.md'))
    owners(pilot, escalation='@night-shift')
    assert [c.id for c in make_handoff(settings, find_evidence(pilot), pilot/'pack').gate.failed] == ['owners_named', 'runbook_complete', 'pack_complete']

def test_the_verdict_loads_no_heavy_library():
    code = ('import sys, pilot_to_prod.operate.readiness, pilot_to_prod.operate.handoff, pilot_to_prod.operate.decide\n'
            'heavy = {"litellm", "mlflow", "great_expectations", "presidio_analyzer", "spacy", "sklearn", "pandas", "polars", "pyarrow", '
            '"matplotlib", "papermill", "nbformat", "numpy"}\nprint(sorted(heavy & set(sys.modules)))')
    assert subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout.strip() == '[]'
