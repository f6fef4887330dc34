"""Trained models as versions: every way to change one is found when it is loaded, moves are atomic for whoever loads meanwhile, and nothing in a file runs."""
import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pilot_to_prod.core.clock import fixed_clock
from pilot_to_prod.core.errors import InputError, LockMismatch, PilotError
from pilot_to_prod.core.files import read_jsonl, write_atomic
from pilot_to_prod.core.results import Result, check, save_result
from pilot_to_prod.core.settings import Settings, load_settings
from pilot_to_prod.core.store import client
from pilot_to_prod.core.weights import bundle_sha256, read_npz
from pilot_to_prod.prompts import model_load
from pilot_to_prod.prompts.model_card import model_card
from pilot_to_prod.prompts.model_load import load_model, served_model, use_version
from pilot_to_prod.prompts.model_moves import promote_model, rollback_model
from pilot_to_prod.prompts.model_publish import register_models
from pilot_to_prod.prompts.model_shelf import shelf
from pilot_to_prod.prompts.models import ModelFacts, lock_models, models_lock_path, pointer_path, read_models_lock, read_pointer
from pilot_to_prod.prompts.moves import chain_problems, promotions_path, read_promotions
from pilot_to_prod.serve.intent import FILES
from pilot_to_prod.serve.intent_store import train_and_store
from pilot_to_prod.serve.local import classify

CLOCK = fixed_clock('2026-03-10')
LOG = [(f'{a} {b}', label) for label, words in {'card_lost': ('I lost my card', 'my card was stolen', 'the card is gone'),
       'refund': ('I want my money back', 'where is the refund', 'pay me back')}.items() for a in words for b in ('today', 'in town', 'please', 'abroad')]
FULL = 'bank.model.intent'


def train(root: Path, extra: int = 0) -> ModelFacts:
    rows = [*LOG, *[(f'the app crashes {n} times', 'app') for n in range(extra)]]
    return train_and_store(root/'mlruns'/'models', 'intent', *zip(*rows, strict=True), times=['2026-01-01']*len(rows), clock=CLOCK)


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pilot with two locked and registered versions; the first serves."""
    root = tmp_path_factory.mktemp('made')
    (root/'settings.ini').write_text('[pilot]\nname = bank\n[data]\nlog = log.csv\ntext = text\nlabel = label\ntime = ts\ngolden = golden.jsonl\n')
    (root/'log.csv').write_text('text,label,ts\n' + ''.join(f'{t},{label},2026-01-01T08:00:00\n' for t, label in LOG))
    (root/'golden.lock').write_text(json.dumps({'sha256': 'g', 'threshold': {'triage': .8}}))
    for extra in (0, 3):
        lock_models(root, [train(root, extra)], 'Ann Example')
    register_models(load_settings(root, env={}), shelf(root, 'intent'))
    return root


@pytest.fixture
def pilot(made: Path, tmp_path: Path) -> Settings:
    shutil.copytree(made, tmp_path/'pilot')
    root = (tmp_path/'pilot').resolve()
    (root/'mlruns'/'store.json').unlink()     # it names the folder that it was made in
    return load_settings(root, env={})


def versions(s: Settings) -> tuple[ModelFacts, ModelFacts]:
    two, one = sorted(shelf(s.root, 'intent'), key=lambda m: -len(m.rows))
    return one, two


def refused(s: Settings, why: str) -> None:
    """Neither a load nor a request in a process that serves gets the model."""
    with pytest.raises((LockMismatch, InputError), match=why):
        load_model(s.root, 'intent')
    model_load._held.clear()
    with pytest.raises((LockMismatch, InputError), match=why):
        classify(s.root, [{'role': 'user', 'content': 'I lost my card'}])


def answers(s: Settings) -> bool:
    return json.loads(classify(s.root, [{'role': 'user', 'content': 'I lost my card in town'}]))['intent'] == 'card_lost'


def test_the_pilot_as_it_is_serves_verified(pilot: Settings) -> None:
    assert answers(pilot) and served_model(pilot.root, 'intent').state == 'verified'
    assert served_model(pilot.root, 'intent').version == '1'


# --- tampering: files ---

@pytest.mark.parametrize('name', FILES)
def test_one_changed_byte_anywhere_in_the_weights(pilot: Settings, name: str) -> None:
    path = pilot.root/versions(pilot)[0].folder/name
    was = path.read_bytes()
    for at in (0, len(was)//2, len(was) - 1):
        path.write_bytes(was[:at] + bytes([was[at] ^ 1]) + was[at+1:])
        refused(pilot, 'the weights have hash')
    path.unlink()
    refused(pilot, 'not whole')


def forge(s: Settings, name: str, change, one: ModelFacts | None = None) -> None:
    """Weights, their folder, their facts and the pointer, all changed so that they fit each other."""
    one = one or versions(s)[0]
    files = {f: (s.root/one.folder/f).read_bytes() for f in FILES}
    files[name] = change(files[name])
    sha = bundle_sha256(files)
    new = one.model_copy(update=dict(sha256=sha, folder=f'mlruns/models/intent/{sha[:12]}'))
    for f, data in {**files, 'MODEL_CARD.md': (s.root/one.folder/'MODEL_CARD.md').read_bytes(), 'facts.json': new.model_dump_json().encode()}.items():
        write_atomic(s.root/new.folder/f, data)
    write_atomic(pointer_path(s.root, 'intent'), new.model_dump_json())


def npz(**arrays) -> bytes:
    out = io.BytesIO()
    np.savez_compressed(out, **arrays)
    return out.getvalue()


def test_weights_and_pointer_changed_together_are_found_by_the_registry(pilot: Settings) -> None:
    def louder(data: bytes) -> bytes:
        with np.load(io.BytesIO(data)) as z:
            return npz(**{k: z[k] * (2 if k == 'coef' else 1) for k in z.files})
    forge(pilot, 'arrays.npz', louder)
    refused(pilot, 'is not in the registry')


def test_weights_that_name_other_data_are_not_the_version(pilot: Settings) -> None:
    forge(pilot, 'card.json', lambda data: data.replace(b'"seed":1', b'"seed":2'))
    refused(pilot, 'the weights themselves name another seed')


def test_the_pointer_moved_to_another_version(pilot: Settings) -> None:
    one, two = versions(pilot)
    write_atomic(pointer_path(pilot.root, 'intent'), two.model_dump_json())
    refused(pilot, 'another data_sha256')
    write_atomic(pointer_path(pilot.root, 'intent'), one.model_copy(update=dict(sha256=two.sha256, folder=two.folder)).model_dump_json())
    refused(pilot, 'the weights themselves name another')
    for folder in ('../../../etc', '/etc', two.folder, 'mlruns/models/intent/../intent/' + one.sha256[:12]):
        write_atomic(pointer_path(pilot.root, 'intent'), one.model_copy(update=dict(folder=folder)).model_dump_json())
        refused(pilot, 'not the one of its weights')
    write_atomic(pointer_path(pilot.root, 'intent'), one.model_copy(update=dict(metrics={**one.metrics, 'cv_accuracy': .999})).model_dump_json())
    refused(pilot, 'facts.json beside the weights')


@pytest.mark.parametrize(('old', 'new', 'why'), [
    ('"seed": 1', '"seed": 2', 'was edited'), ('Ann Example', 'Bo Example', 'was edited'), ('"production": "1"', '"production": "2"', 'nobody promoted it'),
    ('"production": "1"', '"production": "7"', 'not locked'), ('"models"', '"modles"', 'models')])
def test_an_edited_lock(pilot: Settings, old: str, new: str, why: str) -> None:
    path = models_lock_path(pilot.root)
    path.write_text(path.read_text().replace(old, new))
    refused(pilot, why)


def test_an_edited_lock_with_a_right_checksum_differs_from_pointer_or_registry(pilot: Settings) -> None:
    path, lock = models_lock_path(pilot.root), json.loads(models_lock_path(pilot.root).read_text())
    for field, value, why in (('data_sha256', '0'*64, 'another data_sha256'), ('author', 'Bo Example', 'p2p.lock_sha256, p2p.author')):
        changed = json.loads(json.dumps(lock))
        version = read_models_lock(pilot.root)['intent'].versions['1'].model_copy(update={field: value})
        changed['models']['intent']['versions']['1'] = version.model_copy(update={'sha256': version.checksum}).model_dump()
        path.write_text(json.dumps(changed))
        refused(pilot, why)
        path.write_text(json.dumps(lock))
    path.unlink()
    refused(pilot, 'is registered, and pilot/models.lock does not have it')


def test_a_changed_card(pilot: Settings) -> None:
    one, _ = versions(pilot)
    (pilot.root/one.folder/'MODEL_CARD.md').write_text('# Never wrong\n')
    refused(pilot, 'MODEL_CARD.md')


def test_other_code_than_the_one_that_trained_it(pilot: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from pilot_to_prod.serve import intent_store
    monkeypatch.setattr(intent_store, 'code_version', lambda: 'e'*64)
    refused(pilot, 'trained by code')


def test_other_data_is_another_version_and_stops_the_gate(pilot: Settings) -> None:
    from pilot_to_prod.prompts.registry import sync_models
    from pilot_to_prod.prompts.models import read_models
    train(pilot.root, 5)
    report, _ = sync_models(pilot, read_models(pilot.root))
    assert any('data_sha256' in p and 'pilot model lock' in p for p in report.problems)
    assert answers(pilot) and served_model(pilot.root, 'intent').version == '1'      # production is untouched
    lock_models(pilot.root, read_models(pilot.root), 'Ann Example')
    report, done = sync_models(pilot, read_models(pilot.root))
    assert report.problems == () and {r.state for r in done} == {'present', 'registered'}
    assert read_models_lock(pilot.root)['intent'].aliases == {'production': '1', 'candidate': '3'}


# --- tampering: the registry ---

@contextmanager
def tag(s: Settings, key: str, value: str):
    c = client(s)
    number = c.get_model_version_by_alias(FULL, 'production').version
    was = c.get_model_version(FULL, number).tags[key]
    c.set_model_version_tag(FULL, number, key, value)
    yield
    c.set_model_version_tag(FULL, number, key, was)


def test_every_tag_the_source_and_the_card_in_the_registry(pilot: Settings) -> None:
    import sqlite3
    c = client(pilot)
    version = c.get_model_version_by_alias(FULL, 'production')
    for key in version.tags:
        with tag(pilot, key, 'other'):
            refused(pilot, 'in the registry is not what was registered|is not in the registry')
    c.update_model_version(FULL, version.version, 'A better card.')
    refused(pilot, 'the model card')
    c.update_model_version(FULL, version.version, version.description)
    assert load_model(pilot.root, 'intent').state == 'verified'
    with sqlite3.connect(pilot.root/'mlruns'/'mlflow.db') as db:
        db.execute("UPDATE model_versions SET source = 'file:///tmp/evil' WHERE version = ?", (int(version.version),))
    refused(pilot, 'source in the registry')


def test_a_deleted_version_and_a_deleted_model(pilot: Settings) -> None:
    c = client(pilot)
    c.delete_model_version(FULL, c.get_model_version_by_alias(FULL, 'production').version)
    refused(pilot, 'was registered and is gone')
    assert {r.state for r in register_models(pilot, shelf(pilot.root, 'intent'))} == {'deleted', 'present'}   # a stage run does not cover it up
    refused(pilot, 'was registered and is gone')
    register_models(pilot, shelf(pilot.root, 'intent'), repair=True)
    model_load._held.clear()
    assert answers(pilot)
    c.delete_registered_model(FULL)
    refused(pilot, 'is not in the registry')


def test_a_registry_that_is_down_is_marked_and_stops_nothing(pilot: Settings) -> None:
    ini = pilot.root/'settings.ini'
    ini.write_text(ini.read_text() + '[mlflow]\nuri = http://127.0.0.1:9\n')
    assert answers(pilot) and served_model(pilot.root, 'intent').state == 'registry_unverified'
    one, _ = versions(pilot)
    (pilot.root/one.folder/'names.json').write_bytes(b'{}')
    refused(pilot, 'the weights have hash')


def test_a_running_process_refuses_what_was_changed_elsewhere(pilot: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither pointer nor lock moves; only the look in the background can find it."""
    assert answers(pilot)
    monkeypatch.setattr(model_load, 'RECHECK_S', 0.0)
    with tag(pilot, 'p2p.data_sha256', 'other'):
        for _ in range(200):
            try: classify(pilot.root, [{'role': 'user', 'content': 'hello'}])
            except LockMismatch as e:
                assert 'p2p.data_sha256' in str(e)
                break
            for t in threading.enumerate():
                if t.daemon and t is not threading.current_thread() and 'look_again' in t.name: t.join(5)
        else: pytest.fail('never refused')


# --- what a file may be ---

class Evil:
    def __init__(self, path: Path): self.path = path
    def __reduce__(self): return os.mkdir, (str(self.path),)


def test_nothing_in_a_file_runs_whatever_it_is_called(pilot: Settings, tmp_path: Path) -> None:
    """Also before anything is locked, when pointer and facts were made to fit."""
    models_lock_path(pilot.root).unlink()
    shutil.rmtree(pilot.root/'mlruns'/'models')
    (pilot.root/'mlruns'/'mlflow.db').unlink()
    one = train(pilot.root)
    assert answers(pilot)
    evil = tmp_path/'ran'
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, 'w') as z: z.writestr('../../up.npy', b'x')
    for data, why in ((pickle.dumps(Evil(evil)), 'a pickle under another name'), (npz(coef=np.array([Evil(evil)], dtype=object)), 'lacks|only a pickle'),
                      (zipped.getvalue(), 'with a path')):
        forge(pilot, 'arrays.npz', lambda _, data=data: data, one)
        refused(pilot, why)
    forge(pilot, 'names.json', lambda _: pickle.dumps(Evil(evil)), one)
    refused(pilot, 'not plain JSON')
    assert not evil.exists()


GOOD = npz(a=np.arange(12, dtype='float16').reshape(3, 4), b=np.arange(5))


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255), st.integers(0, 40))
def test_a_damaged_archive_is_read_or_refused_and_never_breaks_the_reader(at: int, byte: int, cut: int) -> None:
    data = GOOD[:at] + bytes([byte]) + GOOD[at+1:len(GOOD)-cut]
    try: read = read_npz(data, 'x.npz')
    except InputError: return
    assert all(a.dtype.kind in 'fiub' and np.isfinite(a).all() for a in read.values())


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_with_our_error(data: bytes) -> None:
    with pytest.raises(InputError): read_npz(data, 'x.npz')


# --- moves ---

class Measured(Result):
    models: dict[str, str] = {}
    features: dict[str, dict] = {}
    golden_sha256: str = 'g'


def evidence(s: Settings, facts: ModelFacts) -> Path:
    checks = (check('golden_locked', 'rows', 0, '==', 0), check('accuracy', 'accuracy', .9, '>=', .8))
    score = dict(prompt='p', accuracy=.9, n=10, passed=9, threshold=.8)
    kept = Measured(stage='evaluation', checks=checks, models={'intent': facts.sha256}, features={'triage': score})
    return save_result(kept, s.root/'mlruns'/'runs'/'r1', clock=CLOCK)


def test_promotion_needs_evidence_of_these_weights_and_another_person(pilot: Settings) -> None:
    one, two = versions(pilot)
    for by, facts, why in (('Bo Example', None, 'no evaluation measured'), ('Bo Example', one, 'no evaluation measured'),
                           ('Ann Example', two, 'trained intent 2'), ('example, ann', two, 'trained intent 2'), ('team', two, 'first and last name')):
        if facts: evidence(pilot, facts)
        with pytest.raises(PilotError, match=why): promote_model(pilot, 'intent', 'candidate', by=by, clock=CLOCK)
    assert not promotions_path(pilot.root).exists() and served_model(pilot.root, 'intent').version == '1'
    evidence(pilot, two)
    promote_model(pilot, 'intent', 'candidate', by='Bo Example', clock=CLOCK)
    assert served_model(pilot.root, 'intent').version == '2' and 'app' in served_model(pilot.root, 'intent').model.labels
    rollback_model(pilot, 'intent', by='Bo Example', reason='drill', clock=CLOCK)
    assert served_model(pilot.root, 'intent').version == '1' and 'previous' not in read_models_lock(pilot.root)['intent'].aliases
    assert [m.name for m in read_promotions(pilot.root)] == ['model:intent']*2 and chain_problems(read_promotions(pilot.root)) == ()


def test_the_log_of_promotions_holds_production_in_its_place(pilot: Settings) -> None:
    _, two = versions(pilot)
    evidence(pilot, two)
    promote_model(pilot, 'intent', '2', by='Bo Example', clock=CLOCK)
    lock = models_lock_path(pilot.root)
    lock.write_text(lock.read_text().replace('"production": "2"', '"production": "1"').replace('"previous": "1"', '"previous": "2"'))
    refused(pilot, 'the last move in promotions.jsonl put it on 2')
    with use_version(pilot.root, 'intent', '2') as other: assert other.version == '2'


def test_a_load_during_a_move_gets_the_old_or_the_new_version_and_never_an_error(pilot: Settings) -> None:
    one, two = versions(pilot)
    evidence(pilot, two)
    seen, wrong, done = set(), [], threading.Event()

    def load() -> None:
        while not done.is_set():
            try: found = load_model(pilot.root, 'intent')
            except PilotError as e: wrong.append(str(e))
            else:
                seen.add((found.version, found.facts.sha256, len(found.model.labels)))

    threads = [threading.Thread(target=load) for _ in range(2)]
    for t in threads: t.start()
    for _ in range(12):
        promote_model(pilot, 'intent', '2', by='Bo Example', clock=CLOCK)
        rollback_model(pilot, 'intent', by='Bo Example', reason='drill', clock=CLOCK)
    done.set()
    for t in threads: t.join(60)
    assert wrong == []
    assert seen <= {('1', one.sha256, 2), ('2', two.sha256, 3)} and seen


def test_a_rollback_is_seen_by_a_running_process_and_loads_no_mlflow(pilot: Settings) -> None:
    _, two = versions(pilot)
    evidence(pilot, two)
    promote_model(pilot, 'intent', '2', by='Bo Example', clock=CLOCK)
    code = ('import sys\nfrom pilot_to_prod.serve.local import intent_model\n'
            'for line in sys.stdin: print(len(intent_model(sys.argv[1]).labels), flush=True)')
    other = subprocess.Popen([sys.executable, '-c', code, str(pilot.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdin and other.stdout

    def seen() -> str:
        other.stdin.write('\n')  # type: ignore[union-attr]
        other.stdin.flush()  # type: ignore[union-attr]
        return other.stdout.readline().strip()  # type: ignore[union-attr]

    assert seen() == '3'
    (pilot.root/'settings.ini').write_text('[pilot]\nname = bank\n[mlflow]\nuri = http://127.0.0.1:9\n')   # nobody to ask
    code = ('import sys\nfrom pilot_to_prod.cli.app import main\n'
            'code = main(["model", "rollback", "intent", "--by", "Bo Example", "--why", "drill", "--pilot", sys.argv[1]])\n'
            'print([m for m in ("mlflow", "litellm", "pandas", "sklearn") if m in sys.modules]); sys.exit(code)')
    done = subprocess.run([sys.executable, '-c', code, str(pilot.root)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().endswith('[]'), done.stdout
    assert seen() == '2'
    other.stdin.close()
    assert other.wait(timeout=10) == 0


def test_lost_weights_are_trained_again_from_the_same_log_or_said_to_be_gone(pilot: Settings) -> None:
    one, two = versions(pilot)
    evidence(pilot, two)
    promote_model(pilot, 'intent', '2', by='Bo Example', clock=CLOCK)
    shutil.rmtree(pilot.root/one.folder)
    rollback_model(pilot, 'intent', by='Bo Example', reason='drill', clock=CLOCK)
    assert served_model(pilot.root, 'intent').facts.sha256 == one.sha256
    shutil.rmtree(pilot.root/two.folder)
    with pytest.raises(LockMismatch, match='cannot be trained again: the log is not the one'):
        rollback_model(pilot, 'intent', by='Bo Example', reason='drill', to='2', clock=CLOCK)


def test_lines_of_the_log_and_cards_hold_no_message(pilot: Settings) -> None:
    _, two = versions(pilot)
    evidence(pilot, two)
    promote_model(pilot, 'intent', '2', by='Bo Example', clock=CLOCK)
    texts = [model_card(pilot, 'intent'), model_card(pilot, 'intent', '1'), *map(str, read_jsonl(promotions_path(pilot.root))),
             (pilot.root/two.folder/'facts.json').read_text()]
    assert not [t for t, _ in LOG if any(t in text for text in texts)] and 'Bo Example' in texts[0]


# --- several at once ---

def test_eight_processes_register_each_version_once(pilot: Settings) -> None:
    shutil.rmtree(pilot.root/'mlruns'/'artifacts', ignore_errors=True)
    for f in pilot.root.glob('mlruns/mlflow.db*'): f.unlink()
    code = ('import sys\nfrom pilot_to_prod.core.settings import load_settings\nfrom pilot_to_prod.prompts.model_publish import register_models\n'
            'from pilot_to_prod.prompts.model_shelf import shelf\n'
            's = load_settings(sys.argv[1], env={})\nprint([r.state for r in register_models(s, shelf(s.root, "intent"))])')
    others = [subprocess.Popen([sys.executable, '-c', code, str(pilot.root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(8)]
    told = [p.communicate(timeout=300) for p in others]
    assert [p.returncode for p in others] == [0]*8, told
    assert sum('registered' in out for out, _ in told) == 1
    found = client(pilot).search_model_versions(f"name = '{FULL}'")
    assert sorted(v.tags['p2p.version'] for v in found) == ['1', '2']
    assert client(pilot).get_model_version_by_alias(FULL, 'production').tags['p2p.version'] == '1'


def test_another_machine_with_other_last_digits_has_an_entry_of_its_own(pilot: Settings, tmp_path: Path) -> None:
    """The lock fits both; the registry, which they share, knows both sets of weights."""
    def rounded(data: bytes) -> bytes:
        with np.load(io.BytesIO(data)) as z: arrays = {k: z[k] for k in z.files}
        arrays['coef'] = np.nextafter(arrays['coef'], np.float16(9))
        return npz(**arrays)
    forge(pilot, 'arrays.npz', rounded)
    refused(pilot, 'is not in the registry')
    facts = read_pointer(pilot.root, 'intent')
    assert facts and [r.state for r in register_models(pilot, [facts])] == ['registered']
    model_load._held.clear()
    assert answers(pilot) and len(client(pilot).search_model_versions(f"name = '{FULL}'")) == 3
