"""Cost projection: vectorised draws against a plain Python loop, and our token counter against LiteLLM's, in the same run.

Usage: python bench/cost.py [--json FILE]
"""
import argparse, json, os, random, statistics, subprocess, sys, time
from pathlib import Path

import numpy as np

from pilot_to_prod.core.prices import list_price
from pilot_to_prod.core.tokens import count_tokens, how_counted
from pilot_to_prod.cost.formula import Volume
from pilot_to_prod.cost.simulate import Use, draw_inputs, scenario
from pilot_to_prod.cost.usage import Requests


def example_use() -> Use:
    rng = np.random.default_rng(1)
    requests = Requests(feature='triage', tokens_in=tuple(rng.normal(600, 60, 2_000).astype(int).tolist()),
                        tokens_out=tuple(rng.normal(20, 4, 2_000).clip(5).astype(int).tolist()), output_source='example', output_measured=True,
                        counting=how_counted('gpt-4o-mini'))
    price = list_price('openai/gpt-4o-mini-2024-07-18')
    assert price
    return Use(feature='triage', tier='mini', price=price, requests=requests, volume=Volume(daily_users=6_000))


def vectorised(use: Use, draws: int) -> list[float]:
    drawn = draw_inputs([use], draws=draws)
    return [float(scenario(drawn, s).median_usd) for s in (1, 10, 100)]


def looped(use: Use, draws: int) -> list[float]:
    "The same model, one month at a time."
    rng, usd, found = random.Random(1), use.call_usd().tolist(), {1: [], 10: [], 100: []}
    means = [statistics.fmean(rng.choices(usd, k=len(usd))) for _ in range(1_000)]
    for _ in range(draws):
        calls = (1 + rng.triangular(0, .15, .05))*(1 + rng.triangular(0, .05, .01))
        month = use.volume.requests_per_month*rng.lognormvariate(0, .2)*calls*rng.choice(means)*1.3
        for s in found: found[s].append(month*s)
    return [statistics.median(o) for o in found.values()]


def timed(work, *args):
    start = time.perf_counter()
    out = work(*args)
    return time.perf_counter() - start, out


def fresh(code: str) -> float:
    "Seconds of a fresh process, the fastest of three."
    env = {**os.environ, 'LITELLM_LOCAL_MODEL_COST_MAP': 'True'}  # else the peer also waits for the network
    return min(timed(lambda: subprocess.run([sys.executable, '-c', code], env=env, check=True))[0] for _ in range(3))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', help='write the figures to this file')
    args = parser.parse_args()
    use, draws = example_use(), 100_000
    fast_s, fast = timed(vectorised, use, draws)
    slow_s, slow = timed(looped, use, draws)
    text = 'I lost my card yesterday, please help me block it before somebody uses it.'
    ours_s = fresh(f'from pilot_to_prod.core.tokens import count_tokens; count_tokens({text!r}, "gpt-4o-mini")')
    peer_s = fresh(f'import litellm; litellm.token_counter("gpt-4o-mini", text={text!r})')
    count_tokens(text, 'gpt-4o-mini')
    each_s = timed(lambda: [count_tokens(text, 'gpt-4o-mini') for _ in range(2_000)])[0]/2_000
    rows = [dict(what=f'{draws:,} draws x 3 scales', ours_s=fast_s, peer='python loop', peer_s=slow_s, ratio=slow_s/fast_s,
                 note=f'medians differ by {max(abs(a/b-1) for a, b in zip(fast, slow, strict=True)):.1%}'),
            dict(what='first token count of a process', ours_s=ours_s, peer='litellm.token_counter', peer_s=peer_s, ratio=peer_s/ours_s,
                 note=f'later counts take {each_s*1e6:.1f} us')]
    print(f"{'what':<34}{'ours, s':>10}{'peer, s':>10}{'ratio':>8}  peer; note")
    for r in rows: print(f"{r['what']:<34}{r['ours_s']:>10.3f}{r['peer_s']:>10.3f}{r['ratio']:>8.1f}  {r['peer']}; {r['note']}")
    text = json.dumps(dict(bench='cost', rows=rows))
    if args.json: Path(args.json).write_text(text + '\n')
    print(text)


if __name__ == '__main__': main()
