"""Evidence about one prompt version, a model swapped on evidence, and models that are about to end; the provider is a server on loopback."""
import json
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest
from conftest import ROOT  # noqa: F401 -- puts the tests' helpers on the path
from fault_server import FaultServer
from hypothesis import given, settings as rules, strategies as st

from pilot_to_prod.cli.app import main
from pilot_to_prod.core.clock import fixed_clock
from pilot_to_prod.core.errors import Busy, InputError, LockMismatch, PilotError
from pilot_to_prod.core.files import append_line, load_yaml, read_jsonl, write_atomic
from pilot_to_prod.core.results import read_envelope, read_result
from pilot_to_prod.core.settings import load_settings
from pilot_to_prod.evals.evaluate import EvaluationResult
from pilot_to_prod.evals.evaluation import eval_prompt
from pilot_to_prod.evals.golden import lock_golden
from pilot_to_prod.operate.model_file import edit_tier, read_models_text, write_models_text
from pilot_to_prod.operate.swap import SwapResult, save_swap, swap_model
from pilot_to_prod.operate.swap_apply import apply_swap, open_swaps, undo_swap
from pilot_to_prod.pipeline.status import status
from pilot_to_prod.prompts.files import lock_prompts

DAY = fixed_clock('2026-06-01')
LABELS = ('card_lost', 'fees')
OLD, NEW = 'openai/m-2026-01-01', 'openai/n-2026-02-01'
SETTINGS = '''[pilot]
name = demo
[data]
golden = pilot/golden/golden.jsonl
log = log.csv
text = text
label = intent
[cost]
daily_users = 1000
[slo]
p95_ms = 60000
[feature.triage]
prompt = triage
tiers = main
fallback = pilot.feature.by_rule
deadline_s = 20
monthly_cap_usd = {cap}
'''
MODELS = '''# The models of this pilot.
model_list:
  # the one that answers
  - model_name: main        # do not rename
    litellm_params: {{model: openai/m-2026-01-01, api_base: "{base}", api_key: os.environ/SWAP_TEST_KEY}}   # pinned
    model_info: {{p2p_region: eu, p2p_stream: {stream}, p2p_input_usd_per_million: "{price}", p2p_output_usd_per_million: "{price}"}}

  - model_name: words
    litellm_params: {{model: local/fewshot}}
  - {{model_name: later, litellm_params: {{model: openai/gpt-4o-2024-08-06}}, model_info: {{p2p_planned: true}}}}
'''
PROMPT = '''---
name: triage
version: {version}
owner: Maria Lindqvist
models: [openai/m-2026-01-01, openai/n-2026-02-01, local/fewshot]
max_tokens: 30
schema: {{type: object, required: [intent], properties: {{intent: {{type: string, enum: [card_lost, fees, out_of_scope]}}}}}}
variables:
  text: {{type: str, example: hello, max_tokens: 60}}
change: {words}
---
# system
{words} Answer as JSON, {{"intent": label}}. Choose one label:

- card_lost: a lost card
- fees: what an account costs

# user
{{{{text}}}}
'''


def number(messages): return int(re.search(r'message (\d+)', messages[-1]['content'])[1])


class Provider(FaultServer):
    """Right on every message but those in `wrong` of the model that is asked; ill where `ill` says so."""
    def __init__(self, wrong=None, ill=None):
        super().__init__(self.label)
        self.wrong, self.ill = wrong or {}, ill or {}

    def label(self, messages):
        n, model = number(messages), self.seen[-1]['model']
        key = 'second' if 'Second try' in messages[0]['content'] else model
        right = LABELS[n % 2]
        return json.dumps({'intent': 'out_of_scope' if n in self.wrong.get(key, ()) else right})

    def _next(self, request):
        super()._next(request)
        return 'ok' if number(request['messages']) not in self.ill.get(request['model'], ()) else '500'


def build(root: Path, base: str, *, price='0', stream='false', cap='1000', rows=100, versions=('1.0.0',)):
    write_atomic(root/'settings.ini', SETTINGS.format(cap=cap))
    write_atomic(root/'models.yaml', MODELS.format(base=base, price=price, stream=stream))
    write_atomic(root/'pilot/feature.py', 'def by_rule(inputs): return {"intent": "out_of_scope"}\n')
    for v in versions:
        write_atomic(root/f'pilot/prompts/triage@{v}.md', PROMPT.format(version=v, words='First try.' if v == '1.0.0' else 'Second try.'))
        lock_prompts(root)
    lines = [dict(id=f'g{n:03d}', inputs=dict(text=f'message {n}: what does it cost'), expected=dict(intent=LABELS[n % 2]), added='2026-05-01',
                  reviewer='Ann Example', tags=['feature:triage', f'intent:{LABELS[n % 2]}']) for n in range(rows)]
    write_atomic(root/'pilot/golden/golden.jsonl', ''.join(json.dumps(o) + '\n' for o in lines))
    write_atomic(root/'log.csv', 'text,intent\n' + ''.join(f'an older question {n},fees\n' for n in range(20)))
    settings = load_settings(root, env={})
    lock_golden(settings, dict(triage=.8), by='Ann Example', clock=DAY)
    return settings


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv('SWAP_TEST_KEY', 'sk-very-secret-0123456789')
    monkeypatch.setenv('P2P_ROOT', '')


# pilot eval

def test_exactly_one_version_is_measured_and_compared_with_production(tmp_path, capsys):
    with Provider(wrong={'m-2026-01-01': range(4), 'second': range(3, 17)}) as server:
        settings = build(tmp_path, server.base, versions=('1.0.0', '1.1.0'))
        path = eval_prompt(settings, 'triage', '1.1.0', clock=DAY)
        r = read_result(path, EvaluationResult)
        assert path == tmp_path/f'mlruns/evals/triage@1.1.0-{r.subject.sha256[:8]}-main.json'
        assert server.hits == 200, 'each row once, for either version'
        assert (r.subject.models, r.subject.production, r.subject.partial) == ({'main': OLD}, '1.0.0', False)
        assert r.subject.sha256 == json.loads((tmp_path/'pilot/prompts/prompts.lock').read_text())['prompts']['triage']['versions']['1.1.0']
        c = r.comparisons['triage']
        assert (c.passed_before, c.passed_after, c.broken, len(c.fixed)) == (96, 86, tuple(f'g{n:03d}' for n in range(4, 17)), 3)
        assert (r.gate.verdict, {o.id for o in r.gate.failed}) == ('fail', {'regression'})
        assert 'what does it cost' not in path.read_text() and 'Choose one label' not in path.read_text()
        assert main(['eval', 'triage@candidate', '--pilot', str(tmp_path), '--json']) == 1
        assert json.loads(capsys.readouterr().out)['payload']['subject']['version'] == '1.1.0'
        assert main(['eval', 'triage@production', '--pilot', str(tmp_path)]) in (0, 1)
        assert '1.0.0 is production: there is nothing to compare it with' in capsys.readouterr().out


def test_a_failing_model_fails_its_cases(tmp_path):
    with Provider(ill={'m-2026-01-01': range(30)}) as server:
        r = read_result(eval_prompt(build(tmp_path, server.base), 'triage', clock=DAY), EvaluationResult)
    f = r.features['triage']
    assert f.n == 100 and f.passed < 100 and f.errors == pytest.approx(1 - f.passed/100)   # the breaker may refuse more than were ill
    assert r.check('errors').verdict == 'fail' and f.sources['fallback'] >= 30


def test_switch_and_cap_do_not_reach_the_evaluation(tmp_path):
    from pilot_to_prod.serve.switch import set_switch
    with Provider() as server:
        settings = build(tmp_path, server.base, price='1', cap='0')
        set_switch(tmp_path, 'triage', True, who='Ann Example', why='a drill')
        r = read_result(eval_prompt(settings, 'triage', clock=DAY), EvaluationResult)
    assert r.features['triage'].passed == 100 and r.cost_usd == pytest.approx(100*25e-6)
    assert r.check('cost_per_query').verdict == 'pass' and not (tmp_path/'mlruns/ledger.db').exists()


def test_a_sample_promotes_nothing(tmp_path, capsys):
    with Provider() as server:
        settings = build(tmp_path, server.base, versions=('1.0.0', '1.1.0'))
        path = eval_prompt(settings, 'triage', '1.1.0', rows=30, clock=DAY)
        found = read_envelope(path)
        assert found['payload']['subject']['partial'] and found['payload']['asked'] == 30
        assert {c['id']: c['verdict'] for c in found['checks']}['rows'] == 'unknown' and found['verdict'] != 'pass'
        assert eval_prompt(settings, 'triage', '1.1.0', clock=DAY) != path, 'a sample takes no place of whole evidence'
        assert main(['prompt', 'promote', 'triage', '1.1.0', '--by', 'Erik Holm', '--evidence', str(path), '--pilot', str(tmp_path)]) == 2
    from pilot_to_prod.prompts.files import load_prompt
    assert load_prompt(tmp_path, 'triage').version == '1.0.0'


def test_an_embedded_tier_gives_the_same_evidence_twice(tmp_path):
    settings = build(tmp_path, 'http://127.0.0.1:9/v1')
    one, two = (read_envelope(eval_prompt(settings, 'triage', '1.0.0', 'words', clock=DAY)) for _ in range(2))
    assert one['hash'] == two['hash'] and one['payload']['subject']['tier'] == 'words'
    assert one['payload']['subject']['answered_by'] == {'words': 100} and one['payload']['subject']['models'] == {'words': 'local/fewshot'}
    assert one['volatile']['latency_ms']['triage']['p95'] > 0


@pytest.mark.parametrize(('args', 'told'), [
    (['trige@1.0.0'], "Did you mean 'triage'?"), (['triage@9.0.0'], 'no version 9.0.0'), (['triage@'], 'expected NAME'),
    (['triage', '--tier', 'wrods'], "Did you mean 'words'?"), (['triage', '--tier', 'later'], 'never called')])
def test_bad_input_ends_with_2(tmp_path, capsys, args, told):
    build(tmp_path, 'http://127.0.0.1:9/v1')
    assert main(['eval', *args, '--pilot', str(tmp_path)]) == 2
    assert told in capsys.readouterr().err


# pilot swap

def test_a_swap_is_measured_applied_and_taken_back(tmp_path, capsys):
    with Provider(wrong={'m-2026-01-01': range(5)}) as server:
        settings = build(tmp_path, server.base, price='2', stream='true')
        before = (tmp_path/'models.yaml').read_bytes()
        assert main(['swap', '--tier', f'main={NEW}', '--apply', '--by', 'Erik Holm', '--json', '--pilot', str(tmp_path)]) == 0
        out, err = capsys.readouterr()
        assert server.hits == 200 and 'sk-very' not in out + err and 'what does it cost' not in out
        assert re.search(r'100 questions to \S+ and to \S+: at most 0\.\d+ USD', err), 'the worst case is told first'
    told = json.loads(out)
    side = told['payload']['features']['triage']
    assert told['decision'] == 'swap' and side['comparison']['fixed'] == [f'g{n:03d}' for n in range(5)]
    assert {k: side[k]['month_usd'] for k in ('before', 'after')} == {'before': '1.95', 'after': '1.95'}   # 25 tokens, 30,000 requests, 30 % on top
    late = told['volatile']['latency_ms']['triage']
    assert all(late[k][o] is not None for k in ('before', 'after') for o in ('p50', 'p95', 'ttft_p50'))
    assert Decimal(told['payload']['spent_usd']) == Decimal('0.01') <= Decimal(told['payload']['worst_usd'])
    assert (tmp_path/'models.yaml').read_bytes() == before.replace(b'openai/m-2026-01-01', b'openai/n-2026-02-01')
    assert (log := read_jsonl(tmp_path/'pilot/swaps.jsonl'))[0]['by'] == 'Erik Holm' and log[0]['evidence'] == told['hash']
    assert read_result(told['path'], SwapResult).hash == told['hash']
    assert main(['swap', '--undo', '--by', 'Ann Example', '--pilot', str(tmp_path)]) == 0
    assert (tmp_path/'models.yaml').read_bytes() == before and open_swaps(settings) == []


@pytest.mark.parametrize(('wrong', 'ill', 'decision', 'failed'), [
    (range(25), (), 'do not swap', {'not_worse', 'slice_losses', 'accuracy'}),
    (range(0, 24, 2), (), 'do not swap', {'not_worse', 'slice_losses'}),
    (range(2), (), 'cannot tell', set()),
    ((), range(40), 'do not swap', {'not_worse', 'slice_losses', 'accuracy', 'format', 'errors'})])
def test_a_swap_that_is_not_shown_to_be_harmless_is_not_applied(tmp_path, capsys, wrong, ill, decision, failed):
    with Provider(wrong={'n-2026-02-01': wrong}, ill={'n-2026-02-01': ill}) as server:
        build(tmp_path, server.base)
        before = (tmp_path/'models.yaml').read_bytes()
        assert main(['swap', '--tier', f'main={NEW}', '--apply', '--by', 'Erik Holm', '--json', '--pilot', str(tmp_path)]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told['decision'] == decision and {c['id'] for c in told['checks'] if c['verdict'] == 'fail' and c['severity'] == 'error'} == failed
    assert (tmp_path/'models.yaml').read_bytes() == before and not (tmp_path/'pilot/swaps.jsonl').exists()
    if decision == 'cannot tell': assert 'more cases would tell' in next(c['why'] for c in told['checks'] if c['id'] == 'not_worse')


def test_money_ends_the_comparison_and_what_was_measured_stays(tmp_path):
    with Provider() as server:
        settings = build(tmp_path, server.base, price='10')
        r = swap_model(settings, 'main', NEW, max_usd=Decimal('0.05'), clock=DAY)
        hits = server.hits
        with pytest.raises(InputError, match='Raise --max-usd'): swap_model(settings, 'main', NEW, max_usd=Decimal('0.001'), clock=DAY)
        assert server.hits == hits, 'nothing is asked when one question may cost more than is allowed'
    f = r.features['triage']
    assert 10 <= f.asked < 100 and hits == 2*f.asked and r.spent_usd == Decimal('0.0005')*f.asked <= Decimal('0.05')
    assert r.worst_usd > Decimal('0.05') and r.check('budget').verdict == 'unknown' and r.decision == 'cannot tell'
    assert read_result(save_swap(settings, r, DAY), SwapResult).features['triage'].asked == f.asked


def test_a_model_that_the_prompt_does_not_list_is_measured_and_never_applied(tmp_path, capsys):
    with Provider() as server:
        build(tmp_path, server.base)
        before = (tmp_path/'models.yaml').read_bytes()
        args = ['swap', '--tier', 'main=openai/gpt-4o-2024-08-06', '--apply', '--by', 'Erik Holm', '--pilot', str(tmp_path)]
        assert main(args) == 1 and server.hits == 200
    assert 'a minor change. Write triage@1.1.0.md' in capsys.readouterr().out
    assert (tmp_path/'models.yaml').read_bytes() == before


@pytest.mark.parametrize(('args', 'code', 'told'), [
    (['main=anthropic/claude-haiku-4-5-20251001', '--set', 'p2p_region=us'], 1, 'api_base belongs to openai'),
    (['later=openai/m-2026-01-01'], 2, 'planned: it is priced, never called'),
    (['words=local/extract'], 2, "no feature uses tier 'words'"),
    ([f'main={OLD}'], 2, 'already'),
    (['main=gpt-4o'], 2, 'expected TIER=PROVIDER/MODEL'),
    ([f'main={NEW}', '--set', 'api_key=sk-very-secret-0123456789'], 2, 'never the key itself'),
    ([f'main={NEW}', '--apply'], 2, 'first and last name'),
    ([f'main={NEW}', '--apply', '--by', 'the team'], 2, 'first and last name')])
def test_what_cannot_be_swapped_is_told_and_nothing_is_asked(tmp_path, capsys, args, code, told):
    with Provider() as server:
        build(tmp_path, server.base)
        assert main(['swap', '--tier', *args, '--pilot', str(tmp_path)]) == code
        assert server.hits == 0
    out, err = capsys.readouterr()
    assert told in out + err and 'sk-very' not in out + err


def test_a_region_that_is_not_allowed_stops_before_anything_is_sent(tmp_path):
    with Provider() as server:
        build(tmp_path, server.base)
        write_atomic(tmp_path/'settings.ini', SETTINGS.format(cap='10') + '[compliance]\nregions = eu\n')
        r = swap_model(load_settings(tmp_path, env={}), 'main', NEW, given={'model_info.p2p_region': 'us'}, clock=DAY)
        assert server.hits == 0
    assert [c.id for c in r.gate.failed] == ['usable'] and 'its region is us' in r.check('usable').why


def test_a_comparison_that_is_out_of_date_is_not_applied(tmp_path):
    with Provider(wrong={'m-2026-01-01': range(5)}) as server:
        settings = build(tmp_path, server.base)
        r = swap_model(settings, 'main', NEW, clock=DAY)
    assert r.decision == 'swap', str(r)
    golden, models = tmp_path/'pilot/golden/golden.jsonl', tmp_path/'models.yaml'
    kept = golden.read_bytes(), models.read_bytes()
    golden.write_bytes(kept[0].replace(b'message 7:', b'message 7 :'))
    with pytest.raises(LockMismatch, match='golden set changed'): apply_swap(settings, r, 'Erik Holm')
    golden.write_bytes(kept[0])
    models.write_bytes(kept[1] + b'# a word\n')
    with pytest.raises(LockMismatch, match=r'models.yaml changed'): apply_swap(settings, r, 'Erik Holm')
    models.write_bytes(kept[1])
    with pytest.raises(LockMismatch, match='cannot tell'):
        apply_swap(settings, r.model_copy(update=dict(checks=tuple(c.model_copy(update=dict(verdict='unknown')) for c in r.checks))), 'Erik Holm')
    apply_swap(settings, r, 'Erik Holm', clock=DAY)
    models.write_bytes(models.read_bytes().replace(NEW.encode(), b'openai/o-2026-03-01'))
    with pytest.raises(LockMismatch, match='by hand'): undo_swap(settings, 'Erik Holm')


def test_swaps_are_taken_back_one_after_the_other(tmp_path):
    settings = build(tmp_path, 'http://127.0.0.1:9/v1')
    first = read_models_text(settings)
    for n, tier, model in ((1, 'main', 'openai/a'), (2, 'words', 'local/extract'), (3, 'main', 'openai/b')):
        text = read_models_text(settings)
        new, changes = edit_tier(text, tier, {'litellm_params.model': model})
        write_models_text(settings, text, new)
        line = dict(at=f'2026-06-0{n}', action='swap', tier=tier, changes=[c.model_dump() for c in changes], by='Ann Example')
        append_line(tmp_path/'pilot/swaps.jsonl', line)
    assert [undo_swap(settings, 'Ann Example', t, DAY).changes[0].before for t in ('main', '', 'main')] == ['openai/b', 'local/extract', 'openai/a']
    assert read_models_text(settings) == first
    with pytest.raises(InputError, match='to take back'): undo_swap(settings, 'Ann Example')
    with pytest.raises(Busy, match='changed since'): write_models_text(settings, first + '#', first)


# models.yaml stays the file that people wrote

names = st.text('abcxyz-_0189', min_size=1, max_size=8).filter(lambda o: not re.fullmatch(r'[\d_.-]+', o))
models = st.from_regex(r'[a-z]{2,6}/[a-z][a-z0-9.:@-]{0,14}[a-z0-9]', fullmatch=True)
words = st.text(st.characters(codec='utf-8', exclude_categories=('C', 'Z')) | st.just(' '), max_size=20)


@st.composite
def files(draw):
    tiers = draw(st.lists(names, min_size=1, max_size=4, unique=True))
    end, lines = draw(st.sampled_from(['\n', '\r\n'])), [f'# {draw(words)}', 'model_list:']
    for t in tiers:
        quote, model, note = draw(st.sampled_from(['', '"', "'"])), draw(models), draw(words)
        value = f'{quote}{model}{quote}' if quote or ':' not in model[-1:] else f'"{model}"'
        if draw(st.booleans()): lines += [f'  - {{model_name: "{t}", litellm_params: {{model: {value}, rpm: 3}}}}   # {note}']
        else: lines += [f'  - model_name: "{t}"   # {note}', '    litellm_params:', f'      model: {value}  # {note}', '      rpm: 3', '']
    return end.join(lines) + end, draw(st.sampled_from(tiers))


@rules(max_examples=150, deadline=None)
@given(files(), models)
def test_one_value_changes_and_nothing_else(made, model):
    text, tier = made
    new, changes = edit_tier(text, tier, {'litellm_params.model': model})
    differ = [(a, b) for a, b in zip(text.splitlines(keepends=True), new.splitlines(keepends=True), strict=True) if a != b]
    assert len(differ) == len(changes) <= 1
    for a, b in differ: assert a.partition('model: ')[0] == b.partition('model: ')[0] and a.rpartition('#')[2] == b.rpartition('#')[2]
    read = {e['model_name']: e['litellm_params'] for e in load_yaml(new)['model_list']}
    assert read.pop(tier) == {'model': model, 'rpm': 3}
    assert read == {e['model_name']: e['litellm_params'] for e in load_yaml(text)['model_list'] if e['model_name'] != tier}
    assert edit_tier(new, tier, {c.key: c.before for c in changes})[0] == text


@pytest.mark.parametrize('text', [
    'model_list:\n  - {model_name: a, litellm_params: {model: &m x/y}}\n  - {model_name: b, litellm_params: {model: *m}}\n',
    'model_list:\n  - {model_name: b, litellm_params: &p {model: x/y}}\n  - {model_name: a, litellm_params: *p}\n',
    'base: &p {model: x/y}\nmodel_list:\n  - {model_name: a, litellm_params: {<<: *p, rpm: 3}}\n',
    'model_list:\n  - model_name: a\n    litellm_params:\n      model: |\n        x/y\n',
    'model_list:\n  - model_name: a\n    litellm_params: {}\n'])
def test_a_value_that_is_not_the_entrys_own_is_not_touched(text):
    with pytest.raises(InputError, match='by hand|on one'): edit_tier(text, 'a', {'litellm_params.model': 'x/z'})


def test_what_was_asked_when_the_money_ended_is_a_fair_sample(tmp_path):
    with Provider() as server:
        r = swap_model(build(tmp_path, server.base, price='10', rows=100), 'main', NEW, max_usd=Decimal('0.05'), clock=DAY)
        asked = {number(o['messages']) for o in server.seen}
    assert len(asked) == r.features['triage'].asked and max(asked) > len(asked), 'not the first rows of the file'


# models that are about to end

ENDING = 'openai/gpt-4o-mini-2024-07-18'   # 2027-01-14 in the bundled list


def soon(root, day): return [(o.model, o.days, o.severity, o.used_by) for o in status(load_settings(root, env={}), fixed_clock(day)).ending]


def test_an_end_is_told_sixty_days_ahead(tmp_path):
    build(tmp_path, 'http://127.0.0.1:9/v1')
    write_atomic(tmp_path/'models.yaml', f'model_list:\n  - {{model_name: mini, litellm_params: {{model: {ENDING}}}}}\n')
    prompt = PROMPT.format(version='2.0.0', words='Second try.').replace('local/fewshot', ENDING)
    write_atomic(tmp_path/'pilot/prompts/triage@2.0.0.md', prompt)
    lock_prompts(tmp_path)   # a candidate; it is not in production
    assert soon(tmp_path, '2026-11-14') == []
    assert soon(tmp_path, '2026-11-15') == [(ENDING, 60, 'warning', ('tier mini',))]
    lock = json.loads((tmp_path/'pilot/prompts/prompts.lock').read_text())
    lock['prompts']['triage']['aliases'] = {'production': '2.0.0'}
    write_atomic(tmp_path/'pilot/prompts/prompts.lock', json.dumps(lock))
    assert soon(tmp_path, '2027-01-20') == [(ENDING, -6, 'error', ('tier mini', 'prompt triage@2.0.0'))]
    said = str(status(load_settings(tmp_path, env={}), fixed_clock('2027-01-20')))
    assert 'error: openai/gpt-4o-mini-2024-07-18 was to be switched off on 2027-01-14, 6 days ago' in said
    write_atomic(tmp_path/'models.yaml', 'model_list: 3\n')   # told where it is used; here the rest is still looked at
    assert soon(tmp_path, '2027-01-20') == [(ENDING, -6, 'error', ('prompt triage@2.0.0',))]


def test_status_tells_an_end_as_json_and_loads_nothing_heavy(tmp_path, capsys):
    build(tmp_path, 'http://127.0.0.1:9/v1')
    write_atomic(tmp_path/'models.yaml', 'model_list:\n  - {model_name: old, litellm_params: {model: azure/gpt-4-32k-0613}}\n')   # ended in 2025
    assert main(['status', '--json', '--pilot', str(tmp_path)]) == 0
    assert [(o['model'], o['ends']) for o in json.loads(capsys.readouterr().out)['ending']] == [('azure/gpt-4-32k-0613', '2025-06-06')]
    heavy = ('litellm', 'mlflow', 'great_expectations', 'presidio_analyzer', 'spacy', 'sklearn', 'pandas', 'numpy', 'papermill')
    code = f"import sys; from pilot_to_prod.cli.app import main; main(['status', '--pilot', {str(tmp_path)!r}])"
    code += f'; print(*[o for o in {heavy} if o in sys.modules])'
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == '' and 'error: azure/gpt-4-32k-0613' in done.stdout, done.stdout + done.stderr


def test_a_damaged_log_of_swaps_is_named(tmp_path):
    settings = build(tmp_path, 'http://127.0.0.1:9/v1')
    write_atomic(tmp_path/'pilot/swaps.jsonl', '{"at": "2026"}\n')
    with pytest.raises(PilotError, match='swaps.jsonl'): open_swaps(settings)
