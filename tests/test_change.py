"""The change report against other judges: a JSON-schema validator, an HTML parser, and the texts themselves."""
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pilot_to_prod.prompts.change import ChangeReport, compare_prompts, next_version
from pilot_to_prod.prompts.compat import schema_changes
from pilot_to_prod.prompts.diff import diff_text, only_typos, word_diff
from pilot_to_prod.prompts.parse import Example, Prompt, Turn, Variable, canonical
from pilot_to_prod.prompts.shorten import Shorten

RANK = {'none': 0, 'patch': 1, 'minor': 2, 'major': 3}
NAMES = ('a', 'b', 'c')
LABELS = ('x', 'y', 'z', 1, None, True)
SCALARS = ('x', 'y', 'long text', '2026-01-01', '', 0, 1, 2, 7, 0.5, -3, True, False, None)

limits = st.fixed_dictionaries({}, optional=dict(minimum=st.integers(0, 2), maximum=st.integers(1, 7)))
words = st.fixed_dictionaries({}, optional=dict(minLength=st.integers(0, 2), maxLength=st.integers(1, 9), pattern=st.sampled_from(['^x', 't$'])))
leaf = st.one_of(
    words.map(lambda o: {'type': 'string', **o}), limits.map(lambda o: {'type': 'integer', **o}), limits.map(lambda o: {'type': 'number', **o}),
    st.just({'type': 'boolean'}), st.just({'type': 'null'}), st.just({}), st.just(True),
    st.lists(st.sampled_from(LABELS), min_size=1, max_size=4, unique_by=lambda o: json.dumps(o)).map(lambda o: {'enum': o}),
    st.sampled_from(LABELS).map(lambda o: {'const': o}), st.just({'type': ['string', 'null']}),
    st.just({'anyOf': [{'type': 'integer', 'maximum': 3}, {'type': 'null'}]}), st.just({'oneOf': [{'type': 'string'}, {'type': 'integer'}]}),
    st.just({'allOf': [{'type': 'integer'}, {'minimum': 1}]}), st.just({'type': 'string', 'not': {'enum': ['x']}}))


def objects(inner):
    made = st.tuples(st.dictionaries(st.sampled_from(NAMES), inner, max_size=3), st.sets(st.sampled_from(NAMES)), st.sampled_from([None, False, True]))
    return made.map(lambda o: {'type': 'object', 'properties': o[0], 'required': sorted(o[1] & set(o[0])),
                               **({} if o[2] is None else {'additionalProperties': o[2]})})


def arrays(inner):
    return st.tuples(inner, st.sampled_from([{}, {'maxItems': 1}, {'minItems': 1}, {'uniqueItems': True}])).map(
        lambda o: {'type': 'array', 'items': o[0], **o[1]})


schemas = objects(st.recursive(leaf, lambda inner: st.one_of(objects(inner), arrays(inner)), max_leaves=5))
values = st.recursive(st.sampled_from(SCALARS),
                      lambda inner: st.one_of(st.dictionaries(st.sampled_from(NAMES), inner, max_size=3), st.lists(inner, max_size=2)),
                      max_leaves=6)
answers = st.lists(st.dictionaries(st.sampled_from(NAMES), values, max_size=3), min_size=8, max_size=8)


def declared(value, schema):
    """An answer as a reader of this schema sees it: fields that it does not declare are passed over."""
    if isinstance(value, dict) and isinstance(schema, dict) and 'properties' in schema:
        return {k: declared(v, schema['properties'][k]) for k, v in value.items() if k in schema['properties']}
    if isinstance(value, list) and isinstance(schema, dict):
        return [declared(v, schema.get('items', {})) for v in value]
    return value


def fits(value, schema):
    return Draft202012Validator(schema).is_valid(value)


@settings(max_examples=300)
@given(schemas, schemas, answers, st.integers(0, 3))
def test_no_broken_reader_goes_unsaid(old, new, told, near):
    """An answer that one version gives and the other does not take is a major change, and the report says whose."""
    if near:   # mostly the same schema with one part exchanged, which is what people do
        fields = {**old['properties'], **dict(list(new['properties'].items())[:1])}
        new = {**old, 'properties': fields, 'required': [k for k in (new if near == 1 else old)['required'] if k in fields]}
    found = schema_changes(old, new)
    hurt = {o for c in found for o in ({'caller', 'archive'} if c.breaks == 'both' else {c.breaks} - {''})}
    for value in told:
        if fits(value, new) and not fits(declared(value, old), old):
            assert 'caller' in hurt, (value, found)
        kept = declared(value, old)
        if fits(kept, old) and not fits(kept, new):
            assert 'archive' in hurt, (kept, found)


@settings(max_examples=100)
@given(schemas, schemas, schemas)
def test_two_harmless_steps_make_no_harmful_one(a, b, c):
    assert schema_changes(a, a) == []
    first, second, both = ({o.needs for o in schema_changes(x, y)} for x, y in ((a, b), (b, c), (a, c)))
    if 'major' in both:
        assert 'major' in first | second
    assert bool(schema_changes(a, b)) == bool(schema_changes(b, a))


def recursive(depth):
    """Classes that all refer to each other; a walk that forgot where it was would never end."""
    names = [f'N{i}' for i in range(depth)]
    return {'$defs': {n: {'type': 'object', 'properties': {m: {'$ref': f'#/$defs/{m}'} for m in names} | {'v': {'type': 'string'}}} for n in names},
            '$ref': '#/$defs/N0'}


def test_classes_that_refer_to_each_other_end():
    old, new = recursive(12), recursive(12)
    new['$defs']['N7']['properties']['v'] = {'type': 'integer'}
    assert schema_changes(old, old) == []
    assert [c.what for c in schema_changes(old, new)] == ['retyped']


BASE = Prompt(
    name='triage', version='1.2.3', owner='Ann Example', models=('local/fewshot', 'openai/gpt-4o-mini-2024-07-18'), max_tokens=60, path=Path('t.md'),
    schema_ref='inline', schema_text=json.dumps(dict(type='object', properties=dict(intent=dict(enum=['card', 'loan'])), required=['intent'])),
    inputs=(Variable(name='text', max_tokens=500), Variable(name='documents')), examples=(Example(user='Lost', assistant='card'),),
    turns=(Turn(role='system', text='Choose a label of this list:\n- card: cards\n- loan: loans\n- rest: others'),
           Turn(role='user', text='{{documents}}\n{{text}}')))
OTHER = dict(type='object', properties=dict(intent=dict(enum=['card', 'loan', 'fraud'])), required=['intent'])
MUTATIONS = {   # every field of a version that has a meaning, mutated alone, and the class that the rule gives it
    'owner': (dict(owner='Bo Example'), 'patch'),
    'model gone': (dict(models=BASE.models[:1]), 'major'),
    'model added': (dict(models=(*BASE.models, 'local/intent')), 'minor'),
    'floating allowed': (dict(allow_floating=('gpt-4o',)), 'minor'),
    'temperature': (dict(temperature=0.3), 'minor'),
    'max_tokens': (dict(max_tokens=61), 'minor'),
    'top_p': (dict(top_p=0.9), 'minor'),
    'seed': (dict(seed=7), 'minor'),
    'stop': (dict(stop=('\n',)), 'minor'),
    'schema given up': (dict(schema_ref='', schema_text=''), 'major'),
    'label added': (dict(schema_text=json.dumps(OTHER)), 'major'),
    'variable gone': (dict(inputs=BASE.inputs[1:]), 'major'),
    'variable added': (dict(inputs=(*BASE.inputs, Variable(name='locale'))), 'major'),
    'variable renamed': (dict(inputs=(Variable(name='message', max_tokens=500), BASE.inputs[1])), 'major'),
    'variable retyped': (dict(inputs=(Variable(name='text', max_tokens=500, type='list'), BASE.inputs[1])), 'major'),
    'budget lowered': (dict(inputs=(Variable(name='text', max_tokens=499), BASE.inputs[1])), 'major'),
    'budget raised': (dict(inputs=(Variable(name='text', max_tokens=501), BASE.inputs[1])), 'minor'),
    'choices narrowed': (dict(inputs=(Variable(name='text', max_tokens=500, choices=('a', 'b')), BASE.inputs[1])), 'major'),
    'cut instead of refused': (dict(inputs=(Variable(name='text', max_tokens=500, truncate='tail'), BASE.inputs[1])), 'minor'),
    'validators': (dict(schema_code='a'*64), 'major'),
    'includes': (dict(includes=(('rules.md', 'b'*64),)), 'patch'),
    'documents gone': (dict(inputs=BASE.inputs[:1]), 'minor'),
    'example value': (dict(inputs=(Variable(name='text', max_tokens=500, example='hi'), BASE.inputs[1])), 'patch'),
    'few-shot': (dict(examples=()), 'minor'),
    'few-shot text': (dict(examples=(Example(user='Lost!', assistant='card'),)), 'minor'),
    'file of examples': (dict(pool=(Example(user='Hi', assistant='rest'),), pool_sha256='c'*64), 'minor'),
    'shortening': (dict(shorten=Shorten(examples=3)), 'minor'),
    'role': (dict(turns=(Turn(role='user', text=BASE.turns[0].text), BASE.turns[1])), 'minor'),
    'word': (dict(turns=(BASE.turns[0], Turn(role='user', text='{{documents}}\nNow: {{text}}'))), 'minor'),
    'negation': (dict(turns=(Turn(role='system', text=BASE.turns[0].text.replace('Choose', 'Never choose')), BASE.turns[1])), 'minor'),
    'blanks': (dict(turns=(BASE.turns[0], Turn(role='user', text='{{documents}}\n\n{{text}}'))), 'patch'),
    'label of the text': (dict(turns=(Turn(role='system', text=BASE.turns[0].text.replace('rest', 'fraud')), BASE.turns[1])), 'major'),
}


@pytest.mark.parametrize('what', MUTATIONS)
def test_each_field_alone_is_seen_and_classed(what):
    fields, needs = MUTATIONS[what]
    report = compare_prompts(BASE, BASE.model_copy(update=dict(version='9.0.0', **fields)))
    assert report.changes and report.needs == needs, str(report)
    for version in ('1.2.4', '1.3.0', '2.0.0'):
        report = compare_prompts(BASE, BASE.model_copy(update=dict(version=version, **fields)))
        assert report.enough == (RANK[report.bump] >= RANK[needs])
        assert report.wanted == next_version('1.2.3', needs)


changed = st.sets(st.sampled_from(sorted(MUTATIONS)), max_size=3)


def mutated(names):
    return BASE.model_copy(update={k: v for n in sorted(names) for k, v in MUTATIONS[n][0].items()} | {'version': '2.0.0'})


@given(changed, changed)
def test_the_class_is_the_largest_and_the_same_version_shows_nothing(a, b):
    old, new = mutated(a), mutated(b)
    report = compare_prompts(old, new)
    assert RANK[report.needs] == max((RANK[c.needs] for c in report.changes), default=0)
    assert compare_prompts(old, old).changes == () and compare_prompts(old, old).needs == 'none'
    assert bool(report.changes) == any(getattr(old, f) != getattr(new, f) for f in Prompt.model_fields)
    assert ChangeReport(**report.model_dump()) == report


def test_whatever_is_hashed_is_compared():
    """Each part of the canonical form is exchanged by one of the mutations, so a field that is hashed one day and never compared is found here."""
    kept, moved = canonical(BASE), set()
    for name in MUTATIONS:
        new = canonical(mutated([name]))
        moved |= {k for k in {*kept, *new} if kept.get(k) != new.get(k)}
    assert moved >= set(kept) - {'name'}


texts = st.text(st.sampled_from('ab \n\t{}x<&`|'), max_size=40)


@given(texts, texts)
def test_the_pieces_are_the_two_texts(before, after):
    pieces = word_diff(before, after)
    assert ''.join(t for k, t in pieces if k != 'new') == before and ''.join(t for k, t in pieces if k != 'gone') == after
    assert (before == after) == all(k == 'same' for k, _ in pieces)
    assert not only_typos(before, after) or before.split() != after.split() or before == after or len(before.split()) == len(after.split())


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen, self.text = [], ''

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, tuple(sorted(k for k, _ in attrs))))

    def handle_data(self, data):
        self.text += data


ALLOWED = {'p', 'b', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'pre', 'del', 'ins', 'sup', 'code', 'i'}
hostile = st.lists(st.sampled_from(
    list('<>&"\'`/=[]()!@#|*_~-+ \n\u202e\u200b\x1b') + ['<script>', '</pre>', '```', '~~~', 'onload=', '![x](y)']), max_size=30).map(''.join)


@given(hostile, hostile)
def test_a_prompt_never_becomes_markup(before, after):
    old, new = (BASE.model_copy(update=dict(version=v, owner=t or 'x', turns=(Turn(role='user', text=t or 'x'),), examples=(Example(user=t, assistant=t),)))
                for v, t in (('1.0.0', before), ('2.0.0', after)))
    report = compare_prompts(old, new)
    page = Tags()
    page.feed(report._repr_html_())
    assert {t for t, _ in page.seen} <= ALLOWED and {a for _, attrs in page.seen for a in attrs} <= {'style', 'title', 'aria-hidden'}
    assert not {'\u202e', '\u200b', '\x1b'} & set(report._repr_html_() + report.markdown())
    lines = report.markdown().split('\n')
    fences = [n for n, line in enumerate(lines) if line.startswith('```')]
    if fences:   # the fence is longer than any run of ticks in it, so only its own end closes it
        tick = lines[fences[0]].removesuffix('text')
        assert [n for n, line in enumerate(lines) if line.strip() == tick] == [len(lines) - 2]


def test_long_prompts_are_compared_at_once():
    old = '\n'.join(f'{n}. Rule number {n} says that label {n} is for message {n}.' for n in range(5_000))
    new = old.replace('label 77 ', 'queue 77 ').replace('Rule number 4000', 'Rule no. 4000')
    pieces = word_diff(old, new)
    assert diff_text(pieces, around=0).count('{+') == 2
