"""Shortened prompts: tokens saved against accuracy lost, on a model that reads the prompt, with what else the same tokens could buy.

Usage: python bench/compress.py [--data FOLDER] [--more N] [--json FILE] [--quick]

FOLDER holds pilot_log.csv, golden_dev.csv and out_of_scope.csv (default: ../shared/data/banking_support). A pilot is made of it in a temporary folder.
Golden rows whose id has an even SHA-256 choose the rule, the others (and N rows of the log that stand in no pool) report.

Conversations are made, because neither set has any: each reported row becomes the end of one. A message of several sentences is taken apart, its first
ones are said at the beginning and the last one at the end; between them, and before messages of one sentence, stand three exchanges about other things
that were settled. They show what a window loses and what a summary brings back; how people really talk they do not show.
"""
import argparse, hashlib, json, random, re, shutil, statistics, sys, tempfile, time
from pathlib import Path

from pilot_to_prod.core.settings import load_settings
from pilot_to_prod.core.text import near_places
from pilot_to_prod.data.source import read_log
from pilot_to_prod.evals.compare import compare
from pilot_to_prod.evals.golden import GoldenRow, read_golden
from pilot_to_prod.evals.shortening import CompressionTable, _ask, _with, measure_compression, unshortened
from pilot_to_prod.notebook.init import init_pilot
from pilot_to_prod.prompts import select
from pilot_to_prod.prompts.files import load_prompt
from pilot_to_prod.prompts.parse import Example, Prompt, parse_prompt
from pilot_to_prod.prompts.select import ExamplePool
from pilot_to_prod.prompts.shorten import Shorten

HERE = Path(__file__).resolve().parent
REPLY = 'Thank you for telling me. I have looked at it with a colleague, and it has been settled for you in the meantime.'
MORE = 'Thank you. I am listening, and I have your account open in front of me. What would you like me to do for you?'


def parity(row) -> int: return int(hashlib.sha256(row.id.encode()).hexdigest(), 16) % 2


def pool_of(texts, labels, each: int, seed: int = 1) -> tuple[Example, ...]:
    "So many examples of each label, drawn at random; one of each label before a second."
    by: dict[str, list[str]] = {}
    for n in random.Random(seed).sample(range(len(texts)), len(texts)): by.setdefault(labels[n], []).append(texts[n])
    return tuple(Example(user=by[k][n], assistant=json.dumps({'intent': k})) for n in range(each) for k in sorted(by) if n < len(by[k]))


def written(folder: Path, source: Prompt, version: str, pool, rule: dict, history: bool = False) -> Prompt:
    "A version as a file: examples beside it, rule in its front matter."
    text = source.path.read_text().replace(f'version: {source.version}', f'version: {version}', 1)
    text = re.sub(r'^(examples:|change:).*\n(  .*\n)*', '', text, flags=re.M)
    more = f'examples_file: pool-{version}.jsonl\nshorten: {json.dumps(rule)}\n'
    if history: text = text.replace('variables:\n', 'variables:\n  history: {}\n', 1)
    (folder/f'pool-{version}.jsonl').write_text(''.join(json.dumps(dict(user=o.user, assistant=o.assistant)) + '\n' for o in pool))
    path = folder/f'{source.name}@{version}.md'
    path.write_text(text.replace('variables:\n', more + 'variables:\n', 1))
    return parse_prompt(path)


def chosen_rule(settings, base: Prompt, pool, rows, grid) -> dict:
    "The fewest tokens whose accuracy on the tuning rows is within a point of the best."
    found = []
    for k, budget in grid:
        for spread in (True, False):
            rule = dict(examples=k, example_tokens=budget, **({} if spread else dict(spread=False)))
            run = _ask(settings, 'triage', _with(base, examples=(), pool=pool, shorten=Shorten(**rule)), 'local-fewshot', rows)
            tokens, right = statistics.fmean(run.tokens.values()), sum(run.passed.values())/len(rows)
            found.append((round(tokens, 1), right, rule))
            print(f'  tuning: {Shorten(**rule)}: {tokens:,.0f} tokens, {right:.1%}', flush=True)
    best = max(a for _, a, _ in found)
    return min((o for o in found if o[1] >= best - .01), key=lambda o: (o[2]['examples'], -o[1]))[2]


def conversations(rows, seed: int = 1) -> list[GoldenRow]:
    "Each row as the end of a conversation."
    rng, out = random.Random(seed), []
    for r in rows:
        text = r.inputs['text']
        said = [o for o in re.split(r'(?<=[.!?])\s+', text) if o.strip()]
        others = rng.sample([o.inputs['text'] for o in rows if o.expected != r.expected], 3)
        opening = [(' '.join(said[:-1]), MORE)] if len(said) > 1 else []
        talk = [dict(role=role, content=c) for pair in [*opening, *((o, REPLY) for o in others)] for role, c in zip(('user', 'assistant'), pair, strict=True)]
        out.append(r.model_copy(update=dict(id=f"{'split' if opening else 'one'}-{r.id}", inputs=dict(text=said[-1] if opening else text, history=talk))))
    return out


def pasted(rows, seed: int = 1) -> list[GoldenRow]:
    "The same messages as pasted mails: lines broken, blanks doubled, a signature after empty lines."
    rng, out = random.Random(seed), []
    for r in rows:
        words = r.inputs['text'].split()
        text = ''.join(w + rng.choice([' ', ' ', '  ', '   ', '  \n']) for w in words) + '\n\n \n\n\n--  \nsent   from my telephone   \n\n\n'
        out.append(r.model_copy(update=dict(inputs=dict(text=text))))
    return out


def told(title: str, table: CompressionTable) -> dict:
    print(f'\n{title}\n{table}', flush=True)
    rows = [dict(name=o.name, peer=o.peer, rule=o.rule, tokens=o.tokens, saved=o.saved, saved_p95=o.saved_p95, share=o.share, before=table.accuracy,
                 after=o.accuracy, drop=o.comparison.drop, low=o.comparison.low, high=o.comparison.high, p=o.comparison.p, verdict=o.comparison.verdict,
                 errors=o.errors, render_ms=table.render_ms[o.name]) for o in table.rows]
    return dict(what=title, n=table.n, tokens=table.tokens, accuracy=table.accuracy, gate=table.gate.verdict, rows=rows)


def paired(settings, title: str, first: Prompt, second: Prompt, rows) -> dict:
    a, b = (_ask(settings, 'triage', p, 'local-fewshot', rows) for p in (first, second))
    c = compare(a.passed, b.passed)
    print(f'{title}: {c.passed_before/c.n:.1%} -> {c.passed_after/c.n:.1%}, loss {c.drop:+.1%} ({c.low:+.1%} to {c.high:+.1%}), p = {c.p:.4f}', flush=True)
    return dict(what=title, n=c.n, before=c.passed_before/c.n, after=c.passed_after/c.n, drop=c.drop, low=c.low, high=c.high, p=c.p)


def latency(texts, labels, asked) -> list[dict]:
    rows = []
    for size in (300, 3_000, len(texts)):
        shots = [Example(user=t, assistant=json.dumps({'intent': k})) for t, k in list(zip(texts, labels, strict=True))[:size]]
        start = time.perf_counter()
        pool = ExamplePool(shots)
        built, each = time.perf_counter() - start, []
        for text in asked:
            start = time.perf_counter()
            pool.choose(text, 6, 200)
            each.append((time.perf_counter() - start)*1000)
        each.sort()
        rows.append(dict(pool=len(shots), build_s=built, p50_ms=each[len(each)//2], p95_ms=each[int(.95*len(each))]))
        p50, p95 = rows[-1]['p50_ms'], rows[-1]['p95_ms']
        print(f'selection from {len(shots):,}: index in {built:.2f} s, then {p50:.2f} ms (p95 {p95:.2f} ms) a request', flush=True)
    return rows


def leak(settings, base: Prompt, pool, rule: Shorten, rows) -> dict:
    "The reported rows themselves in the pool, with and without the guard."
    own = tuple(Example(user=r.inputs['text'], assistant=json.dumps({'intent': r.expected['intent']})) for r in rows)
    clean, seen, bare = (_with(base, examples=(), pool=o, pool_sha256=mark, shorten=rule) for o, mark in ((pool, 'a'), (pool + own, 'b'), (pool + own, 'c')))
    select._pools[bare.hash] = ExamplePool(bare.pool, same=2)
    found = {k: sum(_ask(settings, 'triage', p, 'local-fewshot', rows).passed.values())/len(rows)
             for k, p in (('without them', clean), ('with them, guarded', seen), ('with them, no guard', bare))}
    print('rows of the golden set in the pool: ' + ', '.join(f'{k} {v:.1%}' for k, v in found.items()), flush=True)
    return found


def talking(settings, p: Prompt, talks) -> list[dict]:
    "Windows and a summary, without examples, on messages that need what was said before and on those that do not."
    ways = {'window of 2': dict(history_turns=2), 'first message and window of 2': dict(history_turns=3, keep_first=True),
            'window of 2 and summary': dict(history_turns=2, summary_tokens=40)}
    sides = {k: [r for r in talks if r.id.startswith(k)] for k in ('split', 'one')}
    return [told(f'D: history, {title}; {len(rows)} conversations, {kind}',
                 measure_compression(settings, _with(p, pool=(), pool_sha256='', shorten=Shorten(**limits)), rows))
            for title, limits in ways.items() for kind, rows in sides.items() if rows]


def banking(data: Path, folder: Path, more: int, quick: bool) -> dict:
    root = folder/'bank'
    init_pilot(root, log=data/'pilot_log.csv', golden=data/'golden_dev.csv', out_of_scope=data/'out_of_scope.csv')
    settings = load_settings(root, env={})
    log = read_log(settings)
    texts, labels = ([str(o) for o in log[k]] for k in (settings.data.text, settings.data.label))
    golden = [r for r in read_golden(root/'pilot/golden/golden.jsonl')]
    near = near_places([r.inputs['text'] for r in golden], texts)
    held = set(random.Random(7).sample([n for n in range(len(texts)) if n not in near], more))
    tune = [r for r in golden if not parity(r)]
    report = [r for r in golden if parity(r)] + [GoldenRow(id=f'log{n}', inputs=dict(text=texts[n]), expected=dict(intent=labels[n])) for n in sorted(held)]
    if quick: tune, report = tune[:30], report[:40]
    left = [n for n in range(len(texts)) if n not in near and n not in held]
    known, names = [texts[n] for n in left], [labels[n] for n in left]
    source = parse_prompt(root/'pilot/prompts/triage@0.1.0.md')
    small, large = (pool_of(known, names, each) for each in (4, 40))
    print(f'banking_support: {len(tune)} rows choose, {len(report)} report; pools of {len(small)} and {len(large):,} examples', flush=True)
    grid = [(k, 25*k) for k in ((3, 6) if quick else (3, 6, 12, 24))]
    rule = chosen_rule(settings, source, small, tune, grid)
    whole = _with(source, examples=small, shorten=None)
    version = written(folder, source, '0.2.0', small, dict(whitespace=True, **rule))
    out = dict(rule=rule, tables=[told(f'A: {len(small)} examples in each request, or those that fit', measure_compression(settings, version, report))])
    fixed = _with(source, examples=tuple(random.Random(2).sample(small, rule['examples'])))
    out['paired'] = [paired(settings, 'A: most similar instead of fixed random ones', fixed, _with(version, shorten=Shorten(**rule)), report)]
    wide = chosen_rule(settings, source, large, tune, grid)
    version = written(folder, source, '0.3.0', large, dict(whitespace=True, **wide))
    out['wide_rule'] = wide
    out['tables'].append(told(f'B: the same, chosen from {len(large):,}', measure_compression(settings, version, report, baseline=whole)))
    mails = _with(source, shorten=Shorten(whitespace=True))
    out['tables'].append(told('C: blanks, messages as pasted mails', measure_compression(settings, mails, pasted(report))))
    out['tables'] += talking(settings, written(folder, source, '0.4.0', large, wide, history=True), conversations(report))
    out['leak'] = leak(settings, source, large, Shorten(**wide), report[:200])
    out['latency'] = latency(texts, labels, [r.inputs['text'] for r in report])
    return out


def sample(folder: Path, quick: bool) -> dict:
    root = folder/'sample'
    for o in ('pilot', 'data_audit'): shutil.copytree(HERE.parent/o, root/o)
    for o in ('settings.ini', 'models.yaml'): shutil.copy(HERE.parent/o, root/o)
    settings = load_settings(root, env={})
    log = read_log(settings)
    texts, labels = ([str(o) for o in log[k]] for k in (settings.data.text, settings.data.label))
    golden = [r for r in read_golden(root/'pilot/golden/golden.jsonl') if r.feature == 'triage']
    near = near_places([r.inputs['text'] for r in golden], texts)
    rows = [n for n, k in enumerate(labels) if n not in near and k not in ('', 'nan', 'None')]
    tune, report = ([r for r in golden if parity(r) == side][:30 if quick else None] for side in (0, 1))
    source = load_prompt(root, 'triage')
    pool = pool_of([texts[n] for n in rows], [labels[n] for n in rows], 12)
    print(f'sample: {len(tune)} rows choose, {len(report)} report; pool of {len(pool):,} examples', flush=True)
    rule = chosen_rule(settings, source, pool, tune, [(k, 40*k) for k in (2, 3, 6)])
    version = written(folder, source, '1.9.0', pool, dict(whitespace=True, **rule))
    table = measure_compression(settings, version, report, baseline=unshortened(source))
    return dict(rule=rule, tables=[told(f'S: the {len(source.examples)} examples of {source.version}, or those that fit', table)])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--data', type=Path, default=HERE.parent.parent/'shared/data/banking_support')
    parser.add_argument('--more', type=int, default=150, help='rows of the log that report beside the golden ones')
    parser.add_argument('--json', help='write the figures to this file')
    parser.add_argument('--quick', action='store_true', help='few rows, to see that it runs')
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        out = dict(bench='compress', sample=sample(Path(made), args.quick))
        if (args.data/'pilot_log.csv').is_file(): out['banking_support'] = banking(args.data, Path(made), args.more, args.quick)
        else: print(f'{args.data}: not there; only the sample was measured')
    text = json.dumps(out)
    if args.json: Path(args.json).write_text(text + '\n')
    print(text)
    return 0


if __name__ == '__main__': sys.exit(main())
