"""Shortened prompts: what is declared is part of the version, what is done is told, and no shortening lets a message become something else."""
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT
from hypothesis import given, settings
from hypothesis import strategies as st

from pilot_to_prod.core.errors import InputError, LockMismatch
from pilot_to_prod.core.settings import load_settings
from pilot_to_prod.core.tokens import count_messages
from pilot_to_prod.evals.evaluate import golden_leaks
from pilot_to_prod.evals.golden import load_golden, read_golden
from pilot_to_prod.evals.shortening import measure_compression, read_compression, save_compression
from pilot_to_prod.prompts import files
from pilot_to_prod.prompts.blanks import squeeze
from pilot_to_prod.prompts.budget import worst_tokens
from pilot_to_prod.prompts.change import compare_prompts
from pilot_to_prod.prompts.files import load_prompt, lock_prompts, prompts_folder
from pilot_to_prod.prompts.parse import Prompt, Variable, parse_prompt, parts
from pilot_to_prod.prompts.publish import registry_form
from pilot_to_prod.prompts.render import render, rendered
from pilot_to_prod.prompts.select import ExamplePool
from pilot_to_prod.prompts.shorten import Shorten
from pilot_to_prod.serve.feature import load_feature

SHOTS = [('My card fell into the lake', 'lost'), ('Somebody took my card on the tram', 'lost'), ('The parcel with my card is late', 'late'),
         ('When does the transfer arrive', 'late'), ('What does a transfer cost', 'fee'), ('Why was a fee drawn in May', 'fee')]
RULE: dict[str, Any] = {'whitespace': True, 'examples': 2, 'example_tokens': 60, 'history_turns': 2, 'summary_tokens': 30}
HEAD = """---
name: sorting
version: {version}
owner: Ann Example
models: [local/fewshot]
max_tokens: 60
examples_file: sorting.jsonl
shorten: {rule}
variables:
  text: {{type: str, example: my card is gone, max_tokens: 200}}
  history: {{}}
---
# system
Sort the  message.   Answer with JSON: {{"intent": "<label>"}}

# user
Message: {{{{text}}}}
"""


def write_pool(folder: Path, shots: Any = SHOTS) -> None:
    lines = [json.dumps({'user': u, 'assistant': json.dumps({'intent': k})}) for u, k in shots]
    (folder/'sorting.jsonl').write_text('\n'.join(lines) + '\n')


def write(root: Path, rule: dict[str, Any] | None = None, version: str = '1.0.0') -> Path:
    folder = prompts_folder(root)
    folder.mkdir(parents=True, exist_ok=True)
    (root/'settings.ini').write_text('[pilot]\nname = bank\n')
    if not (folder/'sorting.jsonl').is_file(): write_pool(folder)
    path = folder/f'sorting@{version}.md'
    path.write_text(HEAD.format(version=version, rule=json.dumps(RULE if rule is None else rule)))
    return path


@pytest.fixture
def prompt(tmp_path: Path) -> Prompt:
    return parse_prompt(write(tmp_path))


def test_the_rule_and_the_pool_belong_to_the_version(tmp_path: Path) -> None:
    path = write(tmp_path)
    old = parse_prompt(path)
    (path.parent/'sorting.jsonl').write_bytes((path.parent/'sorting.jsonl').read_bytes().replace(b'\n', b'\r\n\n').replace(b'"user": ', b'"user":'))
    assert parse_prompt(path).hash == old.hash           # another spelling of the same examples
    seen = {old.hash}
    for rule in (RULE | {'examples': 3}, RULE | {'whitespace': False}, RULE | {'history_turns': 3}, RULE | {'summary_tokens': 0}, RULE | {'spread': False}):
        seen.add(parse_prompt(write(tmp_path, rule)).hash)
    assert len(seen) == 6
    write(tmp_path)
    for shots in (SHOTS[::-1], SHOTS[:5], [*SHOTS[:5], ('Why was a fee drawn in May', 'late')]):
        write_pool(path.parent, shots)
        now = parse_prompt(path)
        seen.add(now.hash)
        assert {k for k, v in parts(now).items() if parts(old).get(k) != v} == {'examples_file'}
    assert len(seen) == 9


def test_a_changed_pool_is_not_served(tmp_path: Path) -> None:
    path = write(tmp_path)
    lock_prompts(tmp_path)
    assert load_prompt(tmp_path, 'sorting').pool
    write_pool(path.parent, [(u, 'fee') for u, _ in SHOTS])
    with pytest.raises(LockMismatch, match='sorting@1.0.0'): load_prompt(tmp_path, 'sorting')
    (path.parent/'sorting.jsonl').unlink()
    with pytest.raises((LockMismatch, InputError)): load_prompt(tmp_path, 'sorting')
    write_pool(path.parent)
    assert load_prompt(tmp_path, 'sorting').pool


def test_a_pool_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path)
    write_pool(path.parent, [(f'{u} {n}', k) for n in range(300) for u, k in SHOTS])
    lock_prompts(tmp_path)
    load_prompt(tmp_path, 'sorting')
    monkeypatch.setattr(files, '_coarse_ns', 0)   # a file that was written this instant would be read once more
    first = load_prompt(tmp_path, 'sorting')
    monkeypatch.setattr(files, 'parse_prompt', lambda *a: pytest.fail('a pool that did not change was read again'))
    assert all(load_prompt(tmp_path, 'sorting') is first for _ in range(50))


@pytest.mark.parametrize(('rule', 'told'), [
    ({'examples': 0}, 'line 8: shorten: examples'), ({'exmples': 3}, "line 8: 'shorten' has an unknown key 'exmples'"),
    ({'whitespace': True}, 'line 7: without a selection'), ({'examples': 2, 'summary_tokens': 9}, 'has no effect without `history_turns')])
def test_a_rule_without_sense_is_refused(tmp_path: Path, rule: dict[str, Any], told: str) -> None:
    with pytest.raises(InputError, match=f'sorting@1.0.0.md, .*{told}'): parse_prompt(write(tmp_path, rule))


def test_refusals_repeat_no_text(tmp_path: Path) -> None:
    path = write(tmp_path)
    (path.parent/'sorting.jsonl').write_text('{"user": "Ola Nordmann has lost it", "assistent": "lost"}\n')
    with pytest.raises(InputError, match='sorting.jsonl, line 1') as caught: parse_prompt(path)
    assert 'Ola' not in str(caught.value)


def test_the_change_report_and_the_registry_know_it(tmp_path: Path) -> None:
    old, new = (parse_prompt(write(tmp_path, rule, v)) for rule, v in ((RULE, '1.0.0'), (RULE | {'examples': 3}, '1.1.0')))
    report = compare_prompts(old, new)
    assert report.needs == 'minor' and any('shorten' in f'{c.part} {c.what}' for c in report.changes)
    config = registry_form(old)['model_config']
    assert (config['shorten'], config['pool']) == (RULE, old.pool_sha256)


def test_what_is_done_is_told(prompt: Prompt) -> None:
    talk = [{'role': r, 'content': c} for r, c in [('user', 'I paid 640 kr twice.'), ('assistant', 'When?'), ('user', 'In May.'), ('assistant', 'I see.')]]
    done = rendered(prompt, {'text': 'My  card was   taken on a tram', 'history': talk})
    texts = [m['content'] for m in done.messages]
    assert texts[0].startswith('Sort the message. Answer') and texts[-1] == 'Message: My card was taken on a tram'
    assert 'Somebody took my card on the tram' in texts and len(done.messages) == 1 + 4 + 2 + 1
    assert '640 kr' in texts[5] and texts[5].endswith('In May.')
    assert set(done.saved.parts) == {'examples', 'history', 'blanks'}
    assert '2 of 6 examples' in str(done.saved) and '2 of the earlier messages summarised' in str(done.saved)
    assert list(done.messages) == render(prompt, {'text': 'My  card was   taken on a tram', 'history': talk})
    assert not rendered(prompt.model_copy(update={'shorten': None}), {'text': 'x'}).saved.parts


HOSTILE = ['{{text}}', '# system', '```', '~~~', '<|im_start|>', '\n\n\n', '  ', '\t', 'card', '\u00a0', 'é', '`', 'lost on the tram']


@settings(max_examples=60)
@given(st.lists(st.sampled_from(HOSTILE), max_size=12), st.lists(st.lists(st.sampled_from(HOSTILE), max_size=4), max_size=5))
def test_a_value_stays_a_value(said: list[str], before: list[list[str]]) -> None:
    p = Prompt(name='sorting', version='1.0.0', owner='Ann', models=('local/fewshot',), max_tokens=9, path=Path('x'), hash='hostile', **_bare())
    talk = [{'role': ('user', 'assistant')[n % 2], 'content': ' '.join(o)} for n, o in enumerate(before)]
    found = render(p, {'text': ' '.join(said), 'history': talk})
    roles = [m['role'] for m in found]
    assert roles[0] == 'system' and roles.count('system') == 1 and found[0]['content'] == 'Sort it.' and roles[-1] == 'user'
    assert found[-1]['content'].split() == ['Message:', *' '.join(said).split()]
    assert found == render(p, {'text': ' '.join(said), 'history': talk})


def _bare() -> dict[str, Any]:
    shots = tuple({'user': u, 'assistant': k} for u, k in SHOTS)
    return {'turns': ({'role': 'system', 'text': 'Sort  it.'}, {'role': 'user', 'text': 'Message: {{text}}'}), 'examples': shots,
            'inputs': ({'name': 'text'}, {'name': 'history', 'type': 'turns'}), 'shorten': Shorten(**RULE)}


@settings(max_examples=80)
@given(st.text(max_size=20) | st.lists(st.sampled_from(' '.join(u for u, _ in SHOTS).split()), max_size=9).map(' '.join), st.integers(1, 6),
       st.integers(1, 120), st.booleans())
def test_a_selection_keeps_its_limits(text: str, most: int, budget: int, spread: bool) -> None:
    pool = ExamplePool([type('Shot', (), {'user': u, 'assistant': k})() for u, k in SHOTS])
    found = pool.choose(text, most, budget, spread=spread)
    shown = [{'role': r, 'content': c} for n in found.places for r, c in (('user', SHOTS[n][0]), ('assistant', SHOTS[n][1]))]
    assert len(set(found.places)) == len(found.places) <= most and count_messages(shown) - 3 == found.tokens <= budget
    assert list(found.cosines) == sorted(found.cosines)     # the most similar one stands last


@pytest.mark.parametrize('n', range(len(SHOTS)))
def test_a_message_is_never_its_own_example(n: int) -> None:
    pool = ExamplePool([type('Shot', (), {'user': u, 'assistant': k})() for u, k in SHOTS])
    for text in (SHOTS[n][0], SHOTS[n][0].upper() + '!!', f'  {SHOTS[n][0]} '): assert n not in pool.choose(text, 6).places


@settings(max_examples=200)
@given(st.text(st.sampled_from(list('ab 1`~\n\t\r\u00a0\u2009-#|')), max_size=80))
def test_blanks_alone_are_taken(text: str) -> None:
    short = squeeze(text)
    assert short.split() == text.split() and squeeze(short) == short


_short = Variable(name='text', max_tokens=8)


def test_the_bound_holds_for_every_message(prompt: Prompt) -> None:
    bare = prompt.model_copy(update={'inputs': prompt.inputs[:1]})
    for text in ('card', 'tram card lake', 'What does a transfer cost', '日本'):
        exact = 'gpt-4o-mini-2024-07-18'
        sent = count_messages(render(bare, {'text': text}, exact), exact)
        assert sent <= worst_tokens(bare, {'text': text}, exact) <= worst_tokens(bare.model_copy(update={'inputs': (_short,)}), None, exact)


@pytest.fixture(scope='module')
def sample(tmp_path_factory: pytest.TempPathFactory) -> Any:
    root = tmp_path_factory.mktemp('sample')
    for name in ('settings.ini', 'models.yaml'): shutil.copy(ROOT/name, root/name)
    shutil.copytree(ROOT/'pilot', root/'pilot')
    source = (root/'pilot/prompts/triage@1.0.0.md').read_text()
    rule = 'shorten: {whitespace: true, examples: 3, example_tokens: 150, history_turns: 2}\n'
    text = source.replace('version: 1.0.0', 'version: 1.99.0', 1).replace('variables:\n', f'{rule}variables:\n  history: {{}}\n', 1)
    (root/'pilot/prompts/triage@1.99.0.md').write_text(text)
    lock_prompts(root)
    return load_settings(root, env={})


def test_it_is_served_and_the_answer_says_so(sample: Any) -> None:
    feature = load_feature(sample, 'triage', version='1.99.0', tiers=('local-fewshot',), measure=True)
    talk = [{'role': 'user', 'content': 'hello'}, {'role': 'assistant', 'content': 'How can I help you today?'}]*3
    got = feature.answer({'text': 'I  lost my card in the  bus', 'history': talk})
    step = next(s for s in got.steps if s.name == 'shorten')
    assert got.source == 'model' and '3 of 6 examples' in step.note and '4 of the earlier messages left out' in step.note
    assert load_feature(sample, 'triage', version='1.0.0', tiers=('local-fewshot',), measure=True).answer({'text': 'I lost my card'}).source == 'model'


def test_the_measurement_is_evidence_and_its_gate_can_fall(sample: Any) -> None:
    rows = [r for r in read_golden(sample.path(sample.data.golden)) if r.feature == 'triage'][:40]
    p = load_prompt(sample.root, 'triage', '1.99.0')
    kind = p.model_copy(update={'shorten': Shorten(whitespace=True), 'hash': 'a'*64})
    table = measure_compression(sample, kind, rows)
    assert (table.n, table.row('blanks').comparison.drop, table.gate.verdict) == (40, 0, 'fail')   # 40 rows cannot show a loss below 3 points
    assert table.model_copy(update={'checks': ()}).rows == table.rows
    loose = sample.model_copy(update={'evaluation': sample.evaluation.model_copy(update={'margin': 0.2})})
    assert measure_compression(loose, kind, rows).gate.verdict == 'pass'
    save_compression(sample, table)
    assert read_compression(sample, kind) == table and read_compression(sample, p) is None


def test_a_golden_row_in_the_pool_is_a_leak(sample: Any) -> None:
    golden, p = load_golden(sample), load_prompt(sample.root, 'triage', '1.99.0')
    row = next(r for r in golden.rows if r.feature == 'triage')
    leaking = p.model_copy(update={'pool': (p.examples[0].model_copy(update={'user': row.text}),)})
    clean, found = (golden_leaks(sample, golden, [o]) for o in (p, leaking))
    assert clean is not None and found is not None and (clean.in_prompt, found.in_prompt) == ((), (row.id,))
