"""The request boundary against a provider that fails: every request answered in its deadline, nothing silent, no hidden retry."""
import asyncio, os, subprocess, sys, threading, time
from decimal import Decimal
from pathlib import Path

import pytest
from fault_server import FaultServer

from pilot_to_prod.core.errors import NotConfigured
from pilot_to_prod.core.files import write_atomic
from pilot_to_prod.core.settings import load_settings
from pilot_to_prod.prompts.files import lock_prompts
from pilot_to_prod.serve.budget import spending
from pilot_to_prod.serve.feature import Feature, load_feature
from pilot_to_prod.serve.models import Breaker, breaker_for, model_loop, run_sync, tier_states
from pilot_to_prod.serve.record import find_record, read_records
from pilot_to_prod.serve.switch import set_switch

GOOD, BAD = '{"intent": "card_lost"}', '{"intent": "weather"}'
CARD = {'text': 'I lost my card'}

SETTINGS = '''[pilot]
name = bank
[data]
documents = pilot/documents
[feature.triage]
prompt = triage
tiers = {tiers}
fallback = pilot.feature.by_rule
deadline_s = {deadline}
cache = false
monthly_cap_usd = {cap}
[feature.answer]
prompt = answer
tiers = main
fallback = pilot.feature.by_person
task = answer
retrieve = 2
cache = false
deadline_s = {deadline}
'''
CODE = '''
from typing import Literal
from pydantic import BaseModel
from pilot_to_prod.serve.budget import spending
from pilot_to_prod.serve.feature import Handover
class Triage(BaseModel): intent: Literal["card_lost", "fees", "out_of_scope"]
class Reply(BaseModel):
    answer: str
    citations: list[str]
def by_rule(inputs): return {"intent": "card_lost" if "card" in inputs["text"].lower() else "out_of_scope"}
def by_person(inputs): return Handover(queue="support", owner="Maria Lindqvist")
'''
PROMPT = '''---
name: {name}
version: 1.0.0
owner: Maria Lindqvist
models: [openai/m-2026-01-01]
max_tokens: 60
schema: pilot.feature.{schema}
variables:
  {variable}: {{type: str}}
change: first
---
# system
Answer as JSON. {extra}

# user
{{{{{variable}}}}}
'''


def entry(name: str, base: str, stream: bool = False, price: str = '0') -> str:
    return f'''  - model_name: {name}
    litellm_params: {{model: openai/m-2026-01-01, api_base: "{base}"}}
    model_info:
      {{p2p_region: eu, p2p_stream: {str(stream).lower()}, p2p_input_usd_per_million: "{price}", p2p_output_usd_per_million: "{price}"}}
'''


class Pilot:
    "A small pilot on one or two fault servers."
    def __init__(self, root: Path, main: FaultServer, backup: FaultServer | None = None, *, stream: bool = False, price: str = '0',
                 deadline: float = 4.0, cap: str = '100'):
        self.root, self.main, self.backup = root, main, backup
        models = 'model_list:\n' + entry('main', main.base, stream, price) + (entry('backup', backup.base, stream, price) if backup else '')
        tiers = 'main, backup' if backup else 'main'
        write_atomic(root/'settings.ini', SETTINGS.format(tiers=tiers, deadline=deadline, cap=cap))
        write_atomic(root/'models.yaml', models)
        write_atomic(root/'pilot/feature.py', CODE)
        write_atomic(root/'pilot/documents/cards.md', '---\ndoc_id: cards\ntitle: Lost cards\n---\nWe block a lost card at once.\n')
        write_atomic(root/'pilot/prompts/triage@1.0.0.md', PROMPT.format(name='triage', schema='Triage', variable='text', extra=''))
        write_atomic(root/'pilot/prompts/answer@1.0.0.md', PROMPT.format(name='answer', schema='Reply', variable='question', extra='{{documents}}'))
        lock_prompts(root)
        self.settings = load_settings(root, env={})

    def feature(self, name: str = 'triage', **more: object) -> Feature: return load_feature(self.settings, name, **more)  # type: ignore[arg-type]


@pytest.fixture
def servers():
    with FaultServer(GOOD) as main, FaultServer('{"intent": "fees"}') as backup: yield main, backup


# fault -> outcome of the first tier. A fault that hides in the body counts as an ill tier, not as a bad answer.
FAULTS = {'429': 'rate_limited', '429_retry': 'rate_limited', '500': 'down', '503': 'down', '401': 'denied', '400': 'bad_request', 'reset': 'down',
          'reset_body': 'down', 'malformed': 'down', 'empty': None, 'html': None, 'error_in_200': 'bad_request', 'no_choices': 'empty', 'null': 'empty'}


@pytest.mark.parametrize('stream', [False, True], ids=['plain', 'stream'])
@pytest.mark.parametrize('fault', FAULTS)
def test_each_fault_goes_to_the_next_tier(tmp_path, servers, fault, stream):
    main, backup = servers
    f = Pilot(tmp_path, main, backup, stream=stream).feature()
    main.profile = fault
    a = f.answer(CARD)
    assert (a.source, a.tier, a.value, a.degraded) == ('model', 'backup', {'intent': 'fees'}, True), a.reason
    assert (main.hits, backup.hits) == (1, 1), 'a hidden retry'
    if FAULTS[fault] and not stream: assert a.attempts[0].outcome == FAULTS[fault], a.reason
    assert a.reason.startswith('main: ') and 'injected' not in a.reason
    assert find_record(tmp_path, a.record_id).attempts[0].tier == 'main'


@pytest.mark.parametrize('fault', ['500', 'reset', 'malformed', 'null'])
def test_each_fault_of_the_only_tier_ends_in_the_fallback(tmp_path, servers, fault):
    main, _ = servers
    f = Pilot(tmp_path, main).feature()
    main.profile = fault
    a = f.answer(CARD)
    assert (a.source, a.code, a.value, main.hits) == ('fallback', 'tiers_failed', {'intent': 'card_lost'}, 1)


@pytest.mark.parametrize('fault', ['hang', 'drip'])
def test_slow_tiers_leave_time_for_the_next_and_for_the_fallback(tmp_path, servers, fault):
    main, backup = servers
    f = Pilot(tmp_path, main, backup, deadline=1.0).feature()
    main.profile = fault
    a = f.answer(CARD)
    assert (a.tier, a.attempts[0].outcome, main.hits) == ('backup', 'timeout', 1)
    backup.profile = fault
    a = f.answer(CARD)
    assert (a.source, [o.outcome for o in a.attempts]) == ('fallback', ['timeout', 'timeout'])
    assert a.latency_ms < 1500


@pytest.mark.parametrize('stream', [False, True], ids=['plain', 'stream'])
@pytest.mark.parametrize('says', [BAD, 'Sure! It is card_lost.', GOOD[:-3], '{"intent": "fees", "intent": "card_lost"}', '{"intent": NaN}', '['*390])
def test_wrong_answers_are_asked_again_twice_and_never_more(tmp_path, servers, says, stream):
    main, backup = servers
    f = Pilot(tmp_path, main, backup, stream=stream).feature()
    main.answer = lambda messages: says
    a = f.answer(CARD)
    assert (a.source, a.code, a.corrections, main.hits, backup.hits) == ('fallback', 'invalid_output', 2, 3, 0)
    assert says[:30] not in str(main.seen[1:]) and not f.answer(CARD).attempts[0].outcome == 'breaker_open', 'a wrong answer is no illness'


def test_an_answer_is_corrected_with_its_error(tmp_path, servers):
    main, _ = servers
    main.answer = lambda messages: GOOD if 'refused' in messages[0]['content'] else BAD
    a = Pilot(tmp_path, main).feature().answer(CARD)
    assert (a.value, a.source, a.corrections, main.hits) == ({'intent': 'card_lost'}, 'model', 1, 2)
    assert main.seen[1]['messages'][-1] == main.seen[0]['messages'][-1]


def test_a_stream_is_timed_and_a_cut_one_is_seen(tmp_path, servers):
    main, backup = servers
    f = Pilot(tmp_path, main, backup, stream=True, price='1').feature()
    a = f.answer(CARD)
    assert a.ttft_ms is not None and 0 < a.ttft_ms <= a.latency_ms and (a.tokens_in, a.tokens_out) == (20, 5)
    assert a.cost_usd == Decimal('0.000025')
    main.answer = lambda messages: '{"intent": "fees"} ' + ' ' * 40
    main.profile = 'cut'
    a = f.answer(CARD)
    assert (a.tier, a.attempts[0].outcome) == ('backup', 'cut')
    assert a.attempts[0].cost_usd > Decimal('0.00006'), 'what may have been billed is settled at its worst'


def test_without_usage_the_worst_case_is_settled(tmp_path, servers):
    main, _ = servers
    f = Pilot(tmp_path, main, price='1').feature()
    main.profile = 'no_usage'
    a = f.answer(CARD)
    assert a.tokens_out == 60 and a.cost_usd >= Decimal('0.00006')


def test_the_breaker_rests_and_probes_once(tmp_path, servers):
    main, backup = servers
    f = Pilot(tmp_path, main, backup).feature()
    main.profile = '500'
    for _ in range(3): f.answer(CARD)
    assert [f.answer(CARD).attempts[0].outcome, main.hits] == ['breaker_open', 3]
    breaker: Breaker = breaker_for(f.settings.root, f.tiers[0])
    breaker.until = 0.0
    main.profile, main.delay_s = 'slow', 0.3
    async def burst(): return await asyncio.gather(*(f.aanswer(CARD) for _ in range(20)))
    answers = asyncio.run(burst())
    assert main.hits == 4 and sum(a.tier == 'main' for a in answers) == 1 and all(a.source == 'model' for a in answers)
    assert f.answer(CARD).tier == 'main'


def test_retry_after_is_honoured(tmp_path, servers):
    main, backup = servers
    f = Pilot(tmp_path, main, backup).feature()
    main.profile = '429_retry'
    f.answer(CARD)
    main.profile = 'ok'
    assert [f.answer(CARD).tier, main.hits] == ['backup', 1]
    assert 25 < breaker_for(f.settings.root, f.tiers[0]).until - time.perf_counter() <= 30


def test_200_at_once_never_pass_the_cap(tmp_path, servers):
    main, _ = servers
    main.delay_s = 0.01
    pilot = Pilot(tmp_path, main, price='100', deadline=8.0, cap='0.05')
    f = pilot.feature()
    async def burst(): return await asyncio.gather(*(f.aanswer(CARD, user=f'u{n}') for n in range(200)))
    answers = asyncio.run(burst())
    spent = spending(f.money.ledger, 'triage')[0]
    by_model = [a for a in answers if a.source == 'model']
    assert spent == sum(a.cost_usd for a in answers) <= Decimal('0.05')
    assert 10 <= len(by_model) == main.hits <= 20, 'the cap was filled with money that was never spent, or passed'
    assert {a.code for a in answers if a.source != 'model'} == {'over_cap'} and spending(f.money.ledger, 'triage')[1] == 0
    assert len(list(read_records(tmp_path))) == 200


def test_a_ceiling_acts_before_the_call(tmp_path, servers):
    main, _ = servers
    a = Pilot(tmp_path, main, price='1000').feature().answer(CARD)
    assert (a.source, a.code, main.hits, a.cost_usd) == ('fallback', 'over_ceiling', 0, 0)


@pytest.mark.parametrize('inputs, code', [({'text': ''}, 'empty'), ({'text': ' \n\t'}, 'empty'), ({'text': 'x'*5000}, 'too_large'), ({}, 'bad_input'),
                                          ({'text': 7}, 'bad_input'), ({'text': '\udfff'}, 'bad_input'), ([], 'bad_input')])
def test_what_cannot_be_asked_is_declined_with_a_code(tmp_path, servers, inputs, code):
    main, _ = servers
    a = Pilot(tmp_path, main).feature().answer(inputs)
    assert (a.source, a.code, a.value, main.hits) == ('refusal', code, None, 0)
    assert find_record(tmp_path, a.record_id).code == code


def test_any_openai_compatible_server_serves_both_kinds_of_feature(tmp_path, servers):
    main, _ = servers
    pilot = Pilot(tmp_path, main)
    assert pilot.feature().answer(CARD).source == 'model'
    main.answer = lambda messages: '```json\n{"answer": "At once.", "citations": ["cards"]}\n```'
    a = pilot.feature('answer').answer({'question': 'When is a lost card blocked?'})
    assert (a.source, a.citations, a.documents) == ('model', ('cards',), ('cards',))
    main.answer = lambda messages: '{"answer": "At once.", "citations": ["made_up"]}'
    a = pilot.feature('answer').answer({'question': 'When is a lost card blocked?'})
    assert (a.source, a.handover.owner, a.corrections) == ('human', 'Maria Lindqvist', 2)


def test_the_switch_turns_traffic_within_a_second(tmp_path, servers):
    main, _ = servers
    f = Pilot(tmp_path, main).feature()
    assert f.answer(CARD).source == 'model'
    set_switch(tmp_path, 'triage', True, who='Maria Lindqvist', why='drill')
    f.switch.tick = lambda: time.monotonic() + 1.0
    a = f.answer(CARD)
    assert (a.source, a.code, main.hits) == ('fallback', 'switched_off', 1)
    assert load_feature(f.settings, 'triage', measure=True).answer(CARD).source == 'model', 'measuring passes by the switch'


def test_callers_of_every_kind_leave_nothing_behind(tmp_path, servers):
    main, _ = servers
    f = Pilot(tmp_path, main).feature()
    f.answer(CARD)
    loop = model_loop()
    async def tasks() -> int: return len(asyncio.all_tasks())
    def descriptors() -> int: return len(os.listdir('/proc/self/fd')) if os.path.isdir('/proc/self/fd') else 0
    before, open_before = run_sync(tasks()), descriptors()
    async def inside_a_loop():
        return [f.answer(CARD).source] + [a.source for a in await asyncio.gather(*(f.aanswer(CARD) for _ in range(10)))]  # sync inside a loop, as in Jupyter
    assert set(asyncio.run(inside_a_loop())) == {'model'}
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.extend(f.answer(CARD).source for _ in range(5))) for _ in range(8)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert found == ['model'] * 40 and model_loop() is loop
    assert run_sync(tasks()) <= before + 1 and descriptors() <= open_before + 25


def test_a_cancelled_request_settles_and_frees_the_probe(tmp_path, servers):
    main, _ = servers
    f = Pilot(tmp_path, main, price='10').feature()
    main.profile = 'hang'
    async def give_up():
        task = asyncio.create_task(f.aanswer(CARD))
        while not main.hits: await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError): await task
    asyncio.run(give_up())
    until = time.monotonic() + 5
    while spending(f.money.ledger, 'triage')[1] and time.monotonic() < until: time.sleep(0.01)
    assert spending(f.money.ledger, 'triage')[1] == 0 < spending(f.money.ledger, 'triage')[0]
    assert not breaker_for(f.settings.root, f.tiers[0]).probing


def test_start_up_names_what_is_missing_and_a_tier_that_is_down_only_degrades(tmp_path, servers):
    main, backup = servers
    pilot = Pilot(tmp_path, main, backup)
    text = (tmp_path/'models.yaml').read_text()
    write_atomic(tmp_path/'models.yaml', text.replace('p2p_output_usd_per_million: "0"', 'p2p_tier: a', 1))
    with pytest.raises(NotConfigured, match="tier 'main': no output price"): pilot.feature()
    write_atomic(tmp_path/'models.yaml', text.replace(main.base, 'http://127.0.0.1:9/v1'))
    assert [(s.tier, s.state) for s in tier_states(pilot.settings)] == [('main', 'down'), ('backup', 'ok')]
    a = pilot.feature().answer(CARD)
    assert (a.tier, a.degraded) == ('backup', True) and a.reason.startswith('main: down')


def test_an_unrecorded_answer_is_not_given(tmp_path, servers, monkeypatch):
    main, _ = servers
    f = Pilot(tmp_path, main).feature()
    import sqlite3
    def no_disk(row): raise sqlite3.OperationalError('disk is full')
    monkeypatch.setattr('pilot_to_prod.serve.record._row', no_disk)
    a = f.answer(CARD)
    assert (a.source, a.code, a.value) == ('refusal', 'not_recorded', None)


def test_personal_data_reaches_no_model_and_no_file(tmp_path, servers):
    from pilot_to_prod.data.pii import prepare_spec
    main, _ = servers
    pilot = Pilot(tmp_path, main, deadline=20.0)
    prepare_spec(pilot.settings, by='Maria Lindqvist')
    main.answer = lambda messages: '{"answer": "Noted: ' + messages[-1]['content'].split('.')[0] + '", "citations": []}'
    f = pilot.feature('answer')
    mail, iban = 'ann.lee@example.org', 'DE89370400440532013000'
    a = f.answer({'question': f'My mail is {mail} and my account {iban}. Is a lost card blocked?'}, user=mail)
    assert a.source == 'model' and mail in a.value['answer'] and iban in a.value['answer'], 'the caller gets the values back'
    assert mail not in str(main.seen) and iban not in str(main.seen) and 'lost card blocked' in str(main.seen)
    main.profile = '500'
    assert f.answer({'question': f'Again, my mail is {mail}.'}, user=mail).source == 'human'
    held = [p for p in (tmp_path/'mlruns').rglob('*') if p.is_file()]
    assert held and not [p for p in held for value in (mail, iban) if value.encode() in p.read_bytes()]
    line = find_record(tmp_path, a.record_id)
    assert line.redacted and 'EMAIL' in line.input['question'] and 'EMAIL' in line.output['answer']


def test_a_handling_spec_that_was_changed_stops_the_start(tmp_path, servers):
    from pilot_to_prod.core.errors import LockMismatch
    from pilot_to_prod.data.pii import prepare_spec
    main, _ = servers
    pilot = Pilot(tmp_path, main)
    prepare_spec(pilot.settings, by='Maria Lindqvist')
    spec = tmp_path/'data_audit/pii_spec.yaml'
    write_atomic(spec, spec.read_text().replace('action: surrogate', 'action: mask', 1))
    with pytest.raises(LockMismatch): pilot.feature()


def test_importing_the_boundary_loads_nothing_heavy():
    code = ("import sys, pilot_to_prod.serve.feature; "
            "print([m for m in ('litellm','mlflow','sklearn','numpy','pandas','presidio_analyzer','spacy','jsonschema','httpx') if m in sys.modules])")
    out = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == '[]'
