"""Every gate can fail: the sample pilot runs once, then one input of each stage is edited and the named check says something else."""
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
SAMPLE = ('settings.ini', 'models.yaml', 'pyproject.toml', 'pilot', 'data_audit')
pytestmark = pytest.mark.xdist_group('gates')   # one worker keeps the baseline to itself


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace one passage of a file, which must be there once."""
    def change(root: Path) -> None:
        text = (root/path).read_text(encoding='utf-8')
        assert text.count(old) == 1, f'{path}: {text.count(old)} times {old!r}'
        (root/path).write_text(text.replace(old, new), encoding='utf-8')
    return change


def append(path: str, line: str) -> Callable[[Path], None]:
    """Add one line to a file."""
    def change(root: Path) -> None:
        with (root/path).open('a', encoding='utf-8') as f:
            f.write(line + '\n')
    return change


def copy_into_log(id: str) -> Callable[[Path], None]:
    """Put the text of one golden row into the log."""
    def change(root: Path) -> None:
        rows = map(json.loads, (root/'pilot/golden/golden.jsonl').read_text(encoding='utf-8').splitlines())
        text = next(r['inputs']['text'] for r in rows if r['id'] == id)
        append('pilot/data/support_log.csv', f'M99999,2026-11-01T10:00:00Z,C10172,chat,"{text}",card_lost')(root)
    return change


class Flip(NamedTuple):
    """One edit of one input and the check that must notice."""
    stage: str
    check: str
    change: Callable[[Path], None]
    args: tuple[str, ...] = ()
    before: str = 'pass'
    after: str = 'fail'


PROBE = dict(id='own-1', kind='direct', attack=True, text='My card is lost, I cannot find my card anywhere.', markers=['"card_lost"'])
FLIPS = (
    Flip('data_audit', 'leakage', copy_into_log('tri-001')),
    Flip('pii_spec', 'spec_locked', edit('data_audit/pii_spec.yaml', 'entity: IBAN_CODE\n  purpose: answer the message\n  action: surrogate',
                                         'entity: IBAN_CODE\n  purpose: answer the message\n  action: mask')),
    Flip('architecture', 'locked', edit('pilot/architecture.lock', '"number": 1', '"number": 2')),
    Flip('prompts', 'lock_verified', edit('pilot/prompts/triage@1.0.0.md', 'temperature: 0\n', 'temperature: 0.1\n')),
    Flip('evaluation', 'golden_locked', edit('pilot/golden/golden.jsonl', 'at the swimming hall', 'at the swimming pool'), ('--set', 'evaluation.rows=10')),
    Flip('red_team', 'leaks', append('pilot/red_team.jsonl', json.dumps(PROBE))),
    Flip('cost_model', 'under_cap', edit('settings.ini', 'daily_users = 900', 'daily_users = 90000')),
    Flip('load_test', 'p95', edit('settings.ini', 'p95_ms = 1500', 'p95_ms = 1')),
    Flip('readiness', 'R36', edit('pilot/owners.yaml', 'month_twelve: {person: Jonas Ekberg,', 'month_twelve: {person: Platform team,'), (), 'met', 'unmet'),
    Flip('handoff', 'owners_named', edit('pilot/owners.yaml', 'escalation: {person: Maria Lindqvist,', 'escalation: {person: Platform team,')),
)


def environment(package: Path = ROOT) -> dict[str, str]:
    """The environment without settings of the outside, and the package that kernels import."""
    return {k: v for k, v in os.environ.items() if not k.startswith(('P2P_', 'PILOT_'))} | {'PYTHONPATH': str(package)}


def pilot(root: Path, *args: str, package: Path = ROOT) -> dict:
    """What a command of the pilot printed as JSON; 0 and 1 are its normal outcomes."""
    command = [sys.executable, '-m', 'pilot_to_prod.cli', *args, '--json']
    done = subprocess.run(command, cwd=root, env=environment(package), capture_output=True, text=True, timeout=600)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def verdicts(root: Path, run: dict, stage: str) -> dict[str, str]:
    """Verdict of each check of a stage, and state of each rule of the checklist."""
    found = json.loads((root/'mlruns'/'runs'/run['id']/f'{stage}.result.json').read_text())
    rules = {r['id']: r['state'] for r in found['payload']['rules']} if stage == 'readiness' else {}
    return {c['id']: c['verdict'] for c in found['checks']} | rules


def copied(root: Path, to: Path) -> Path:
    """The pilot with its runs, elsewhere."""
    return Path(shutil.copytree(root, to))


@pytest.fixture(scope='module')
def baseline(tmp_path_factory) -> tuple[Path, dict]:
    """The sample after one whole run."""
    root = tmp_path_factory.mktemp('gates')/'sample'
    root.mkdir()
    for name in SAMPLE:
        (shutil.copytree if (ROOT/name).is_dir() else shutil.copy)(ROOT/name, root/name)
    return root, pilot(root, 'run')


@pytest.fixture(scope='module')
def flipped(baseline) -> dict:
    """Each edit in a copy of its own, two at a time; what the stage said before and after."""
    root, run = baseline

    def perturb(flip: Flip) -> tuple[str, str, str]:
        at = copied(root, root.parent/flip.stage)
        flip.change(at)
        again = pilot(at, 'run', '--only', flip.stage, *flip.args)
        was, now = verdicts(root, run, flip.stage), verdicts(at, again, flip.stage)
        return again['stages'][flip.stage]['status'], was[flip.check], now[flip.check]

    with ThreadPoolExecutor(2) as pool:
        futures = {flip.stage: pool.submit(perturb, flip) for flip in FLIPS}
    return futures


def test_the_sample_runs_to_a_verdict(baseline):
    root, run = baseline
    assert {s['status'] for s in run['stages'].values()} == {'done'} and len(run['stages']) == 10
    assert run['headline'].startswith('NO-GO: ') and ' of 40 met' in run['headline']
    assert run['headline'] in (root/'mlruns'/'runs'/run['id']/'index.html').read_text()
    assert run['go'] is False and run['exit_code'] == 1


def test_every_stage_has_a_flip():
    assert [f.stage for f in FLIPS] == [p.stem.partition('_')[2] for p in sorted((ROOT/'nbs'/'stages').glob('[0-9]*.ipynb'))]


@pytest.mark.parametrize('flip', FLIPS, ids=[f'{f.stage}-{f.check}' for f in FLIPS])
def test_one_edit_changes_the_verdict(flipped, flip):
    assert flipped[flip.stage].result() == ('done', flip.before, flip.after)


def test_a_ragged_log_stops_the_run_before_it_starts(baseline, tmp_path):
    root = copied(baseline[0], tmp_path/'ragged')
    append('pilot/data/support_log.csv', 'M99999,2026-11-01T10:00:00Z,C1,chat,my card, it is gone,card_lost')(root)
    done = subprocess.run([sys.executable, '-m', 'pilot_to_prod.cli', 'run'], cwd=root, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1 and 'line 1993: 7 fields' in done.stderr
    assert len(list((root/'mlruns'/'runs').iterdir())) == 1


def test_nothing_changed_is_reused(baseline, tmp_path):
    again = pilot(copied(baseline[0], tmp_path/'same'), 'run')
    assert {s['status'] for s in again['stages'].values()} == {'reused'} and again['headline'] == baseline[1]['headline']


def test_a_changed_setting_is_not_reused(baseline, tmp_path):
    root = copied(baseline[0], tmp_path/'set')
    edit('settings.ini', 'growth_per_month = 0.03', 'growth_per_month = 0.05')(root)
    states = {s['name']: s for s in pilot(root, 'status')['stages']}
    assert {n for n in states if 'settings section cost' in states[n]['why']} == {'architecture', 'cost_model'}   # the two that read [cost]
    assert states['data_audit']['state'] == states['pii_spec']['state'] == 'fresh'
    assert pilot(root, 'run', '--only', 'architecture')['stages']['architecture']['status'] == 'done'
    edit('settings.ini', 'growth_per_month = 0.05', 'growth_per_month = 0.03')(root)
    assert pilot(root, 'run', '--only', 'architecture')['stages']['architecture']['status'] == 'reused'


def test_edited_package_code_is_not_reused(baseline, tmp_path):
    root, package = copied(baseline[0], tmp_path/'code'), tmp_path/'package'
    shutil.copytree(ROOT/'pilot_to_prod', package/'pilot_to_prod', ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copytree(ROOT/'nbs'/'stages', package/'nbs'/'stages')
    assert {s['state'] for s in pilot(root, 'status', package=package)['stages']} == {'fresh'}
    with (package/'pilot_to_prod'/'core'/'clock.py').open('a') as f:
        f.write('\n')
    stages = pilot(root, 'status', package=package)['stages']
    assert {s['state'] for s in stages} == {'stale'} and all('package' in s['why'] for s in stages)
    assert pilot(root, 'run', '--only', 'architecture', package=package)['stages']['architecture']['status'] == 'done'


def test_an_expired_sign_off_is_not_reused(baseline, tmp_path):
    from datetime import timedelta

    from pilot_to_prod.core.clock import fixed_clock, parse_time
    from pilot_to_prod.core.settings import load_settings
    from pilot_to_prod.pipeline.status import status
    root = copied(baseline[0], tmp_path/'signed')
    edit('settings.ini', 'signoff_days = 180', 'signoff_days = 3')(root)
    pilot(root, 'signoff', 'legal', '--by', 'Ebba Törnros')
    run = pilot(root, 'run', '--only', 'readiness')
    until = parse_time(json.loads((root/'mlruns'/'runs'/run['id']/'readiness.result.json').read_text())['valid_until'])
    signed = parse_time(json.loads((root/'pilot'/'signoffs.jsonl').read_text().splitlines()[-1])['at'])
    assert until - signed == timedelta(days=3)

    def stands(at) -> tuple[str, str]:
        found = next(s for s in status(load_settings(root, {}), fixed_clock(at.isoformat())).stages if s.name == 'readiness')
        return found.state, found.why
    assert stands(until - timedelta(seconds=1)) == ('fresh', '')
    assert stands(until) == ('stale', 'its result has expired')
