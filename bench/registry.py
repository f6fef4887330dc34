"""Registering prompts beside MLflow's bare call, verifying the registry, rolling back from the command line, and what following the lock costs a request.

Usage: python bench/registry.py [--versions N] [--json FILE]
"""
import argparse, asyncio, json, statistics, subprocess, sys, tempfile, time
from pathlib import Path

from pilot_to_prod.core.settings import Settings, load_settings
from pilot_to_prod.core.store import client
from pilot_to_prod.prompts.files import load_prompt, lock_prompts, prompt_path
from pilot_to_prod.prompts.publish import registry_form, serving_verdict, verify_registry
from pilot_to_prod.prompts.register import register_prompts
from pilot_to_prod.serve.served import Following

LABELS = ''.join(f'- label_{n}: what a customer writes about matter {n}, in one line of words\n' for n in range(60))


def add(root: Path, n: int) -> None:
    "One more version."
    path = prompt_path(root, 'triage', f'1.{n}.0')
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'---\nname: triage\nversion: 1.{n}.0\nowner: Ann Example\nmodels: [local/intent]\nmax_tokens: 60\nschema: {{type: object}}\n'
                    f'variables: {{text: {{type: str}}}}\n---\n# system\nSort the message, attempt {n}.\n\n{LABELS}\n# user\n{{{{text}}}}\n')


def make(root: Path) -> Settings:
    (root/'settings.ini').write_text('[pilot]\nname = bench\n[feature.triage]\nprompt = triage\ntiers = intent\nfallback = pilot.feature.by_rule\n')
    (root/'pilot').mkdir()
    (root/'pilot'/'feature.py').write_text('def by_rule(inputs): return {"intent": "other"}\n')
    for n in range(2): add(root, n)
    lock_prompts(root)   # 1.1.0 in production, 1.0.0 before it
    return load_settings(root, env={})


def seconds(work, *args) -> float:
    start = time.perf_counter()
    work(*args)
    return time.perf_counter() - start


def rollback_s(root: Path, to: str) -> float:
    words = ['-m', 'pilot_to_prod.cli', 'prompt', 'rollback', 'triage', '--to', to, '--by', 'Bo Example', '--why', 'drill', '--pilot', str(root)]
    return seconds(lambda: subprocess.run([sys.executable, *words], check=True, capture_output=True))


async def follow_ms(f: Following, n: int) -> float:
    while not f.fresh: await f.current()
    start = time.perf_counter()
    for _ in range(n): await f.current()
    return (time.perf_counter() - start)/n*1000


def measure(versions: int) -> dict:
    root = Path(tempfile.mkdtemp()).resolve()
    s = make(root)
    store_s = seconds(client, s)                      # imports MLflow, makes the tables
    register_prompts(s)
    c, ours, bare = client(s), [], []
    for n in range(2, versions + 2):
        add(root, n)
        lock_prompts(root)
        ours.append(seconds(register_prompts, s))     # one new version among n, aliases and notes with it
        p = load_prompt(root, 'triage', f'1.{n}.0')
        bare.append(seconds(lambda p=p: c.register_prompt('bare', **registry_form(p))))
    again = [seconds(register_prompts, s) for _ in range(5)]
    back = [rollback_s(root, f'1.{n % 2}.0') for n in (0, 1, 0)]
    register_prompts(s)
    verify = [seconds(verify_registry, s) for _ in range(5)]
    verdict = [seconds(serving_verdict, s, 'triage', '1.0.0') for _ in range(20)]
    m = statistics.median
    return dict(versions=versions, store_s=store_s, register_s=m(ours), register_max_s=max(ours), bare_mlflow_s=m(bare), ratio=m(ours)/m(bare),
                nothing_new_s=m(again), verify_s=m(verify), verdict_ms=m(verdict)*1000, rollback_s=m(back), rollback_max_s=max(back),
                follow_ms=asyncio.run(follow_ms(Following(s, 'triage', ()), 2000)))


def main() -> None:
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument('--versions', type=int, default=20)
    a.add_argument('--json', type=Path)
    given = a.parse_args()
    found = measure(given.versions)
    told = {'store_s': 'import MLflow and make its tables, once', 'register_s': 'register one new version', 'register_max_s': '  slowest',
            'bare_mlflow_s': "MLflow's own register_prompt", 'ratio': '  ratio', 'nothing_new_s': 'register when nothing is new',
            'verify_s': 'verify all versions', 'verdict_ms': 'verdict for serving, ms', 'rollback_s': 'roll back, whole command', 'rollback_max_s': '  slowest',
            'follow_ms': 'follow the lock, a request, ms'}
    print(f"{found['versions']} versions of one prompt, SQLite")
    for key, title in told.items(): print(f'{title:<42} {found[key]:>8.3f}')
    if given.json: given.json.write_text(json.dumps(found, indent=1) + '\n')


if __name__ == '__main__': main()
