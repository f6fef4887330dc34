"""Bad input: one clear line, exit 2, and no kernel has started."""
import json
import re
import subprocess
import sys

import pytest
from conftest import ROOT, write_stage


def refused(pilot, *args, says):
    code, out, err = pilot(*args)
    assert code == 2, (code, out, err)
    assert re.search(says, err), err
    assert len(err.strip().splitlines()) == 1, err
    assert not (pilot.root/'mlruns'/'runs').exists()


SETTINGS = '[pilot]\nname = demo\n[data]\nlog = log.csv\ntext = text\nlabel = intent\n'


@pytest.mark.parametrize('text, says', [
    ('[pilot]\nname = demo\ncolour = red\n', r"settings.ini: unknown setting 'colour' in \[pilot\]"),
    ('[pilot]\nname = demo\n[dat]\n', r"unknown section \[dat\]\. Did you mean 'data'\?"),
    ('[pilot]\nname = demo\n[slo]\np95_ms = fast\n', r'\[slo\] p95_ms: input should be a valid number'),
    ('name = demo\n', r'line 1: a line stands before the first'),
    (SETTINGS.replace('log.csv', 'gone.csv'), r'gone\.csv'),
    (SETTINGS.replace('intent', 'topic'), r"no label column 'topic'"),
])
def test_settings(pilot, text, says):
    (pilot.root/'settings.ini').write_text(text)
    refused(pilot, 'run', says=says)


@pytest.mark.parametrize('data, says', [
    (b'', r'log\.csv.*empty'),
    (b'id,text,intent\n', r'log\.csv'),
    (b'id,text,intent\n1,caf\xe9\xff\xfe\x00,a\n', r'log\.csv, line 2'),
    (b'id,text,intent\n1,hello there\n', r'log\.csv, line 2'),
])
def test_log(pilot, data, says):
    (pilot.root/'settings.ini').write_text(SETTINGS)
    (pilot.root/'log.csv').write_bytes(data)
    refused(pilot, 'run', says=says)


@pytest.mark.parametrize('args, says', [
    (('run', '--set', 'audit.wanted=many'), r'audit\.wanted: input should be a valid integer'),
    (('run', '--set', 'audit.wnted=3'), r"no parameter 'wnted'\. Did you mean 'wanted'\?"),
    (('run', '--set', 'wanted'), r'expected stage\.name=value'),
    (('run', '--only', 'audti'), r"unknown stage 'audti'\. Did you mean 'audit'\?"),
    (('run', '--from', 'nothing'), r"unknown stage 'nothing'"),
    (('run', '--jobs', 'many'), r"'--jobs'.*valid integer"),
    (('fly',), r"No such command 'fly'"),
])
def test_arguments(pilot, args, says):
    refused(pilot, *args, says=says)


def test_cyclic_needs(pilot):
    write_stage(pilot.stages, '01', 'audit', '#| needs: spec')
    refused(pilot, 'run', says='in a circle')


def test_not_a_notebook(pilot):
    (pilot.stages/'02_spec.ipynb').write_text('{"nothing": 1}')
    refused(pilot, 'run', says=r'02_spec\.ipynb: not a notebook')


def test_missing_declared_file(pilot):
    (pilot.root/'settings.ini').write_text('[pilot]\nname = demo\n[data]\ngolden = gone.jsonl\n')
    write_stage(pilot.stages, '01', 'audit', '#| inputs: {data.golden}')
    refused(pilot, 'run', says=r'gone\.jsonl: no such file')


def test_outside_a_pilot(tmp_path, pilot):
    (pilot.root/'settings.ini').unlink()
    code, _, err = pilot('status')
    assert code == 2 and 'pilot init' in err


def test_init_without_labels(pilot):
    rows = ''.join(f'{i},please help me with number {i}\n' for i in range(40))
    (pilot.root/'plain.csv').write_text('id,body\n' + rows)
    code, _, err = pilot('init', 'desk', '--log', 'plain.csv')
    assert code == 2 and 'no label column' in err and not (pilot.root/'desk').exists()


def test_json_everywhere(pilot):
    code, found = pilot.json('status')
    assert code == 0 and [s['state'] for s in found['stages']] == ['never run'] * 3
    code, found = pilot.json('runs')
    assert code == 0 and found == []
    code, found = pilot.json('stage', 'list')
    assert [s['name'] for s in found] == ['audit', 'spec', 'ready']


HEAVY = ('litellm', 'mlflow', 'great_expectations', 'presidio_analyzer', 'spacy', 'sklearn', 'numpy', 'pandas', 'polars', 'pyarrow', 'matplotlib',
         'papermill', 'nbformat', 'nbconvert')


def loaded_by(code, cwd):
    probe = f'{code}\nimport sys, json\nprint("\\n" + json.dumps([m for m in {HEAVY} if m in sys.modules]))'
    done = subprocess.run([sys.executable, '-c', probe], cwd=cwd, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_help_loads_nothing_heavy(tmp_path):
    assert loaded_by("from pilot_to_prod.cli.app import main\nmain(['--help'])", tmp_path) == []


def test_reuse_loads_nothing_heavy(pilot):
    assert pilot('run')[0] == 0
    code = "import os\nos.environ['P2P_STAGES'] = 'scripted'\nfrom pilot_to_prod.cli.app import main\nassert main(['run']) == 0"
    assert loaded_by(code, pilot.root) == []


@pytest.mark.parametrize('stage', sorted((ROOT/'nbs'/'stages').glob('*.ipynb')), ids=lambda p: p.stem)
def test_first_cells_load_nothing_heavy(stage, pilot):
    cells = [''.join(c['source']) for c in json.loads(stage.read_text())['cells'] if c['cell_type'] == 'code']
    imports = next(c for c in cells[1:] if 'import' in c)
    plain = '\n'.join(line for line in imports.splitlines() if re.match(r'(from|import) ', line))
    assert loaded_by(f'{cells[0]}\n{plain}', pilot.root) == []
