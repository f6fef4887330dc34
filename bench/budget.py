"""The ledger: reserve and settle per second from 1 and 4 processes, in a file and on a PostgreSQL server on loopback, against two bare commits.

Usage: python bench/budget.py [--seconds 2] [--json FILE]
"""
import argparse, json, statistics, subprocess, sys, tempfile, time
from decimal import Decimal as D
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT/'tests')]


def calls(kind: str, where: str, seconds: float) -> list[float]:
    "Milliseconds of each reserve and settle, or of two transactions with one insert each."
    from pilot_to_prod.serve.budget import Ledger, SqliteBook
    from pilot_to_prod.serve.ledger import PostgresBook
    book = PostgresBook(where) if '://' in where else SqliteBook(where, wait_s=30)
    ledger, took = Ledger(book), []
    def bare() -> None:
        for _ in range(2): book.run('triage', lambda execute: execute("insert into ledger_spent values('bare', ?, '', 0, 0)", (str(time.perf_counter_ns()),)))
    def whole(**more) -> None:
        ledger.settle(ledger.reserve('triage', D('0.002'), D(10**6), **more), 'triage', D('0.001'))
    work = dict(bare=bare, feature=whole, user=lambda: whole(user='u', user_cap_usd=D(10**6), session='s', session_cap_usd=D(10**6)))[kind]
    for _ in range(20): work()
    print('ready', flush=True)
    sys.stdin.readline()
    until = time.perf_counter() + seconds
    while (begun := time.perf_counter()) < until:
        work()
        took.append((time.perf_counter() - begun)*1000)
    return took


def measured(kind: str, where: str, processes: int, seconds: float) -> dict[str, float]:
    "All processes at once."
    args = [sys.executable, __file__, '--worker', kind, where, '--seconds', str(seconds)]
    workers = [subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(processes)]
    for w in workers: w.stdout.readline()
    for w in workers:
        w.stdin.write('go\n')
        w.stdin.flush()
    took = [t for w in workers for t in json.loads(w.communicate()[0].splitlines()[-1])]
    cuts = statistics.quantiles(took, n=100)
    return dict(per_s=len(took)/seconds, p50_ms=cuts[49], p99_ms=cuts[98])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--seconds', type=float, default=2)
    parser.add_argument('--json', help='write the figures to this file')
    parser.add_argument('--worker', nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        print(json.dumps(calls(*args.worker, args.seconds)))
        return
    rows = []
    def run(engine: str, where: str) -> None:
        for processes in (1, 4):
            peer = measured('bare', where, processes, args.seconds)
            for kind in ('feature', 'user'):
                m = measured(kind, where, processes, args.seconds)
                rows.append(dict(engine=engine, processes=processes, caps='feature' if kind == 'feature' else 'feature, user, session', **m,
                                 bare_per_s=peer['per_s'], bare_p50_ms=peer['p50_ms'], ratio=m['per_s']/peer['per_s']))
    with tempfile.TemporaryDirectory() as folder: run('sqlite', f'{folder}/ledger.db')
    import pytest
    from postgres_server import postgres_server
    try:
        with postgres_server() as server: run('postgres', server.url())
    except pytest.skip.Exception as e: print(f'postgres: {e}')
    print('engine    processes  caps                    per s   p50 ms  p99 ms  two bare commits per s  ratio')
    for r in rows:
        print(f"{r['engine']:<9} {r['processes']:<10} {r['caps']:<22} {r['per_s']:>6.0f}  {r['p50_ms']:>7.2f} {r['p99_ms']:>7.1f}  {r['bare_per_s']:>22.0f}  "
              f"{r['ratio']:>5.2f}")
    if args.json: Path(args.json).write_text(json.dumps(rows, indent=1))


if __name__ == '__main__': main()
