"""Shared by the cross-module tests: a scripted pilot of three stages, and the command line as a process."""
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# The gates give one verdict for one commit; `make soak` draws new examples each time.
settings.register_profile('gates', derandomize=not os.environ.get('P2P_SOAK'), deadline=None)
settings.load_profile('gates')
ROOT = Path(__file__).resolve().parent.parent
SHARED = Path(os.environ.get('P2P_SHARED_DATA') or ROOT.parent/'shared'/'data')
BODY = '''from pilot_to_prod.core.results import Result, check
from pilot_to_prod.core.context import context, find_result, save
from pathlib import Path
class Counted(Result): rows: int = 0
seen = len((context().root/'log.csv').read_text().splitlines())
save(Result(stage='{name}', checks=(check('rows', 'rows in the log', seen, '>=', wanted),)))'''


def write_stage(folder: Path, number: str, name: str, directives: str = '', *code: str) -> Path:
    """One stage notebook; without code it counts the log's lines against its parameter `wanted`."""
    folder.mkdir(parents=True, exist_ok=True)

    def cell(i, source, *tags):
        return {'cell_type': 'code', 'source': source, 'metadata': {'tags': list(tags)}, 'outputs': [], 'execution_count': None, 'id': f'{name}{i}'}

    cells = [cell(0, f'{directives}\nwanted: int = 1  # rows', 'parameters'), *[cell(i, c) for i, c in enumerate(code or [BODY.format(name=name)], 1)]]
    spec = {'name': 'python3', 'display_name': 'python3', 'language': 'python'}
    path = folder/f'{number}_{name}.ipynb'
    path.write_text(json.dumps({'cells': cells, 'nbformat': 4, 'nbformat_minor': 5, 'metadata': {'kernelspec': spec}}))
    return path


class Pilot:
    """A pilot folder and its command line; the package's own stages are replaced by scripted ones."""

    def __init__(self, root: Path):
        self.root, self.stages = root, root/'scripted'
        (root/'settings.ini').write_text('[pilot]\nname = demo\n')
        (root/'log.csv').write_text('id,text,intent\n1,where is my card,card\n2,refund please,refund\n')
        for number, name, needs in (('01', 'audit', ''), ('02', 'spec', '#| needs: audit'), ('03', 'ready', '#| reads: *')):
            write_stage(self.stages, number, name, f'{needs}\n#| inputs: log.csv')
        self.env = {**os.environ, 'P2P_STAGES': str(self.stages)}

    def start(self, *args, **kw):
        return subprocess.Popen([sys.executable, '-m', 'pilot_to_prod.cli', *args], cwd=self.root, env=self.env, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, **kw)

    def __call__(self, *args):
        p = self.start(*args)
        out, err = p.communicate(timeout=300)
        return p.returncode, out, err

    def json(self, *args):
        code, out, err = self(*args, '--json')
        return code, json.loads(out) if out.strip() else err

    def payloads(self, run_id):
        """What a run found, without times and hosts: checks and payload of every result."""
        folder = self.root/'mlruns'/'runs'/run_id
        found = {p.name: json.loads(p.read_text()) for p in sorted(folder.glob('*.result.json'))}
        return {n: (d['stage'], d['checks'], d['payload']) for n, d in found.items()}


@pytest.fixture
def pilot(tmp_path):
    return Pilot(tmp_path)


@pytest.fixture(scope='session')
def shared_folder(tmp_path_factory):
    """A temporary folder that all workers of this test run see."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get('PYTEST_XDIST_WORKER') else base


@pytest.fixture(scope='session')
def only_tier_run(shared_folder):
    """The facts of one whole run of a small pilot on a server of its own."""
    from small_pilot import once, run_only_tier
    return once(shared_folder/'only_tier', run_only_tier)
