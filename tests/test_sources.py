"""Sources that are damaged, hostile or out of reach: each fault at its line, each refusal in time and without the credential."""
import ast
import csv
import io
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from conftest import SHARED
from postgres_server import postgres_server

from pilot_to_prod.data.bytes import look

WORDS = ('card', 'lost', 'refund', 'where', 'is', 'my', 'transfer', 'café', 'naïve', '50 €', 'the', 'app', 'crashes', 'æther', '“quoted”', '日本',
         'please', 'help', 'e-mail', 'a-b', '3.5 %', "don't", '(again)')
NAMES = ('number', 'opened', 'channel', 'body', 'amount', 'note')


def records(rng, rows):
    for n in range(rows):
        text = ' '.join(rng.choices(WORDS, k=rng.randint(3, 12)))
        if rng.random() < .2:
            text = f'{text}, {text[:9]}'
        if rng.random() < .1:
            text = f'she said "{text[:12]}" twice'
        yield [f'K{n:06d}', f'2026-0{n % 9 + 1}-{n % 28 + 1:02d}T10:{n % 60:02d}:00', rng.choice(('mail', 'phone', 'chat')), text, str(rng.randint(-900, 900)),
               rng.choice(('', 'ok', '-', '+46 70 123', 'n/a'))]


def line_of(row, mark, quoting=csv.QUOTE_MINIMAL):
    out = io.StringIO()
    csv.writer(out, delimiter=mark, lineterminator='', quoting=quoting).writerow(row)
    return out.getvalue()


def plain(rng):
    """A row of which no field needs quotes, so that a fault is the only thing about it."""
    row = next(records(rng, 1))
    return [f'P{rng.randint(0, 10**6):06d}', *row[1:3], ' '.join(rng.choices(('lost', 'card', 'abroad'), k=4)), '7', 'ok']


# kind of finding -> (stops, how a record is broken); takes (fields of a row, delimiter), gives bytes without line break
def joined(row, mark): return mark.join(row).encode()
FAULTS = {
    'latin-1': ('encoding', lambda r, m: joined([*r[:3], r[3] + ' caf\xe9', *r[4:]], m).replace('é'.encode(), b'\xe9')),
    'cp1252': ('encoding', lambda r, m: joined([*r[:3], r[3] + ' \u2019s', *r[4:]], m).replace('\u2019'.encode(), b'\x92')),
    'long': ('ragged', lambda r, m: joined([*r, 'EXTRA'], m)),
    'short': ('ragged', lambda r, m: joined(r[:-2], m)),
    'one field': ('ragged', lambda r, m: joined(r[:1], m)),
    'unclosed': ('quoting', lambda r, m: joined([*r[:3], '"' + r[3], *r[4:]], m)),
    'unclosed at the end': ('quoting', lambda r, m: joined([*r[:5], '"' + r[5]], m)),
    'behind the quote': ('quoting', lambda r, m: joined([*r[:3], f'"{r[3]}" again', *r[4:]], m)),
    'stray': ('quoting', lambda r, m: joined([*r[:3], r[3] + ' 5" wide', *r[4:]], m)),
    'backslash': ('quoting', lambda r, m: joined([*r[:3], f'"he said \\"{r[3]}\\" twice"', *r[4:]], m)),
    'header': ('repeated header', lambda r, m: joined(NAMES, m)),
    'quoted header': ('repeated header', lambda r, m: joined([f'"{o}"' for o in NAMES], m)),
    'nul': ('nul', lambda r, m: joined([*r[:3], r[3] + '\0', *r[4:]], m)),
    'control': ('control', lambda r, m: joined([*r[:3], r[3] + '\x07\x1b', *r[4:]], m)),
    'invisible': ('control', lambda r, m: joined([*r[:3], r[3] + '\u202e', *r[4:]], m)),
    'two lines': ('embedded newline', lambda r, m: joined([*r[:3], f'"{r[3]}\n\n{r[3]}, ""so"" they said\nend"', *r[4:]], m)),
    'mojibake': ('mojibake', lambda r, m: joined([*r[:3], r[3] + ' cafÃ©', *r[4:]], m)),
    'mojibake of a quote': ('mojibake', lambda r, m: joined([*r[:3], r[3] + ' donâ€™t', *r[4:]], m)),
    'lost bytes': ('replacement', lambda r, m: joined([*r[:3], r[3] + ' caf\ufffd', *r[4:]], m)),
    'joined files': ('bom', lambda r, m: joined(['\ufeff' + r[0], *r[1:]], m)),
    'blank': ('blank', lambda r, m: b''),
    'empty cells': ('blank', lambda r, m: (m*(len(r)-1)).encode()),
    'formula': ('formula', lambda r, m: joined([*r[:3], '=HYPERLINK(A1)', *r[4:]], m)),
    'quoted formula': ('formula', lambda r, m: joined([*r[:3], '"@SUM(1,2)"', *r[4:]], m)),
    'command': ('formula', lambda r, m: joined([*r[:3], "-2+3+cmd!A0", *r[4:]], m)),
}


def damaged(seed, kinds, rows=400, faults=12, mark=',', end=b'\n', quoting=csv.QUOTE_MINIMAL, bom=False):
    """A file of clean rows with faults between them, and the truth: a counter of (line, kind of finding)."""
    rng = random.Random(seed)
    rest = iter(records(rng, rows))
    out, truth, line = [line_of(NAMES, mark, quoting).encode()], Counter(), 2
    if bom:
        out[0], truth[1, 'bom'] = b'\xef\xbb\xbf' + out[0], 1
    where = set(rng.sample(range(5, rows-5), faults))
    for n in range(rows):
        if n in where:
            kind, breaks = FAULTS[rng.choice(kinds)]
            text = breaks(plain(rng), mark)
            truth[line, kind] += 1
        else:
            text = line_of(next(rest), mark, quoting).encode()
        out.append(text)
        line += 1 + text.count(b'\n')
    return end.join(out) + end, truth


def found(path, data):
    path.write_bytes(data)
    return Counter((f.line, f.kind) for f in look(path, path.name).findings)


@pytest.mark.parametrize('name', FAULTS)
@pytest.mark.parametrize('mark', [',', ';', '\t'])
def test_each_fault_at_its_line_and_nothing_else(tmp_path, name, mark):
    for seed in range(3):
        data, truth = damaged(seed, [name], mark=mark)
        seen = found(tmp_path/'log.csv', data)
        assert seen == truth, (seed, sorted(seen - truth)[:5], sorted(truth - seen)[:5])


@pytest.mark.parametrize('options', [{}, dict(end=b'\r\n'), dict(quoting=csv.QUOTE_ALL), dict(mark=';', bom=True), dict(mark='|', end=b'\r\n', bom=True)])
def test_all_faults_together(tmp_path, options):
    for seed in range(4):
        data, truth = damaged(seed, list(FAULTS), rows=1500, faults=150, **options)
        seen = found(tmp_path/'log.csv', data)
        assert seen == truth, (seed, sorted(seen - truth)[:5], sorted(truth - seen)[:5])


def test_where_blocks_end_does_not_matter(tmp_path, monkeypatch):
    import pilot_to_prod.data.bytes as module
    real = module.blocks
    for seed, size in enumerate((61, 97, 499, 1000, 5003)):
        data, truth = damaged(seed, list(FAULTS), rows=600, faults=200, end=(b'\n', b'\r\n')[seed % 2])
        monkeypatch.setattr(module, 'blocks', lambda path, found, size=size: real(path, found, size=size))
        assert found(tmp_path/'log.csv', data) == truth, size


@pytest.mark.parametrize('options', [{}, dict(end=b'\r\n'), dict(quoting=csv.QUOTE_ALL), dict(mark='\t'), dict(mark='|')])
def test_a_clean_file_has_no_finding(tmp_path, options):
    for seed in range(5):
        assert not found(tmp_path/'log.csv', damaged(seed, [], faults=0, **options)[0])


def test_mixed_line_ends_are_told_line_by_line(tmp_path):
    for seed, (usual, rare) in enumerate([(b'\n', b'\r\n'), (b'\r\n', b'\n')]):
        lines = damaged(seed, ['two lines'], rows=3000, faults=20)[0].rstrip(b'\n').replace(b'\n\n', b' ').split(b'\n')
        outside, inside = [], False
        for n, line in enumerate(lines, 1):
            inside ^= bool(line.count(b'"') % 2)
            outside += [n]*(not inside)
        odd = set(random.Random(seed).sample(outside[1:-1], 15))
        data = b''.join(line + (rare if n in odd else usual) for n, line in enumerate(lines, 1))
        (tmp_path/'log.csv').write_bytes(data)
        seen = look(tmp_path/'log.csv')
        assert {f.line for f in seen.findings if f.kind == 'line ends'} == odd
        assert set(seen.counts) <= {'line ends', 'embedded newline'}


def test_a_file_that_was_cut_says_so_at_its_last_record(tmp_path):
    records = (b'K9,2026-01-01T10:00:00,mail,"two, he said\nlines ""so""",7,ok\n', b'K10,2026-01-01T10:00:00,mail,words,7,ok\n')
    data = damaged(3, ['two lines'], rows=60, faults=3)[0]
    for record in records:
        for at in range(1, len(record)):
            (tmp_path/'log.csv').write_bytes(data + record[:at])
            told = [f for f in look(tmp_path/'log.csv').findings if f.kind in ('truncated', 'no final newline')]
            assert [f.line for f in told] == [data.count(b'\n') + 1], (at, told)
            assert told[0].stops or at >= len(record) - 3, record[:at]
        data += record


def test_records_of_a_file_are_counted_as_csv_does(tmp_path):
    from pilot_to_prod.data.source import read_frame
    for seed, options in enumerate([{}, dict(end=b'\r\n'), dict(mark=';', bom=True), dict(quoting=csv.QUOTE_ALL)]):
        data = damaged(seed, ['stray', 'two lines', 'blank', 'formula', 'mojibake', 'control'], rows=3000, faults=300, **options)[0]
        (tmp_path/'log.csv').write_bytes(data)
        seen = look(tmp_path/'log.csv')
        rows = [r for r in csv.reader(io.StringIO(data.decode('utf-8-sig'), newline=''), delimiter=options.get('mark', ',')) if r][1:]
        assert seen.rows == len(rows)
        assert [list(r) for r in read_frame(tmp_path/'log.csv').rows()] == rows


JSON_FAULTS = {
    'cut': (b'{"id": 7, "body": "lo', 'json'),
    'array': (b'[1, 2]', 'json'), 'words': (b'lost card', 'json'), 'twice': (b'{"id": 1, "id": 2, "body": "x"}', 'json'),
    'number': (b'{"id": NaN, "body": "x"}', 'json'),
    'deep': (b'{"id": 1, "body": ' + b'['*100 + b']'*100 + b'}', 'json'),
    'very deep': (b'{"id": 1, "body": ' + b'['*100_000 + b']'*100_000 + b'}', 'json'), 'latin-1': (b'{"id": 1, "body": "caf\xe9"}', 'encoding'),
    'nul': (b'{"id": 1, "body": "x\0"}', 'nul'), 'blank': (b'', 'blank'), 'key': (b'{"id": 1}', 'ragged')}


@pytest.mark.parametrize('name', JSON_FAULTS)
def test_json_lines_at_their_line(tmp_path, name):
    rng, (fault, kind) = random.Random(5), JSON_FAULTS[name]
    where = set(rng.sample(range(3, 390), 7))
    lines = [fault if n in where else f'{{"id": {n}, "body": "where is my café {{[ order"}}'.encode() for n in range(1, 400)]
    (tmp_path/'log.jsonl').write_bytes(b'\n'.join(lines) + b'\n')
    seen = look(tmp_path/'log.jsonl')
    assert {f.line for f in seen.findings if f.kind == kind} == where
    assert {f.line for f in seen.findings} == where


def test_json_lines_cut_in_the_last_object(tmp_path):
    (tmp_path/'log.jsonl').write_bytes(b'{"id": 1}\n{"id": 2}\n{"id": ')
    assert [(f.line, f.kind, f.stops) for f in look(tmp_path/'log.jsonl').findings] == [(3, 'truncated', True)]
    (tmp_path/'log.jsonl').write_bytes(b'{"id": 1}\n{"id": 2}')
    assert not look(tmp_path/'log.jsonl').findings


def in_time(seconds, most_mb, *works):
    """What each of `works` raises or gives, in one process whose time and memory are bounded."""
    code = f'''
import resource, sys, time
from pathlib import Path
from pilot_to_prod.core.errors import PilotError
from pilot_to_prod.core.settings import PilotSection, Settings, SourceSection
from pilot_to_prod.data.source import *
def source(root, **kw):
    settings = Settings(root=Path(root), pilot=PilotSection(name='demo'), sources=dict(crm=SourceSection(**kw)))
    return open_source(settings, declared_sources(settings)['crm'])
import polars, pyarrow.parquet, openpyxl
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
for work in {list(works)!r}:
    began = time.monotonic()
    try: said = str(eval(work))
    except PilotError as e: said = type(e).__name__ + ': ' + str(e)
    print(repr((said, time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024 - before)))
'''
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stderr[-2000:]
    told = [ast.literal_eval(line) for line in done.stdout.splitlines()]
    assert len(told) == len(works) and all(mb < most_mb for _, _, mb in told), told
    return told


def holes(path, start=b'', size=10 << 30):
    with open(path, 'wb') as f:
        f.write(start)
        f.truncate(size)
    return path


def bomb(path, size=300 << 20):
    with zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED, compresslevel=9) as z, z.open('xl/worksheets/sheet1.xml', 'w', force_zip64=True) as f:
        for _ in range(size >> 20):
            f.write(bytes(1 << 20))
    return path


def deep(path):
    path.write_bytes(b'{"id": 1}\n{"id": ' + b'{"a": '*100 + b'1' + b'}'*100 + b'}\n')
    return path


def cut_parquet(path):
    import polars as pl
    pl.DataFrame(dict(n=range(50_000), s=[f'words {i}' for i in range(50_000)])).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    return path


HOSTILE = {
    '10 GB of holes': (lambda p: holes(p/'log.csv'), '10,737,418,240 bytes of which 0 are on disk'),
    'a hole behind a header': (lambda p: holes(p/'log.csv', b'id,body\n1,x\n', 1 << 30), 'line 3: NUL bytes from here on'),
    'holes named Parquet': (lambda p: holes(p/'log.parquet'), '10,737,418,240 bytes'),
    'holes named Excel': (lambda p: holes(p/'log.xlsx', size=1 << 30), 'zip directory is missing'),
    'holes named JSONL': (lambda p: holes(p/'log.jsonl', size=1 << 30), 'line 1: NUL bytes from here on'),
    'one line of 50 MB': (lambda p: (p/'log.csv').write_bytes(b'a,b,c,' * 9_000_000) and p/'log.csv', 'line 1: one line of more than'),
    'one line': (lambda p: (p/'log.csv').write_bytes(b'id,body,1,lost card,2,refund') and p/'log.csv', 'line 1: one line'),
    'zip bomb': (lambda p: bomb(p/'log.xlsx'), 'zip bomb'),
    'cut Parquet': (lambda p: cut_parquet(p/'log.parquet'), 'its footer is missing'),
    'nested 100 deep': (lambda p: deep(p/'log.jsonl'), 'line 2: nested 101 levels deep'),
    'a pipe': (lambda p: os.mkfifo(p/'log.csv') or p/'log.csv', 'a pipe, socket or device'),
    'a device': (lambda p: (p/'log.csv').symlink_to('/dev/zero') or p/'log.csv', 'a pipe, socket or device'),
    'a link to itself': (lambda p: (p/'log.csv').symlink_to(p/'log.csv') or p/'log.csv', 'cannot be opened'),
    'quotes without end': (lambda p: (p/'log.csv').write_bytes(b'id,body\n' + b'1,"x\n'*300_000) and p/'log.csv', 'line 2: a quote is opened and not closed'),
}


def test_hostile_files_end_in_time_and_memory(tmp_path):
    works, wanted = [], []
    for n, (name, (make, told)) in enumerate(HOSTILE.items()):
        (tmp_path/str(n)).mkdir()
        path = make(tmp_path/str(n))
        works += [f'read_frame({str(path)!r}, "the log")', f'(lambda o: (o.ok, o.problem))(source({str(path.parent)!r}, url={path.name!r}, deadline_s=30))']
        wanted += [(name, told)]*2
    for (name, told), (said, seconds, _) in zip(wanted, in_time(120, 300, *works), strict=True):
        assert told in said, (name, said)
        assert said.startswith(('InputError: the log', '(False,')), (name, said)
        assert seconds < 20, (name, seconds)


def test_a_workbook_that_declares_entities_is_not_expanded(tmp_path):
    from openpyxl import Workbook
    book = Workbook()
    book.active.append(['id', 'body'])
    book.active.append([1, 'lost card'])
    book.save(tmp_path/'fine.xlsx')
    laughs = '<!DOCTYPE x [<!ENTITY a "ha">' + ''.join(f'<!ENTITY {chr(98+n)} "{f"&{chr(97+n)};"*10}">' for n in range(9)) + ']>'
    with zipfile.ZipFile(tmp_path/'fine.xlsx') as old, zipfile.ZipFile(tmp_path/'log.xlsx', 'w') as new:
        for part in old.namelist():
            data = old.read(part)
            if part.endswith('sheet1.xml'):
                data = laughs.encode() + data.split(b'?>')[-1].replace(b'lost card', b'&j;')
            new.writestr(part, data)
    out = in_time(60, 300, f'read_frame({str(tmp_path/"log.xlsx")!r}, "log.xlsx")')[0][0]
    assert 'log.xlsx: the sheet is damaged (EntitiesForbidden)' in out or 'not a whole workbook' in out


def test_folders_with_loops_and_giants(tmp_path):
    pages = tmp_path/'pages'
    (pages/'deep').mkdir(parents=True)
    (pages/'fees.md').write_text('# Fees\n')
    (pages/'deep'/'up').symlink_to(pages)
    holes(pages/'huge.md')
    out, seconds, _ = in_time(60, 300, f'(lambda o: (o.ok, o.rows, o.problem, o.counts))(source({str(tmp_path)!r}, url="pages"))')[0]
    assert "(False, 1, '1 files cannot be read" in out and "'link loop': 1" in out and seconds < 20


def test_yaml_that_refers_to_itself(tmp_path):
    from pilot_to_prod.core.errors import InputError
    from pilot_to_prod.core.files import read_yaml
    for text in ('a: &a\n  b: *a\n', '&a [*a]', 'a: &a {<<: *a}', '[' * 100_000):
        (tmp_path/'x.yaml').write_text(text)
        with pytest.raises(InputError, match='not YAML'):
            read_yaml(tmp_path/'x.yaml')


def opened(root, env=None, **kw):
    from pilot_to_prod.core.settings import PilotSection, Settings, SourceSection
    from pilot_to_prod.data.source import declared_sources, open_source
    settings = Settings(root=root, pilot=PilotSection(name='demo'), sources=dict(crm=SourceSection(**kw)))
    began = time.monotonic()
    return open_source(settings, declared_sources(settings)['crm'], env if env is not None else {}), time.monotonic() - began


def test_a_database_that_accepts_and_says_nothing(tmp_path):
    with socket.create_server(('127.0.0.1', 0)) as server:
        url = f'postgresql://audit@127.0.0.1:{server.getsockname()[1]}/crm'
        seen, seconds = opened(tmp_path, dict(PW='hunter2'), url=url, table='calls', identity_env='PW', deadline_s=1)
    assert not seen.ok and '[source.crm]: no answer within 1 s' in seen.problem and 'hunter2' not in seen.problem
    assert seconds < 4


def test_a_database_that_is_not_there_is_asked_again(tmp_path):
    with socket.create_server(('127.0.0.1', 0)) as server:
        port = server.getsockname()[1]
    seen, seconds = opened(tmp_path, url=f'postgresql://audit@127.0.0.1:{port}/crm', table='calls', tries=2, deadline_s=10)
    assert seen.problem == '[source.crm] url: the server cannot be reached. Check host, port and network. Tried 2 times.'


def test_sqlite_locked_by_another(tmp_path):
    db = sqlite3.connect(tmp_path/'log.db', isolation_level=None)
    db.execute('create table calls (id integer)')
    db.execute('begin exclusive')
    seen, seconds = opened(tmp_path, url='sqlite:///log.db', table='calls', deadline_s=2, tries=2)
    assert not seen.ok and seconds < 4
    db.execute('rollback')
    assert opened(tmp_path, url='sqlite:///log.db', table='calls')[0].ok


def test_a_store_that_refuses_and_one_without_backend(tmp_path, monkeypatch):
    import fsspec
    store = fsspec.filesystem('memory')
    store.pipe('/bucket/log.csv', b'id,body\n1,x\n')
    seen, _ = opened(tmp_path, url='memory://bucket/log.csv')
    assert (seen.ok, seen.rows) == (True, 1)
    tried = []
    def refuse(self, path, *args, **kw):
        tried.append(path)
        raise (PermissionError('key AKIA-hunter2 denied') if len(tried) < 2 else ConnectionError('reset'))
    monkeypatch.setattr(type(store), '_open', refuse)
    seen, _ = opened(tmp_path, url='memory://bucket/log.csv')
    assert 'the store refuses this identity' in seen.problem and 'hunter2' not in seen.problem and len(tried) == 1
    seen, _ = opened(tmp_path, url='memory://bucket/log.csv', tries=2)
    assert seen.problem.endswith('Tried 2 times.') and len(tried) == 3
    monkeypatch.setitem(sys.modules, 's3fs', None)
    assert 'pip install s3fs' in opened(tmp_path, url='s3://bucket/log.csv')[0].problem


def test_a_store_that_hangs(tmp_path, monkeypatch):
    import fsspec
    store, wait = fsspec.filesystem('memory'), threading.Event()
    monkeypatch.setattr(type(store), '_open', lambda self, path, *args, **kw: wait.wait(30))
    seen, seconds = opened(tmp_path, url='memory://bucket/log.csv', deadline_s=.5)
    wait.set()
    assert seen.problem.startswith('[source.crm]: no answer within 0.5 s') and seconds < 5


@pytest.mark.skipif(not hasattr(os, 'geteuid') or os.geteuid() != 0 or not shutil.which('setpriv'), reason='needs root and setpriv, to read as another user')
def test_a_file_that_this_identity_may_not_read(tmp_path):
    (tmp_path/'log.csv').write_text('id,body\n1,x\n')
    (tmp_path/'log.csv').chmod(0o600)
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == 0 and str(folder).startswith(tempfile.gettempdir()) and folder != Path(tempfile.gettempdir()):
            folder.chmod(0o755)
    code = f'from pilot_to_prod.data.blocks import file_size; file_size({str(tmp_path/"log.csv")!r}, "log.csv")'
    nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    if subprocess.run([*nobody, sys.executable, '-c', 'import pilot_to_prod'], capture_output=True, cwd='/').returncode:
        pytest.skip('another user may not read this Python')
    done = subprocess.run([*nobody, sys.executable, '-c', code], capture_output=True, text=True, cwd='/')
    assert 'log.csv: no permission to read it' in done.stderr


@pytest.fixture(scope='module')
def postgres():
    """A server with a reader, a table that it may read and one that it may not."""
    with postgres_server() as server:
        import psycopg
        with psycopg.connect(server.url(), autocommit=True) as c:
            c.execute("create role audit login password 'p@ss:w/ord'")
            c.execute('create table calls (id bigint, opened timestamptz, body text, price numeric(8,2), tags jsonb)')
            c.execute("""insert into calls select n, '2026-01-01'::timestamptz + n * interval '1 minute', 'lost card ' || n, n/7.0, '{"a": [1]}'
                         from generate_series(1, 50000) n""")
            c.execute('grant select on calls to audit; create table salaries (id bigint); create table log (n int); grant all on log to audit')
            c.execute("create function note() returns int language sql as 'insert into log values (1) returning n'")
        yield dict(port=server.port, connect=lambda: psycopg.connect(server.url()))


@pytest.mark.xdist_group(name='postgres')
class TestPostgres:
    def source(self, postgres, tmp_path, env=None, database='postgres', **kw):
        kw = dict(url=f'postgresql://audit@127.0.0.1:{postgres["port"]}/{database}', identity_env='CRM_PASSWORD', deadline_s=5) | kw
        return opened(tmp_path, dict(CRM_PASSWORD='p@ss:w/ord') | (env or {}), **kw)

    def test_opens_and_measures(self, postgres, tmp_path):
        seen, _ = self.source(postgres, tmp_path, table='calls', time='opened')
        assert (seen.ok, seen.rows, seen.columns) == (True, 50_000, ('id', 'opened', 'body', 'price', 'tags')), seen.problem
        assert str(seen.newest).startswith('2026-02-04') and seen.size_bytes > 1_000_000 and seen.identity == 'CRM_PASSWORD'

    def test_reads_with_the_database_s_types(self, postgres, tmp_path):
        from pilot_to_prod.core.settings import PilotSection, Settings, SourceSection
        from pilot_to_prod.data.source import declared_sources, read_source
        url = f'postgresql://audit:${{CRM_PASSWORD}}@127.0.0.1:{postgres["port"]}/postgres'
        settings = Settings(root=tmp_path, pilot=PilotSection(name='demo'), sources=dict(crm=SourceSection(url=url, table='public.calls')))
        frame = read_source(settings, declared_sources(settings)['crm'], env=dict(CRM_PASSWORD='p@ss:w/ord'))
        kinds = {k: str(v).split('(')[0] for k, v in frame.schema.items()}
        assert len(frame) == 50_000 and kinds == dict(id='Int64', opened='Datetime', body='String', price='Decimal', tags='String'), kinds
        part = read_source(settings, declared_sources(settings)['crm'], rows=7, env=dict(CRM_PASSWORD='p@ss:w/ord'))
        assert len(part) == 7 and part['tags'][0] == '{"a": [1]}'

    def test_secret_file(self, postgres, tmp_path):
        (tmp_path/'pw').write_text('p@ss:w/ord\n')
        assert self.source(postgres, tmp_path, table='calls', identity_env=None, secret_file='pw')[0].ok
        assert self.source(postgres, tmp_path, env=dict(CRM_PASSWORD='', CRM_PASSWORD_FILE=str(tmp_path/'pw')), table='calls')[0].ok

    @pytest.mark.parametrize('kw, told', [
        (dict(table='calls', env=dict(CRM_PASSWORD='wrong-hunter2')), "[source.crm] url: the server refuses user 'audit' with the credential of CRM_PASSWORD."),
        (dict(table='salaries'), "[source.crm] table: user 'audit' may not read 'salaries'. Ask its owner for GRANT SELECT to 'audit'."),
        (dict(table='cals'), "[source.crm] table: no such table: 'cals'."), (dict(table='x.calls'), "[source.crm] table: no such"),
        (dict(query='select nothing from calls'), '[source.crm] query or time: there is no such column'),
        (dict(query='select from where'), '[source.crm] query: the query is not SQL'),
        (dict(query='select note()'), '[source.crm] query: the query tried to write'),
        (dict(query="select count(*) from calls) as x; drop table calls; select (1"), 'holds a semicolon'),
        (dict(query='select id from calls union select 1/0'), '[source.crm] url: the database failed (DivisionByZero 22012).'),
        (dict(table='calls', database='nowhere'), '[source.crm] url: there is no such database')])
    def test_refusals_name_the_field_and_never_the_credential(self, postgres, tmp_path, kw, told):
        seen, seconds = self.source(postgres, tmp_path, **kw)
        assert not seen.ok and seen.problem.startswith(told) or told in seen.problem, seen.problem
        assert 'hunter2' not in seen.problem and 'p@ss' not in seen.problem and seconds < 3

    def test_a_statement_that_never_ends(self, postgres, tmp_path):
        seen, seconds = self.source(postgres, tmp_path, query='select pg_sleep(60)', deadline_s=1)
        assert not seen.ok and '1 s' in seen.problem and seconds < 3

    def test_a_table_that_another_holds(self, postgres, tmp_path):
        with postgres['connect']() as c:
            c.execute('lock table calls in access exclusive mode')
            seen, seconds = self.source(postgres, tmp_path, table='calls', deadline_s=1)
        assert not seen.ok and seconds < 3


def test_the_shared_raw_file_line_by_line():
    raw = SHARED/'tabular'/'contacts_raw.csv'
    if not raw.exists():
        pytest.skip('the shared data is not on this machine')
    kinds = {'bom': 'bom', 'latin1_bytes': 'encoding', 'ragged_long': 'ragged', 'embedded_newline': 'embedded newline'}
    truth = {(f['line'], kinds[f['fault']]) for f in json.loads((SHARED/'tabular'/'contacts_raw_faults.json').read_text())}
    seen = look(raw)
    assert {(f.line, f.kind) for f in seen.findings} == truth
    assert all('it would be latin-1' in f.what for f in seen.findings if f.kind == 'encoding')
    assert (seen.rows, seen.encoding, len(seen.header)) == (3000, 'utf-8 with byte-order mark, in places latin-1', 8)
