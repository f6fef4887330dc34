"""The fallback across processes: who answers when no model does, who may turn it back, and the drill that proves it; the provider is a server on loopback."""
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import ROOT, write_stage  # noqa: F401 -- puts the tests' helpers on the path
from fault_server import FaultServer
from test_boundary import GOOD, Pilot
from test_readiness_flips import _elsewhere, pilot as ready_pilot, states  # noqa: F401 -- fixtures
from test_swap import Provider, build

from pilot_to_prod.cli.app import main
from pilot_to_prod.core.clock import fixed_clock, parse_time
from pilot_to_prod.core.errors import InputError
from pilot_to_prod.core.files import write_atomic
from pilot_to_prod.core.results import Result, check, save_result
from pilot_to_prod.core.settings import load_settings
from pilot_to_prod.operate.drill import Drilled, FallbackDrillResult, drill_checks, drill_fallback, save_drill
from pilot_to_prod.pipeline.run import run_pipeline
from pilot_to_prod.prompts.files import load_prompt
from pilot_to_prod.serve.answer import Handover
from pilot_to_prod.serve.purge import delete_person
from pilot_to_prod.serve.queue import (answer_ticket, deliver_answers, enqueue, find_ticket, handover_answer, queue_path, queue_stats, read_queue,
                                       return_ticket, take_ticket)
from pilot_to_prod.serve.record import read_records
from pilot_to_prod.serve.switch import read_switch, set_switch, switch_history, switch_path

ASKED = {'question': 'When is a lost card blocked?'}
BY = {'who': 'Maria Lindqvist', 'why': 'repaired'}


@pytest.fixture
def server():
    with FaultServer(GOOD) as s: yield s


def process(code: str, *args: object, **more: object) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, '-c', code, *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **more)  # type: ignore[call-overload]


def test_what_no_model_answers_is_held_for_a_person_and_the_requester_is_told(tmp_path, server):
    bank = Pilot(tmp_path, server)
    write_atomic(tmp_path/'pilot/owners.yaml', 'duties:\n  support: {person: Hanna Berg}\n')
    write_atomic(tmp_path/'pilot/feature.py', (tmp_path/'pilot/feature.py').read_text().replace(', owner="Maria Lindqvist"', ''))
    server.profile = '500'
    a = bank.feature('answer').answer(ASKED, user='c1')
    h = a.handover
    assert (a.source, h.ticket, h.owner, h.role) == ('human', a.record_id, 'Hanna Berg', 'support')
    asked_at = next(r.at for r in read_records(tmp_path) if r.id == a.record_id)
    assert (h.due_at - asked_at).total_seconds() == 24*3600
    assert [(t.id, t.state, t.inputs) for t in read_queue(tmp_path)] == [(h.ticket, 'open', None)], 'without a locked spec no text is kept'
    assert handover_answer(tmp_path, h.ticket) is None
    with pytest.raises(InputError, match='does not fit what'): answer_ticket(bank.settings, h.ticket, 'Hanna Berg', {'answer': 'At once.'})
    answer_ticket(bank.settings, h.ticket, 'Hanna Berg', {'answer': 'At once.', 'citations': []})
    assert handover_answer(tmp_path, h.ticket) == {'answer': 'At once.', 'citations': []}
    assert [e.what for e in find_ticket(tmp_path, h.ticket).history] == ['open', 'answered']


def test_the_settings_name_who_is_told_of_an_answer(tmp_path, server):
    bank = Pilot(tmp_path, server)
    code = (tmp_path/'pilot/feature.py').read_text()
    tell = '\nfrom pathlib import Path\ndef tell(ticket): (Path(__file__).parent/"told.txt").open("a").write(f"{ticket.id} {ticket.answer}\\n")\n'
    write_atomic(tmp_path/'pilot/feature.py', code + tell)
    write_atomic(tmp_path/'settings.ini', (tmp_path/'settings.ini').read_text() + 'handover_tell = pilot.feature.tell\n')
    settings = load_settings(tmp_path, {})
    server.profile = '500'
    ticket = bank.feature('answer').answer(ASKED).handover.ticket
    answer_ticket(settings, ticket, 'Hanna Berg', {'answer': 'At once.', 'citations': []})
    assert (tmp_path/'pilot/told.txt').read_text() == f"{ticket} {{'answer': 'At once.', 'citations': []}}\n"
    assert deliver_answers(tmp_path, lambda t: pytest.fail('told twice')) == 0


def test_a_ticket_holds_no_personal_data_and_forgets(tmp_path, server):
    from pilot_to_prod.data.pii import prepare_spec
    bank = Pilot(tmp_path, server, deadline=20.0)
    prepare_spec(bank.settings, by='Maria Lindqvist')
    server.profile = '500'
    mail, iban = 'ann.lee@example.org', 'DE89370400440532013000'
    a = bank.feature('answer').answer({'question': f'My mail is {mail}, my account {iban}. Is a lost card blocked?'}, user=mail)
    t = find_ticket(tmp_path, a.handover.ticket)
    assert 'lost card' in t.inputs['question'] and mail not in str(t) + str(t.inputs) and iban not in str(t.inputs)
    for path in (tmp_path/'mlruns').rglob('*'):
        if path.is_file(): assert mail.encode() not in path.read_bytes() and iban.encode() not in path.read_bytes(), path
    delete_person(bank.settings, mail, by='Maria Lindqvist')
    assert read_queue(tmp_path) == [] and b'lost card' not in queue_path(tmp_path).read_bytes()


TAKER = '''import sys
from pilot_to_prod.core.errors import InputError
from pilot_to_prod.serve.queue import take_ticket
sys.stdin.readline()
for n in range(20):
    try: take_ticket(sys.argv[1], f't{n}', sys.argv[2])
    except InputError: continue
    print(n)
'''


def test_two_people_cannot_take_one_ticket(tmp_path, server):
    settings, at = Pilot(tmp_path, server).settings, parse_time('2026-03-01T09:00')
    for n in range(20): enqueue(settings, Handover(queue='support'), feature='answer', record_id=f't{n}', at=at)
    people = [process(TAKER, tmp_path, name) for name in ('Ann Lee', 'Bo Ek')]
    for p in people:
        p.stdin.write('go\n')
        p.stdin.flush()
    outs = [p.communicate()[0].split() for p in people]
    assert [p.returncode for p in people] == [0, 0] and sorted(map(int, outs[0] + outs[1])) == list(range(20))
    assert {t.id: t.by for t in read_queue(tmp_path)} == {f't{n}': name for name, o in zip(('Ann Lee', 'Bo Ek'), outs, strict=True) for n in o}
    enqueue(settings, Handover(queue='support'), feature='answer', record_id='one', at=at)
    def take(n):
        try: return take_ticket(tmp_path, 'one', f'Person {n}').by
        except InputError: return ''
    with ThreadPoolExecutor(8) as pool: assert len([o for o in pool.map(take, range(16)) if o]) == 1


def test_a_ticket_that_is_given_back_keeps_its_deadline(tmp_path, server):
    settings, at = Pilot(tmp_path, server).settings, parse_time('2026-03-01T09:00')
    enqueue(settings, Handover(queue='support', due='2026-03-01T10:00'), feature='answer', record_id='t', at=at)
    take_ticket(tmp_path, 't', 'Ann Lee', fixed_clock('2026-03-01T09:10'))
    back = return_ticket(tmp_path, 't', 'ann lee', 'ill', fixed_clock('2026-03-01T09:20'))
    assert (back.state, f'{back.due:%H:%M}') == ('returned', '10:00')
    assert [t.id for t in read_queue(tmp_path, state='overdue', clock=fixed_clock('2026-03-01T10:01'))] == ['t']
    assert queue_stats(tmp_path, clock=fixed_clock('2026-03-01T10:01')).overdue == 1
    assert queue_stats(tmp_path, clock=fixed_clock('2026-03-01T09:59')).overdue == 0


def test_an_answer_that_cannot_be_held_is_not_promised(tmp_path, server):
    bank = Pilot(tmp_path, server)
    write_atomic(queue_path(tmp_path), 'not a database at all, ' * 20)
    server.profile = '500'
    a = bank.feature('answer').answer(ASKED)
    assert (a.source, a.code, a.handover) == ('refusal', 'not_recorded', None)


WATCHER = '''import sys
from pilot_to_prod.serve.switch import Switch
now = [0.0]
switch = Switch(sys.argv[1], tick=lambda: now[0])
for line in sys.stdin:
    now[0] += 1.0
    s = switch.state('triage')
    print(s.fallback, s.who, s.why, flush=True)
'''


def test_every_process_sees_the_switch_within_a_second(tmp_path, server):
    Pilot(tmp_path, server)
    with process(WATCHER, tmp_path) as child:
        def look() -> str:
            child.stdin.write('\n')
            child.stdin.flush()
            return child.stdout.readline().strip()
        assert look() == 'False'
        assert main(['fallback', 'on', 'triage', '--by', 'Ann Lee', '--why', 'outage', '--pilot', str(tmp_path)]) in (0, None)
        assert look() == 'True Ann Lee outage'
        set_switch(tmp_path, 'triage', False, **BY)
        assert look() == 'False Maria Lindqvist repaired'
        child.stdin.close()
    assert [(r['who'], r['fallback']) for r in switch_history(tmp_path)] == [('Ann Lee', True), ('Maria Lindqvist', False)]


class Evaluated(Result):
    features: dict[str, dict] = {}


def evaluation(bank: Pilot, accuracy: float, prompt: str = '', tiers: tuple[str, ...] = ('main',)) -> Evaluated:
    features = {'triage': {'prompt': prompt or load_prompt(bank.root, 'triage').id, 'tiers': tiers}}
    return Evaluated(stage='evaluation', checks=(check('accuracy', 'share', accuracy, '>=', 0.8),), features=features)


def run_with(bank: Pilot, result: Result):
    write_stage(bank.root/'scripted', '05', 'evaluation')
    def play(stage, params, env): return save_result(result, env['P2P_RUN_DIR'], env['P2P_FINGERPRINT'])
    from pilot_to_prod.pipeline.run import Request
    return run_pipeline(load_settings(bank.root, {}), Request(force=True), package=bank.root/'scripted', jobs=1, execute=play)


def test_a_run_whose_evaluation_misses_the_threshold_switches_the_feature(tmp_path, server):
    bank = Pilot(tmp_path, server)
    f = bank.feature()
    assert f.answer({'text': 'I lost my card'}).source == 'model'
    run_with(bank, evaluation(bank, 0.9))
    assert read_switch(tmp_path) == {}
    missed = evaluation(bank, 0.79)
    run = run_with(bank, missed)
    state = read_switch(tmp_path)['triage']
    assert (state.fallback, state.who, state.automatic, state.evidence) == (True, 'pilot', True, missed.hash)
    assert 'switched to its fallback' in run.stages['evaluation'].why
    fresh = bank.feature()
    a = fresh.answer({'text': 'I lost my card'})
    assert (a.source, a.code, a.value) == ('fallback', 'switched_off', {'intent': 'card_lost'}) and 'threshold 0.8' in a.reason
    assert switch_history(tmp_path, 'triage')[-1]['evidence'] == missed.hash


@pytest.mark.parametrize(('how', 'prompt', 'tiers'), [('a candidate', 'triage@9.0.0#12345678', ('main',)), ('another tier', '', ('backup',))], ids=str)
def test_only_what_serves_is_switched(tmp_path, server, how, prompt, tiers):
    with FaultServer('{"intent": "fees"}') as second:
        bank = Pilot(tmp_path, server, second)
        run_with(bank, evaluation(bank, 0.1, prompt, tiers))
        assert read_switch(tmp_path) == {}
        run_with(bank, evaluation(bank, 0.1, tiers=('main', 'backup')))
        assert read_switch(tmp_path)['triage'].fallback


def test_the_settings_may_leave_the_switch_to_people(tmp_path, server):
    bank = Pilot(tmp_path, server)
    write_atomic(tmp_path/'settings.ini', (tmp_path/'settings.ini').read_text() + '[evaluation]\nswitch_off = false\n')
    run_with(bank, evaluation(bank, 0.1))
    assert read_switch(tmp_path) == {}


def test_the_way_back_takes_a_passed_evaluation_or_a_reason(tmp_path, server):
    bank = Pilot(tmp_path, server)
    passed_before = run_with(bank, evaluation(bank, 0.85)).stages['evaluation'].hash
    run_with(bank, evaluation(bank, 0.5))
    set_switch(tmp_path, 'triage', True, who='Ann Lee', why='to be sure')
    with pytest.raises(InputError, match='--evidence'): set_switch(tmp_path, 'triage', False, **BY)
    with pytest.raises(InputError, match='older than the switch'): set_switch(tmp_path, 'triage', False, **BY, evidence=passed_before)
    switch_path(tmp_path).write_text('{"triage"')
    with pytest.raises(InputError, match='--evidence'): set_switch(tmp_path, 'triage', False, **BY)
    done = set_switch(tmp_path, 'triage', False, **BY, evidence=run_with(bank, evaluation(bank, 0.95)).stages['evaluation'].hash[:12])
    assert not done.fallback and done.evidence and switch_history(tmp_path)[-1]['evidence'] == done.evidence
    run_with(bank, evaluation(bank, 0.5))
    assert set_switch(tmp_path, 'triage', False, **BY, override='the rows are wrong').override == 'the rows are wrong'


def test_pilot_eval_of_production_switches_and_its_hash_is_the_way_back(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv('SWAP_TEST_KEY', 'k')
    with Provider(wrong={'m-2026-01-01': range(60)}) as provider:
        build(tmp_path, provider.base)
        def pilot(*args: str) -> tuple[int, str]:
            try: code = main([*args, '--pilot', str(tmp_path)])
            except SystemExit as e: code = e.code
            return int(code or 0), capsys.readouterr().out
        code, out = pilot('eval', 'triage', '--json')
        told = json.loads(out)
        assert (code, told['switched_off'], read_switch(tmp_path)['triage'].evidence) == (1, ['triage'], told['hash'])
        named = ('--by', 'Ann Lee', '--why', 'the provider repaired it')
        assert pilot('fallback', 'off', 'triage', *named)[0] == 2
        provider.wrong = {}
        told = json.loads(pilot('eval', 'triage', '--json')[1])
        code, out = pilot('fallback', 'off', 'triage', *named, '--evidence', told['hash'][:12], '--json')
        assert (code, json.loads(out)['fallback'], json.loads(out)['evidence']) == (0, False, told['hash'])


def test_a_drill_leaves_live_traffic_alone(tmp_path, server):
    bank = Pilot(tmp_path, server)
    live = bank.feature()
    for _ in range(3): assert live.answer({'text': 'I lost my card'}).source == 'model'
    rows = [{'id': f'g{n}', 'inputs': {k: 'my card is gone'}, 'expected': {'intent': 'card_lost'}, 'tags': [f'feature:{f}'], 'source': 'own',
             'added': '2026-02-01', 'reviewer': 'Ann Lee'} for n, (f, k) in enumerate((('triage', 'text'), ('answer', 'question')))]
    write_atomic(tmp_path/'pilot/golden/golden.jsonl', ''.join(json.dumps(r) + '\n' for r in rows))
    before, hits = len(list(read_records(tmp_path))), server.hits
    result = drill_fallback(bank.settings, requests=5)
    assert {k: (f.sources, f.tried, f.answered) for k, f in result.features.items()} == {
        'triage': ({'fallback': 1}, 1.0, 1.0), 'answer': ({'human': 1}, 1.0, 1.0)}
    assert (server.hits, len(list(read_records(tmp_path))), read_switch(tmp_path), read_queue(tmp_path)) == (hits, before, {}, [])
    assert (result.gate.verdict, live.answer({'text': 'I lost my card'}).source) == ('unknown', 'model'), 'nobody acknowledged'


def test_a_drill_finds_a_fallback_that_does_not_work(tmp_path, server):
    bank = Pilot(tmp_path, server)
    code = (tmp_path/'pilot/feature.py').read_text()
    write_atomic(tmp_path/'pilot/feature.py', code.replace('{"intent": "card_lost" if', '{"intent": "weather" if'))
    row = {'id': 'g', 'inputs': {'text': 'my card is gone'}, 'expected': {'intent': 'card_lost'}, 'tags': ['feature:triage'], 'source': 'own',
           'added': '2026-02-01', 'reviewer': 'Ann Lee'}
    write_atomic(tmp_path/'pilot/golden/golden.jsonl', json.dumps(row) + '\n')
    result = drill_fallback(bank.settings, ['triage'])
    assert sorted(c.id for c in result.gate.failed) == ['answered.triage', 'valid.triage'] and result.gate.verdict == 'fail'
    save_drill(bank.settings, result)
    assert not (tmp_path/'pilot/drills.jsonl').exists()


def drilled(settings, at: str, minutes: float | None = 5.0) -> FallbackDrillResult:
    d = Drilled(fallback='f', requests=9, live=9, sources={'fallback': 9}, answered=1.0, handed=0.0, tried=1.0, valid=1.0)
    checks = [c for f in settings.features for c in drill_checks(settings, f, d, {'p50': 1.0, 'p95': 2.0}, minutes)]
    return FallbackDrillResult(stage='fallback_drill', checks=tuple(checks), at=parse_time(at), ack_by='Hanna Berg',
                               valid_until=parse_time(at).replace(month=parse_time(at).month + 3))


def test_readiness_reads_the_drill_and_lets_it_age(ready_pilot):  # noqa: F811
    root = ready_pilot
    (root/'mlruns/runs/20260301T090000Z-aaaaaa/fallback_drill.result.json').unlink()
    (root/'pilot/drills.jsonl').unlink()
    settings = load_settings(root, {})
    assert (states(root)['R27'], states(root)['R05']) == ('not measured', 'not measured')
    save_drill(settings, drilled(settings, '2026-02-20T09:00', None))
    assert (states(root)['R27'], states(root)['R05']) == ('not measured', 'met')
    save_drill(settings, drilled(settings, '2026-02-21T09:00', 60*25.0))
    assert states(root)['R27'] == 'unmet'
    save_drill(settings, drilled(settings, '2026-02-22T09:00'))
    assert (states(root)['R27'], states(root)['R05']) == ('met', 'met')
    assert states(root, '2026-05-24T09:00')['R27'] == 'stale', 'ninety days on'


TRAINED = {
    'weights': ("""
from sklearn.linear_model import LogisticRegression
model = LogisticRegression()
def by_rule(inputs): return {"intent": model.predict([inputs["text"]])[0]}
""", 'a model of sklearn'),
    'provider': ("""
import litellm
def ask(text): return litellm.completion(model="m", messages=[])
def by_rule(inputs): return {"intent": ask(inputs["text"])}
""", 'a caller of litellm'),
    'feature': ("""
def by_rule(inputs):
    from pilot_to_prod.serve.feature import load_feature
    return load_feature(None, "other").answer(inputs).value
""", 'another feature'),
    'method': ("""
class Net:
    def predict(self, t): return "fees"
net = Net()
by_rule = net.predict
""", r'a trained model \(Net\)'),
    'partial': ("""
from functools import partial
class Net:
    def predict(self, t): return "fees"
def run(net, inputs): return net.predict(inputs)
by_rule = partial(run, Net())
""", r'a trained model \(Net\)')}


@pytest.mark.parametrize(('code', 'what'), TRAINED.values(), ids=TRAINED)
def test_no_trained_model_counts_as_a_fallback(tmp_path, server, code, what):
    bank = Pilot(tmp_path, server)
    write_atomic(tmp_path/'pilot/feature.py', (tmp_path/'pilot/feature.py').read_text() + '\n' + code + '\n')
    with pytest.raises(InputError, match=f"feature 'triage' is 'pilot.feature.by_rule', which is {what}"): bank.feature()
    assert Path(tmp_path/'mlruns/switch.json').exists() is False
