"""Precision and recall of `pilot lint` on the labelled notebooks, beside ruff's rules where they look for the same.

A finding hits a label when rule and cell agree and the line is at most three lines away, or at a place that the label calls as good, or in the same
statement; one finding for one label. Labels marked doubtful are left out on both sides, and counted in the second table.
    python bench/lint.py [--tune|--report] [--json FILE] [--misses]
`--misses` names what differs, for the half that rules may be tuned on only."""
import argparse
import ast
import hashlib
import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from math import sqrt
from pathlib import Path

from pilot_to_prod.core.errors import InputError
from pilot_to_prod.notebook.cells import read_source
from pilot_to_prod.notebook.lint import RULES, lint

CORPUS = Path(__file__).parents[1]/'tests'/'lint_corpus'
PER_CELL = {'execution-order', 'pii-in-output'}
MEASURED = ('hard-coded-prompt', 'direct-provider-call', 'unpinned-model', 'secret-literal', 'no-timeout', 'unchecked-output', 'output-executed',
            'execution-order', 'pii-in-output',
            'absolute-path')
RUFF = {'S105': 'secret-literal', 'S106': 'secret-literal', 'S107': 'secret-literal', 'S113': 'no-timeout', 'S307': 'output-executed',
        'S102': 'output-executed', 'S605': 'output-executed',
        'S602': 'output-executed', 'S603': 'output-executed', 'S604': 'output-executed', 'S608': 'output-executed', 'S108': 'absolute-path',
        'F821': 'execution-order'}
CANNOT = ('hard-coded-prompt', 'direct-provider-call', 'unpinned-model', 'unchecked-output', 'pii-in-output')


def half(name: str) -> str:
    return 'report' if int(hashlib.sha256(name.encode()).hexdigest(), 16) % 2 else 'tune'


def wilson(k: int, n: int, z: float = 1.96) -> tuple[float, float]:
    if not n:
        return 0., 1.
    p, d = k/n, 1 + z*z/n
    mid, wide = (p + z*z/(2*n))/d, z*sqrt(p*(1-p)/n + z*z/(4*n*n))/d
    return max(0., mid-wide), min(1., mid+wide)


def spans(path: Path) -> dict[int, list[tuple[int, int]]]:
    simple = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Return)
    try:
        cells = read_source(path).cells
    except InputError:
        return {}
    return {c.number: [(n.lineno, n.end_lineno or n.lineno) for n in ast.walk(c.tree) if isinstance(n, simple)] if c.tree else [] for c in cells}


def meets(rule: str, label: dict, cell: int, line: int, of: dict) -> int | None:
    """How far a finding is from a label; None when it is another thing."""
    if rule in PER_CELL:
        return 0 if cell == label['cell'] else None
    near = [abs(line - where) for c, where in [(label['cell'], label['line']), *map(tuple, label.get('also', []))] if c == cell]
    if near and min(near) <= 3:
        return min(near)
    same = cell == label['cell'] and any(a <= line <= b and a <= label['line'] <= b for a, b in of.get(cell, []))
    return 4 if same else None


def match(rule: str, labels: list[dict], found: list[tuple[int, int]], of: dict) -> tuple[list[dict], list[tuple[int, int]], list[tuple[dict, tuple[int,
    int]]]]:
    """Missed labels, strange findings, pairs: nearest first, one to one."""
    pairs = sorted((d, i, j) for i, label in enumerate(labels) for j, f in enumerate(found) if (d := meets(rule, label, *f, of)) is not None)
    left, right, hit = set[int](), set[int](), list[tuple[dict, tuple[int, int]]]()
    for _, i, j in pairs:
        if i not in left and j not in right:
            left.add(i)
            right.add(j)
            hit.append((labels[i], found[j]))
    again = {j for _, i, j in pairs if i in left and labels[i].get('also')}   # several of its places are one hit
    return [o for i, o in enumerate(labels) if i not in left], [o for j, o in enumerate(found) if j not in right | again], hit


def by_pilot(path: Path) -> dict[str, list[tuple[int, int]]]:
    out = defaultdict(list)
    try:
        for f in lint(path, base=path.parent).findings:
            out[f.name].append((f.cell, f.line))
    except InputError:
        pass
    return out


def by_ruff(path: Path) -> dict[str, list[tuple[int, int]]]:
    ruff = Path(sys.executable).parent/'ruff'
    done = subprocess.run([ruff, 'check', '--isolated', '--preview', '--select', ','.join(RUFF), '--output-format', 'json', path], capture_output=True,
                          text=True)
    out = defaultdict(list)
    code = [n for n, c in enumerate(json.loads(path.read_text()).get('cells', []), 1) if c.get('cell_type') == 'code'] if done.stdout.startswith('[') else []
    for f in json.loads(done.stdout) if code else []:
        if f['code'] in RUFF and f.get('cell'):
            out[RUFF[f['code']]].append((f['cell'], f['location']['row']))
    return out


def measure(files: list[Path], labels: dict, find) -> tuple[dict, list[str], float]:
    counts, told, seconds = {r: Counter() for r in MEASURED}, [], 0.
    for path in files:
        began = time.perf_counter()
        try:
            found = find(path)
        except (ValueError, KeyError):
            found = {}
        seconds += time.perf_counter() - began
        of = spans(path)
        for rule in MEASURED:
            wanted = [o for o in labels[path.name] if o['rule'] == rule]
            missed, strange, hit = match(rule, wanted, sorted(set(found.get(rule, []))), of)
            counts[rule].update(hit=sum(not o.get('doubtful') for o, _ in hit), doubtful_hit=sum(bool(o.get('doubtful')) for o, _ in hit),
                                missed=sum(not o.get('doubtful') for o in missed), doubtful_missed=sum(bool(o.get('doubtful')) for o in missed),
                                strange=len(strange))
            told += [f"{path.name}: MISSED {rule} {o['cell']}:{o['line']} {o['note']}" for o in missed if not o.get('doubtful')]
            told += [f'{path.name}: STRANGE {rule} {c}:{n}' for c, n in strange]
    return counts, told, seconds


def rates(c: Counter, doubtful: bool) -> dict:
    hit, missed = c['hit'] + doubtful*c['doubtful_hit'], c['missed'] + doubtful*c['doubtful_missed']
    p, r = (hit/(hit + c['strange']) if hit + c['strange'] else None), (hit/(hit + missed) if hit + missed else None)
    return dict(labels=hit + missed, hit=hit, missed=missed, strange=c['strange'], precision=p, precision_95=wilson(hit, hit + c['strange']), recall=r,
                recall_95=wilson(hit, hit + missed))


def table(title: str, rows: dict[str, dict]) -> None:
    print(f'\n{title}\n| rule | labels | hit | missed | strange | precision (95 %) | recall (95 %) |\n|---|---|---|---|---|---|---|')
    def shown(v, i): return 'none' if v is None else f'{v:.3f} ({i[0]:.2f} to {i[1]:.2f})'
    for name, o in rows.items():
        counts = ' | '.join(str(o[k]) for k in ('labels', 'hit', 'missed', 'strange'))
        print(f"| {name} | {counts} | {shown(o['precision'], o['precision_95'])} | {shown(o['recall'], o['recall_95'])} |")


def main() -> None:
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument('--tune', action='store_true')
    args.add_argument('--report', action='store_true')
    args.add_argument('--misses', action='store_true')
    args.add_argument('--json', type=Path)
    o = args.parse_args()
    labels = json.loads((CORPUS/'labels.json').read_text())
    wanted = {'tune'} if o.tune else {'report'} if o.report else {'tune', 'report'}
    files = [p for p in sorted(CORPUS.iterdir()) if p.name in labels and half(p.name) in wanted]
    by_pilot(files[0])   # imports are not measured
    counts, told, seconds = measure(files, labels, by_pilot)
    peer, _, peer_seconds = measure(files, labels, by_ruff)
    result = {}
    for name, c in (('pilot lint', counts), ('ruff', peer)):
        every = Counter()
        for one in c.values():
            every.update(one)
        for doubtful in (False, True):
            rules = {r: rates(one, doubtful) for r, one in c.items() if name == 'pilot lint' or r not in CANNOT} | {'all': rates(every, doubtful)}
            if name == 'pilot lint' or not doubtful:
                table(f"{name}, {len(files)} notebooks ({', '.join(sorted(wanted))}){', doubtful labels counted' if doubtful else ''}", rules)
            result[f"{name}{' with doubtful' if doubtful else ''}"] = rules
    print(f'\nruff has no rule for: {", ".join(CANNOT)}. Seconds: pilot lint {seconds:.2f}, ruff {peer_seconds:.2f} (one process a file). {len(RULES)} rules.')
    if o.misses and wanted == {'tune'}:
        print('\n'.join(told))
    if o.json:
        o.json.write_text(json.dumps(dict(halves=sorted(wanted), notebooks=len(files), seconds=seconds, ruff_seconds=peer_seconds, rules=result), indent=1))


if __name__ == '__main__':
    main()
