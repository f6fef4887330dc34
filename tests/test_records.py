"""Records: durable under kill and full disk, found by person and words, replayed, purged to the last byte, passed on without loss."""
import http.server, json, os, random, signal, subprocess, sys, textwrap, threading, time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from fault_server import FaultServer
from test_boundary import CARD, GOOD, Pilot

from pilot_to_prod.core.clock import fixed_clock, utc_now
from pilot_to_prod.core.errors import NotConfigured
from pilot_to_prod.core.files import write_atomic
from pilot_to_prod.core.settings import load_settings
from pilot_to_prod.data.pii import prepare_spec
from pilot_to_prod.prompts.files import lock_prompts
from pilot_to_prod.serve.feedback import read_feedback
from pilot_to_prod.serve.find import find_records, trace_chain
from pilot_to_prod.serve.hold import add_hold
from pilot_to_prod.serve.purge import delete_person, purge_records, purges_path
from pilot_to_prod.serve.record import find_record, open_records, read_records, records_folder
from pilot_to_prod.serve.replay import replay
from pilot_to_prod.serve.spool import drain_mlflow, drain_otlp, read_position

LONG = pytest.param(50, marks=[pytest.mark.slow, pytest.mark.skipif(not os.environ.get('P2P_SOAK'), reason='long counts: make soak')])
MAIL, IBAN = 'ann.lee@example.org', 'DE89370400440532013000'
QUESTION = f'My mail is {MAIL} and my account {IBAN}. When is a lost card blocked?'


@pytest.fixture
def main():
    with FaultServer(GOOD) as server: yield server


def asked(tmp_path, main, **more):
    "A small pilot with a locked spec, and its feature `answer` that cites the page on cards."
    pilot = Pilot(tmp_path, main, deadline=20.0, **more)
    prepare_spec(pilot.settings, by='Maria Lindqvist')
    main.answer = lambda messages: json.dumps({'answer': 'At once, ' + messages[-1]['content'][11:40], 'citations': ['cards']})
    return pilot, pilot.feature('answer')


def holding(root, *words):
    "Files under mlruns in which one of the words stands."
    files = [p for p in (root/'mlruns').rglob('*') if p.is_file()]
    assert files
    return sorted({p.relative_to(root/'mlruns').as_posix() for p in files for w in words if w.encode() in p.read_bytes()})


# finding

def test_a_person_and_the_words_of_a_complaint_find_the_record(tmp_path, main):
    _, f = asked(tmp_path, main)
    a = f.answer({'question': QUESTION}, user=MAIL, session='s-ann')
    f.answer({'question': 'When is a card blocked, please?'}, user='bo')
    def ids(**q): return [r.id for r in find_records(tmp_path, **q)]
    assert ids(user=MAIL) == ids(session='s-ann') == ids(text='LOST card  blocked') == ids(text=QUESTION) == [a.record_id]
    assert ids(user='ann') == [] and len(ids(text='blocked')) == 2 and ids(source='human') == []
    assert holding(tmp_path, MAIL, IBAN, 's-ann') == []


def test_the_words_of_a_request_find_it_when_no_text_is_kept(tmp_path, main):
    a = Pilot(tmp_path, main).feature().answer(CARD)
    assert find_record(tmp_path, a.record_id).input is None
    assert [r.id for r in find_records(tmp_path, text=CARD['text'])] == [a.record_id] and find_records(tmp_path, text='my card') == []


def test_a_chain_is_shown_from_any_of_its_steps(tmp_path, main):
    pilot, f = asked(tmp_path, main)
    trace = '4bf92f3577b34da6a3ce929d0e0e4736'
    one = f.answer({'question': 'When is a lost card blocked?'}, trace=f'00-{trace}-00f067aa0ba902b7-01')
    two = f.answer({'question': 'And a stolen card?'}, parent=one.record_id, step='follow-up')
    f.feedback(two.record_id, thumb='down', category='wrong page', by='Ann Lee')
    for name in (one.record_id, two.record_id, trace):
        chain = trace_chain(tmp_path, name)
        assert [(s.record.id, s.depth) for s in chain.steps] == [(one.record_id, 0), (two.record_id, 1)], name
    said = str(chain)
    assert 'follow-up' in said and 'answer@1.0.0' in said and 'openai/m-2026-01-01' in said and 'said thumb: "down"' in said and 'USD' in said
    assert find_record(tmp_path, one.record_id).trace_id == trace


# replay

def test_a_replay_takes_the_old_prompt_and_the_old_page(tmp_path, main):
    pilot, f = asked(tmp_path, main)
    a = f.answer({'question': QUESTION}, user=MAIL)
    before = len(list(read_records(tmp_path)))
    assert (done := replay(pilot.settings, a.record_id)).verdict == 'same' and not done.missing and not done.notes, str(done)
    page = tmp_path/'pilot/prompts/answer@1.0.0.md'
    write_atomic(tmp_path/'pilot/prompts/answer@2.0.0.md', page.read_text().replace('1.0.0', '2.0.0').replace('Answer as JSON.', 'Be brief. Answer as JSON.'))
    lock_prompts(tmp_path)
    write_atomic(tmp_path/'pilot/documents/cards.md', '---\ndoc_id: cards\ntitle: Lost cards\n---\nNever.\n')
    seen = len(main.seen)
    done = replay(pilot.settings, a.record_id)
    assert (done.verdict, done.prompt[:12], main.hits) == ('same', 'answer@1.0.0', seen + 1), str(done)
    assert main.seen[-1]['messages'] == main.seen[0]['messages'], 'letter for letter what was sent then'
    assert any('document cards was changed' in n for n in done.notes)
    assert MAIL not in str(main.seen) and MAIL not in str(done) and len(list(read_records(tmp_path))) == before, 'a replay is no traffic'


def test_a_replay_shows_what_differs_and_names_what_is_missing(tmp_path, main):
    pilot, f = asked(tmp_path, main)
    a, b = (f.answer({'question': q}) for q in ('When is a lost card blocked?', ''))
    main.answer = lambda messages: '{"answer": "Tomorrow.", "citations": []}'
    done = replay(pilot.settings, a.record_id)
    assert (done.verdict, [d.field for d in done.differences]) == ('different', ['answer', 'citations'])
    assert 'declined (empty)' in str(replay(pilot.settings, b.record_id))
    main.profile = '500'
    assert replay(pilot.settings, a.record_id).missing == ('an answer of main: down',)
    text = (tmp_path/'models.yaml').read_text()
    write_atomic(tmp_path/'models.yaml', text.replace('openai/m-2026-01-01', 'openai/m-2027-01-01'))
    assert replay(load_settings(tmp_path, env={}), a.record_id).missing == ('model openai/m-2026-01-01: no tier in models.yaml calls it',)


# feedback

def test_numbers_keys_and_sessions_of_a_person_are_in_no_file(tmp_path, main):
    _, f = asked(tmp_path, main)
    a = f.answer({'question': 'When is a lost card blocked?', 'phone': 46701234567, 'more': {MAIL: 'x'}}, user=MAIL, session=MAIL)
    f.feedback(a.record_id, correction={'answer': 'x', 'phone': 46701234567}, by=MAIL)
    assert a.source == 'model' and holding(tmp_path, '46701234567', MAIL) == []


def test_feedback_is_redacted_and_kept_once(tmp_path, main):
    _, f = asked(tmp_path, main)
    a = f.answer({'question': 'When is a lost card blocked?'})
    for _ in range(3): f.feedback(a.record_id, thumb='down', correction=f'At once, {MAIL}', category='wrong', by='Ann Lee')
    kept = {o.name: o.value for o in read_feedback(tmp_path, a.record_id)}
    assert kept.keys() == {'thumb', 'correction', 'category'} and len(read_feedback(tmp_path)) == 3
    assert kept['correction']['answer'].startswith('At once, <EMAIL') and holding(tmp_path, MAIL, 'Ann Lee') == []


# retention

def put_everywhere(tmp_path, main):
    "Ann's request as a record, as a hand-over, with feedback, and in MLflow with an artifact; Bo's beside it."
    pilot, f = asked(tmp_path, main)
    ann = f.answer({'question': 'The umbrella of Ann: when is a lost card blocked?'}, user='ann-1', session='s-1')
    bo = f.answer({'question': 'The bicycle of Bo: when is a lost card blocked?'}, user='bo-1')
    main.profile = '500'
    late = f.answer({'question': 'Another umbrella, when is it blocked?'}, user='ann-1')
    assert late.source == 'human'
    main.profile = 'ok'
    f.feedback(ann.record_id, thumb='down', category='umbrella again', by='ann-1')
    f.feedback(bo.record_id, thumb='up', by='ann-1')
    drain_mlflow(pilot.settings, share=1.0)
    from pilot_to_prod.core.store import client, ready_store
    from pilot_to_prod.serve.erase import trace_digits
    place = Path(client(pilot.settings).get_experiment(ready_store(pilot.settings).experiment_id).artifact_location)
    write_atomic(place/'traces'/f'tr-{trace_digits(ann.record_id)}'/'artifacts'/'traces.json', '{"q": "umbrella"}')
    assert {'records/requests.db-wal', 'mlflow.db'} <= {p.replace('mlflow.db-wal', 'mlflow.db') for p in holding(tmp_path, 'umbrella')}
    return pilot, ann, bo, late


def test_after_deleting_a_person_no_byte_of_theirs_is_left(tmp_path, main):
    pilot, ann, bo, late = put_everywhere(tmp_path, main)
    mark = find_record(tmp_path, ann.record_id).user
    assert holding(tmp_path, mark)
    done = delete_person(pilot.settings, 'ann-1', by='Maria Lindqvist')
    assert done.remains == () and done.exit_code == 0 and done.done['records'] == 2 and done.done['traces'] >= 2, done
    assert holding(tmp_path, 'umbrella', 'ann-1', mark, ann.record_id, late.record_id) == []
    assert holding(tmp_path, 'bicycle') and find_record(tmp_path, bo.record_id).output, 'nobody else loses anything'
    line = json.loads(purges_path(tmp_path).read_text())
    assert (line['kind'], line['by'], line['done']['records'], len(line['ids']), len(line['ids_sha256'])) == ('person', 'Maria Lindqvist', 2, 2, 64)


def test_after_a_purge_no_byte_of_what_is_over_is_left(tmp_path, main):
    pilot, ann, bo, _ = put_everywhere(tmp_path, main)
    later = (utc_now() + timedelta(days=40)).isoformat()
    add_hold(tmp_path, record=bo.record_id, by='Samir Rashid', why='case 12')
    before = holding(tmp_path, 'umbrella')
    assert purge_records(pilot.settings, dry_run=True, clock=fixed_clock(later)).due == {'records': 2, 'texts': 0, 'users': 0, 'held': 1}
    assert holding(tmp_path, 'umbrella') == before and not purges_path(tmp_path).exists(), 'a dry run changes nothing'
    done = purge_records(pilot.settings, clock=fixed_clock(later))
    assert done.remains == () and done.done['records'] == 2
    assert holding(tmp_path, 'umbrella', ann.record_id) == [] and holding(tmp_path, 'bicycle')


def test_texts_go_before_their_record_everywhere(tmp_path, main):
    pilot, ann, _, _ = put_everywhere(tmp_path, main)
    text = (tmp_path/'settings.ini').read_text() + '\n[compliance]\nrecord_text_days = 7\n'
    write_atomic(tmp_path/'settings.ini', text)
    done = purge_records(load_settings(tmp_path, env={}), clock=fixed_clock((utc_now() + timedelta(days=8)).isoformat()))
    assert done.done['texts'] == 3 and done.done['records'] == 0 and holding(tmp_path, 'umbrella', 'bicycle') == []
    assert find_record(tmp_path, ann.record_id).cost_usd == ann.cost_usd
    assert 'retention has taken it out' in str(replay(pilot.settings, ann.record_id))


# passing on

def test_an_outage_of_mlflow_loses_nothing(tmp_path, main):
    pilot, f = asked(tmp_path, main)
    write_atomic(tmp_path/'settings.ini', (tmp_path/'settings.ini').read_text() + '\n[mlflow]\nuri = http://127.0.0.1:9\n')
    down = load_settings(tmp_path, env={})
    begun = time.monotonic()
    a = f.answer({'question': 'When is a lost card blocked?'})
    with pytest.raises(NotConfigured): drain_mlflow(down)
    assert a.source == 'model' and read_position(tmp_path, 'mlflow') == 0 and time.monotonic() - begun < 60
    done = drain_mlflow(pilot.settings, share=1.0)
    assert (done.sent, done.behind, drain_mlflow(pilot.settings, share=1.0).sent) == (1, 0, 0)


def test_a_collector_gets_every_span_once_it_is_up(tmp_path, main):
    pilot, f = asked(tmp_path, main)
    for n in range(3): f.answer({'question': f'When is lost card {n} blocked?'})
    got, status = [], [503]
    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            got.append((self.path, self.rfile.read(int(self.headers['Content-Length']))))
            self.send_response(status[0])
            self.end_headers()
        def log_message(self, *_): pass
    with http.server.HTTPServer(('127.0.0.1', 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f'http://127.0.0.1:{server.server_port}'
        with pytest.raises(NotConfigured, match='status 503'): drain_otlp(pilot.settings, url)
        status[0] = 200
        assert (drain_otlp(pilot.settings, url).sent, drain_otlp(pilot.settings, url).sent) == (3, 0)
        server.shutdown()
    path, body = got[-1]
    spans = json.loads(body)['resourceSpans'][0]['scopeSpans'][0]['spans']
    assert path == '/v1/traces' and len({s['spanId'] for s in spans}) == len(spans) and b'lost card' not in body
    assert sum('parentSpanId' not in s for s in spans) == 3 and {s['name'] for s in spans} >= {'answer', 'model', 'chat main'}


# durability

WRITER = textwrap.dedent('''
    import sys, threading
    from datetime import UTC, datetime
    from pilot_to_prod.serve.record import RecordStore, RequestRecord
    store, tell = RecordStore(sys.argv[1]), threading.Lock()
    def write(k):
        n = 0
        while True:
            r = RequestRecord(id=f'{sys.argv[2]}-{k}-{n}', at=datetime.now(UTC), feature='triage', source='model', input={'text': 'x'*500})
            store.add(r)
            with tell: print(r.id, flush=True)
            n += 1
    for k in range(16): threading.Thread(target=write, args=(k,)).start()
''')


@pytest.mark.parametrize('kills', [4, LONG])
def test_no_line_that_was_told_is_lost_after_sigkill(tmp_path, kills):
    folder, draw = records_folder(tmp_path), random.Random(1)
    told = set()
    for n in range(kills):
        with subprocess.Popen([sys.executable, '-c', WRITER, str(folder), str(n)], stdout=subprocess.PIPE, text=True) as p:
            first = p.stdout.readline().strip()   # it is under way
            threading.Timer(draw.uniform(.01, .4), lambda p=p: p.send_signal(signal.SIGKILL)).start()
            lines = [first, *p.stdout.read().split('\n')[:-1]]   # a line that was cut was not told
        told |= set(lines)
    held = {r.id for r in read_records(tmp_path)}
    assert len(told) > 20 and told <= held
    with closing(open_records(folder/'requests.db')) as db: assert db.execute('pragma integrity_check').fetchone() == ('ok',)


ANSWERER = textwrap.dedent("""
    import asyncio, sys
    from pilot_to_prod.core.settings import load_settings
    from pilot_to_prod.serve.feature import load_feature
    f = load_feature(load_settings(sys.argv[1], env={}), 'triage')
    async def ask():
        while True: print((await f.aanswer({'text': 'I lost my card'})).record_id, flush=True)
    async def load(): await asyncio.gather(*(ask() for _ in range(32)))
    asyncio.run(load())
""")


@pytest.mark.parametrize('kills', [1, LONG])
def test_no_answered_request_is_without_a_record_after_sigkill(tmp_path, main, kills):
    Pilot(tmp_path, main)
    draw, told = random.Random(2), set()
    for _ in range(kills):
        with subprocess.Popen([sys.executable, '-c', ANSWERER, str(tmp_path)], stdout=subprocess.PIPE, text=True) as p:
            first = p.stdout.readline().strip()   # it answers
            threading.Timer(draw.uniform(.05, 1.0), lambda p=p: p.send_signal(signal.SIGKILL)).start()
            told |= {first, *p.stdout.read().split('\n')[:-1]}
    assert len(told) >= kills and told <= {r.id for r in read_records(tmp_path)}


FULL = textwrap.dedent('''
    import resource, sys
    from datetime import UTC, datetime
    from pilot_to_prod.serve.record import NotRecorded, RecordStore, RequestRecord
    store, told, refused = RecordStore(sys.argv[1]), [], 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
    for n in range(400):
        if n == 300: resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        r = RequestRecord(id=f'r{n}', at=datetime.now(UTC), feature='triage', source='model', input={'text': 'x'*4000})
        try: store.add(r); told.append(r.id)
        except NotRecorded: refused += 1
    print(refused, *told)
''')


def test_a_full_disk_is_told_and_what_was_told_is_there(tmp_path):
    folder = records_folder(tmp_path)
    out = subprocess.run([sys.executable, '-c', FULL, str(folder)], capture_output=True, text=True, check=True).stdout.split()
    refused, told = int(out[0]), set(out[1:])
    assert refused > 100 and told <= {r.id for r in read_records(tmp_path)} and {'r0', 'r399'} <= told, 'it goes on when there is space again'


def test_processes_that_open_a_new_store_together_share_one_key(tmp_path):
    code = "import sys; from pilot_to_prod.serve.record import RecordStore; print(RecordStore(sys.argv[1]).mark('ann'))"
    started = [subprocess.Popen([sys.executable, '-c', code, str(tmp_path/'records')], stdout=subprocess.PIPE, text=True) for _ in range(6)]
    marks = {p.communicate()[0] for p in started}
    assert len(marks) == 1 and {p.returncode for p in started} == {0}


def test_the_commands_tell_by_their_exit_code(tmp_path, main):
    _, f = asked(tmp_path, main)
    a = f.answer({'question': 'When is a lost card blocked?'}, user='ann-1')
    def pilot(*args):
        done = subprocess.run([sys.executable, '-m', 'pilot_to_prod.cli', *args, '--pilot', str(tmp_path)], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr
    assert pilot('records', 'find', '--user', 'ann-1', '--since', '1d', '--text', 'lost CARD')[1].startswith(a.record_id)
    assert pilot('records', 'find', '--user', 'nobody')[0] == 1
    assert pilot('feedback', a.record_id, '--thumb', 'down', '--why', 'wrong-queue', '--by', 'Bo Ek') == (0, 'thumb: "down"\ncategory: "wrong-queue"\n')
    code, out = pilot('trace', a.record_id)
    assert code == 0 and 'said category: "wrong-queue"' in out and '1 steps' in out
    assert pilot('replay', a.record_id)[0] == 0
    main.answer = lambda messages: '{"answer": "Tomorrow.", "citations": []}'
    code, out = pilot('replay', a.record_id)
    assert code == 1 and "now 'Tomorrow.'" in out
    assert pilot('replay', 'r9')[0] == 2 and pilot('purge', '--dry-run') == (0, 'would go: nothing\n')
    assert pilot('records', 'delete', '--user', 'ann-1', '--by', 'Maria Lindqvist')[0] == 0 and pilot('trace', a.record_id)[0] == 2
