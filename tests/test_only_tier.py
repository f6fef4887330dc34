"""A model of one's own, on a server of one's own, as the only tier: all ten stages reach a verdict on its answers alone."""
import json
import re
from pathlib import Path

import pytest
from small_pilot import STAGES, Command, problems, results, write_log


@pytest.fixture(scope='module')
def found(only_tier_run): return results(Path(only_tier_run['root']), only_tier_run['run']['id'])


def test_ten_stages_reach_a_verdict(only_tier_run, found):
    stages = only_tier_run['run']['stages']
    assert tuple(stages) == STAGES and only_tier_run['code'] in (0, 1)
    assert {n: (s['status'], s['why']) for n, s in stages.items() if s['status'] != 'done'} == {}
    assert {n: stages[n]['verdict'] for n in ('prompts', 'evaluation', 'red_team', 'cost_model')} == dict(
        prompts='pass', evaluation='pass', red_team='pass', cost_model='pass'), problems(found)
    assert 'of 40 met' in only_tier_run['run']['headline']


def test_every_answer_came_from_the_server(only_tier_run, found):
    features = found['evaluation']['payload']['features']
    assert {n: f['sources'] for n, f in features.items()} == dict(triage=dict(model=108), answer=dict(model=8))
    assert {f['tokens_in'] for f in features.values()} == {20.0}  # as the server counts, not as we do
    assert only_tier_run['models'] == ['house-2026-01-01'] and only_tier_run['hits'] > 2*116
    probes = found['red_team']['payload']['probes']
    assert sum(p['reached'] for p in probes) >= 0.9*sum(p['attack'] for p in probes) > 0


def test_no_embedded_model_was_made(only_tier_run, found):
    root = Path(only_tier_run['root'])
    assert not (root/'mlruns'/'models'/'intent.json').exists()
    assert list(json.loads((root/'pilot'/'models.lock').read_text())['models']) == ['ner']  # the tagger that redacts came with the package
    assert found['evaluation']['payload']['accuracy_abstention_off'] is None


def test_answers_and_months_have_a_price(found):
    assert all(f['cost_usd'] > 0 for f in found['evaluation']['payload']['features'].values())
    checks = {c['id']: c for c in found['evaluation']['checks']}
    assert checks['cost_per_query']['verdict'] == 'pass' and checks['cost_per_query']['value'] > 0
    assert all(float(s['median_usd']) > 0 for s in found['cost_model']['payload']['scenarios'])


PLAIN = '[pilot]\nname = demo\n[compliance]\nregions = eu, local\n[feature.triage]\nprompt = triage\ntiers = {}\nfallback = pilot.feature.by_rule\n'
ENTRY = '  - {{model_name: {}, litellm_params: {{model: openai/{}, {}}}, model_info: {{{}}}}}\n'
PRICE, SERVER = 'p2p_input_usd_per_million: "1", p2p_output_usd_per_million: "2"', 'api_base: "http://127.0.0.1:9/v1"'


@pytest.mark.parametrize('entry, says', [
    (ENTRY.format('house', 'house-2026-01-01', 'api_key: os.environ/NO_SUCH_KEY_HERE', f'p2p_region: eu, {PRICE}'), r"tier 'house': .*NO_SUCH_KEY_HERE"),
    (ENTRY.format('house', 'house-2026-01-01', SERVER, 'p2p_region: eu'), r"tier 'house': no input and no output price for openai/house"),
    (ENTRY.format('house', 'house-2026-01-01', SERVER, f'p2p_region: us, {PRICE}'), r"tier 'house': its region is us, \[compliance\] regions allows eu, local"),
    (ENTRY.format('other', 'house-2026-01-01', SERVER, f'p2p_region: eu, {PRICE}'), r"names tier 'house', which models.yaml does not have"),
], ids=['no key', 'no price', 'foreign region', 'unknown'])
def test_a_tier_that_cannot_work_stops_the_start_by_name(pilot, entry, says):
    (pilot.root/'settings.ini').write_text(PLAIN.format('house'))
    (pilot.root/'models.yaml').write_text('model_list:\n' + entry)
    code, out, err = pilot('run')
    assert code == 2 and len(err.strip().splitlines()) == 1, (code, err)
    assert re.search(says, err), err
    assert not (pilot.root/'mlruns'/'runs').exists()


def test_two_columns_are_enough(tmp_path):
    """Text and label, nothing else: a golden set is proposed, what nobody stated is unknown, and no stage breaks."""
    write_log(tmp_path/'messages.csv', plain=True)
    pilot = Command(tmp_path, PILOT_LOAD_PEAK_RPS='3')
    code, made = pilot.json('init', 'desk', '--log', 'messages.csv')
    assert code == 0 and made['columns'] == dict(text='body', label='topic', time=None, user=None, id=None)
    assert any('proposed from the log' in s for s in made['said'])
    code, run = pilot.json('run', cwd='desk')
    assert code in (0, 1) and {s['status'] for s in run['stages'].values()} == {'done'}, run['stages']
    found = results(tmp_path/'desk', run['id'])
    failed = {f"{n}.{c['id']}" for n, r in found.items() for c in r['checks'] if c['verdict'] == 'fail' and c['severity'] in ('error', 'critical')}
    assert {f for f in failed - {'red_team.over_refusal'} if f.partition('.')[0] not in ('readiness', 'handoff')} == set(), problems(found)
    assert list(found['evaluation']['payload']['features']) == ['triage']
    assert pilot.notes('attempt') == []
    golden = [json.loads(line) for line in (tmp_path/'desk'/'pilot'/'golden'/'golden.jsonl').read_text(encoding='utf-8').splitlines()]
    assert len(golden) == 100 and not any(row.get('reviewer') for row in golden)


def test_a_tier_that_does_not_answer_is_named_and_the_run_goes_on(pilot):
    (pilot.root/'settings.ini').write_text(PLAIN.format('house'))
    (pilot.root/'models.yaml').write_text('model_list:\n' + ENTRY.format('house', 'house-2026-01-01', SERVER, f'p2p_region: eu, {PRICE}'))
    code, _, err = pilot('run')
    assert code == 0 and "tier 'house' does not answer" in err and 'starting degraded' in err
