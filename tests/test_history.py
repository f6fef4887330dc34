"""The sample's prompts have a history; the commands that made it are run again, in a copy that has nothing but the files."""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from pilot_to_prod.core.results import read_envelope
from pilot_to_prod.core.settings import load_settings
from pilot_to_prod.prompts.change import compare_prompts
from pilot_to_prod.prompts.files import load_prompt, prompt_names, prompt_versions, verify_prompts
from pilot_to_prod.prompts.lock import read_lock
from pilot_to_prod.prompts.moves import promotions_path, read_promotions, verify_moves

from conftest import ROOT

PAGE = (ROOT/'pilot'/'prompts'/'HISTORY.md').read_text(encoding='utf-8')
DRIVER = '''   # the block line by line, in one process: each `pilot` of its own would spend seconds on imports
import os, shlex, subprocess, sys
from pilot_to_prod.cli.app import main
for line in filter(None, sys.argv[1].split("\\n")):
    refused, words = line.startswith("! "), shlex.split(line.removeprefix("! "), comments=True)
    if words[:1] == ["cd"]: os.chdir(words[1]); continue
    code = main(words[1:]) if words[:1] == ["pilot"] else subprocess.run(["bash", "-c", line.removeprefix("! ")]).returncode
    if (code != 0) != refused: sys.exit(f"{line}: {code}")
'''
SAMPLE = ('settings.ini', 'models.yaml', 'pilot', 'data_audit')


def test_lock_log_and_page_tell_one_story():
    assert verify_prompts(ROOT).problems == () and verify_moves(ROOT) == ()
    for name in prompt_names(ROOT):
        for version in prompt_versions(ROOT, name):
            assert re.search(rf'^\| {name} {re.escape(version)} \|', PAGE, re.M), f'HISTORY.md says nothing of {name} {version}'
    assert len(prompt_versions(ROOT, 'triage')) >= 4
    live = re.search(r'^\| triage (\S+) \|.*\*\*in production\*\*', PAGE, re.M)[1]
    assert read_lock(ROOT).prompts['triage'].aliases['production'] == live == read_promotions(ROOT, 'triage')[-1].after


def test_every_move_has_a_named_person_who_did_not_write_it():
    people = yaml.safe_load((ROOT/'pilot'/'owners.yaml').read_text(encoding='utf-8'))
    known = {o['person'] for part in ('duties', 'contacts') for o in people[part].values()}
    moves = read_promotions(ROOT)
    assert moves and {m.by for m in moves} <= known
    assert all(m.evidence and m.by != m.author == load_prompt(ROOT, m.name, m.after).author for m in moves if m.action == 'promote')
    assert [(m.before, m.after) for m in moves if m.action == 'rollback'] == [('1.1.0', '1.0.0')]


def test_one_version_breaks_its_callers_and_says_so_in_its_number():
    versions = [load_prompt(ROOT, 'triage', v) for v in prompt_versions(ROOT, 'triage')]
    steps = {b.version: compare_prompts(a, b) for a, b in zip(versions, versions[1:], strict=False)}
    assert all(s.enough for s in steps.values())
    assert [v for v, s in steps.items() if s.needs == 'major' and not s.before.startswith('0.')] == ['2.0.0']


def sample(root: Path) -> tuple[Path, dict[str, str]]:
    """The sample pilot elsewhere, its classifier trained and registered as stage 04 does, and the environment to work on it."""
    root.mkdir()
    for name in SAMPLE:
        (shutil.copytree if (ROOT/name).is_dir() else shutil.copy)(ROOT/name, root/name)
    env = {k: v for k, v in os.environ.items() if not k.startswith(('P2P_', 'PILOT_'))} | {'PYTHONPATH': str(ROOT)}
    train = ('from pilot_to_prod.core.settings import load_settings\nfrom pilot_to_prod.data.source import read_log\n'
             'from pilot_to_prod.serve.intent_store import train_and_store\ns = load_settings()\nlog = read_log(s)\n'
             'train_and_store(s.path("mlruns/models"), "intent", log[s.data.text].tolist(), log[s.data.label].tolist(), seed=1)\n'
             'from pilot_to_prod.cli.app import main\nassert main(["model", "register"]) == 0\n')
    subprocess.run([sys.executable, '-c', train], cwd=root, env=env, check=True, timeout=300)
    return root, env


@pytest.fixture(scope='module')
def replayed(tmp_path_factory):
    """The pilot after the commands of HISTORY.md, begun with its files and a trained classifier and nothing else."""
    root, env = sample(tmp_path_factory.mktemp('history')/'pilot')
    (root/'pilot'/'prompts'/'prompts.lock').unlink()
    promotions_path(root).unlink()
    script = re.search(r'^```sh\n(.*?)^```$', PAGE, re.M | re.S)[1]
    done = subprocess.run([sys.executable, '-c', DRIVER, script], cwd=root, env=env, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return root, done


def story(root: Path) -> list[dict]:
    """The log without what differs from day to day and machine to machine: times, and hashes over figures that hold weights."""
    return [m.model_dump(exclude={'at', 'evidence', 'prior', 'measured'}) for m in read_promotions(root)]


def test_the_commands_make_the_same_lock_and_log(replayed):
    root, done = replayed
    assert json.loads((root/'pilot'/'prompts'/'prompts.lock').read_text()) == json.loads((ROOT/'pilot'/'prompts'/'prompts.lock').read_text())
    assert story(root) == story(ROOT)
    assert verify_moves(root) == () and verify_prompts(root).problems == ()
    found = {read_envelope(p)['hash'] for p in (root/'mlruns'/'evals').glob('*.json')}
    assert {m.evidence for m in read_promotions(root) if m.action == 'promote'} <= found
    assert 'a major change since 1.0.0, but the number moved by minor only' in done.stderr


def test_the_regression_is_measured_and_significant(replayed):
    root, _ = replayed
    path, = (root/'mlruns'/'evals').glob('triage@1.0.0-*-local-fewshot.json')
    paired = read_envelope(path)['payload']['comparisons']['triage']
    assert paired['verdict'] == 'better' and paired['p'] < .001
    figures = re.search(r'(\d+) of 254 messages were sorted right with 1\.0\.0, (\d+) with 1\.1\.0', PAGE)
    assert (paired['passed_after'], paired['passed_before']) == tuple(map(int, figures.groups()))
    assert load_settings(root, env={}).features['triage'].tiers == ('intent',)   # the tier that answers and reads no prompt
    path, = (root/'mlruns'/'evals').glob('triage@1.1.0-*-intent.json')
    same = read_envelope(path)['payload']['comparisons']['triage']
    assert same['fixed'] == same['broken'] == []   # its evidence could not have failed
