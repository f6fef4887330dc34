"""Redacted files: killed and continued, shared vaults, keys, exits; and texts of every kind that come back as they were."""
import base64
import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import SHARED
from hypothesis import given, settings, strategies as st

from pilot_to_prod.data.engine import Finding, NotScanned
from pilot_to_prod.data.keys import Keys
from pilot_to_prod.data.redact import Redactor, RestoreStream, restore_counted
from pilot_to_prod.data.redact_files import WITHHELD, redact_file, restore_file, scan_file
from pilot_to_prod.data.vault import DatasetVault

KEY = base64.urlsafe_b64encode(bytes(range(32))).decode()
NEWER = base64.urlsafe_b64encode(bytes(range(32, 64))).decode()
KEYS = Keys({'PII_KEYS': KEY, 'PII_HASH_KEY': 'sixteen bytes or more'})
ENV = {**os.environ, 'PII_KEYS': KEY, 'PII_HASH_KEY': 'sixteen bytes or more'}


class Mails:
    """A detector that is quick and exact about one thing."""
    def find_many(self, texts):
        return [NotScanned('gave up') if 'endless' in t else self.find(t) for t in texts]

    def find(self, text):
        return tuple(Finding(entity='EMAIL_ADDRESS', start=m.start(), end=m.end(), score=1.) for m in re.finditer(r'[\w.]+@[\w.]+\w', text))


def pii(folder, *args, env=ENV):
    done = subprocess.run([sys.executable, '-m', 'pilot_to_prod.cli', 'pii', *map(str, args)], cwd=folder, env=env, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def refused(folder, *args, says, env=ENV):
    code, out, err = pii(folder, *args, env=env)
    assert (code, out) == (2, ''), (code, out, err)
    assert re.search(says, err) and len(err.strip().splitlines()) == 1, err


def letters(path, rows):
    with open(path, 'w', newline='') as f:
        csv.writer(f).writerows([('id', 'text'), *((i, f'line {i}, "quoted"\nfrom u{i % 700}@x.org ' + 'and so on ' * 30) for i in range(rows))])
    return path


SLOW = '''
import sys, time
sys.path.insert(0, {tests!r})
from test_redact import KEYS, Mails
from pilot_to_prod.data.redact_files import redact_file
class Slow(Mails):
    def find_many(self, texts):
        time.sleep(.05)
        return super().find_many(texts)
redact_file({path!r}, {out!r}, vault={vault!r}, keys=KEYS, find=Slow())
'''


@pytest.mark.parametrize('kind', ['csv', 'jsonl', 'parquet', 'txt'])
def test_killed_and_continued_to_the_same_bytes(tmp_path, kind):
    path = letters(tmp_path/'a.csv', 8_000)
    if kind != 'csv':
        import polars as pl
        frame, path = pl.read_csv(path), tmp_path/f'a.{kind}'
        if kind == 'parquet':
            frame.write_parquet(path)
        elif kind == 'jsonl':
            frame.write_ndjson(path)
        else:
            path.write_text('\n\n'.join(frame['text']))
    whole, cut = tmp_path/f'whole.{kind}', tmp_path/f'cut.{kind}'
    redact_file(path, whole, vault=tmp_path/'whole.vault', keys=KEYS, find=Mails())
    code = SLOW.format(tests=str(Path(__file__).parent), path=str(path), out=str(cut), vault=str(tmp_path/'cut.vault'))
    kills = 0
    for wanted in (1, 4):
        p = subprocess.Popen([sys.executable, '-c', code], env=ENV)
        state = tmp_path/f'cut.{kind}.checkpoint'
        before = state.read_text() if state.exists() else ''
        seen = set()
        while p.poll() is None and len(seen) < wanted:
            now = state.read_text() if state.exists() else before
            seen |= {now} - {before}
            time.sleep(.005)
        kills += p.poll() is None
        p.send_signal(signal.SIGKILL)
        p.wait()
    assert kills == 2 and not cut.exists() and state.exists()
    done = redact_file(path, cut, vault=tmp_path/'cut.vault', keys=KEYS, find=Mails())
    assert done.resumed and cut.read_bytes() == whole.read_bytes()
    assert '@x.org' not in cut.read_bytes().decode('latin-1')
    assert sorted(p.name for p in tmp_path.glob('cut*')) == [f'cut.{kind}', 'cut.vault']
    back = restore_file(cut, tmp_path/f'back.{kind}', vault=tmp_path/'cut.vault', keys=KEYS)
    assert back.unknown == 0
    if kind == 'parquet':
        assert pl.read_parquet(tmp_path/'back.parquet').equals(frame)
    else:
        assert (tmp_path/f'back.{kind}').read_bytes() == path.read_bytes()


def test_nothing_readable_beside_the_output(tmp_path):
    path = letters(tmp_path/'a.csv', 5_000)
    seen = []

    def look(*_):
        seen.extend(b'@x.org' in p.read_bytes() for p in tmp_path.iterdir() if p != path)
    redact_file(path, tmp_path/'b.csv', vault=tmp_path/'b.vault', keys=KEYS, find=Mails(), say=look)
    assert len(seen) > 10 and not any(seen)
    assert oct((tmp_path/'b.vault').stat().st_mode)[-3:] == '600'


def test_another_job_does_not_go_on_with_a_half(tmp_path):
    from pilot_to_prod.core.errors import InputError
    path = letters(tmp_path/'a.csv', 5_000)

    class Stops(Exception):
        pass

    def stop(*_):
        raise Stops
    with pytest.raises(Stops):
        redact_file(path, tmp_path/'b.csv', action='mask', keys=KEYS, find=Mails(), say=stop)
    with pytest.raises(InputError, match='another job.*--force'):
        redact_file(path, tmp_path/'b.csv', action='drop', keys=KEYS, find=Mails())
    done = redact_file(path, tmp_path/'b.csv', action='drop', keys=KEYS, find=Mails(), force=True)
    assert not done.resumed and done.rows == 5_000


WRITER = '''
import sys
sys.path.insert(0, {tests!r})
from test_redact import KEYS
from pilot_to_prod.data.vault import DatasetVault
vault = DatasetVault({path!r}, KEYS)
first = int(sys.argv[1])
for at in range(first, first + 400, 20):
    with vault.writing():
        for n in range(at, at + 20): vault.name('PERSON', f'value {{n}}')
    print(at, flush=True)
'''


def test_writers_share_a_vault_and_survive_kills(tmp_path):
    path = tmp_path/'shared.vault'
    code = WRITER.format(tests=str(Path(__file__).parent), path=str(path))
    running = [subprocess.Popen([sys.executable, '-c', code, str(first)], env=ENV, stdout=subprocess.PIPE, text=True) for first in (0, 200, 300)]
    running[2].stdout.readline()
    running[2].send_signal(signal.SIGKILL)
    assert [p.wait(120) for p in running[:2]] == [0, 0]
    running[2].wait()
    vault = DatasetVault(path, KEYS)
    names = {f'value {n}': vault.name('PERSON', f'value {n}') for n in range(600)}
    assert len(set(names.values())) == 600 and all(vault.get(name) == value for value, name in names.items())
    assert max(vault.last.values()) == len(vault) and sqlite3.connect(path).execute('pragma integrity_check').fetchone() == ('ok',)


def test_commands_on_the_way_there_and_back(tmp_path):
    (tmp_path/'log.csv').write_text('id,text,topic\n1,"I am Ann Example, card 4111 1111 1111 1111",card\n2,where is my cash,cash\n')
    code, out, err = pii(tmp_path, 'scan', 'log.csv', '--json')
    assert (code, err, json.loads(out)['found']) == (0, '', {'CREDIT_CARD': 1, 'PERSON': 1})
    code, out, err = pii(tmp_path, 'redact', 'log.csv', '--out', 'copy.csv')
    assert (code, err) == (0, '') and '2 rows, 1 cells changed' in out and 'Ann' not in out
    rotated = {**ENV, 'PII_KEYS': f'{NEWER},{KEY}'}
    assert pii(tmp_path, 'rotate', 'log.csv.vault', '--json', env=rotated)[0] == 0
    refused(tmp_path, 'restore', 'copy.csv', '--out', 'x.csv', '--vault', 'log.csv.vault', says='was made with key k')
    assert pii(tmp_path, 'restore', 'copy.csv', '--out', 'back.csv', '--vault', 'log.csv.vault', env={**ENV, 'PII_KEYS': NEWER})[0] == 0
    assert (tmp_path/'back.csv').read_bytes() == (tmp_path/'log.csv').read_bytes()


def test_one_line_and_exit_2_before_anything_is_written(tmp_path):
    (tmp_path/'log.csv').write_text('id,text\n1,I am Ann Example\n')
    bare = {k: v for k, v in os.environ.items() if not k.startswith('PII_')}
    refused(tmp_path, 'redact', 'log.csv', '--out', 'b.csv', env=bare, says=r'PII_KEYS is not set.*python -c.*--one-way')
    refused(tmp_path, 'redact', 'log.csv', '--out', 'b.csv', '--action', 'keyed_hash', env={**bare, 'PII_HASH_KEY': 'short'}, says='has 5 bytes; a key has 16')
    refused(tmp_path, 'redact', 'log.csv', '--out', 'log.csv', '--force', says='is the input itself')
    refused(tmp_path, 'redact', 'log.csv', '--out', 'b.csv', '--action', 'masks', says="no action 'masks'. Did you mean 'mask'")
    refused(tmp_path, 'scan', 'gone.csv', says='no such file')
    (tmp_path/'bad.jsonl').write_text('{"a": "Ann Example"}\n{"a": Ann Example}\n')
    refused(tmp_path, 'scan', 'bad.jsonl', says=r'bad\.jsonl, line 2, column 7: not JSON')
    with open(tmp_path/'sparse.csv', 'wb') as f:
        f.truncate(10_000_000_000)
    refused(tmp_path, 'scan', 'sparse.csv', says='sparse.csv, line 1: longer than 8 MB')
    assert sorted(p.name for p in tmp_path.iterdir()) == ['bad.jsonl', 'log.csv', 'sparse.csv']


def test_what_cannot_be_searched_is_withheld(tmp_path):
    (tmp_path/'a.jsonl').write_text(json.dumps({'text': 'x' * 2_100_000 + ' Ann Example'}) + '\n{"text": "fine"}\n')
    code, out, err = pii(tmp_path, 'redact', 'a.jsonl', '--out', 'b.jsonl', '--one-way', '--json')
    assert (code, json.loads(out)['withheld']) == (1, {'text': 1})
    assert (tmp_path/'b.jsonl').read_text() == json.dumps({'text': WITHHELD}) + '\n{"text": "fine"}\n'
    assert pii(tmp_path, 'scan', 'a.jsonl')[0] == 1


def test_memory_does_not_grow_with_the_file(tmp_path):
    sizes = {}
    for rows in (2_000, 40_000):
        path = letters(tmp_path/f'{rows}.csv', rows)
        code = (f'import sys, resource; sys.path.insert(0, {str(Path(__file__).parent)!r})\n'
                'from test_redact import KEYS, Mails, redact_file\n'
                f'redact_file({str(path)!r}, {str(tmp_path/f"{rows}.out.csv")!r}, action="encrypt", keys=KEYS, find=Mails())\n'
                'print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)')
        sizes[rows] = int(subprocess.run([sys.executable, '-c', code], env=ENV, capture_output=True, text=True, check=True).stdout)
    assert sizes[40_000] < sizes[2_000] + 30_000, sizes  # kB; the larger file has 14 MB, its copy 16 MB


pieces = st.sampled_from(['a@b.co', 'x.y@z.org', '<EMAIL_ADDRESS_1>', '[email address 1]', '<EMAIL_', 'ADDRESS_1>', 'EMAIL_ADDRESS_1', '&lt;', '>', '"', ',',
                          '\n', '\r\n', ';', '\\', '=1+1', '\0', '\ud800', 'é', '\u200b', '<EMAIL_ADDRESS=k00000000.' + 'A'*40 + '>']) | st.text(max_size=6)
cells = st.lists(pieces, max_size=6).map(''.join)


@settings(max_examples=300, deadline=None)
@given(cells, cells, st.sampled_from(['surrogate', 'encrypt']))
def test_every_text_comes_back(one, two, action):
    by = Redactor(default=action, keys=KEYS, find=Mails())
    a = by.redact(one)
    b = by.redact(two, a.vault)
    assert by.restore(a.text, b.vault) == one and by.restore(b.text, b.vault) == two


@settings(max_examples=300, deadline=None)
@given(cells, st.integers(1, 9))
def test_a_stream_gives_what_the_whole_gives(text, step):
    vault = {'<EMAIL_ADDRESS_1>': 'EMAIL_ADDRESS_1', '<LITERAL_1>': '<'}
    stream = RestoreStream(vault)
    out = [stream.feed(text[at:at+step]) for at in range(0, len(text), step)]
    assert ''.join(out) + stream.flush() == restore_counted(text, vault).text


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cells, cells), max_size=5), st.sampled_from(['csv', 'jsonl', 'letters.jsonl']))
def test_every_file_comes_back(tmp_path_factory, rows, kind):
    folder = tmp_path_factory.mktemp('files')
    path = folder/f'a.{kind}'
    if kind == 'csv':
        clean = [[c.replace('\ud800', '') for c in row] for row in rows]
        with open(path, 'w', newline='', encoding='utf-8') as f:
            csv.writer(f, quoting=csv.QUOTE_ALL).writerows([('one', 'two'), *clean])
    else:
        bare = kind == 'jsonl'   # the one escapes every letter beyond ASCII, the other none
        texts = [[t if bare else t.replace('\ud800', '') for t in row] for row in rows]
        path.write_text(''.join(json.dumps({'one': a, 'two': [b, {'three': 1.10}]}, ensure_ascii=bare) + '\n' for a, b in texts), encoding='utf-8', newline='')
    redact_file(path, folder/f'b.{kind}', vault=folder/'v', keys=KEYS, find=Mails())
    assert '@' not in (folder/f'b.{kind}').read_text() or '@' in re.sub(r'[\w.]+@[\w.]+\w', '', path.read_text())
    restore_file(folder/f'b.{kind}', folder/f'c.{kind}', vault=folder/'v', keys=KEYS)
    assert (folder/f'c.{kind}').read_bytes() == path.read_bytes()


@pytest.mark.skipif(not (SHARED/'pii').is_dir(), reason='no shared data here')
def test_real_messages_come_back_and_hide_what_was_found(tmp_path):
    texts = [json.loads(line)['text'] for line in (SHARED/'pii'/'bank_messages_with_pii.jsonl').read_text().splitlines()[:200]]
    by = Redactor()
    for text in texts:
        said = by.redact(text)
        assert by.restore(said.text, said.vault) == text
        for f in said.found:
            assert not re.search(rf'(?<!\w){re.escape(text[f.start:f.end])}(?!\w)', said.text), f.entity
    path = tmp_path/'m.jsonl'
    path.write_text(''.join(json.dumps({'text': t}) + '\n' for t in texts))
    redact_file(path, tmp_path/'r.jsonl', vault=tmp_path/'v', keys=KEYS)
    again = scan_file(tmp_path/'r.jsonl')
    assert sum(again.found.values()) <= .02 * len(texts), again.found
