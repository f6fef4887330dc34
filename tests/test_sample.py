"The sample pilot is what its own pages say it is."
import csv, importlib.util, json, re, sys
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
import pytest, yaml

ROOT = Path(__file__).parent.parent
PILOT = ROOT/'pilot'


def load(name, path):
    "A module from a file that is in no package."
    spec = importlib.util.spec_from_file_location(name, path)
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(name):
    with (PILOT/'data'/name).open(encoding='utf-8', newline='') as f: return list(csv.DictReader(f))


def plain(text): return ' '.join(re.findall(r'\w+', text.lower()))


def words(text): return re.findall(r"[\w']+", text.lower())


@pytest.fixture(scope='module')
def make_log(): return load('sample_make_log', PILOT/'data'/'make_log.py')


@pytest.fixture(scope='module')
def feature(): return load('sample_feature', PILOT/'feature.py')


@pytest.fixture(scope='module')
def log(): return table('support_log.csv')


@pytest.fixture(scope='module')
def golden(): return [json.loads(line) for line in (PILOT/'golden'/'golden.jsonl').read_text(encoding='utf-8').splitlines()]


@pytest.fixture(scope='module')
def pages():
    found = {}
    for path in sorted((PILOT/'documents').glob('*.md')):
        _, head, body = path.read_text(encoding='utf-8').split('---\n', 2)
        found[path.stem] = (yaml.safe_load(head), body)
    return found


@pytest.fixture(scope='module')
def intents(feature): return set(feature.Intent.__args__) - {'out_of_scope'}


def test_generator_reproduces_the_committed_files_byte_for_byte(make_log, tmp_path):
    make_log.main(['--out', str(tmp_path)])
    for name in ('support_log.csv', 'pii_spans.csv', 'customers.csv'): assert (tmp_path/name).read_bytes() == (PILOT/'data'/name).read_bytes(), name


def test_another_seed_gives_another_log(make_log): assert make_log.build(1) != make_log.build(2)


def test_log_has_the_size_and_intents_that_it_should(log, intents):
    counts = Counter(r['intent'] for r in log if r['intent'])
    assert 1600 <= len(log) <= 2000 and len(counts) >= 22 and set(counts) == intents
    assert min(counts.values()) >= 25 and max(counts.values()) <= 150
    assert len({r['message_id'] for r in log}) == len(log)
    assert [r['ts'] for r in log] == sorted(r['ts'] for r in log)


def test_planted_faults_are_there_in_their_number(log, make_log):
    planted, first = make_log.PLANTED, make_log.FIRST_DAY
    assert sum(r['intent'] == '' for r in log) == planted['no_label']
    assert sum(r['text'] == '' for r in log) == planted['no_text']
    assert sum(r['text'] != '' and not r['text'].strip() for r in log) == planted['blank_text']
    assert sum(r['customer_id'] == '' for r in log) == planted['no_customer']
    assert sum('Ã' in r['text'] for r in log) == planted['broken_letters']
    old = [r for r in log if datetime.fromisoformat(r['ts']) < first]
    assert len(old) == planted['stale'] == sum(r['channel'] == 'legacy' for r in log)
    assert all(datetime.fromisoformat(r['ts']) < first + timedelta(weeks=make_log.WEEKS) for r in log)
    texts = Counter((r['customer_id'], r['channel'], r['text'], r['intent']) for r in log if r['text'].strip())
    assert sum(n - 1 for n in texts.values()) == planted['duplicate']


def test_a_few_customers_have_left_the_register(log, make_log):
    register = [r['customer_id'] for r in table('customers.csv')]
    assert len(set(register)) == len(register) == len(make_log.CUSTOMERS) - make_log.LEFT
    gone = Counter(r['customer_id'] for r in log if r['customer_id'] and r['customer_id'] not in register)
    assert len(gone) == make_log.LEFT and 10 <= sum(gone.values()) <= 40
    assert set(table('customers.csv')[0]) == {'customer_id', 'segment', 'language', 'signs_in_by', 'customer_since', 'changed'}     # no names


def test_wrong_labels_are_planted(make_log):
    phrasings = make_log.tomllib.loads((PILOT/'data'/'phrasings.toml').read_text(encoding='utf-8'))
    clean = Counter(r.intent for r in make_log.messages(phrasings, make_log.random.Random(make_log.SEED)))
    assert clean == {k: v['rows'] for k, v in phrasings.items() if k != 'slots'}
    row = make_log.Row(make_log.FIRST_DAY, 'C1', 'chat', 'x', 'card_lost')
    assert make_log.damage(row, 'wrong_label', None).intent == 'unknown_payment'
    with pytest.raises(ValueError): make_log.damage(row, 'no_such_fault', None)


def test_readme_tells_the_true_counts(log, make_log):
    text = (PILOT/'data'/'README.md').read_text(encoding='utf-8')
    names = {'Sent twice': 'duplicate', 'No label': 'no_label', 'No text': 'no_text', 'Only spaces': 'blank_text',
             'No customer': 'no_customer', 'Stale': 'stale', 'Wrong label': 'wrong_label', 'Broken letters': 'broken_letters'}
    for told, fault in names.items(): assert f'| {told} | {make_log.PLANTED[fault]} |' in text
    counts = Counter(r['intent'] for r in log if r['intent'])
    assert f'{len(log):,} messages' in text and f'between {min(counts.values())} and {max(counts.values())} rows each' in text
    assert f"{len(table('customers.csv'))} customers" in text
    assert f"| Personal data | {len({s['message_id'] for s in table('pii_spans.csv')})} |" in text
    assert f"{len(table('out_of_scope.csv'))} hand-written messages" in text


def luhn_ok(number):
    digits = [int(d) for d in reversed(number)]
    return sum(d if i % 2 == 0 else d*2 - 9*(d > 4) for i, d in enumerate(digits)) % 10 == 0


def iban_ok(iban): return int(''.join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


def test_checksum_helpers_can_fail():
    assert luhn_ok('4111111111111111') and not luhn_ok('4111111111111112')
    assert iban_ok('GB82WEST12345698765432') and not iban_ok('GB82WEST12345698765433')


def test_personal_data_is_fake_and_marked(log, make_log):
    rows, spans = {r['message_id']: r['text'] for r in log}, table('pii_spans.csv')
    found = [(s['entity'], rows[s['message_id']][int(s['start']):int(s['end'])]) for s in spans]
    assert .03 <= len({s['message_id'] for s in spans})/len(log) <= .05
    assert {e for e, _ in found} == {'PERSON', 'EMAIL_ADDRESS', 'PHONE_NUMBER', 'IBAN_CODE', 'CREDIT_CARD'}
    for entity, value in found:
        bare = re.sub(r'[ -]', '', value)
        if entity == 'EMAIL_ADDRESS': assert re.fullmatch(r'[a-z_.]+@example\.(com|org|net)', value)
        elif entity == 'PHONE_NUMBER': assert re.fullmatch(r'(?:070|\+4670)17406(0[5-9]|[1-9]\d)|09803192\d\d', bare)
        elif entity == 'IBAN_CODE': assert iban_ok(bare) and re.fullmatch(r'SE\d\d000\d{17}', bare)
        elif entity == 'CREDIT_CARD': assert luhn_ok(bare) and re.fullmatch(r'400000\d{10}', bare)
        else: assert value.split()[0] in make_log.FIRST_NAMES and value.split()[1] in make_log.LAST_NAMES
    marked = {s['message_id'] for s in spans}
    assert not [i for i, t in rows.items() if i not in marked and (re.search(r'@|\d{10}', re.sub(' ', '', t)))]


def test_golden_rows_are_unique_complete_and_reviewed(golden, intents):
    assert len({r['id'] for r in golden}) == len(golden) >= 240
    assert len({plain(json.dumps(r['inputs'])) for r in golden}) == len(golden)
    for r in golden:
        assert set(r) == {'id', 'inputs', 'expected', 'tags', 'source', 'added', 'reviewer', 'weight'}
        assert r['reviewer'] in ('Tove Hallin', 'Samir Rashid') and r['source'] == 'hand-written'
        assert date.fromisoformat(r['added']).year == 2026
        assert sum(t.startswith('feature:') for t in r['tags']) == 1
    triage = Counter(r['expected']['intent'] for r in golden if 'feature:triage' in r['tags'])
    assert set(triage) == intents | {'out_of_scope'} and sum(triage.values()) - triage['out_of_scope'] >= 210
    assert all(8 <= triage[i] <= 11 for i in intents) and triage['out_of_scope'] >= 20
    slices = Counter(t for r in golden for t in r['tags'])
    assert all(slices[t] >= 4 for t in ('style:terse', 'style:emotional', 'lang:sv', 'lang:mixed', 'edge:typo', 'edge:indirect'))


def test_golden_rows_are_not_in_log_nor_prompts_nor_scope_list(golden, log):
    asked = {plain(r['inputs'].get('text') or r['inputs']['question']) for r in golden}
    seen = {plain(r['text']) for r in log} | {plain(r['text']) for r in table('out_of_scope.csv')}
    assert not asked & seen
    prompts = ' '.join(plain(p.read_text(encoding='utf-8')) for p in (PILOT/'prompts').glob('*.md'))
    assert not [a for a in asked if len(a) >= 12 and f' {a} ' in f' {prompts} ']


def test_golden_rows_share_no_long_phrase_with_the_log(golden, log):
    def runs(text): return {tuple(words(text)[i:i+8]) for i in range(len(words(text)) - 7)}
    seen = {run for r in log for run in runs(r['text'])}
    assert not [r['id'] for r in golden if 'text' in r['inputs'] and runs(r['inputs']['text']) & seen]


def test_answer_rows_cite_pages_that_customers_may_read(golden, pages):
    rows = [r for r in golden if 'feature:answer' in r['tags']]
    assert len(rows) >= 30 and sum(r['expected']['citations'] == [] for r in rows) >= 5
    for r in rows:
        for cited in r['expected']['citations']:
            head, body = pages[cited]
            assert head['audience'] == 'customer'
        for phrase in r['expected'].get('answer_contains', []):
            assert any(phrase in pages[c][1] for c in r['expected']['citations']), r['id']


def test_lock_holds_the_thresholds(golden):
    lock = json.loads((PILOT/'golden'/'golden.lock').read_text(encoding='utf-8'))
    assert lock['rows'] == len(golden) and lock['threshold'] == {'triage': .8, 'answer': .6} and len(lock['sha256']) == 64


def test_a_plain_classifier_finds_the_golden_set_neither_hopeless_nor_trivial(golden, log):
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline, make_union
    asked = [r for r in golden if 'feature:triage' in r['tags'] and 'out_of_scope' not in r['tags']]
    rows = [(r['inputs']['text'], r['expected']['intent']) for r in asked]
    seen = [r for r in log if r['text'].strip() and r['intent']]
    by_word = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    by_letter = TfidfVectorizer(analyzer='char_wb', ngram_range=(3, 5), sublinear_tf=True)
    model = make_pipeline(make_union(by_word, by_letter), LogisticRegression(C=10, max_iter=2000))
    model.fit([r['text'] for r in seen], [r['intent'] for r in seen])
    got = model.predict([t for t, _ in rows])
    accuracy = sum(a == b for a, (_, b) in zip(got, rows, strict=True))/len(rows)
    assert .80 <= accuracy <= .95, accuracy


def test_out_of_scope_list_is_large_and_of_known_kinds():
    rows = table('out_of_scope.csv')
    kinds = Counter(r['kind'] for r in rows)
    assert len(rows) >= 60 and len({plain(r['text']) + r['text'] for r in rows}) == len(rows)
    assert set(kinds) == {'other_domain', 'bank_adjacent', 'small_talk'} and min(kinds.values()) >= 15


def test_documents_have_valid_heads_and_a_readable_size(pages):
    assert len(pages) >= 22
    for name, (head, body) in pages.items():
        assert set(head) == {'doc_id', 'title', 'version', 'effective', 'audience', 'owner'}, name
        assert head['doc_id'] == name and head['audience'] in ('customer', 'staff') and isinstance(head['effective'], date)
        assert re.fullmatch(r'\d+\.\d+', str(head['version'])) and len(head['owner'].split()) == 2
        assert body.strip().startswith(f"# {head['title']}") and body.count('\n## ') >= 3, name
        assert 250 <= len(re.findall(r'\w+', body)) <= 600, name
    assert sum('\n|' in body for _, body in pages.values()) >= 5
    assert sum(head['audience'] == 'staff' for head, _ in pages.values()) >= 3


def test_titles_that_pages_point_to_exist(pages):
    titles = {head['title'] for head, _ in pages.values()}
    pointed = {t for _, body in pages.values() for t in re.findall(r'(?:see|[Rr]ead|described in|[Ss]ee) \*([A-Z][^*>]+)\*', body)}
    assert len(pointed) >= 4
    assert not {t for t in pointed if not any(full.startswith(t) for full in titles)}


def test_labels_agree_everywhere(intents, log):
    for version in ('0.1.0', '1.0.0', '2.0.0'):
        text = (PILOT/'prompts'/f'triage@{version}.md').read_text(encoding='utf-8')
        assert set(re.findall(r'^- (\w+): \S', text, re.M)) - {'user'} == intents | {'out_of_scope'}
    shortened = (PILOT/'prompts'/'triage@1.1.0.md').read_text(encoding='utf-8')
    assert set(re.findall(r'^- (\w+)$', shortened, re.M)) == intents | {'out_of_scope'}   # bare labels: what was rolled back
    assert not re.findall(r'^- \w+:', (PILOT/'prompts'/'triage@0.0.0.md').read_text(encoding='utf-8'), re.M)


def test_schemas_are_strict(feature):
    from pydantic import ValidationError
    feature.Triage.model_validate_json('{"intent": "card_lost", "confidence": 0.5}')
    for bad in ('{"intent": "weather"}', '{"intent": "card_lost", "confidence": "0.5"}', '{"intent": "card_lost", "why": "x"}',
                '{"intent": "card_lost", "confidence": 2}', '{}'):
        with pytest.raises(ValidationError): feature.Triage.model_validate_json(bad)
    for bad in ('{"answer": "x"}', '{"answer": 1, "citations": []}', '{"answer": "x", "citations": ["a", "b", "c", "d", "e", "f"]}'):
        with pytest.raises(ValidationError): feature.Cited.model_validate_json(bad)


def test_rule_sorts_plain_cases_and_hands_over_the_rest(feature, log):
    assert feature.triage_by_rule({'text': 'My card was stolen'}) == {'intent': 'card_lost'}
    for text in ('', 'What a day', 'my card was stolen and I forgot my pin'):
        assert isinstance(feature.triage_by_rule({'text': text}), feature.Handover)
    assert isinstance(feature.triage_by_rule({}), feature.Handover)
    sorted_ = [(got['intent'], r['intent']) for r in log if isinstance(got := feature.triage_by_rule({'text': r['text']}), dict)]
    assert .2 <= len(sorted_)/len(log) <= .4 and sum(a == b for a, b in sorted_)/len(sorted_) >= .9
    assert {i for i, _ in feature.RULES} == set(feature.Intent.__args__) - {'out_of_scope'}


def test_handover_names_no_text(feature):
    handed = feature.answer_fallback({'question': 'secret words'})
    assert 'secret' not in handed.model_dump_json() and len(handed.owner.split()) == 2


def test_notebook_is_the_before_and_harmless():
    text = (PILOT/'pilot.ipynb').read_text(encoding='utf-8')
    nb = json.loads(text)
    order = [c['execution_count'] for c in nb['cells'] if c['cell_type'] == 'code' and c['execution_count']]
    assert order != sorted(order), 'cells were run out of order'
    traps = ('sk-REPLACE-ME', r'C:\\\\Users', 'gpt-4o-mini', 're.search', 'except:', 'client.chat.completions.create')
    assert [t for t in traps if t not in text] == []
    assert not re.search(r'sk-[A-Za-z0-9]{16,}', text) and 'timeout' not in text
    for prompt in ('triage@0.0.0.md', 'answer@0.0.0.md'):
        told = (PILOT/'prompts'/prompt).read_text(encoding='utf-8').split('# user\n')[1].split('{{')[0].strip()
        source = '\n'.join(''.join(c['source']) for c in nb['cells'])
        assert told.rsplit('\n', 1)[0].strip() in source, prompt


def test_owners_are_single_people_and_failure_modes_are_complete():
    from pilot_to_prod.core.settings import load_settings
    from pilot_to_prod.operate.modes import MODES, read_modes
    from pilot_to_prod.operate.owners import read_owners
    settings = load_settings(ROOT)
    owners, modes = read_owners(settings), read_modes(settings)
    assert owners.problems == () and owners.missing == () and all(c.answer_by for c in owners.contacts.values())
    assert set(modes) == set(MODES)
    further = yaml.safe_load((PILOT/'failure_modes.yaml').read_text(encoding='utf-8'))['further']
    assert set(further) == {'too_large', 'empty', 'other_language'}


def test_settings_and_models_agree():
    from pilot_to_prod.core.settings import load_settings
    from pilot_to_prod.prompts.parse import load_object, parse_prompt
    from pilot_to_prod.serve.tiers import check_tiers, load_tiers
    settings = load_settings(ROOT, env={})
    tiers = load_tiers(settings)
    assert list(tiers) == ['intent', 'extract', 'local-fewshot', 'mini'] and not check_tiers(settings)
    assert tiers['mini'].planned and settings.cost.planned_tier == 'mini'
    for feature in settings.features.values():
        assert set(feature.tiers) <= set(tiers) and callable(load_object(ROOT, feature.fallback))
    found = {parse_prompt(p, ROOT).schema_ref for p in (PILOT/'prompts').glob('*@*.md')}
    assert found == {f'pilot.feature.{o}' for o in ('Triage', 'TriageInLanguage', 'Cited')}
