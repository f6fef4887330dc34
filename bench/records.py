"""The record's store beside a flushed JSONL file: time to be durable, lines a second, finding a person, deleting a person, passing on to MLflow.

Usage: python bench/records.py [--lines N] [--json FILE]
"""
import argparse, asyncio, json, os, queue, statistics, tempfile, threading, time
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pilot_to_prod.core.settings import load_settings
from pilot_to_prod.serve.answer import Attempt, Step
from pilot_to_prod.serve.find import find_records
from pilot_to_prod.serve.purge import delete_person
from pilot_to_prod.serve.record import RecordStore, RequestRecord, record_store
from pilot_to_prod.serve.spool import drain_mlflow

AT = datetime.now(UTC)


def line(n: int, user: str = '') -> RequestRecord:
    return RequestRecord(id=f'{AT:%Y%m%dT%H%M%S}000Z-{n:016x}', at=AT + timedelta(milliseconds=n), feature='triage', user=user, source='model',
                         model='local/intent', tier='intent', prompt='triage@1.0.0#12345678', prompt_hash='a'*64, latency_ms=12.5,
                         attempts=(Attempt(tier='intent', model='local/intent', outcome='ok', latency_ms=4.0, tokens_in=300, tokens_out=20),),
                         steps=tuple(Step(name=s, ms=1.0) for s in ('size and shape', 'redact', 'model', 'restore')),
                         input={'text': f'My card {n} was lost on the bus, please block it and send another one. ' * 3}, output={'intent': 'card_lost'})


class Lines:
    "The peer: one writer, one flush for all lines that wait, as the store does it."
    def __init__(self, path: Path):
        self.jobs: queue.SimpleQueue = queue.SimpleQueue()
        self.fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        threading.Thread(target=self.write, daemon=True).start()

    def submit(self, record: RequestRecord) -> Future:
        done: Future = Future()
        self.jobs.put((record, done))
        return done

    def write(self) -> None:
        while True:
            batch = [self.jobs.get()]
            while not self.jobs.empty() and len(batch) < 500: batch.append(self.jobs.get())
            os.write(self.fd, ''.join(r.model_dump_json() + '\n' for r, _ in batch).encode())
            os.fsync(self.fd)
            for _, done in batch: done.set_result(None)


async def load(store: Lines | RecordStore, at_once: int, lines: int, first: int) -> dict[str, float]:
    "`at_once` writers that each wait for their own line."
    took, numbers = [], iter(range(first, first + lines))
    async def one() -> None:
        for n in numbers:
            since = time.perf_counter()
            await asyncio.wrap_future(store.submit(line(n)))
            took.append((time.perf_counter() - since)*1000)
    begun = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(at_once)))
    whole = time.perf_counter() - begun
    took.sort()
    return dict(p50_ms=statistics.median(took), p99_ms=took[int(len(took)*.99)], lines_per_s=lines/whole)


def timed(work, *args, **named) -> tuple[float, object]:
    begun = time.perf_counter()
    out = work(*args, **named)
    return time.perf_counter() - begun, out


def at_rest(root: Path, lines: int) -> dict[str, float]:
    "Finding and deleting one person among all lines, and passing them on."
    (root/'settings.ini').write_text('[pilot]\nname = bench\n')
    settings, store = load_settings(root, env={}), record_store(root)
    marks = [store.mark(f'user {n}') for n in range(50)]
    done = [store.submit(line(n, marks[n % 50])) for n in range(lines)]
    for d in done: d.result()
    found_s, found = timed(find_records, root, user='user 7')
    words_s, _ = timed(find_records, root, text='no such words')
    file = root/'all.jsonl'
    file.write_text(''.join(line(n, marks[n % 50]).model_dump_json() + '\n' for n in range(lines)))
    peer_s, peer = timed(lambda: [r for o in file.read_text().splitlines() if (r := json.loads(o))['user'] == marks[7]])
    assert len(found) == len(peer) == lines//50
    drained_s, drained = timed(drain_mlflow, settings, share=1.0)
    delete_s, gone = timed(delete_person, settings, 'user 7', by='Ann Example')
    assert gone.done['records'] == lines//50 and not gone.remains
    return dict(find_person_ms=found_s*1000, find_person_jsonl_ms=peer_s*1000, find_words_ms=words_s*1000, delete_person_s=delete_s,
                drained=drained.sent, drain_ms_per_record=drained_s*1000/lines)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument('--lines', type=int, default=2000)
    asked.add_argument('--json', type=Path)
    given = asked.parse_args()
    root = Path(tempfile.mkdtemp())
    stores, first, rows = {'sqlite': RecordStore(root/'records'), 'jsonl': Lines(root/'lines.jsonl')}, 0, []
    print(f"{'at once':>8} {'sqlite p50':>11} {'p99 ms':>8} {'lines/s':>9}   {'jsonl p50':>10} {'p99 ms':>8} {'lines/s':>9}   p50 ratio")
    for at_once in (1, 16, 64, 256):
        row: dict = dict(at_once=at_once)
        for name, store in stores.items():
            asyncio.run(load(store, at_once, 50, first))
            row[name] = asyncio.run(load(store, at_once, given.lines if at_once > 1 else given.lines//4, first := first + 50))
            first += given.lines
        rows.append(row)
        a, b = row['sqlite'], row['jsonl']
        print(f"{at_once:>8} {a['p50_ms']:>11.2f} {a['p99_ms']:>8.2f} {a['lines_per_s']:>9,.0f}   {b['p50_ms']:>10.2f} {b['p99_ms']:>8.2f} "
              f"{b['lines_per_s']:>9,.0f}   {a['p50_ms']/b['p50_ms']:.2f}")
    rest = at_rest(Path(tempfile.mkdtemp()), given.lines)
    print(f"\n{given.lines:,} lines: a person is found in {rest['find_person_ms']:.1f} ms (reading the JSONL {rest['find_person_jsonl_ms']:.0f}), "
          f"words in {rest['find_words_ms']:.0f} ms; deleted in {rest['delete_person_s']:.1f} s with VACUUM, MLflow and the search of every file.\n"
          f"Passed on to MLflow at {rest['drain_ms_per_record']:.1f} ms a record, start-up of MLflow included; never while a request waits.")
    if given.json: given.json.write_text(json.dumps(dict(lines=given.lines, load=rows, rest=rest), indent=1) + '\n')


if __name__ == '__main__': main()
