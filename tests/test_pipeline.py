"""The runner as a process: reuse, locks, signals, kills."""
import json
import os
import random
import signal
import subprocess
import time

import pytest
from conftest import write_stage

SLOW = '''import time
time.sleep(1)
from pilot_to_prod.core.results import Result
from pilot_to_prod.core.context import save
save(Result(stage='{name}'))'''


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'waited in vain'
        time.sleep(0.02)


def running(pilot):
    found = sorted((pilot.root/'mlruns'/'runs').glob('*/run.json'))
    return bool(found) and any(s['status'] == 'running' for s in json.loads(found[-1].read_text())['stages'].values())


def test_reuse_and_change(pilot):
    code, first = pilot.json('run')
    assert code == 0 and {s['status'] for s in first['stages'].values()} == {'done'}
    assert (pilot.root/'mlruns'/'runs'/first['id']/'index.html').is_file()
    code, second = pilot.json('run')
    assert code == 0 and {s['status'] for s in second['stages'].values()} == {'reused'}
    assert pilot.payloads(first['id']) == pilot.payloads(second['id'])
    with (pilot.root/'log.csv').open('a') as f:
        f.write('3,one more,card\n')
    code, status = pilot.json('status')
    assert status['stages'][0]['state'] == 'stale' and 'log.csv' in status['stages'][0]['why']
    code, third = pilot.json('run')
    assert {s['status'] for s in third['stages'].values()} == {'done'}


def test_gate_and_break_exit_codes(pilot):
    code, run = pilot.json('run', '--set', 'audit.wanted=99')
    assert code == 1 and run['stages']['spec']['status'] == 'blocked' and run['stages']['ready']['status'] == 'done'
    write_stage(pilot.stages, '02', 'spec', '', 'raise KeyError("Ann Example")')
    code, run = pilot.json('run', '--set', 'audit.wanted=99')
    assert code == 3 and run['stages']['spec']['status'] == 'broken'
    assert 'Ann' not in json.dumps(run) and 'KeyError' in run['stages']['spec']['why']


def test_second_run_is_told_who_holds_the_lock(pilot):
    write_stage(pilot.stages, '01', 'audit', '', SLOW.format(name='audit'))
    first = pilot.start('run', '--only', 'audit')
    wait_for(lambda: running(pilot))
    code, _, err = pilot('run')
    assert code == 2 and f'process {first.pid}' in err
    assert first.wait(timeout=60) == 0


@pytest.mark.parametrize('sig', [signal.SIGINT, signal.SIGTERM])
def test_interrupt_leaves_a_resumable_state(pilot, sig):
    write_stage(pilot.stages, '02', 'spec', '#| needs: audit', SLOW.format(name='spec'))
    # a shell that runs the tests in the background makes them ignore SIGINT; a person's terminal does not
    p = pilot.start('run', start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    wait_for(lambda: running(pilot) and (next((pilot.root/'mlruns'/'runs').glob('*'))/'audit.result.json').is_file())
    p.send_signal(sig)
    _, err = p.communicate(timeout=60)
    assert p.returncode == 130 and 'pilot run' in err
    code, run = pilot.json('run')
    assert code == 0 and len(run['resumed']) == 1


def kill_and_resume(pilot, moments, seed):
    """SIGKILL of the process group at random moments, then one run to the end; its run id."""
    rng, killed = random.Random(seed), 0
    for n in range(moments * 3):
        if killed == moments:
            break
        p = pilot.start('run', *(['--force'] if n % 2 else []), start_new_session=True)
        try:
            p.wait(timeout=rng.uniform(0.2, 7))
        except subprocess.TimeoutExpired:
            os.killpg(p.pid, signal.SIGKILL)
            killed += 1
        p.communicate()
    assert killed == moments
    code, run = pilot.json('run')
    assert code == 0, run
    return run['id']


def unbroken(pilot, tmp_path_factory):
    from conftest import Pilot
    clean = Pilot(tmp_path_factory.mktemp('clean'))
    code, run = clean.json('run')
    assert code == 0
    return clean.payloads(run['id'])


def test_killed_at_random_moments(pilot, tmp_path_factory):
    wanted = unbroken(pilot, tmp_path_factory)
    found = pilot.payloads(kill_and_resume(pilot, 3, seed=1))
    assert found == wanted and len(found) == 3


@pytest.mark.slow
@pytest.mark.skipif(not os.environ.get('P2P_SOAK'), reason='long counts: make soak')
def test_killed_ten_times(pilot, tmp_path_factory):
    assert pilot.payloads(kill_and_resume(pilot, 10, seed=2)) == unbroken(pilot, tmp_path_factory)


def test_mlflow_is_an_index(pilot):
    code, run = pilot.json('run')
    code, again = pilot.json('sync')
    assert code == 0 and again == {'added': 0}
    os.remove(pilot.root/'mlruns'/'mlflow.db')
    code, again = pilot.json('sync')
    assert code == 0 and again == {'added': 1}
