"""The lean search finds what Presidio's own loop finds, whatever the text; gates lose nothing; hostile text is bounded; places lead back."""
import os
import random
import re
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest
import regex
from conftest import ROOT
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pilot_to_prod.data.disguise import plain
from pilot_to_prod.data.engine import Detector, Finding, NotScanned, _rules, detector, plain_engine
from pilot_to_prod.data.names import name_shapes, wide_shapes
from pilot_to_prod.data.national import national_shapes
from pilot_to_prod.data.patterns import shapes
from pilot_to_prod.data.places import place_shapes
from pilot_to_prod.data.scan import find_column, gate_column
from pilot_to_prod.data.secrets import secret_shapes

sys.path.insert(0, str(ROOT/'bench'))
from pii import by_presidio

PATTERNS = detector(ner=False)
WIDE = detector(ner=False, wide=True)
FRAGMENTS = ['my name is ', 'Ann', 'John Smith', 'Mr ', ' and ', 'born on ', '3/4/1980', '3-Mar-81', 'card ', '4111 1111 1111 1111',
    '4111-1111-1111-1112', 'DE89370400440532013000', 'sort code ', '20-00-00',
             'account ', '12345678', 'ann@example.com', '@', '.com', 'www.', 'https://x.y/z', '::1', 'fe80::ab', '00:1a:2b:3c:4d:5e',
             'aa-bb-cc-dd-ee-ff', '10.0.0.1', 'SW1A 1AA', 'post code ', 'TX 75001',
             '12 High Street', ', ', '\n', ' ', 'Flat 3', 'PIN ', '4417', 'cvv', 'password: hunter2', 'sk-', 'a1B2c3D4e5F6g7H8i9J0',
             'token ', 'Bearer ', '٣٤٥٦٧٨٩٠', '４１１１', 'ſort code ', 'my naMe İs ', 'paſſport ',
             'K', 'ı', 'tel ', '020 7946 0018', '+44 7700 900456', '943 476 5919', 'NHS ', 'ssn', '123-45-6789', 'AB123456C', 'dot ',
             ' at ', '[at]', '&#64;', 'one two three four five six', 'double seven', '4 1 1 1 1 1 1 1',
             '\u200b', 'о', 'е', 'RSSMRA85T10A562S', '12345678Z', 'X1234567L', '529.982.247-25', '811228-9874', 'passport ', 'X1234567',
             'licence ', 'Rue de la Paix 12', 'Koskikatu 25', ' Apt. 4', 'Sweden 99178', 'June',
             'in 1999', 'aged 41', 'French', 'é', '’s', '-', '/', ':', '(', ')', '#', '$', '%40', 'the corner of Mill and Oak Street']
NOISE = st.text(alphabet=st.one_of(st.sampled_from('0123456789 -.@:/\nabcdefABCDEFxyz'), st.characters(exclude_categories=('Cs',))),
    max_size=12)
TEXT = st.lists(st.one_of(st.sampled_from(FRAGMENTS), NOISE), max_size=14).map(''.join)
QUICK = settings(max_examples=1200, deadline=None, suppress_health_check=list(HealthCheck), derandomize=False, phases=(Phase.explicit,
    Phase.generate))


@pytest.fixture(scope='module')
def engine():
    return plain_engine(PATTERNS)


@pytest.fixture(scope='module')
def wide_engine():
    return plain_engine(WIDE)


@QUICK
@given(TEXT)
def test_the_lean_loop_finds_what_the_library_finds(engine, text):
    assert PATTERNS.patterns(text) == by_presidio(engine, text)


@settings(QUICK, max_examples=80)
@given(TEXT)
def test_wide_too(wide_engine, text):
    assert WIDE.patterns(text) == by_presidio(wide_engine, text)


@settings(QUICK, max_examples=300)
@given(st.lists(TEXT, min_size=1, max_size=20))
def test_a_column_holds_what_its_cells_hold(texts):
    expected = {t: f for t in set(texts) if (f := PATTERNS.patterns(t))}
    assert find_column(pl.Series('c', texts), PATTERNS) == expected


ALL = [s for group in (shapes, place_shapes, national_shapes, secret_shapes, name_shapes, wide_shapes) for s in group]


def without_looks(pattern, keep):
    """A pattern without look-around; what must follow stays as part of the text when `keep`."""
    out, at, depth, drop, in_class = [], 0, 0, [], False
    while at < len(pattern):
        part = pattern[at:at+2] if pattern[at] == '\\' else pattern[at]
        width = len(part)
        if in_class: in_class = part != ']'
        elif part == '[': in_class = True
        elif part == '(':
            depth += 1
            look = re.match(r'\(\?(<?[=!])', pattern[at:])
            if look and (look[1] != '=' or not keep): drop.append(depth)
            elif look: part, width = '(?:', 3
        elif part == ')':
            depth -= 1
            if drop and drop[-1] == depth+1:
                drop.pop()
                part = ''
        if not drop: out.append(part)
        at += width
    return ''.join(out)


def as_stdlib(pattern, keep):
    """A pattern of the regex library in the standard dialect, so that matching texts can be made from it."""
    made = pattern.replace(r'\K', '').replace(r'\p{Lu}', 'A').replace(r'\p{Ll}', 'b').replace(r'\p{L}', 'b').replace('(?-i:', '(?:')
    return re.compile(without_looks(made, keep), re.I | re.S | re.A)


def test_makers_of_texts():
    assert without_looks(r'(?<!a)b(?=[)] c)(?!d(e|f))g', True) == 'b(?:[)] c)g'
    assert without_looks(r'(?<!a)b(?=[)] c)(?!d(e|f))g', False) == 'bg'


ORDER = [f'{rule.entity}: {pattern.name}' if pattern else '' for one in WIDE.recognizers for rule, pattern in zip(_rules(one), getattr(one,
    'patterns', [None]), strict=True)]


@pytest.mark.parametrize('shape', ALL, ids=lambda s: f'{s.entity}-{s.name}')
def test_no_gate_loses_a_match(shape):
    """Texts made from the pattern itself: whatever it matches, its gate lets pass, for one text and for a column."""
    compiled, place = regex.compile(shape.regex, regex.I | regex.M | regex.S), ORDER.index(f'{shape.entity}: {shape.name}')
    lost, plain_texts = [], []
    @settings(QUICK, max_examples=80)
    @given(st.one_of(st.from_regex(as_stdlib(shape.regex, True)), st.from_regex(as_stdlib(shape.regex, False))), st.sampled_from(['', ' ',
        'x ', '\n', 'Mr. ', '12 ']))
    def make(text, before):
        for some in (before + text, (before + text).title(), (before + text).replace('s', 'ſ')):
            if compiled.search(some) is None: continue
            if not any(rule is WIDE.gates.rules[place] for rule in WIDE.gates.open(some)): lost.append(some)
            if some.isascii(): plain_texts.append(some)
    make()
    sets, _ = gate_column(pl.Series(plain_texts, dtype=pl.String), WIDE.gates)
    assert not lost
    assert not [t for t, may in zip(plain_texts, sets, strict=True) if not may >> place & 1]


@pytest.mark.parametrize('text', ['aa-bb-cc-dd-ee-ff', 'fe80::abcd', '::ffff:1.2.3.4', 'it is ٠٧٩٤٦٠٠١٨ ok', 'ſort code 20-00-00',
    'my NAME İS Anna Test', '3-Mar-1981 is my birthday'])
def test_odd_letters_and_digits(engine, text):
    assert PATTERNS.patterns(text) == by_presidio(engine, text)


@settings(QUICK, max_examples=200)
@given(TEXT)
def test_places_lead_back_to_the_text_that_was_sent(text):
    if (read := plain(text)) is None:
        return
    assert len(read.text) == len(read.starts) == len(read.ends)
    assert all(0 <= a < b <= len(text) for a, b in zip(read.starts, read.ends, strict=True))
    assert list(read.starts) == sorted(read.starts)
    for f in PATTERNS.patterns(text):
        assert 0 <= f.start < f.end <= len(text)


@pytest.mark.parametrize(('text', 'limit'), [('a.'*2048, 1), ('1.'*2048, 1), ('a'*10**6, 5), ('7'*10**6, 10), ('7 '*100_000, 10),
    ('a@'*50_000, 5), ('@'*100_000, 5), ('e' + '\u0301'*100_000, 5),
                                             ('a\u200b'*50_000, 5), ('one '*25_000, 5), ('John Smith '*5_000, 5), ('12 High Street, '*3_000,
                                                 5), ('my name is '*5_000, 5), ('my password '*5_000, 5), ('a'*63 + '.', 1)],
                                                     ids=lambda o: f'{str(o)[:5]!a}')
def test_hostile_text_costs_little_or_is_refused(text, limit):
    start = time.process_time()
    try: PATTERNS.patterns(text)
    except NotScanned: pass
    assert time.process_time() - start < limit


def test_a_value_in_a_long_text_is_found_wherever_it_stands():
    rng = random.Random(1)
    for _ in range(20):
        before = 'word '*rng.randrange(3_900, 12_000)
        found = PATTERNS.patterns(f'{before}card 4111 1111 1111 1111 and{" word"*9_000}')
        assert [(f.entity, f.start) for f in found] == [('CREDIT_CARD', len(before)+5)]


def test_no_request_leaves_the_machine(monkeypatch):
    def refuse(*a, **k): raise AssertionError('a connection was tried')
    monkeypatch.setattr(socket.socket, 'connect', refuse)
    monkeypatch.setattr(socket, 'getaddrinfo', refuse)
    assert [f.entity for f in Detector().find('mail ann@example.co.uk or see https://example.org/x')] == ['EMAIL_ADDRESS', 'URL']


def test_nor_when_somebody_imported_the_library_before():
    code = ('import socket, presidio_analyzer, tldextract\n'
            'def refuse(*a, **k): raise SystemExit("a connection was tried")\n'
            'socket.socket.connect = socket.getaddrinfo = refuse\n'
            'from pilot_to_prod.data.engine import detector\n'
            'print(*[f.entity for f in detector(ner=False).find("mail ann@example.co.uk")])')
    env = {k: v for k, v in os.environ.items() if k != 'TLDEXTRACT_PUBLIC_SUFFIX_LIST_URLS'}
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, env=env)
    assert (done.returncode, done.stdout.strip()) == (0, 'EMAIL_ADDRESS'), done.stderr


def test_one_detector_serves_many_threads():
    texts = [f'card 4111 1111 1111 1111, mail user{i}@example.com, born 3/4/19{i % 60 + 40}' for i in range(60)]
    alone = [PATTERNS.find(t) for t in texts]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(PATTERNS.find, texts)) == alone
    made = []
    threads = [threading.Thread(target=lambda: made.append(detector(ner=False))) for _ in range(4)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert all(d is PATTERNS for d in made)


def test_many_at_once_is_each_alone():
    class Names:
        def spans(self, texts): return [[Finding(entity='PERSON', start=m.start(), end=m.end(), score=.9) for m in re.finditer('Zorka',
            t)] for t in texts]
    search = Detector(ner=Names(), max_chars=50)
    texts = ['Zorka called', '', 'x'*51, 'card 4111 1111 1111 1111', '   ', 'Zorka and Zorka']
    many = search.find_many(texts)
    assert isinstance(many[2], NotScanned)
    assert [m for i, m in enumerate(many) if i != 2] == [search.find(t) for i, t in enumerate(texts) if i != 2]


@pytest.mark.parametrize('text', ['Can I top up with Apple Pay or Google Pay?', 'My Visa card was charged $12.50 at the ATM in 3 days',
    'The exchange rate from GBP to EUR was 1.1842', 'Version 3.24.8 of the app',
                                  'Reference 451491819, error code E4268', "It's still pending, I'm waiting",
                                  'How many disposable cards can I have?', 'The last four digits are 7659', 'I waited 44 days on 16 April',
                                  'Thanks for your help', 'I entered my PIN 3 times', 'My password is not working',
                                  'Order number 26772217 of 12/05/2024', 'Model SM-802U, serial SN-20391-AB'])
def test_what_is_not_personal_stays(text):
    assert PATTERNS.find(text) == ()
