"""Data audit of a million rows: profile, suite and findings, with the share of each check, its growth, and pandas with Great Expectations beside it.

Usage: python bench/audit.py [--rows N,N,N] [--json FILE]
"""
import argparse, json, os, tempfile, time
from pathlib import Path

import numpy as np
import polars as pl

from pilot_to_prod.core.settings import DataSection, PilotSection, Settings
from pilot_to_prod.data.cells import as_frame
from pilot_to_prod.data.columns import profile_column
from pilot_to_prod.data.copies import copies, repeated_rows
from pilot_to_prod.data.profile import balance_over_time, profile_frame, time_range
from pilot_to_prod.data.rules import propose
from pilot_to_prod.data.structure import candidate_keys, coded, dependencies
from pilot_to_prod.data.suite import freeze, prepared, read_suite, validate
from pilot_to_prod.data.written import as_times

ROLES = dict(text='message', label='intent', time='opened_at', id='contact_id')


def table(rows: int) -> pl.DataFrame:
    "Ten columns of a contact centre, as text, with the usual dirt in one row of a hundred; no personal data."
    rng = np.random.default_rng(1)
    pick = lambda values, p=None: rng.choice(np.array(values), rows, p=p)  # noqa: E731
    words = [a+b for a in 'ba ce di fo gu la me ni po ru'.split() for b in 'lan tor mis ket nov'.split()]
    words = np.array(words + 'my card the is not app where when and to'.split())
    body = [' '.join(o) for o in words[rng.integers(0, len(words), (rows, 12))]]
    dirt = lambda clean, dirty: np.where(rng.random(rows) < .01, dirty, clean)  # noqa: E731
    start = np.datetime64('2025-01-01T00:00:00')
    return pl.DataFrame(dict(
        contact_id=[f'K{i:07d}' for i in range(rows)], customer_id=[f'C{i:06d}' for i in rng.integers(0, rows//10+1, rows)],
        opened_at=dirt((start + np.sort(rng.integers(0, 31_536_000, rows)).astype('timedelta64[s]')).astype(str), '13/02/2025 08:15'),
        channel=dirt(pick(['app', 'web', 'phone']), ' App'), intent=pick([f'intent_{i}' for i in range(24)]), message=body,
        amount=dirt(rng.lognormal(4, 1, rows).round(2).astype(str), '1,250.00'), zip_code=[f'{i:05d}' for i in rng.integers(500, 99_000, rows)],
        score=dirt(pick([str(i) for i in range(1, 6)]), '99'), escalated=dirt(pick(['yes', 'no'], [.1, .9]), 'N/A')))


def timed(work, *args, **kwargs):
    start, cpu = time.perf_counter(), time.process_time()
    out = work(*args, **kwargs)
    return time.perf_counter() - start, time.process_time() - cpu, out


def parts(frame: pl.DataFrame) -> dict[str, float]:
    "Seconds of each part of the profile, run alone."
    codes_s, _, codes = timed(coded, frame)
    at = as_times(frame['opened_at'])
    work = {f'column {c}': (profile_column, c, frame[c]) for c in frame.columns}
    work |= {'copies of messages': (copies, frame['message']), 'repeated rows': (repeated_rows, codes), 'keys': (candidate_keys, codes),
             'dependencies': (dependencies, codes), 'times': (as_times, frame['opened_at']), 'period and gaps': (time_range, at),
             'labels over time': (balance_over_time, frame['intent'], at)}
    return {'cells as codes': codes_s, **{k: timed(*v)[0] for k, v in work.items()}}


def findings(frame: pl.DataFrame):
    "Seconds of the checks that no column shows; None while they are not installed."
    try: from pilot_to_prod.data.findings import find_all
    except ImportError: return None
    seconds, cpu, found = timed(find_all, frame, **ROLES)
    return seconds, cpu, len(found)


def ours(frame: pl.DataFrame, folder: str) -> dict[str, tuple[float, float]]:
    "Wall and processor seconds of each step."
    settings = Settings(root=Path(folder), pilot=PilotSection(name='bench'), data=DataSection(log='log.csv', **ROLES))
    profile_s, cpu, found = timed(profile_frame, frame, **ROLES)
    propose_s, propose_cpu, rules = timed(propose, found, settings)
    freeze(settings, rules)
    prepare_s, prepare_cpu, _ = timed(prepared, frame, read_suite(settings))
    validate_s, more, valid = timed(validate, frame, settings)
    seconds = {'profile': (profile_s, cpu), 'propose': (propose_s, propose_cpu), 'hand the table over': (prepare_s, prepare_cpu),
               f'validate {len(valid.outcomes)} rules': (validate_s - prepare_s, more - prepare_cpu)}
    if (seen := findings(frame)) is not None: seconds[f'findings ({seen[2]})'] = seen[:2]
    return seconds


def peer(frame: pl.DataFrame, folder: str) -> dict[str, float]:
    "What a pandas notebook does for the same questions, and the same suite on the same frame."
    import pandas as pd
    df = frame.to_pandas()
    words = {'', 'na', 'n/a', 'null', 'none', 'nan', '-', 'unknown'}
    jobs = {'describe': lambda: df.describe(include='all'), 'nunique': lambda: df.nunique(), 'duplicated': lambda: (df.duplicated(), df.message.duplicated()),
            'missing': lambda: df.apply(lambda s: s.astype('string').str.strip().str.casefold().isin(words)).sum(),
            'numbers': lambda: [pd.to_numeric(df[c], errors='coerce').describe() for c in ('amount', 'score')],
            'dates': lambda: pd.to_datetime(df.opened_at, errors='coerce', format='mixed', dayfirst=True),
            'lengths': lambda: [df[c].str.len().describe() for c in df.columns], 'value counts': lambda: [df[c].value_counts() for c in df.columns],
            'keys': lambda: [df.groupby(c, observed=True).ngroups for c in df.columns],
            'dependencies': lambda: [df.groupby(a)[b].nunique().gt(1).sum() for a in df.columns for b in df.columns if a != b and df[a].nunique() < len(df)/2]}
    seconds = {k: timed(v)[0] for k, v in jobs.items()}
    settings = Settings(root=Path(folder), pilot=PilotSection(name='bench'), data=DataSection(log='log.csv', **ROLES))
    seconds['validate'] = timed(validate, as_frame(df), settings)[0]
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--json', help='write the figures to this file')
    parser.add_argument('--rows', default='10000,100000,1000000')
    parser.add_argument('--alone', action='store_true', help='without the peer')
    args = parser.parse_args()
    import great_expectations  # noqa: F401  its import of several seconds is no part of the audit's growth
    with tempfile.TemporaryDirectory() as warm: ours(table(1_000), warm)
    out = []
    for rows in map(int, args.rows.split(',')):
        frame = table(rows)
        with tempfile.TemporaryDirectory() as folder:
            both = ours(frame, folder)
            other = {} if args.alone else peer(frame, folder)
        seconds, cpu = {k: v[0] for k, v in both.items()}, {k: v[1] for k, v in both.items()}
        total = sum(seconds.values())
        out.append(dict(rows=rows, total_s=total, cpu_s=sum(cpu.values()), us_per_row=1e6*total/rows, shares={k: v/total for k, v in seconds.items()},
                        seconds=seconds, cpu=cpu, peer=other, peer_s=sum(other.values()), ratio=sum(other.values())/total if other else None))
    last = out[-1]
    detail = parts(table(last['rows']))
    print(f"{last['rows']:,} rows x 10 columns: {last['total_s']:.1f} s, {last['cpu_s']:.1f} s of processor time, "
          f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for k, v in last['seconds'].items(): print(f"  {k:<28}{v:>8.2f} s{last['cpu'][k]:>8.2f} cpu s{100*v/last['total_s']:>7.1f} %")
    print('  parts of the profile, each alone')
    for k, v in sorted(detail.items(), key=lambda o: -o[1]): print(f'    {k:<26}{v:>8.2f} s')
    print(f"{'rows':>10}{'ours, s':>10}{'cpu, s':>10}{'us a row':>10}{'peer, s':>10}{'ratio':>7}")
    for r in out:
        beside = f"{r['peer_s']:>10.2f}{r['ratio']:>7.1f}" if r['peer'] else f"{'not run':>10}"
        print(f"{r['rows']:>10,}{r['total_s']:>10.2f}{r['cpu_s']:>10.2f}{r['us_per_row']:>10.1f}{beside}")
    if not any(k.startswith('findings') for k in last['seconds']): print('the checks of data.findings are not installed; their share is missing')
    if last['peer']: print(f"peer at {last['rows']:,} rows: {', '.join(f'{k} {v:.1f}' for k, v in last['peer'].items())}")
    text = json.dumps(dict(bench='audit', rows=out, parts=detail))
    if args.json: Path(args.json).write_text(text + '\n')
    print(text)


if __name__ == '__main__': main()
