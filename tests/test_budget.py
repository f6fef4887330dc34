"""The budget against many at once, killed processes, full disks and servers that go away: never above a cap, nothing counted twice, nothing lost."""
import json, os, random, secrets, signal, sqlite3, subprocess, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal as D

import pytest
from conftest import ROOT
from fault_server import FaultServer
from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from postgres_server import postgres_server
from test_boundary import CARD, GOOD, Pilot

from pilot_to_prod.core.clock import fixed_clock, parse_time
from pilot_to_prod.core.settings import BudgetSection, PilotSection, Settings
from pilot_to_prod.serve.budget import Ledger, LedgerDown, OverCap, month_spend, spending
from pilot_to_prod.serve.budget_alerts import alerts_path, read_alerts, tell_now
from pilot_to_prod.serve.ledger import PostgresBook, budget_status, open_ledger
from pilot_to_prod.serve.record import find_record

MARCH = '2026-03-05T10:00:00'
WORKER = '''
import json, sys, threading, time
from decimal import Decimal as D
from pilot_to_prod.core.clock import fixed_clock
from pilot_to_prod.serve.budget import Ledger, OverCap, spending
from pilot_to_prod.serve.ledger import PostgresBook
where, user, n, cap, user_cap = sys.argv[1:]
ledger = Ledger(PostgresBook(where) if '://' in where else where, fixed_clock('2026-03-05T10:00:00'))
served, most, failed = [], [D(0)], []
threading.excepthook = lambda args: failed.append(repr(args.exc_value))
print('ready', flush=True)
sys.stdin.readline()
def one():
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try: key = ledger.reserve('triage', D('0.01'), D(cap), user=user, user_cap_usd=D(user_cap))
        except OverCap as e:
            if not e.held: return
            time.sleep(.01)
            continue
        most.append(sum(spending(ledger, 'triage')))
        ledger.settle(key, 'triage', D('0.004'))
        served.append(key)
        return
threads = [threading.Thread(target=one) for _ in range(int(n))]
for t in threads: t.start()
for t in threads: t.join()
print(json.dumps([len(served), str(max(most)), failed]), flush=True)
'''


class Clock:
    """A clock that a test moves."""

    def __init__(self, start: str = MARCH): self.now = parse_time(start)

    def __call__(self) -> datetime: return self.now

    def pass_(self, seconds: float) -> None: self.now += timedelta(seconds=seconds)


@pytest.fixture(scope='module')
def server():
    with postgres_server() as s: yield s


def database(server) -> str:
    """The address of an empty database."""
    import psycopg
    name = f'd{secrets.token_hex(6)}'
    with psycopg.connect(server.url(), autocommit=True) as c: c.execute(f'create database {name}')
    return server.url(name)


def book(where):
    return PostgresBook(where) if '://' in str(where) else where


@pytest.fixture(params=['sqlite', pytest.param('postgres', marks=pytest.mark.xdist_group(name='postgres-ledger'))])
def where(request, tmp_path):
    """Where a ledger's tables stand: a file, or an address."""
    return str(tmp_path/'ledger.db') if request.param == 'sqlite' else database(request.getfixturevalue('server'))


def worker(*args: str) -> subprocess.Popen:
    env = {**os.environ, 'PYTHONPATH': str(ROOT)}
    return subprocess.Popen([sys.executable, '-c', *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env)


def test_200_at_once_from_4_processes_never_pass_a_cap_and_use_it_up(where):
    """A request reserves 0.01 and costs 0.004: under 0.50 exactly 123 fit, and nobody is turned away by money that is only reserved."""
    workers = [worker(WORKER, where, f'u{n}', '50', '0.50', '0.15') for n in range(4)]
    for w in workers: assert w.stdout.readline() == 'ready\n'
    for w in workers:
        w.stdin.write('go\n')
        w.stdin.flush()
    told = [json.loads(w.communicate(timeout=100)[0]) for w in workers]
    ledger = Ledger(book(where), fixed_clock(MARCH))
    served = [n for n, _, _ in told]
    assert not any(failed for _, _, failed in told)
    assert all(n <= 36 for n in served), 'a user has 0.15: 36 requests'
    assert sum(served) == 123 and spending(ledger, 'triage') == (D('0.492'), 0)
    assert max(D(most) for _, most, _ in told) <= D('0.50')
    assert month_spend(ledger, 'triage').users == 4
    ledger.close()


def test_a_refusal_names_its_cap_and_says_what_can_be_waited_for(where):
    ledger, one = Ledger(book(where), fixed_clock(MARCH)), dict(user='a', user_cap_usd=D('0.05'), session='s', session_cap_usd=D('0.03'))
    key = ledger.reserve('triage', D('0.02'), D('0.06'), **one)
    for more, which in ((dict(one), 'session_cap_usd'), (one | dict(session='t'), None), (one | dict(session='u'), 'user_cap_usd'),
                        (dict(user='b', user_cap_usd=D('0.05')), None), (dict(user='c', user_cap_usd=D('9')), 'monthly_cap_usd')):
        if which is None:
            ledger.reserve('triage', D('0.02'), D('0.06'), **more)
            continue
        with pytest.raises(OverCap) as e: ledger.reserve('triage', D('0.02'), D('0.06') if which == 'monthly_cap_usd' else D('1'), **more)
        assert (e.value.which, e.value.held) == (which, True) and which in str(e.value)
    ledger.settle(key, 'triage', D('0.02'))
    with pytest.raises(OverCap) as e: ledger.reserve('triage', D('0.02'), D('1'), **one)
    assert (e.value.which, e.value.held) == ('session_cap_usd', False), 'what time does not open is named'
    ledger.close()


def test_callers_without_a_name_share_one_account(where):
    ledger = Ledger(book(where), fixed_clock(MARCH))
    ledger.reserve('triage', D('0.02'), D('1'), user_cap_usd=D('0.03'))
    with pytest.raises(OverCap, match='that name no user'): ledger.reserve('triage', D('0.02'), D('1'), user_cap_usd=D('0.03'))
    ledger.reserve('triage', D('0.02'), D('1'), user='a', user_cap_usd=D('0.03'))
    ledger.close()


def test_expiry_late_settlement_repetition_and_the_turn_of_the_month(where):
    clock = Clock('2026-03-31T23:59:00')
    ledger = Ledger(book(where), clock)
    late = ledger.reserve('triage', D('0.06'), D('0.10'), hold_s=30)
    with pytest.raises(OverCap): ledger.reserve('triage', D('0.05'), D('0.10'), hold_s=30)
    clock.pass_(30)
    ledger.reserve('triage', D('0.05'), D('0.10'), hold_s=600)
    assert month_spend(ledger, 'triage').unsettled_usd == D('0.06')
    ledger.settle(late, 'triage', D('0.06'))  # over the cap, and told
    seen = month_spend(ledger, 'triage')
    assert (seen.spent_usd, seen.held_usd, seen.overrun_usd, seen.unsettled_usd) == (D('0.06'), D('0.05'), D('0.06'), 0)
    ledger.settle(late, 'triage', D('0.06'))
    assert month_spend(ledger, 'triage') == seen, 'a key settles once'
    clock.pass_(60)
    assert spending(ledger, 'triage') == (0, 0)
    april = ledger.reserve('triage', D('0.10'), D('0.10'))
    ledger.settle(april, 'triage', D('0.01'))
    assert (spending(ledger, 'triage')[0], month_spend(ledger, 'triage', '2026-03').spent_usd) == (D('0.01'), D('0.06'))
    ledger.close()


def test_what_a_user_spent_is_not_kept_longer_than_the_month_before(where):
    clock = Clock()
    ledger = Ledger(book(where), clock)
    for month in ('2026-03', '2026-04', '2026-05'):
        clock.now = parse_time(f'{month}-05T10:00:00')
        ledger.settle(ledger.reserve('triage', D('0.01'), D('1'), user='a', user_cap_usd=D('1')), 'triage', D('0.01'))
    kept = [month_spend(ledger, 'triage', m) for m in ('2026-03', '2026-04', '2026-05')]
    assert [k.users for k in kept] == [0, 1, 1] and all(k.spent_usd == D('0.01') for k in kept)
    ledger.close()


class Machine(RuleBasedStateMachine):
    """A feature and two users, against a model of them in plain dictionaries."""
    where, cap, user_cap = '', 100, 60

    def __init__(self):
        super().__init__()
        self.clock, self.feature = Clock('2026-03-30T10:00:00'), f'f{secrets.token_hex(4)}'
        self.ledger = Ledger(book(self.where), self.clock)
        self.open, self.spent, self.beyond = {}, {}, 0

    def month(self): return f'{self.clock.now:%Y-%m}'

    def sums(self, user=None):
        held = sum(n for u, n, m, e in self.open.values() if m == self.month() and e > self.clock.now and user in (None, u))
        return self.spent.get((user, self.month()), 0), held

    @rule(user=st.sampled_from('ab'), n=st.integers(1, 50), hold=st.sampled_from((10, 60)))
    def reserve(self, user, n, hold):
        over = {s: (spent + held + n > cap, spent + n <= cap) for s, (spent, held), cap in
                (('monthly_cap_usd', self.sums(), self.cap), ('user_cap_usd', self.sums(user), self.user_cap))}
        passed = [s for s, (is_over, _) in over.items() if is_over]
        try: key = self.ledger.reserve(self.feature, D(n), D(self.cap), hold, user=user, user_cap_usd=D(self.user_cap))
        except OverCap as e:
            assert e.which in passed and e.held == all(over[s][1] for s in passed)
            return
        assert not passed
        self.open[key] = (user, n, self.month(), self.clock.now + timedelta(seconds=hold))

    @precondition(lambda self: self.open)
    @rule(data=st.data(), cost=st.integers(0, 60))
    def settle(self, data, cost):
        key = data.draw(st.sampled_from(sorted(self.open)))
        user, n, month, expires = self.open.pop(key)
        self.ledger.settle(key, self.feature, D(cost))
        self.ledger.settle(key, self.feature, D(cost))
        if month == self.month(): self.beyond += max(0, cost - n) if expires > self.clock.now else cost
        for who in (None, user): self.spent[who, month] = self.spent.get((who, month), 0) + cost

    @rule(seconds=st.sampled_from((0, 9, 10, 30, 61)))
    def pass_(self, seconds): self.move(seconds)

    @precondition(lambda self: len(self.open) > 2)
    @rule()
    def next_month(self): self.move(2_600_000)

    def move(self, seconds):
        before = self.month()
        self.clock.pass_(seconds)
        if self.month() != before: self.beyond = 0

    @invariant()
    def agrees(self):
        seen = month_spend(self.ledger, self.feature)
        assert (seen.spent_usd, seen.held_usd, seen.overrun_usd) == (*self.sums(), self.beyond)
        assert seen.spent_usd + seen.held_usd <= self.cap + seen.overrun_usd, 'above the cap, and not by a settlement that is told'

    def teardown(self): self.ledger.close()


def test_any_order_of_reserve_settle_and_expiry(where):
    machine = type('Bound', (Machine,), dict(where=where))
    run_state_machine_as_test(machine, settings=examples(max_examples=40 if '://' not in where else 6, stateful_step_count=25, deadline=None))


def test_a_file_of_the_first_form_is_taken_over_by_many_at_once(tmp_path):
    path = tmp_path/'ledger.db'
    db = sqlite3.connect(path)
    db.executescript("""pragma journal_mode=wal;
create table spent(feature text, month text, nano integer not null, primary key(feature, month)) without rowid;
create table reserved(id text primary key, feature text not null, month text not null, nano integer not null, expires text not null);
create index reserved_by on reserved(feature, month);
insert into spent values('triage', '2026-03', 40000000), ('triage', '2026-02', 7), ('answer', '2026-03', 5);
insert into reserved values('open', 'triage', '2026-03', 30000000, '2026-03-05T10:01:00+00:00');
insert into reserved values('gone', 'triage', '2026-03', 9, '2026-03-05T09:00:00+00:00');""")
    db.close()
    ledgers = [Ledger(path, fixed_clock(MARCH)) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool: assert set(pool.map(lambda o: spending(o, 'triage'), ledgers)) == {(D('0.04'), D('0.03'))}
    assert month_spend(ledgers[0], 'triage', '2026-02').spent_usd == D('0.000000007')
    with pytest.raises(OverCap): ledgers[0].reserve('triage', D('0.04'), D('0.10'))
    ledgers[1].settle('open', 'triage', D('0.01'))
    assert spending(ledgers[2], 'triage') == (D('0.05'), 0)
    for o in ledgers: o.close()


KILLED = '''
import sys
from decimal import Decimal as D
from pilot_to_prod.core.clock import fixed_clock
from pilot_to_prod.serve.budget import Ledger
from pilot_to_prod.serve.ledger import PostgresBook
where = sys.argv[1]
ledger = Ledger(PostgresBook(where) if '://' in where else where, fixed_clock('2026-03-05T10:00:00'))
while True:
    key = ledger.reserve('triage', D('0.02'), D('1000'))
    print('reserved', key, flush=True)
    ledger.settle(key, 'triage', D('0.01'))
    print('settled', key, flush=True)
'''


def test_sigkill_loses_no_settlement_and_frees_the_reservation(where):
    clock = Clock()
    rng, settled, reserved = random.Random(1), set(), set()
    for _ in range(3):
        w = worker(KILLED, where)
        for _ in range(rng.randint(3, 40)): w.stdout.readline()
        w.send_signal(signal.SIGKILL)
        for line in w.communicate()[0].splitlines():
            if line.startswith('settled'): settled.add(line)
            if line.startswith('reserved'): reserved.add(line)
    ledger = Ledger(book(where), clock)
    seen = month_spend(ledger, 'triage')
    assert seen.spent_usd >= D('0.01')*len(settled) and seen.held_usd <= D('0.02')*3
    clock.pass_(121)
    after = month_spend(ledger, 'triage')
    assert (after.spent_usd, after.held_usd, after.unsettled_usd) == (seen.spent_usd, 0, seen.held_usd)
    ledger.close()


FULL = '''
import resource, signal, sys
from decimal import Decimal as D
from pathlib import Path
from pilot_to_prod.core.clock import fixed_clock
from pilot_to_prod.serve.budget import Ledger, LedgerDown, spending
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = Path(sys.argv[1])
ledger = Ledger(folder/'ledger.db', fixed_clock('2026-03-05T10:00:00'))
keys = [ledger.reserve('triage', D('0.02'), D('1')) for _ in range(3)]
_, most = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (0, most))
down = 0
for key in keys:
    try: ledger.settle(key, 'triage', D('0.01'))
    except LedgerDown as e: down += 1
try: ledger.reserve('triage', D('0.02'), D('1'))
except LedgerDown: down += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
ledger.reserve('triage', D('0.02'), D('1'))
print(down, *spending(ledger, 'triage'))
'''


def test_a_full_disk_spends_nothing_and_loses_nothing(tmp_path):
    out, _ = worker(FULL, str(tmp_path)).communicate(timeout=60)
    assert out.split() == ['4', '0.03', '0.02'], 'what could not be settled is settled first, and meanwhile nothing is reserved'


def shared(tmp_path, **more) -> Settings:
    return Settings(root=tmp_path, pilot=PilotSection(name='demo'), **more)


def test_each_threshold_is_told_once_by_many_at_once(where, tmp_path):
    pilot = shared(tmp_path)
    ledgers = [Ledger(book(where), fixed_clock(MARCH)) for _ in range(4)]
    def spend(n: int) -> list:
        ledger = ledgers[n % 4]
        ledger.settle(ledger.reserve('triage', D('0.001'), D('0.10'), user=f'u{n % 2}', user_cap_usd=D('0.10')), 'triage', D('0.001'))
        return tell_now(pilot, ledger)
    with ThreadPoolExecutor(8) as pool: told = [a for new in pool.map(spend, range(100)) for a in new]
    found = read_alerts(tmp_path)
    assert len(told) == len(found), 'each is notified once'
    assert sorted((a.scope, a.threshold) for a in found) == [('feature', 50), ('feature', 80), ('feature', 100), ('user', 50)]
    assert all(a.spent*100 >= a.cap*a.threshold > (a.spent - D('0.001'))*100 for a in found)
    lines = [json.loads(o) for o in alerts_path(tmp_path).read_text().splitlines()]
    assert all(set(o) == {'at', 'feature', 'month', 'scope', 'threshold', 'spent', 'cap'} for o in lines) and 'u0' not in alerts_path(tmp_path).read_text()
    for o in ledgers: o.close()


@pytest.fixture
def main():
    with FaultServer(GOOD) as s: yield s


def priced(tmp_path, main, extra='', **more):
    """A pilot with a paid tier, and more in its section [feature.triage]."""
    Pilot(tmp_path, main, price='100', **more)
    path = tmp_path/'settings.ini'
    path.write_text(path.read_text().replace('[feature.answer]', f'{extra}\n[feature.answer]'))
    from pilot_to_prod.core.settings import load_settings
    from pilot_to_prod.serve.feature import load_feature
    return load_feature(load_settings(tmp_path, env={}), 'triage')


def wait(until):
    end = time.monotonic() + 10
    while not until() and time.monotonic() < end: time.sleep(.01)
    assert until()


@pytest.mark.parametrize('whose, name', [('user', 'user_cap_usd'), ('session', 'session_cap_usd')])
def test_one_caller_cannot_use_up_what_is_meant_for_all(tmp_path, main, whose, name):
    f = priced(tmp_path, main, f'{name} = 0.02')
    answers = [f.answer(CARD, **{whose: 'alice@example.org'}) for _ in range(12)]
    last = answers[-1]
    assert answers[0].source == 'model' and (last.source, last.code) == ('fallback', 'over_cap') and sum(a.cost_usd for a in answers) <= D('0.02')
    assert last.attempts[0].detail == name == find_record(tmp_path, last.record_id).attempts[0].detail
    assert f.answer(CARD, **{whose: 'bob@example.org'}).source == 'model'
    kept = b''.join(p.read_bytes() for p in (tmp_path/'mlruns').rglob('*') if p.is_file() and 'ledger' in p.name)
    assert b'alice' not in kept and f.store.mark('alice@example.org').encode() in kept


def test_a_call_that_ran_out_of_time_settles_its_worst_case(tmp_path, main):
    f = priced(tmp_path, main, deadline=1.0)
    main.profile = 'hang'
    a = f.answer(CARD)
    assert a.source == 'fallback' and a.cost_usd > 0
    wait(lambda: spending(f.money.ledger, 'triage') == (a.cost_usd, 0))


def test_a_ledger_that_cannot_be_used_spends_nothing_and_the_fallback_answers(tmp_path, main):
    (tmp_path/'mlruns/ledger.db').mkdir(parents=True)
    a = priced(tmp_path, main).answer(CARD)
    assert (a.source, a.attempts[0].outcome, main.hits) == ('fallback', 'ledger_down', 0)


@pytest.mark.parametrize('command', [f"{sys.executable} -c 'import time; time.sleep(20)'", '/nothing/here', f"{sys.executable} -c 'raise SystemExit(3)'"])
def test_no_hook_delays_or_breaks_a_request(tmp_path, main, command):
    f = priced(tmp_path, main, f'[alerts]\ncommand = {command}', cap='0.02')
    begun = time.monotonic()
    answers = [f.answer(CARD) for _ in range(10)]
    assert time.monotonic() - begun < 10 and {a.source for a in answers} == {'model', 'fallback'}
    wait(lambda: {a.threshold for a in read_alerts(tmp_path)} == {50, 100})
    for p in [t for t in threading.enumerate() if t.name == 'pilot-alerts']: p.join(5)


def test_the_command_line_shows_budget_and_alerts(tmp_path):
    (tmp_path/'settings.ini').write_text('[pilot]\nname = demo\n[feature.triage]\nprompt = p\ntiers = a\nfallback = x.y\nmonthly_cap_usd = 0.10\n')
    from pilot_to_prod.core.settings import load_settings
    ledger = open_ledger(load_settings(tmp_path, env={}))
    ledger.settle(ledger.reserve('triage', D('0.09'), D('0.10')), 'triage', D('0.085'))
    wait(lambda: len(read_alerts(tmp_path)) == 2)
    def pilot(*args):
        done = subprocess.run([sys.executable, '-m', 'pilot_to_prod.cli', *args], cwd=tmp_path, capture_output=True, text=True,
                              env={**os.environ, 'PYTHONPATH': str(ROOT)})
        assert done.returncode == 0, done.stderr
        return done.stdout
    assert json.loads(pilot('budget', 'status', '--json'))['features'][0]['spend']['spent_usd'] == '0.085'
    assert [(a['threshold'], a['spent'], a['cap']) for a in json.loads(pilot('budget', 'alerts', '--json'))] == [(50, '0.085', '0.1'), (80, '0.085', '0.1')]
    assert "feature 'triage' has reached 80 % of the cap" in pilot('status')


@pytest.mark.xdist_group(name='postgres-ledger')
class TestPostgres:
    def test_settings_name_it_and_no_secret_is_told(self, server, tmp_path, caplog):
        url = database(server)
        pilot = shared(tmp_path, budget=BudgetSection(ledger=url.replace('owner-pw', '${LEDGER_PASSWORD}')))
        ledger = open_ledger(pilot, fixed_clock(MARCH), env=dict(LEDGER_PASSWORD='owner-pw'))
        ledger.settle(ledger.reserve('triage', D('0.06'), D('0.10')), 'triage', D('0.06'))
        assert spending(ledger, 'triage') == (D('0.06'), 0)
        wait(lambda: len(read_alerts(tmp_path)) == 1)
        assert budget_status(pilot, fixed_clock(MARCH), env=dict(LEDGER_PASSWORD='owner-pw')).month == '2026-03'
        wrong = open_ledger(pilot, env=dict(LEDGER_PASSWORD='not-the-one'))
        with pytest.raises(LedgerDown) as e: wrong.reserve('triage', D('0.01'), D('1'))
        assert 'not-the-one' not in f'{e.value}{caplog.text}'
        ledger.close()

    def test_a_connection_that_the_server_ended_is_opened_again(self, server):
        import psycopg
        url = database(server)
        ledger = Ledger(PostgresBook(url), fixed_clock(MARCH))
        key = ledger.reserve('triage', D('0.06'), D('0.10'))
        with psycopg.connect(url, autocommit=True) as c:
            c.execute('select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()')
        ledger.settle(key, 'triage', D('0.02'))
        assert spending(ledger, 'triage') == (D('0.02'), 0)
        ledger.close()

    def test_a_default_of_repeatable_read_does_not_open_the_cap(self, server):
        import psycopg
        url = database(server)
        with psycopg.connect(url, autocommit=True) as c:
            c.execute(f"alter database {url.rpartition('/')[2]} set default_transaction_isolation = 'repeatable read'")
        ledgers = [Ledger(PostgresBook(url), fixed_clock(MARCH)) for _ in range(4)]
        def attempt(n):
            try: ledgers[n % 4].reserve('triage', D('0.01'), D('0.10'))
            except OverCap: return 0
            return 1
        with ThreadPoolExecutor(8) as pool: assert sum(pool.map(attempt, range(60))) == 10
        for o in ledgers: o.close()

    def test_another_feature_does_not_wait(self, server):
        import psycopg
        url = database(server)
        ledger = Ledger(PostgresBook(url), fixed_clock(MARCH))
        ledger.reserve('triage', D('0.01'), D('1'))
        from pilot_to_prod.serve.ledger import _lock_of
        with psycopg.connect(url) as c:
            c.execute(_lock_of('triage'))
            ledger.reserve('answer', D('0.01'), D('1'))
        ledger.close()

    def test_a_server_that_goes_away_stops_spending_and_what_was_spent_is_kept(self, server, tmp_path, main):
        url, now = database(server), [0.0]
        ledger = Ledger(PostgresBook(url, tick=lambda: now[0]), fixed_clock(MARCH))
        key = ledger.reserve('triage', D('0.06'), D('0.10'))
        server.run(server.tools/'pg_ctl', '-D', server.folder/'data', '-m', 'fast', 'stop')
        try:
            with pytest.raises(LedgerDown): ledger.settle(key, 'triage', D('0.02'))
            with pytest.raises(LedgerDown, match='a moment ago'): ledger.reserve('triage', D('0.01'), D('0.10'))
        finally: server.start()
        with pytest.raises(LedgerDown, match='a moment ago'): ledger.reserve('triage', D('0.01'), D('0.10'))
        now[0] = 1.1
        ledger.reserve('triage', D('0.01'), D('0.10'))
        assert spending(ledger, 'triage') == (D('0.02'), D('0.01'))
        ledger.close()

    def test_a_feature_starts_and_answers_while_the_server_is_away(self, tmp_path, main, monkeypatch):
        monkeypatch.setenv('LEDGER_PASSWORD', 'x')
        f = priced(tmp_path, main, '[budget]\nledger = postgresql://pilot:${LEDGER_PASSWORD}@127.0.0.1:1/costs')
        a = f.answer(CARD)
        assert (a.source, a.attempts[0].outcome, main.hits) == ('fallback', 'ledger_down', 0)
