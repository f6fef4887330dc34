"""Load generator: what an open and a closed loop report of a server that stalls for two seconds, in real time, beside the computed truth.

Usage: python bench/load.py [--json FILE] [--stall SECONDS]
"""
import argparse, json, queue, threading, time
from concurrent.futures import Future
from pathlib import Path

import numpy as np

from pilot_to_prod.cost.arrivals import ScriptedServer, VirtualTimer, closed_loop, open_loop, poisson_arrivals


class StallingServer:
    "One real worker thread: a fixed service time and one stall, both in wall time."
    def __init__(self, service_s: float, stall: tuple[float, float]):
        self.service_s, self.stall, self.todo = service_s, stall, queue.Queue()
        self.begun = time.perf_counter()
        threading.Thread(target=self._work, daemon=True).start()

    def submit(self, request: object) -> Future:
        future: Future = Future()
        self.todo.put(future)
        return future

    def _work(self) -> None:
        free_at = 0.
        while True:
            future = self.todo.get()
            at = max(time.perf_counter() - self.begun, free_at)
            if self.stall[0] <= at < self.stall[1]: at = self.stall[1]
            free_at = at + self.service_s
            while (left := self.begun + free_at - time.perf_counter()) > 0: time.sleep(left)
            future.set_result(None)


def percentiles(sent) -> dict[str, float]:
    return {f'p{q}_ms': round(float(np.percentile([o.latency_ms for o in sent], q)), 1) for q in (50, 95, 99)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', help='write the figures to this file')
    parser.add_argument('--stall', type=float, default=2., help='length of the stall in seconds')
    args = parser.parse_args()
    service_s, seconds, rps, stall = .005, 8., 50., (2., 2. + args.stall)
    arrivals = poisson_arrivals(rps, seconds)
    timer = VirtualTimer()
    truth = percentiles(open_loop(ScriptedServer(timer, service_s, stall).submit, ['q'], arrivals, timer))
    opened = open_loop(StallingServer(service_s, stall).submit, ['q'], arrivals)
    closed = closed_loop(StallingServer(service_s, stall).submit, ['q'], seconds, gap_s=1/rps)
    start = time.perf_counter()
    sent = open_loop(lambda r: _done(), ['q'], [0.]*20_000)
    ceiling = len(sent)/(time.perf_counter() - start)
    rows = [dict(what='truth, computed', requests=len(arrivals), **truth), dict(what='open loop, measured', requests=len(opened), **percentiles(opened)),
            dict(what='closed loop, measured', requests=len(closed), **percentiles(closed))]
    print(f"{'generator':<24}{'requests':>10}{'p50 ms':>10}{'p95 ms':>10}{'p99 ms':>10}")
    for r in rows: print(f"{r['what']:<24}{r['requests']:>10}{r['p50_ms']:>10.1f}{r['p95_ms']:>10.1f}{r['p99_ms']:>10.1f}")
    error, missed = rows[1]['p99_ms']/truth['p99_ms'] - 1, rows[1]['p99_ms']/rows[2]['p99_ms']
    lag = round(float(np.percentile([o.lag_ms for o in opened], 95)), 2)
    print(f'open loop is {error:+.1%} off the true p99; it sees {missed:.0f} times the p99 of the closed loop; '
          f'generator late by {lag} ms at p95; its ceiling is {ceiling:,.0f} requests a second')
    text = json.dumps(dict(bench='load', rows=rows, open_loop_error=error, ratio=missed, lag_p95_ms=lag, ceiling_rps=ceiling))
    if args.json: Path(args.json).write_text(text + '\n')
    print(text)


def _done() -> Future:
    future: Future = Future()
    future.set_result(None)
    return future


if __name__ == '__main__': main()
