"""Speed of the personal-data search beside Presidio's own loop, with the same recognisers, in the same run.

    python bench/pii.py [--rows 1000000] [--peer 1500] [--same 20000] [--json FILE]

The table is invented: two columns of free text, three short typed ones (e-mail address, telephone number, town), personal data in 3 % of
the cells.
The peer is `AnalyzerEngine.analyze` for each cell with the recognisers of the detector; it would need hours for the table, so its time is
taken on a
random sample of `--peer` cells of each column and extrapolated. Texts of the first column repeat, as messages do; those
of the second are all different. Findings are compared one by one on `--same` rows. CPU seconds, one
process.
"""
import argparse
import gc
import json
import os
import random
import statistics
import sys
import threading
import time

os.environ.setdefault('OMP_NUM_THREADS', '1')
os.environ.setdefault('OPENBLAS_NUM_THREADS', '1')

import polars as pl
from pilot_to_prod.data.disguise import plain
from pilot_to_prod.data.engine import Finding, NotScanned, detector, plain_engine, settle
from pilot_to_prod.data.scan import find_column

PARTS = [['My', 'The', 'Our', 'A', 'This', 'Your'], ['payment', 'transfer', 'card', 'refund', 'top up', 'statement', 'fee', 'exchange',
    'order', 'withdrawal', 'direct debit'],
         ['is still pending', 'has not arrived', 'was declined', 'shows twice', 'took 3 days', 'was wrong', 'is missing', 'cost 2.50 more',
             'cannot be found', 'was reversed'],
         ['since yesterday', 'for a week', 'after the update', 'in the app', 'at the cash machine', 'on my phone', 'since 12 May',
             'while travelling', 'for order 4471', 'once more'],
         ['Please help.', 'What can I do?', 'Why?', 'Can you look into it?', 'I need it today.', "It's urgent.", 'Thanks a lot',
             'Is that normal?', 'Who can tell me?', 'I am not happy.'],
         ['', ' We tried it again.', ' The shop says it is fine.', ' Version 3.2 of the app.', ' I have been with you since 2016.',
             ' Nobody answers.', ' The rate looks odd.']]
NAMES = [f'{a} {b}' for a in ('Ann', 'Omar', 'Lena', 'Tomas', 'Priya', 'Jack') for b in ('Sample', 'Beispiel', 'Exemplar', 'Muster')]
TOWNS = [f'{a}{b}' for a in ('North', 'Mill', 'Oak', 'Stone', 'Ash', 'Red') for b in ('field', 'ford', 'bridge', 'ton', 'ley', 'wick')]


def luhn_card(rng):
    digits = '4' + ''.join(rng.choice('0123456789') for _ in range(14))
    total = sum(int(d) if i % 2 else sum(divmod(2*int(d), 10)) for i, d in enumerate(reversed(digits)))
    return digits + str(-total % 10)


def personal(rng, i):
    return rng.choice([lambda: f'My name is {rng.choice(NAMES)}.', lambda: f'Mail me at user{i}@example.com.',
        lambda: f'Card {luhn_card(rng)}.', lambda: f'Call me on +44 20 7946 {i % 10000:04d}.',
                       lambda: f'I was born on {i % 28 + 1}/0{i % 9 + 1}/19{i % 60 + 40}.',
                           lambda: f'Sort code 20-{i % 90 + 10}-{i % 80 + 10}, account {10_000_000 + i}.',
                       lambda: f'I live at {i % 200 + 1} Garden Street, {rng.choice(TOWNS)}, SW1A {i % 9 + 1}AA.',
                           lambda: f'My PIN is {i % 9000 + 1000}.'])()


def free_text(rng, i, share):
    text = ' '.join(rng.choice(p) for p in PARTS[:5]) + rng.choice(PARTS[5]) + f' Ticket {i % 977}' * (rng.random() < .2)
    return f'{text} {personal(rng, i)}' if rng.random() < share else text


def make(rows, seed=1):
    rng, share = random.Random(seed), .03
    def maybe(value, other): return value if rng.random() < share else other
    return pl.DataFrame({'message': [free_text(rng, i, share) for i in range(rows)],
                         'note': [f'{free_text(rng, 3*i + 1, share)} Case {i}.' for i in range(rows)],
                         'contact': [maybe(f'user{i}@example.com', f'CUST-{i:07d}') for i in range(rows)],
                         'phone': [maybe(f'+44 20 7946 {i % 10000:04d}', f'EXT {i % 900}') for i in range(rows)],
                         'town': [maybe(rng.choice(NAMES), rng.choice(TOWNS)) for _ in range(rows)]})


class Memory:
    """Most resident memory of the process while the block runs, above what it held before, in bytes."""
    def resident(self):
        with open('/proc/self/statm') as f:
            return int(f.read().split()[1])*os.sysconf('SC_PAGE_SIZE')

    def __enter__(self):
        self.before = self.most = self.resident()
        self.done = threading.Event()
        def watch():
            while not self.done.wait(.05): self.most = max(self.most, self.resident())
        self.watcher = threading.Thread(target=watch, daemon=True)
        self.watcher.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        self.watcher.join()
        self.added = self.most - self.before


def by_presidio(engine, text):
    """What the plain engine finds, on the text as sent and as read, settled alike."""
    if not text.strip():
        return ()
    def search(some): return [Finding(entity=r.entity_type, start=r.start, end=r.end, score=round(r.score, 3)) for r in engine.analyze(some,
        language='en', score_threshold=.4)]
    found, read = search(text), plain(text)
    if read is not None:
        found += [f.model_copy(update=dict(zip(('start', 'end'), read.original(f.start, f.end), strict=True))) for f in search(read.text)]
    return settle(found)


def peer_seconds(engine, table, sample):
    total, parts = 0., {}
    for name in table.columns:
        cells = table[name].sample(min(sample, len(table)), seed=1).to_list()
        start = time.process_time()
        for cell in cells:
            engine.analyze(cell, language='en', score_threshold=.4)
        parts[name] = (time.process_time()-start)/len(cells)
        total += parts[name]*len(table)
    return total, parts


def our_seconds(search, table):
    parts, cells = {}, 0
    for name in table.columns:
        start = time.process_time()
        found = find_column(table[name], search)
        parts[name] = time.process_time()-start
        cells += int(table[name].is_in(pl.Series(list(found), dtype=pl.String).implode()).sum()) if found else 0
    return sum(parts.values()), parts, cells


def differences(engine, search, table, rows):
    some, wrong = table.head(rows), 0
    distinct = sorted(set().union(*(set(some[c].to_list()) for c in some.columns)))
    rng = random.Random(2)
    compared = rng.sample(distinct, min(len(distinct), 5*rows))
    ours = {}
    for c in some.columns:
        ours |= find_column(some[c], search)
    for cell in compared:
        wrong += ours.get(cell, ()) != by_presidio(engine, cell)
    return wrong, len(compared)


def worst(search):
    """Hostile texts: seconds of CPU, and whether they were searched or refused."""
    texts = {'4 KB of a.a.a': 'a.'*2048, '4 KB of 1.1.1': '1.'*2048, '1 MB of digits': '7'*10**6,
        '1 MB of digits and blanks': '7 '*(5*10**5), '1 MB of one letter': 'a'*10**6, '1 MB of a.a.a': 'a.'*(5*10**5),
             '200 KB of @': '@'*200_000, '200 KB of a@': 'a@'*100_000, '100 KB of combining marks': 'e' + '\u0301'*100_000,
             '100 KB of zero width': 'a\u200b'*50_000, '100 KB of Cyrillic': 'а'*100_000,
             '200 KB of number words': 'one '*50_000, '200 KB of capitals': 'John Smith '*18_000,
             '100 KB of streets': '12 High Street, '*6_000, '100 KB of cues': 'my name is '*9_000, '100 KB of colons': ':'*100_000}
    out = {}
    for name, text in texts.items():
        start = time.process_time()
        try: told = f'{len(search.patterns(text))} findings'
        except NotScanned: told = 'refused as not scanned'
        out[name] = (round(time.process_time()-start, 2), told)
    return out


def kilobytes(rng):
    out = []
    while len(out) < 100:
        text = ''
        while len(text) < 1024:
            text += free_text(rng, rng.randrange(10**6), 1. if len(text) % 3 else .4) + ' '
        out.append(text[:1024])
    return out


def percentiles(call, texts):
    spent = []
    for text in texts*3:
        start = time.thread_time()
        call(text)
        spent.append(1000*(time.thread_time()-start))
    spent.sort()
    return round(statistics.median(spent), 2), round(spent[int(.95*len(spent))], 2)


def main():
    ask = argparse.ArgumentParser()
    for name, value in (('rows', 1_000_000), ('peer', 1_500), ('same', 20_000)): ask.add_argument(f'--{name}', type=int, default=value)
    ask.add_argument('--json', default='')
    args = ask.parse_args()
    start = time.perf_counter()
    search = detector(ner=False)
    built = time.perf_counter()-start
    engine = plain_engine(search)
    table = make(args.rows)
    size = table.estimated_size()
    gc.collect()
    with Memory() as memory: ours, by_column, hits = our_seconds(search, table)
    peak = memory.added
    peer, peer_cell = peer_seconds(engine, table, args.peer)
    wrong, compared = differences(engine, search, table, args.same)
    rng = random.Random(5)
    texts = kilobytes(rng)
    patterns = percentiles(search.find, texts)
    named = percentiles(detector().find, texts)
    hostile = worst(search)
    print(f'detector built in {built:.2f} s; table of {args.rows:,} rows x {table.width} columns, {size/1e6:.0f} MB')
    print(f'{"column":10} {"ours, CPU s":>12} {"peer, ms a cell":>16}')
    for name in table.columns: print(f'{name:10} {by_column[name]:12.1f} {1000*peer_cell[name]:16.3f}')
    print(f'ours {ours:.1f} CPU s; AnalyzerEngine {peer:.0f} CPU s, extrapolated from {args.peer} cells of each column; ratio '
        f'{peer/ours:.1f}')
    print(f'cells with a finding {hits:,} of {args.rows*table.width:,}; differences {wrong} of {compared:,} distinct cells; memory added '
        f'{peak/1e6:.0f} MB = {peak/size:.2f} x table')
    print(f'1 KB: patterns p50 {patterns[0]} ms, p95 {patterns[1]} ms; with NER p50 {named[0]} ms, p95 {named[1]} ms (CPU)')
    for name, (seconds, told) in hostile.items(): print(f'  {name:28} {seconds:7.2f} s  {told}')
    result = dict(rows=args.rows, columns=table.width, table_mb=round(size/1e6, 1), build_s=round(built, 2), ours_cpu_s=round(ours, 1),
        peer_cpu_s=round(peer, 1), peer_sample=args.peer, ratio=round(peer/ours, 1),
                  differences=wrong, compared=compared, memory_x_table=round(peak/size, 2), patterns_p50_ms=patterns[0],
                      patterns_p95_ms=patterns[1], ner_p50_ms=named[0], ner_p95_ms=named[1],
                  hostile={k: v[0] for k, v in hostile.items()})
    print(json.dumps(result))
    if args.json:
        with open(args.json, 'w') as f: json.dump(result, f, indent=1)
    return int(wrong > 0)


if __name__ == '__main__': sys.exit(main())
