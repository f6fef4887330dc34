"""Loading, rendering and locking prompts: a verified load beside MLflow's cached one, a long render, a lock of many versions.

Usage: python bench/prompts.py [--loads N] [--versions N] [--json FILE]
"""
import argparse, json, os, statistics, tempfile, time
from pathlib import Path

from pilot_to_prod.core.tokens import count_tokens
from pilot_to_prod.prompts.files import load_prompt, lock_path, lock_prompts, prompt_path, prompts_folder, verify_prompts
from pilot_to_prod.prompts.parse import Prompt
from pilot_to_prod.prompts.render import render, rendered

FEATURE = 'from typing import Literal\nfrom pydantic import BaseModel\n\nclass Triage(BaseModel):\n    intent: Literal["lost", "late"]\n    confidence: float\n'
LABELS = ''.join(f'- label_{n}: what a customer writes about matter {n}, in one line of words\n' for n in range(100))


def write(root: Path, version: str, words: str) -> None:
    "One version: a label list, an include, two variables and a schema in the pilot's own module."
    prompt_path(root, 'triage', version).write_text(
        f'---\nname: triage\nversion: {version}\nowner: Ann Example\nmodels: [local/intent, openai/gpt-4o-mini-2024-07-18]\ntemperature: 0\nmax_tokens: 60\n'
        'schema: pilot.feature.Triage\nvariables:\n  text: {type: str, example: I lost my card, max_tokens: 500, truncate: tail}\n'
        '  channel: {choices: [app, web]}\n'
        f'change: {words}\n---\n# system\n{words} {{{{> tone.md}}}}\n\n{LABELS}\n# user\n{{{{channel}}}}: {{{{text}}}}\n')


def make(root: Path, versions: int) -> None:
    prompts_folder(root).mkdir(parents=True)
    (root/'settings.ini').write_text('[pilot]\nname = bench\n')
    (root/'pilot'/'feature.py').write_text(FEATURE)
    (prompts_folder(root)/'tone.md').write_text('Be brief and friendly.\n')
    for n in range(versions): write(root, f'1.{n}.0', f'Sort the message, attempt {n}.')


def times_ms(work, n: int) -> dict[str, float]:
    "Milliseconds of `n` runs, one by one."
    took = []
    for _ in range(n):
        start = time.perf_counter()
        work()
        took.append((time.perf_counter() - start)*1000)
    took.sort()
    return dict(median_ms=statistics.median(took), p95_ms=took[int(.95*n)], max_ms=took[-1])


def mlflow_load(root: Path, p: Prompt):
    "MLflow's own load of the same prompt, from SQLite, cached by version."
    os.environ.update(MLFLOW_DISABLE_TELEMETRY='true', DO_NOT_TRACK='true')
    import mlflow
    mlflow.set_tracking_uri(f'sqlite:///{root}/mlflow.db')
    mlflow.genai.register_prompt('triage', [dict(role=t.role, content=t.text) for t in p.turns], response_format=p.schema_json)
    return lambda: mlflow.genai.load_prompt('triage', version=1)


def measure(loads: int, versions: int) -> dict:
    root = Path(tempfile.mkdtemp())
    make(root, versions)
    start = time.perf_counter()
    lock_prompts(root)
    lock_s = time.perf_counter() - start
    start = time.perf_counter()
    lock_prompts(root)
    again_s = time.perf_counter() - start
    start = time.perf_counter()
    p = load_prompt(root, 'triage')
    first_ms = (time.perf_counter() - start)*1000
    start = time.perf_counter()
    problems = verify_prompts(root).problems
    verify_s = time.perf_counter() - start
    assert not problems
    peer_load = mlflow_load(root, p)
    start = time.perf_counter()
    peer_load()
    peer_first_ms = (time.perf_counter() - start)*1000
    peer, ours = times_ms(peer_load, loads), times_ms(lambda: load_prompt(root, 'triage'), loads)
    values = dict(text='Where is my card? ' * 20, channel='app')
    long = dict(text='Where is my card? ' * 2000, channel='app')
    return dict(loads=loads, versions=versions, lock_s=lock_s, lock_again_s=again_s, verify_s=verify_s, lock_kb=lock_path(root).stat().st_size/1024,
                first_load_ms=first_ms, load=ours, mlflow_first_load_ms=peer_first_ms, mlflow_load=peer, ratio=peer['median_ms']/ours['median_ms'],
                prompt_tokens=sum(count_tokens(m['content']) for m in render(p, values)), render=times_ms(lambda: render(p, values), 1000),
                rendered=times_ms(lambda: rendered(p, values), 200), render_cut=times_ms(lambda: render(p, long), 20))


def table(m: dict) -> str:
    rows = [('first load, read and verified', dict(median_ms=m['first_load_ms'])), (f"{m['loads']:,} loads, each verified", m['load']),
            ("MLflow's first load", dict(median_ms=m['mlflow_first_load_ms'])), (f"MLflow's load, cached, {m['loads']:,} times", m['mlflow_load']),
            (f"render of {m['prompt_tokens']:,} tokens", m['render']), ('the same with its account', m['rendered']),
            ('a value of 8,000 tokens cut to 500', m['render_cut'])]
    lines = [f'{"":44}{"median ms":>11}{"p95":>9}{"max":>9}']
    lines += [f'{name:44}{o["median_ms"]:11.4f}' + ''.join(f'{o[k]:9.4f}' for k in ('p95_ms', 'max_ms') if k in o) for name, o in rows]
    return '\n'.join([*lines, f"MLflow's cached load takes {m['ratio']:.1f} times as long as a verified one.",
                      f"lock of {m['versions']} versions, {m['lock_kb']:.0f} KB: {m['lock_s']:.2f} s,"
                      f" again {m['lock_again_s']:.2f} s, verify {m['verify_s']:.2f} s"])


if __name__ == '__main__':
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--loads', type=int, default=1000)
    parser.add_argument('--versions', type=int, default=100)
    parser.add_argument('--json', help='write the figures to this file')
    args = parser.parse_args()
    found = measure(args.loads, args.versions)
    print(table(found))
    if args.json: Path(args.json).write_text(json.dumps(found, indent=1))
