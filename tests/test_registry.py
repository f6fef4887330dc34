"""Registry, promotion and rollback across processes: every tampering is named and not served, moves survive a kill, a running feature follows."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pilot_to_prod.cli.app import main
from pilot_to_prod.core.errors import LockMismatch, PilotError
from pilot_to_prod.core.results import Result, check, save_result
from pilot_to_prod.core.settings import Settings, load_settings
from pilot_to_prod.core.store import client
from pilot_to_prod.prompts.files import load_prompt, lock_prompts, prompt_path
from pilot_to_prod.prompts.lock import lock_path, read_lock
from pilot_to_prod.prompts.moves import chain_problems, promotions_path, read_promotions
from pilot_to_prod.prompts.promote import promote, rollback
from pilot_to_prod.prompts.publish import verify_registry
from pilot_to_prod.prompts.register import register_prompts
from pilot_to_prod.serve.feature import Feature, load_feature
from pilot_to_prod.serve.record import find_record
from pilot_to_prod.serve.scripted import register_scripted

CARD = {'text': 'I lost my card'}
SETTINGS = '[pilot]\nname = bank\n[feature.triage]\nprompt = triage\ntiers = main\nfallback = pilot.feature.by_rule\ncache = false\n'
CODE = 'from pydantic import BaseModel\nclass Triage(BaseModel): intent: str\ndef by_rule(inputs): return {"intent": "by_rule"}\n'
MODELS = 'model_list:\n  - {model_name: main, litellm_params: {model: local/scripted-registry}}\n'


def write(root: Path, version: str, text: str) -> None:
    path = prompt_path(root, 'triage', version)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'---\nname: triage\nversion: {version}\nowner: Ann Example\nmodels: [local/scripted-registry]\nmax_tokens: 60\n'
                    f'schema: pilot.feature.Triage\nvariables: {{text: {{type: str}}}}\n---\n# system\n{text}\n# user\n{{{{text}}}}\n')


def make(root: Path) -> Settings:
    root.mkdir(exist_ok=True)
    (root/'settings.ini').write_text(SETTINGS)
    (root/'models.yaml').write_text(MODELS)
    (root/'pilot'/'golden').mkdir(parents=True)
    (root/'pilot'/'feature.py').write_text(CODE)
    (root/'pilot'/'golden'/'golden.lock').write_text(json.dumps({'sha256': 'g'*64, 'threshold': {'triage': .8}}))
    write(root, '0.1.0', 'Sort this.')
    write(root, '1.0.0', 'Sort this mail.')
    lock_prompts(root)
    return load_settings(root, env={})


@pytest.fixture(scope='module')
def registered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    settings = make(tmp_path_factory.mktemp('registered')/'pilot')
    register_prompts(settings)
    return settings.root


@pytest.fixture
def pilot(registered: Path, tmp_path: Path) -> Settings:
    shutil.copytree(registered, tmp_path/'bank')
    settings = load_settings(tmp_path/'bank', env={})
    register_prompts(settings)
    register_scripted('registry', lambda messages: '{"intent": "by_model"}')
    return settings


class EvaluationResult(Result):
    golden_sha256: str = 'g'*64
    features: dict = {}
    subject: dict = {}


def evidence(root: Path, version: str, share: float = .9) -> Path:
    p = load_prompt(root, 'triage', version)
    checks = [check('golden_locked', 'rows that differ', 0, '==', 0), check('accuracy', 'share right', share, '>=', .8)]
    score = {'prompt': p.id, 'tiers': ['main'], 'n': 10, 'passed': int(share*10), 'accuracy': share, 'threshold': .8}
    about = {'sha256': p.hash, 'production': read_lock(root).prompts['triage'].aliases.get('production', '')}
    made = save_result(EvaluationResult(stage='evaluation', checks=tuple(checks), features={'triage': score}, subject=about), root/'mlruns'/'evals')
    return made.rename(made.with_name(f'triage@{version}-{p.hash[:8]}-main.json'))


def add(root: Path, *versions: str) -> None:
    for v in versions: write(root, v, f'Sort this mail, version {v}.')
    lock_prompts(root)


def test_what_is_registered_is_served_and_vouched_for(pilot: Settings) -> None:
    a = load_feature(pilot, 'triage').answer(CARD)
    assert (a.source, a.registry, a.value) == ('model', 'verified', {'intent': 'by_model'}), a.reason
    assert find_record(pilot.root, a.record_id).registry == 'verified'
    assert [r.state for r in register_prompts(pilot).rows] == ['present', 'present'], 'registering is not idempotent'
    tags = client(pilot).get_prompt_version_by_alias('bank.triage', 'production').tags
    assert (tags['p2p.version'], tags['p2p.sha256'], tags['p2p.author']) == ('1.0.0', load_prompt(pilot.root, 'triage').hash, 'Ann Example')


# what somebody does in MLflow to version 1.0.0, which is in production under MLflow's number 2 -> what is said of it
TAMPERING = {
    'template': (lambda c, n: c.set_prompt_version_tag('bank.triage', n, 'mlflow.prompt.text', '"obey"'), 'template in the registry'),
    'message': (lambda c, n: c.set_prompt_version_tag('bank.triage', n, 'mlflow.prompt.text', '[{"role": "user", "content": "{{text}}"}]'),
                'template in the registry'),
    'kind': (lambda c, n: c.set_prompt_version_tag('bank.triage', n, '_mlflow_prompt_type', 'text'), 'tag _mlflow_prompt_type'),
    'response format': (lambda c, n: c.set_prompt_version_tag('bank.triage', n, '_mlflow_prompt_response_format', '{}'), 'response_format in the registry'),
    'no response format': (lambda c, n: c.delete_prompt_version_tag('bank.triage', n, '_mlflow_prompt_response_format'), 'response_format in the registry'),
    'model config': (lambda c, n: mlflow_config(c, n), 'model_config in the registry'),
    'hash': (lambda c, n: c.set_prompt_version_tag('bank.triage', n, 'p2p.sha256', 'f'*64), 'tag p2p.sha256'),
    'version': (lambda c, n: c.set_prompt_version_tag('bank.triage', n, 'p2p.version', '9.0.0'), 'tag p2p.version'),
    'owner': (lambda c, n: c.set_prompt_version_tag('bank.triage', n, 'p2p.owner', 'Eve Example'), 'tag p2p.owner'),
    'author': (lambda c, n: c.delete_prompt_version_tag('bank.triage', n, 'p2p.author'), 'tag p2p.author'),
    'seal': (lambda c, n: c.set_prompt_version_tag('bank.triage', n, 'p2p.seal', '0'), 'p2p.seal'),
    'alias': (lambda c, n: c.set_prompt_alias('bank.triage', 'production', 1), 'alias production in the registry is on 0.1.0, the lock has 1.0.0'),
    'no alias': (lambda c, n: c.delete_prompt_alias('bank.triage', 'production'), 'alias production in the registry is gone'),
    'deleted': (lambda c, n: c.delete_prompt_version('bank.triage', n), '1.0.0: was registered and is gone'),
    'note': (lambda c, n: (c.delete_prompt_version('bank.triage', n), c.delete_prompt_tag('bank.triage', 'p2p.v.1.0.0')),
             'alias production in the registry is gone'),
    'all deleted': (lambda c, n: c.delete_prompt('bank.triage'), '1.0.0: was registered and is gone'),
}


def mlflow_config(c: object, number: str) -> None:
    import mlflow
    mlflow.set_registry_uri(c._registry_uri)  # type: ignore[attr-defined]
    mlflow.genai.set_prompt_model_config('bank.triage', int(number), {'model_name': 'gpt-4.1', 'temperature': 1.0})


@pytest.mark.parametrize('way', TAMPERING)
def test_tampering_in_the_registry_is_named_and_not_served(pilot: Settings, way: str) -> None:
    act, told = TAMPERING[way]
    running = load_feature(pilot, 'triage')
    c = client(pilot)
    act(c, str(c.get_prompt_version_by_alias('bank.triage', 'production').version))
    report = verify_registry(pilot)
    assert report.state == 'differs' and any(told in t for t in report.problems), report.problems
    assert not any('Sort this mail' in t for t in report.problems), 'the text of a prompt in a message'
    a = load_feature(pilot, 'triage').answer(CARD)
    assert (a.source, a.code, a.prompt) == ('fallback', 'prompt_differs', ''), a.reason
    running.follow.asked_at -= 100   # a minute later, in a process that runs
    running.answer(CARD)
    while running.follow.asking: time.sleep(0.001)
    assert running.answer(CARD).code == 'prompt_differs'
    with pytest.raises(LockMismatch, match='--repair'): register_prompts(pilot)
    register_prompts(pilot, repair=True)
    assert (verify_registry(pilot).state, load_feature(pilot, 'triage').answer(CARD).source) == ('verified', 'model')


def test_what_stands_beside_ours_is_named_and_stops_nobody(pilot: Settings) -> None:
    c = client(pilot)
    c.register_prompt('bank.triage', 'mine {{text}}')
    c.set_prompt_version_tag('bank.triage', '1', 'mlflow.prompt.text', '"obey"')   # 0.1.0, which nobody serves
    assert [t.partition(' stands')[0] for t in verify_registry(pilot).problems] == [
        'triage 0.1.0: template in the registry is not what was locked', 'triage: MLflow version 3']
    assert load_feature(pilot, 'triage').answer(CARD).source == 'model'
    register_prompts(pilot, repair=True)
    assert verify_registry(pilot).problems == ()


def test_the_same_version_with_another_hash_is_refused(pilot: Settings, tmp_path: Path) -> None:
    other = tmp_path/'colleague'
    make(other)
    write(other, '1.0.0', 'Sort this letter.')
    lock_path(other).unlink()
    lock_prompts(other)
    (other/'settings.ini').write_text(SETTINGS + f'[mlflow]\nuri = sqlite:///{pilot.root}/mlruns/mlflow.db\n')
    settings = load_settings(other, env={})
    with pytest.raises(LockMismatch, match='triage 1.0.0: is registered with another hash'): register_prompts(settings)
    assert load_feature(settings, 'triage').answer(CARD).code == 'prompt_differs'


@pytest.mark.parametrize('damage', ['file', 'file gone', 'schema', 'lock hash', 'lock cut', 'lock moved', 'log cut'])
def test_tampering_with_files_is_not_served_by_a_running_process(pilot: Settings, damage: str) -> None:
    root, f = pilot.root, load_feature(pilot, 'triage')
    write(root, '1.1.0', 'Sort this mail, please.')
    lock_prompts(root)
    register_prompts(pilot)
    promote(root, 'triage', '1.1.0', by='Bo Example', evidence=evidence(root, '1.1.0'))
    assert f.answer(CARD).prompt.startswith('triage@1.1.0'), 'the promotion did not arrive'
    file, lock, log = prompt_path(root, 'triage', '1.1.0'), lock_path(root), promotions_path(root)
    path, change = {'file': (file, lambda t: t.replace('Sort', 'Obey')), 'file gone': (file, lambda t: None),
                    'schema': (root/'pilot'/'feature.py', lambda t: t.replace('intent: str', 'intent: str\n    more: int = 0').replace(
                        'class Triage(BaseModel): ', 'class Triage(BaseModel):\n    ')),
                    'lock hash': (lock, lambda t: t.replace(load_prompt(root, 'triage').hash, 'f'*64)), 'lock cut': (lock, lambda t: t[:-30]),
                    'lock moved': (lock, lambda t: t.replace('"production": "1.1.0"', '"production": "0.1.0"')),
                    'log cut': (log, lambda t: t.replace('"after": "1.1.0"', '"after": "1.0.0"'))}[damage]
    kept = path.read_text()
    path.unlink() if change(kept) is None else path.write_text(change(kept))
    a = f.answer(CARD)
    assert (a.source, a.code, a.value) == ('fallback', 'prompt_differs', {'intent': 'by_rule'}), a.reason
    assert main(['prompt', 'verify', '--pilot', str(root)]) in (1, 2)
    path.write_text(kept)
    until = time.monotonic() + 10
    while f.answer(CARD).code and time.monotonic() < until: pass
    assert f.answer(CARD).prompt.startswith('triage@1.1.0')


def test_a_registry_behind_a_rollback_stops_nobody_and_follows(pilot: Settings) -> None:
    f = load_feature(pilot, 'triage')
    rollback(pilot.root, 'triage', by='Bo Example', reason='drift')
    assert verify_registry(pilot).problems == () and len(verify_registry(pilot).behind) == 2
    a, b = f.answer(CARD), load_feature(pilot, 'triage').answer(CARD)
    assert [(o.source, o.registry, o.prompt.split('#')[0]) for o in (a, b)] == [('model', 'verified', 'triage@0.1.0')]*2
    register_prompts(pilot)
    c = client(pilot)
    version = c.get_prompt_version_by_alias('bank.triage', 'production')
    assert version.tags['p2p.version'] == '0.1.0' and '"drift"' in version.tags['p2p.move.0001']
    assert verify_registry(pilot).behind == ()
    c.set_prompt_version_tag('bank.triage', str(version.version), 'p2p.move.0001', '{}')
    assert 'is a move that promotions.jsonl does not have' in verify_registry(pilot).problems[0]


def test_a_version_that_the_registry_misses_waits_for_it(pilot: Settings) -> None:
    root = pilot.root
    add(root, '1.1.0')
    assert load_feature(pilot, 'triage', version='1.1.0', measure=True).answer(CARD).source == 'model', 'a candidate may be measured'
    promote(root, 'triage', '1.1.0', by='Bo Example', evidence=evidence(root, '1.1.0'))
    a = load_feature(pilot, 'triage').answer(CARD)
    assert a.code == 'prompt_differs' and 'is not registered yet' in a.reason
    register_prompts(pilot)
    assert load_feature(pilot, 'triage').answer(CARD).source == 'model'


def python(code: str, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, '-c', code, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_running_process_follows_the_command_line(pilot: Settings) -> None:
    code = ('import sys\nfrom pilot_to_prod.core.settings import load_settings\nfrom pilot_to_prod.serve.feature import load_feature\n'
            'from pilot_to_prod.serve.scripted import register_scripted\n'
            'register_scripted("registry", lambda m: \'{"intent": "\' + m[0]["content"].split()[-1] + \'"}\')\n'
            'f = load_feature(load_settings(sys.argv[1], env={}), "triage")\n'
            'pinned = load_feature(f.settings, "triage", version="1.0.0")\n'
            'for line in sys.stdin:\n'
            '    a, b = f.answer({"text": "x"}), pinned.answer({"text": "x"})\n'
            '    print(a.prompt[:12], a.value["intent"], a.registry, b.prompt[:12], "mlflow" in sys.modules, flush=True)\n')
    other = python(code, str(pilot.root))
    assert other.stdin and other.stdout

    def seen() -> list[str]:
        other.stdin.write('\n')  # type: ignore[union-attr]
        other.stdin.flush()  # type: ignore[union-attr]
        return other.stdout.readline().split()  # type: ignore[union-attr]

    assert seen() == ['triage@1.0.0', 'mail.', 'verified', 'triage@1.0.0', 'False']
    for to in ('0.1.0', '1.0.0', '0.1.0'):
        run = subprocess.run([sys.executable, '-m', 'pilot_to_prod.cli', 'prompt', 'rollback', 'triage', '--to', to, '--by', 'Bo Example', '--why', 'drill',
                              '--json', '--pilot', str(pilot.root)], capture_output=True, text=True, check=False)
        assert run.returncode == 0 and json.loads(run.stdout)['after'] == to, run.stderr
        assert seen()[:2] == [f'triage@{to}', 'mail.' if to == '1.0.0' else 'this.'], 'the next request is answered by the new version'
    assert seen()[3:] == ['triage@1.0.0', 'False'], 'a pinned version stays, and MLflow is not imported'
    other.stdin.close()
    assert other.wait(timeout=20) == 0, other.stderr and other.stderr.read()


@pytest.mark.parametrize('where', ['write_lock', 'append_line'])
def test_a_move_that_is_killed_halfway_is_finished_or_dropped(tmp_path: Path, where: str) -> None:
    root = make(tmp_path/'bank').root
    code = ('import os, signal, sys\nfrom pilot_to_prod.prompts import moves\nfrom pilot_to_prod.prompts.promote import rollback\n'
            'setattr(moves, sys.argv[2], lambda *a: os.kill(os.getpid(), signal.SIGKILL))\n'
            'rollback(sys.argv[1], "triage", by="Bo Example", reason="drift")\n')
    killed = python(code, str(root), where)
    assert killed.wait(timeout=60) == -signal.SIGKILL, killed.stderr and killed.stderr.read()
    moved = where == 'append_line'
    assert load_prompt(root, 'triage').version == ('0.1.0' if moved else '1.0.0'), 'each state of the lock is whole'
    register_scripted('registry', lambda messages: '{"intent": "by_model"}')
    assert load_feature(load_settings(root, env={}), 'triage').answer(CARD).source == 'model'
    assert main(['prompt', 'verify', '--pilot', str(root)]) == 1
    assert main(['prompt', 'lock', '--pilot', str(root)]) == 0
    assert [(m.action, m.after) for m in read_promotions(root)] == ([('rollback', '0.1.0')] if moved else [])
    assert main(['prompt', 'verify', '--pilot', str(root)]) == 0


def test_of_promotions_at_once_one_wins(tmp_path: Path) -> None:
    root = make(tmp_path/'bank').root
    versions = ['1.1.0', '1.2.0', '1.3.0', '1.4.0']
    add(root, *versions)
    for v in versions: evidence(root, v)
    code = ('import sys\nfrom pilot_to_prod.core.errors import PilotError\nfrom pilot_to_prod.prompts.promote import promote\nsys.stdin.readline()\n'
            'try: print(promote(sys.argv[1], "triage", sys.argv[2], by="Bo Example").after)\nexcept PilotError as e: sys.exit(str(e))\n')
    running = [python(code, str(root), v) for v in versions]
    for p in running: p.stdin.write('\n'), p.stdin.flush()  # type: ignore[union-attr]
    told = [p.communicate(timeout=60) for p in running]
    won = [out.strip() for out, _ in told if out.strip()]
    assert len(won) == 1 and read_lock(root).prompts['triage'].aliases['production'] == won[0], told
    assert all('meanwhile' in err or 'does not hold any more' in err for out, err in told if not out.strip()), told
    assert chain_problems(read_promotions(root)) == () and len(read_promotions(root)) == 1


def test_rollbacks_and_moves_at_once_lose_no_line(tmp_path: Path) -> None:
    root = make(tmp_path/'bank').root

    def back(n: int) -> bool:
        try: rollback(root, 'triage', by=f'Bo Example{n}', reason='drill', to=('0.1.0', '1.0.0')[n % 2])
        except PilotError: return False
        return True

    with ThreadPoolExecutor(8) as pool: done = sum(pool.map(back, range(40)))
    moves = read_promotions(root)
    assert (len(moves), chain_problems(moves)) == (done, ()) and done >= 2
    assert [m.before for m in moves[1:]] == [m.after for m in moves[:-1]]
    assert read_lock(root).prompts['triage'].aliases['production'] == moves[-1].after


def test_a_promotion_needs_evidence_and_another_person(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make(tmp_path/'bank').root
    (root/'settings.ini').write_text(SETTINGS + '[mlflow]\nuri = http://127.0.0.1:9\n')
    add(root, '1.1.0')

    def told(*words: str, by: str = 'Bo Example') -> str:
        code = main(['prompt', 'promote', 'triage', 'candidate', '--by', by, '--pilot', str(root), *words])
        out, err = capsys.readouterr()
        assert (code == 0) == (not err), (code, err)
        return err or out

    assert 'Run `pilot eval triage@1.1.0` first' in told()
    evidence(root, '1.1.0', .7)
    assert 'says fail (accuracy)' in told()
    at = evidence(root, '1.1.0')
    data = json.loads(at.read_text())
    at.write_text(json.dumps({**data, 'payload': {**data['payload'], 'golden_sha256': 'h'*64}}))
    assert 'was changed after it was saved' in told()
    evidence(root, '1.1.0')
    assert 'Ann Example wrote triage 1.1.0' in told(by='ann  EXAMPLE')
    assert 'not a group' in told(by='platform')
    lock = root/'pilot'/'golden'/'golden.lock'
    kept = lock.read_text()
    lock.write_text(kept.replace('0.8', '0.85'))
    assert 'golden.lock asks for 0.85 now' in told()
    lock.write_text(kept)
    env = {**os.environ, 'GIT_CONFIG_GLOBAL': os.devnull}
    for words in (['init'], ['add', '.'], ['-c', 'user.name=Bo Example', '-c', 'user.email=b@example.org', 'commit', '-m', 'x']):
        subprocess.run(['git', *words], cwd=root, env=env, check=True, capture_output=True)
    assert 'Bo Example committed triage@1.1.0.md' in told()
    assert read_lock(root).prompts['triage'].aliases['production'] == '1.0.0'
    won = told('--json', by='Cy Example')
    assert (json.loads(won)['after'], json.loads(won)['author']) == ('1.1.0', 'Ann Example')
    assert 'does not answer' in json.loads(won)['registry']


def test_every_command_speaks_json_and_says_what_is_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = make(tmp_path/'bank').root
    (root/'settings.ini').write_text(SETTINGS + '[mlflow]\nuri = http://127.0.0.1:9\n')

    def run(*words: str, code: int = 0) -> str:
        assert main(['prompt', *words, '--pilot', str(root)]) == code, capsys.readouterr()
        return capsys.readouterr().out

    for words in (['list'], ['show', 'triage@previous'], ['diff', 'triage', '0.1.0', '1.0.0'], ['lock'], ['register'], ['history', 'triage'], ['verify'],
                  ['rollback', 'triage', '--by', 'Bo Example', '--why', 'drill']):
        json.loads(run(*words, '--json'))
    write(root, '1.1.0', 'Sort this mail, please.')
    assert 'Next: `pilot prompt register`, `pilot eval triage@1.1.0`.' in run('lock')
    assert 'Next: `pilot prompt register`.' in run('verify')
    assert 'by Bo Example: drill' in run('history', 'triage')
    env = {**os.environ, '_PILOT_COMPLETE': 'complete_bash', 'COMP_WORDS': 'pilot prompt show tri', 'COMP_CWORD': '3'}
    script = 'from pilot_to_prod.cli.app import app; app(prog_name="pilot")'
    done = subprocess.run([sys.executable, '-c', script], cwd=root, env=env, capture_output=True, text=True, check=False)
    assert 'triage' in done.stdout, done.stderr


@pytest.fixture(scope='module')
def server(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp('server')
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        port = s.getsockname()[1]
    env = {**os.environ, 'MLFLOW_SERVER_ENABLE_JOB_EXECUTION': 'false', 'MLFLOW_DISABLE_TELEMETRY': 'true'}
    words = ['-m', 'mlflow', 'server', '--backend-store-uri', f'sqlite:///{folder}/mlflow.db', '--host', '127.0.0.1', '--port', str(port), '--workers', '1']
    run = subprocess.Popen([sys.executable, *words], cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    until, wait = time.monotonic() + 240, threading.Event()
    try:
        while True:
            try:
                with urllib.request.urlopen(f'http://127.0.0.1:{port}/health', timeout=2): break
            except OSError:
                assert run.poll() is None and time.monotonic() < until, 'the MLflow server did not start'
                wait.wait(.2)
        yield f'http://127.0.0.1:{port}', run
    finally:
        if run.poll() is None: os.killpg(run.pid, signal.SIGTERM)
        try: run.wait(timeout=20)
        except subprocess.TimeoutExpired: os.killpg(run.pid, signal.SIGKILL)


@pytest.mark.xdist_group('mlflow-server')
def test_on_a_server(server: tuple[str, subprocess.Popen[bytes]], tmp_path: Path) -> None:
    uri, run = server
    pilots = []
    for n in range(4):   # four machines: no file lock keeps them apart
        make(tmp_path/f'machine{n}')
        (tmp_path/f'machine{n}'/'settings.ini').write_text(SETTINGS + f'[mlflow]\nuri = {uri}\n')
        pilots.append(load_settings(tmp_path/f'machine{n}', env={}))
    client(pilots[0])   # imports MLflow once
    with ThreadPoolExecutor(4) as pool: list(pool.map(register_prompts, pilots))
    c, first = client(pilots[0]), pilots[0]
    assert sorted(v.tags['p2p.version'] for v in c.search_prompt_versions('bank.triage')) == ['0.1.0', '1.0.0']
    assert [verify_registry(s).state for s in pilots] == ['verified']*4, verify_registry(first).problems
    register_scripted('registry', lambda messages: '{"intent": "by_model"}')
    f: Feature = load_feature(first, 'triage')
    assert (f.answer(CARD).source, f.answer(CARD).registry) == ('model', 'verified')
    number = str(c.get_prompt_version_by_alias('bank.triage', 'production').version)
    c.set_prompt_version_tag('bank.triage', number, 'mlflow.prompt.text', '"obey"')
    assert load_feature(pilots[1], 'triage').answer(CARD).code == 'prompt_differs'
    register_prompts(first, repair=True)
    rollback(first.root, 'triage', by='Bo Example', reason='drift')
    register_prompts(first)
    assert c.get_prompt_version_by_alias('bank.triage', 'production').tags['p2p.version'] == '0.1.0'
    os.killpg(run.pid, signal.SIGTERM)
    run.wait(timeout=60)
    down = load_feature(first, 'triage').answer(CARD)   # the server is gone: the files serve, and the record says so
    assert (down.source, down.registry, down.prompt.split('#')[0]) == ('model', 'registry_unverified', 'triage@0.1.0')
    assert main(['prompt', 'rollback', 'triage', '--to', '1.0.0', '--by', 'Bo Example', '--why', 'server is down', '--pilot', str(first.root)]) == 0
    assert f.answer(CARD).prompt.startswith('triage@1.0.0')
    assert register_prompts(first).state == 'unverified'
