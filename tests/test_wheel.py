"""The built wheel holds what a pilot needs, and works in an empty folder without this repository."""
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT
from small_pilot import STAGES, write_log


def uv(*args):
    tool = Path(sys.executable).with_name('uv')
    done = subprocess.run([tool, '--offline', '--quiet', *map(str, args)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope='module')
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp('wheel')
    uv('build', '--wheel', '--no-build-isolation', '--python', sys.executable, '--out-dir', folder, ROOT)
    return next(folder.glob('*.whl'))


@pytest.fixture(scope='module')
def installed(wheel):
    target = wheel.with_name('installed')
    uv('pip', 'install', '--no-deps', '--python', sys.executable, '--target', target, wheel)
    return target


def test_what_it_holds(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    stages = sorted(n for n in names if n.startswith('pilot_to_prod/stages/') and n.endswith('.ipynb'))
    assert [n.rpartition('/')[2][3:-6] for n in stages] == list(STAGES)
    for name in ('data/probe.jsonl', 'templates/red_team.jsonl', 'templates/readiness.yaml', 'templates/pilot/settings.ini', 'templates/pilot/feature.py',
                 'templates/handoff/runbook_outage.md'):
        assert f'pilot_to_prod/{name}' in names, name
    assert any(n.endswith('/LICENSE') for n in names) and any(n.endswith('/NOTICE') for n in names)


def test_what_it_leaves_out(wheel):
    with zipfile.ZipFile(wheel) as z:
        names = z.namelist()
        tops = {n.split('/')[0] for n in names}
        assert {t for t in tops if not t.endswith('.dist-info')} == {'pilot_to_prod'}
        assert not [n for n in names if '__pycache__' in n or n.endswith(('.pyc', '.csv', '.db')) or '/.' in n]
        assert 'pilot = pilot_to_prod.cli.app:entry' in z.read(next(n for n in names if n.endswith('entry_points.txt'))).decode()
    assert wheel.stat().st_size < 6_000_000


def test_it_works_in_an_empty_folder(installed, tmp_path):
    env = {'PATH': str(Path(sys.executable).parent), 'HOME': str(tmp_path/'home'), 'PYTHONPATH': str(installed), 'LANG': 'C.UTF-8'}

    def run(*args, cwd=tmp_path):
        done = subprocess.run([sys.executable, *args], cwd=cwd, env=env, capture_output=True, text=True, timeout=200)
        assert done.returncode in (0, 1), done.stderr
        return done.stdout

    (tmp_path/'home').mkdir()
    write_log(tmp_path/'messages.csv')
    where = run('-c', 'import pilot_to_prod; print(pilot_to_prod.__file__)').strip()
    assert Path(where).is_relative_to(installed)
    run('-m', 'pilot_to_prod.cli', 'init', 'desk', '--log', 'messages.csv')
    desk = tmp_path/'desk'
    listed = json.loads(run('-m', 'pilot_to_prod.cli', 'stage', 'list', '--json', cwd=desk))
    assert [s['name'] for s in listed] == list(STAGES) and all(Path(s['path']).is_relative_to(installed) for s in listed)
    told = json.loads(run('-m', 'pilot_to_prod.cli', 'run', '--only', 'data_audit,architecture', '--json', cwd=desk))
    assert {n: s['status'] for n, s in told['stages'].items() if s['status'] != 'skipped'} == dict(data_audit='done', architecture='done')
    assert (desk/'mlruns'/'runs'/told['id']/'index.html').is_file()
