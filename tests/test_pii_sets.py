"""The labelled sets: made from their seed, without a real person's value, cut so that no phrasing stands in both halves."""
import json
import re
import subprocess
import sys

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT/'bench'))
import make_pii_sets as made

from pilot_to_prod.data.patterns import entities
from pilot_to_prod.data.probe import load_set

MARK = re.compile(r'\{\{([A-Z_]+):(.*?)\}\}', re.S)
HIDDEN = ('obfuscated',)


@pytest.fixture(scope='module')
def sets():
    return made.build()


def values(rows, *labels):
    return [v for r in rows for e, v in MARK.findall(r['marked']) if e in labels]


def test_the_committed_files_follow_from_the_seed():
    done = subprocess.run([sys.executable, ROOT/'bench'/'make_pii_sets.py', '--check'], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_sizes_and_every_entity(sets):
    assert len(sets['bank']) >= 600 and len(sets['obfuscated']) >= 300
    templates = {t for r in sets['bank'] for t in r['templates']}
    assert len(templates) >= 150
    seen = {e for name in ('bank', 'probe') for r in sets[name] if r['half'] == 'report' for e, _ in MARK.findall(r['marked'])}
    assert seen == set(entities) - {'LOCATION', 'ORGANIZATION'}, 'every entity that the default policy replaces is measured'


def test_no_phrasing_stands_in_both_halves(sets):
    for name, rows in sets.items():
        halves = [{t for r in rows if r['half'] == h for t in r.get('templates', [])} for h in made.HALVES]
        assert not halves[0] & halves[1], name
        plain = [{re.sub(r'\d', '0', MARK.sub('#', r['marked'])) for r in rows if r['half'] == h} for h in made.HALVES]
        if name in ('bank', 'obfuscated', 'addresses'):
            both = {t for t in plain[0] & plain[1] if '#' in t}
            assert not both, (name, sorted(both)[:3])


def luhn(digits):
    return sum(sum(divmod(int(d)*2, 10)) if i % 2 else int(d) for i, d in enumerate(reversed(digits))) % 10 == 0


def test_checksums_hold(sets):
    rows = [r for n in sets if n not in HIDDEN for r in sets[n]]
    cards = [re.sub(r'\D', '', v) for v in values(rows, 'CREDIT_CARD')]
    assert len(cards) >= 60 and all(map(luhn, cards))
    ibans = [v.replace(' ', '').upper() for v in values(rows, 'IBAN_CODE')]
    assert len(ibans) >= 50 and all(int(''.join(str(int(c, 36)) for c in v[4:] + v[:4])) % 97 == 1 for v in ibans)


def test_values_are_reserved_for_examples(sets):
    rows = [r for n in sets if n not in HIDDEN for r in sets[n]]
    mails, urls, addresses = (values(rows, e) for e in ('EMAIL_ADDRESS', 'URL', 'IP_ADDRESS'))
    assert all(re.search(r'[@.]example\.(com|org|net)$', v) for v in mails)
    assert all(re.search(r'(//|\.)(\w+\.)?example\.(com|org|net)(/|$)|www\.example\.com', v) for v in urls)
    assert all(v.startswith(('192.0.2.', '198.51.100.', '203.0.113.', '2001:db8:')) for v in addresses)
    fiction = r'(20 ?7946 ?0|7700[ -]?900|1632 960|161 496 0|113\) 496 0|555[-. ]?01|99 00|39 98|23125|465 004|70-1740 6|2 5550|5550 1|55 50 1|491 570 1|20 91)'
    assert not [v for v in values(rows, 'PHONE_NUMBER') if not re.search(fiction, v)]


def test_no_value_of_the_public_data_is_in_the_sets(sets):
    from conftest import SHARED
    if not (SHARED/'pii').is_dir():
        pytest.skip('the public data is not here')
    text = '\n'.join(p.read_text(encoding='utf-8') for p in (SHARED/'pii').glob('*.jsonl'))
    public = ('DATE_OF_BIRTH', 'LOCATION', 'DATE_TIME')
    long = {v for rows in sets.values() for r in rows for e, v in MARK.findall(r['marked']) if len(v) >= 12 and e not in public}
    assert not sorted(v for v in long if json.dumps(v)[1:-1] in text or v in text)


def test_look_alikes_hold_nothing_and_halves_load():
    for half in made.HALVES:
        assert not any(s.spans for s in load_set('lookalikes', half))
        assert all(s.text[f.start:f.end].strip() for n in ('bank', 'obfuscated', 'addresses') for s in load_set(n, half) for f in s.spans)
