"""Real messages that nobody wrote for us: 9,541 of a bank's customers, 77 intents, 164 documents. The folder stands beside the project or not at all."""
import pytest
from conftest import SHARED
from small_pilot import STAGES, Command, once, problems, results

BANK, PAGES = SHARED/'banking_support', SHARED/'rag_support'/'docs.jsonl'
pytestmark = pytest.mark.skipif(not (BANK.is_dir() and PAGES.is_file()), reason='the shared data folder is not beside the project (P2P_SHARED_DATA names it)')


def run_bank(folder):
    pilot = Command(folder)
    code, made = pilot.json('init', 'bank', '--log', BANK/'pilot_log.csv', '--golden', BANK/'golden_dev.csv', '--out-of-scope', BANK/'out_of_scope.csv',
                            '--documents', PAGES)
    assert code == 0
    begun = pilot.seconds
    code, run = pilot.json('run', cwd='bank')
    print(f'\nreal input: init {begun:.0f} s, run {pilot.seconds:.0f} s, largest process {pilot.peak_mb:.0f} MB; {run["headline"]}')
    return dict(made=made, code=code, run=run, attempts=pilot.notes('attempt'), found=results(folder/'bank', run['id']))


@pytest.fixture(scope='module')
def bank(shared_folder): return once(shared_folder/'real_input', run_bank)


def test_columns_are_inferred(bank):
    assert bank['made']['columns'] == dict(text='text', label='intent', time='ts', user='customer_id', id='id')


def test_the_whole_pipeline_reaches_a_verdict(bank):
    stages = bank['run']['stages']
    assert tuple(stages) == STAGES and bank['code'] in (0, 1)
    assert {n: (s['status'], s['why']) for n, s in stages.items() if s['status'] != 'done'} == {}
    assert 'of 40 met' in bank['run']['headline']
    print(*(f'{n}: {s["verdict"]} in {s["seconds"]:.0f} s' for n, s in stages.items()), *problems(bank['found']), sep='\n')


def test_what_nobody_stated_is_unknown_and_stops_nothing(bank):
    checks = {f"{n}.{c['id']}": c for n, r in bank['found'].items() for c in r['checks']}
    for id in ('data_audit.freshness', 'evaluation.accuracy', 'load_test.p95', 'architecture.residency'): assert checks[id]['verdict'] == 'unknown', id
    stopping = {id for id, c in checks.items() if c['verdict'] == 'fail' and c['severity'] in ('error', 'critical')}
    measured = {'red_team.over_refusal'}  # the embedded classifier abstains on some harmless messages; that is found, not assumed
    assert {id for id in stopping - measured if id.partition('.')[0] not in ('readiness', 'handoff')} == set()


def test_the_classifier_is_as_good_as_it_should_be(bank):
    found = bank['found']['evaluation']['payload']
    print(f"accuracy with abstention off {found['accuracy_abstention_off']}, AUC {found['oos_auc']}")
    assert found['golden_rows'] == 462 and found['accuracy_abstention_off'] >= 0.88
    assert set(found['oos_auc']) == {'banking_adjacent', 'oos', 'other_domain'}
    assert min(found['oos_auc'][k] for k in ('oos', 'other_domain')) >= 0.93


def test_no_message_left_the_machine(bank): assert bank['attempts'] == []
