"""Detection of personal data against labels: this package's detector beside Presidio as it comes, same texts, same scorer, same label mapping.

Usage: python bench/pii_quality.py [--tune] [--data FOLDER] [--only SET,SET] [--entities] [--json FILE]

The peer is Presidio's AnalyzerEngine with its default recognisers over a blank English pipeline (no language model can be fetched offline), threshold
0.4, overlaps settled to the strongest finding. Published, not measured here, on another split of the same synthetic data: Presidio with
en_core_web_lg F2 0.618 (IoU 0.9), with a transformer de-identifier F2 0.845 (IoU 0.7), both untyped.

Criteria: exact; IoU >= 0.5, one finding for one span; coverage, 90 % of the characters. Typed: under the same name. Leak: labelled characters that no
finding covers. Labels: `set_labels` and `presidio_labels` of data.score. On bank texts the entities that the default policy keeps (places,
organisations, plain dates ...) are left out on both sides, since nothing redacts them.

Every figure is taken on halves that no tuning saw, unless --tune is given: sha256 parity of template_id (synthetic), source_row (bank messages) and row
id (log), odd blocks of 50 rows (real text), the report halves of the package's own sets (cut by phrasing). Without the folder of public data only the
package's own sets are measured.
"""
import argparse
import csv
import hashlib
import inspect
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path

from pilot_to_prod.core.settings import DataSection, PilotSection, Settings
from pilot_to_prod.core.stats import wilson
from pilot_to_prod.data.engine import Finding, NotScanned, detector
from pilot_to_prod.data.probe import load_set
from pilot_to_prod.data.score import score, vanilla
from pilot_to_prod.data.spec import default_policy

ROOT = Path(__file__).resolve().parent.parent
WIDE = frozenset({'LOCATION', 'ORGANIZATION', 'DATE_TIME', 'AGE', 'TITLE', 'NRP'})


def parity(key): return int(hashlib.sha256(str(key).encode()).hexdigest(), 16) % 2


def jsonl(path): return [json.loads(line) for line in path.read_text(encoding='utf-8').splitlines() if line.strip()]


def labelled(rows):
    return [r['text'] for r in rows], [[Finding(entity=s['entity'], start=s['start'], end=s['end'], score=1.) for s in r['spans']] for r in rows]


def kept_by_policy():
    "What the default policy leaves in a message."
    policy = default_policy(Settings(root=Path(), pilot=PilotSection(name='bench'), data=DataSection(log='log.csv', text='text')))
    return frozenset({r.entity for r in policy if r.field == 'text' and r.action == 'keep'} | WIDE)


class Timed:
    "A detector that remembers what it took and what it could not search."
    def __init__(self, name, find):
        self.name, self.find, self.seconds, self.late = name, find, 0., 0

    def many(self, texts):
        start, out = time.perf_counter(), []
        if hasattr(self.find, 'find_many'):
            out = list(self.find.find_many(texts))
        else:
            for t in texts:
                try:
                    out.append(self.find.find(t))
                except NotScanned as e:
                    out.append(e)
        self.seconds, self.late = time.perf_counter()-start, sum(not isinstance(o, tuple) for o in out)
        return [o if isinstance(o, tuple) else () for o in out]


def built(**kw):
    "The process's detector with the arguments that it knows."
    known = inspect.signature(getattr(detector, '__wrapped__', detector)).parameters
    return detector(**{k: v for k, v in kw.items() if k in known})


class Bench:
    def __init__(self, args):
        self.args, self.half = args, 0 if args.tune else 1
        self.kept, self.lines, self.bars = kept_by_policy(), [], []

    def wanted(self, name): return not self.args.only or name in self.args.only.split(',')

    def detectors(self, wide=False): return [Timed('ours', built(wide=wide)), Timed('vanilla', vanilla())]

    def compare(self, name, texts, gold, ignore=frozenset(), wide=False):
        "Both detectors on one set; tables by detector."
        out = {}
        for d in self.detectors(wide):
            found = d.many(texts)
            out[d.name] = table = score(texts, gold, found, ignore=ignore)
            u, t = table.untyped, table.typed
            kinds = {k: {c: shares(getattr(r, c)) for c in ('exact', 'iou', 'coverage')} for k, r in (('untyped', u), ('typed', t))}
            entities = {r.entity: dict(spans=r.iou.gold, found=r.iou.found, **shares(r.iou), covered=rounded(r.hidden_share), leak=rounded(r.leak))
                        for r in table.rows}
            self.lines.append(dict(set=name, detector=d.name, texts=len(texts), spans=u.iou.gold, seconds=round(d.seconds, 1), not_scanned=d.late, **kinds,
                                   covered=rounded(u.hidden_share), leak=rounded(u.leak), entities=entities))
        return out

    def bar(self, what, value, vanilla_value, op, limit):
        ok = value is not None and (value >= limit if op == '>=' else value <= limit)
        self.bars.append(dict(what=what, ours=rounded(value), vanilla=rounded(vanilla_value), wanted=f'{op} {limit}', met=ok))

    def synthetic(self, data):
        rows = [r for r in jsonl(data/'pii'/'presidio_synth.jsonl') if parity(r['template_id']) == self.half]
        texts, gold = labelled(rows)
        got = self.compare('presidio_synth, all labels', texts, gold, wide=True)
        self.bar('presidio_synth: untyped F2, IoU 0.5', *(got[d].untyped.iou.f2 for d in ('ours', 'vanilla')), '>=', .90)
        self.compare('presidio_synth, personal data only', texts, gold, ignore=frozenset({'DATE_TIME', 'AGE', 'TITLE', 'NRP'}))

    def bank(self, data):
        every = jsonl(data/'pii'/'bank_messages_with_pii.jsonl')
        rows = [r for r in every if parity(r['source_row']) == self.half]
        got = self.compare('bank_messages', *labelled(rows), ignore=self.kept)
        self.bar('bank_messages: untyped F2, IoU 0.5', *(got[d].untyped.iou.f2 for d in ('ours', 'vanilla')), '>=', .95)
        self.bar('bank_messages: typed F2, IoU 0.5', *(got[d].typed.iou.f2 for d in ('ours', 'vanilla')), '>=', .95)
        none = [r['text'] for r in (rows if self.args.tune else every) if r['hard_negative'] and not r['has_pii']]
        self.false('bank_messages, look-alikes without personal data', none)

    def false(self, name, texts, ids=None, per=1000, show=False):
        "Findings that would be redacted in texts without personal data."
        out = {}
        for d in self.detectors():
            found = [[f for f in fs if f.entity not in self.kept] for fs in d.many(texts)]
            rows = [i for i, fs in enumerate(found) if fs]
            out[d.name] = sum(map(len, found))*per/max(len(texts), 1)
            low, high = wilson(len(rows), len(texts))
            by_entity = dict(Counter(f.entity for fs in found for f in fs).most_common())
            self.lines.append(dict(set=name, detector=d.name, texts=len(texts), seconds=round(d.seconds, 1), not_scanned=d.late,
                                   findings=sum(map(len, found)), rows_with_finding=len(rows), share=rounded(len(rows)/max(len(texts), 1)),
                                   share_interval=[rounded(low), rounded(high)], by_entity=by_entity,
                                   rows=[ids[i] if ids else i for i in rows] if show else []))
        return out

    def own(self, _):
        kind = 'tune' if self.args.tune else 'report'
        for name in ('bank', 'service', 'addresses', 'probe', 'languages'):
            some = load_set(name, kind)
            if not some:
                continue
            got = self.compare(f'own set: {name}', [s.text for s in some], [s.spans for s in some], ignore=self.kept)
            if name in ('bank', 'service'):
                which = dict(bank='second', service='third')[name]
                for how in ('untyped', 'typed'):
                    self.bar(f'{which} clause set: {how} F2, IoU 0.5', *(getattr(got[d], how).iou.f2 for d in ('ours', 'vanilla')), '>=', .95)
                self.false(f'own set: {name} rows with look-alikes only', [s.text for s in some if s.kind == 'lookalike'])
            if name == 'languages':
                for code in dict.fromkeys(s.kind for s in some):
                    mine = [s for s in some if s.kind == code]
                    self.compare(f'language {code}', [s.text for s in mine], [s.spans for s in mine], ignore=self.kept)
        some = load_set('documents', kind)
        got = self.compare('own set: documents, all labels', [s.text for s in some], [s.spans for s in some], wide=True)
        self.bar('documents of our own: untyped F2, IoU 0.5', *(got[d].untyped.iou.f2 for d in ('ours', 'vanilla')), '>=', .90)
        self.false('own set: lookalikes', [s.text for s in load_set('lookalikes', kind)])
        some = load_set('obfuscated', kind)
        self.compare('own set: obfuscated', [s.text for s in some], [s.spans for s in some], ignore=self.kept)
        for o in dict.fromkeys(s.kind for s in some):
            mine = [s for s in some if s.kind == o]
            self.compare(f'obfuscated: {o}', [s.text for s in mine], [s.spans for s in mine], ignore=self.kept)

    def real(self, data):
        rows, seen = [], Counter()
        for r in jsonl(data/'pii'/'ner_text.jsonl'):
            if (seen[r['source']] // 50) % 2 == self.half:
                rows.append(r)
            seen[r['source']] += 1
        for source, cov, prec in (('wikigold', .80, .60), ('WNUT17', .60, .45)):
            mine = [r for r in rows if source.lower() in r['source'].lower()]
            got = self.compare(f'real text: {source}', *labelled(mine), ignore=frozenset({'MISC', 'product', 'creative-work'}))
            persons = {d: got[d].row('PERSON') for d in got}
            self.bar(f'{source}: PERSON covered', *(persons[d].hidden_share for d in ('ours', 'vanilla')), '>=', cov)
            self.bar(f'{source}: PERSON precision, IoU 0.5', *(persons[d].iou.precision for d in ('ours', 'vanilla')), '>=', prec)

    def log(self, data):
        with (data/'banking_support'/'pilot_log.csv').open(newline='', encoding='utf-8') as f:
            rows = [(n, r) for n, r in enumerate(csv.DictReader(f))]
        chosen = [(n, r) for n, r in rows if not self.args.tune or parity(r['id']) == 0]
        got = self.false('false redactions on a real log', [r['text'] for _, r in chosen], [n for n, _ in chosen], show=True)
        self.bar('findings per 1,000 real messages', got['ours'], got['vanilla'], '<=', 20)
        if not self.args.tune:
            half = [(n, r) for n, r in chosen if parity(r['id']) == 1]
            self.false('false redactions on a real log, unseen half', [r['text'] for _, r in half], [n for n, _ in half])


    def complaints(self, data):
        "Long texts from which names were taken out before: what is replaced now, against 200 findings labelled by hand (ids and offsets only)."
        import polars
        with (ROOT/'bench'/'pii_complaints.csv').open(newline='') as f:
            labels = {(r['id'], int(r['start']), int(r['end'])): r['is'] for r in csv.DictReader(f)}
        table = polars.read_parquet(data/'complaints'/'cfpb_complaints.parquet')
        ids, texts = table['id'].to_list(), table['text'].to_list()
        for d in self.detectors():
            found = [(i, f) for i, fs in zip(ids, d.many(texts), strict=True) for f in fs if f.entity not in self.kept]
            self.lines.append(dict(set='complaints', detector=d.name, texts=len(texts), findings=len(found), seconds=round(d.seconds, 1), not_scanned=d.late,
                                   replaced=sum(f.end-f.start for _, f in found)/sum(map(len, texts)), labelled=dict(Counter(labels.values())),
                                   by_entity=dict(Counter(f.entity for _, f in found).most_common()),
                                   still=dict(Counter(labels[k] for k in labels if any(k[0] == j and f.start < k[2] and k[1] < f.end for j, f in found)))))


def rounded(value): return None if value is None else round(value, 3)


def shares(c):
    (p0, p1), (r0, r1), (f0, f1) = wilson(c.right, c.found), wilson(c.hit, c.gold), c.f2_bounds
    return dict(precision=rounded(c.precision), precision_interval=[rounded(p0), rounded(p1)], recall=rounded(c.recall),
                recall_interval=[rounded(r0), rounded(r1)], f2=rounded(c.f2), f2_bounds=[rounded(f0), rounded(f1)])


def shown(value): return '   -' if value is None else f'{value:.2f}'


def report(bench, entities):
    print(f'{"set":<50}{"detector":<9}{"texts":>6}{"spans":>6}   P    R    F2 untyped: exact IoU coverage  typed: exact IoU coverage  leak  seconds')
    for o in bench.lines:
        if 'replaced' in o:
            print(f'{o["set"]:<50}{o["detector"]:<9}{o["texts"]:>6}   {o["findings"]} findings, {o["replaced"]:.2%} of the characters; of {o["labelled"]} '
                  f'labelled by hand it still finds {o["still"]}  {o["seconds"]} s')
        elif 'untyped' not in o:
            print(f'{o["set"]:<50}{o["detector"]:<9}{o["texts"]:>6}   false findings {o["findings"]} in {o["rows_with_finding"]} texts '
                  f'({o["share"]:.1%}, {o["share_interval"][0]:.1%}-{o["share_interval"][1]:.1%}) {o["by_entity"]}  {o["seconds"]} s')
            if o['rows'] and o['detector'] == 'ours':
                print(f'    look at rows: {", ".join(map(str, o["rows"][:400]))}')
        if 'untyped' not in o:
            continue
        u, t = o['untyped'], o['typed']
        print(f'{o["set"]:<50}{o["detector"]:<9}{o["texts"]:>6}{o["spans"]:>6}  {shown(u["iou"]["precision"])} {shown(u["iou"]["recall"])}       '
              + '  '.join(shown(u[c]['f2']) for c in u) + '                 ' + '  '.join(shown(t[c]['f2']) for c in t)
              + f'   {0 if o["leak"] is None else o["leak"]:6.1%}  {o["seconds"]}' + (f'  not scanned: {o["not_scanned"]}' if o['not_scanned'] else ''))
        if entities and not o['set'].startswith(('obfuscated:', 'language ')) and o['detector'] == 'ours':
            for e, m in o['entities'].items():
                print(f'      {e:<22}{m["spans"]:>5} spans {m["found"]:>5} found   P {shown(m["precision"])}  R {shown(m["recall"])} '
                      f'({m["recall_interval"][0]:.2f}-{m["recall_interval"][1]:.2f})  covered {shown(m["covered"])}')
    print(f'\n{"bar":<46}{"ours":>8}{"vanilla":>9}   wanted')
    for b in bench.bars:
        print(f'{b["what"]:<46}{shown(b["ours"]):>8}{shown(b["vanilla"]):>9}   {b["wanted"]:<8}{"met" if b["met"] else "NOT MET"}')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--tune', action='store_true', help='the halves that tuning may see')
    parser.add_argument('--data', type=Path, default=Path(os.environ.get('P2P_SHARED_DATA') or ROOT.parent/'shared'/'data'))
    parser.add_argument('--only', default='', help='synthetic, bank, own, real, log, complaints')
    parser.add_argument('--entities', action='store_true', help='also by entity')
    parser.add_argument('--json', type=Path, help='write the figures to this file')
    args = parser.parse_args()
    bench, public = Bench(args), (args.data/'pii').is_dir()
    start = time.perf_counter()
    if not public:
        print(f'no public data at {args.data}: only the package\'s own sets', file=sys.stderr)
    for name in ('synthetic', 'bank', 'own', 'real', 'log', 'complaints'):
        if bench.wanted(name) and (public or name == 'own'):
            getattr(bench, name)(args.data)
    report(bench, args.entities)
    print(f'{time.perf_counter()-start:.0f} s in all; halves: {"tuning" if args.tune else "unseen"}')
    if args.json:
        args.json.write_text(json.dumps(dict(half='tune' if args.tune else 'report', sets=bench.lines, bars=bench.bars), indent=1) + '\n')


if __name__ == '__main__':
    main()
