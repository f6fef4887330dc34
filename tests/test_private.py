"""Nothing personal leaves the log: 2,000 seeded values, and none of them in any file, page, database or message that the stages make."""
import html
import json
from pathlib import Path

import pytest
from small_pilot import Command, say

STAGES = ('data_audit', 'pii_spec')
ROWS = 500
AGENTS = 8   # a column of few names looks like a category, whose values a suite would list
WHAT = {'card_lost': 'my card is gone since Monday', 'refund': 'when will the refund arrive', 'app_error': 'the app crashes when I open it',
        'transfer': 'the transfer to my sister is late', 'fees': 'why is there a fee on the account'}
OPENINGS = ('Hello,', 'Good morning,', 'Hi there,', 'Excuse me,', 'Dear team,', 'Please help:', 'Sorry to ask,')


def seeded() -> dict[str, list[str]]:
    """Values by kind: distinct, long enough to stand nowhere by chance, ASCII and not."""
    from faker import Faker
    fake = Faker(['en_GB', 'de_DE', 'sv_SE', 'en_US'])
    fake.seed_instance(20260824)
    makers = {'name': lambda: f'{fake.first_name()} {fake.last_name()}-{fake.last_name()}',
              'email': lambda: f'{fake.user_name()}.{fake.random_number(4, True)}@{fake.domain_name()}',
              'phone': lambda: f'+44 7700 9{fake.random_number(5, True)}', 'iban': fake.iban}
    out = {}
    for kind, make in makers.items():
        found: dict[str, None] = {}
        while len(found) < ROWS:
            found[make()] = None
        out[kind] = list(found)
    return out


def write_log(path: Path, values: dict[str, list[str]]) -> Path:
    """Names, addresses and numbers in columns of their own and inside the messages."""
    quoted = lambda *cells: ','.join('"' + str(c).replace('"', '""') + '"' for c in cells)  # noqa: E731
    lines = ['message_id,ts,customer,agent,phone,body,topic']
    for n in range(ROWS):
        label = list(WHAT)[n % len(WHAT)]
        what = WHAT[list(WHAT)[(n + n//3 % 3) % len(WHAT)]]   # people label unevenly; a text that gives its label away fails the audit
        name, email, phone, iban = (values[k][n] for k in ('name', 'email', 'phone', 'iban'))
        own = (f'I am {name}', f'write to {email}', f'call {phone}', f'my account is {iban}')[n % 4]
        text = f'{say(OPENINGS[n % 7], what, "")} Case {n}: {own}, {iban if n % 4 != 3 else email} again.'
        when = f'2026-0{n % 6 + 1}-{n % 28 + 1:02d}T{n % 24:02d}:15:00Z'
        lines.append(quoted(f'm{n}', when, f'{name} <{email}>', values['name'][n % AGENTS], phone, text, label))
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return path


def forms(value: str) -> set[bytes]:
    """How a value may stand in a file: plain, in HTML, in JSON, escaped twice as in a notebook's outputs."""
    texts = {value, html.escape(value), json.dumps(value)[1:-1], json.dumps(json.dumps(value)[1:-1])[1:-1]}
    return {t.encode() for t in texts}


def leaks(folder: Path, values: list[str], leave: tuple[str, ...] = ()) -> list[str]:
    """Files in which a value stands, with how many; what the pilot was given is left out."""
    wanted, found = sorted({f for v in values for f in forms(v)}), []
    for path in sorted(folder.rglob('*')):
        rel = path.relative_to(folder).as_posix()
        if path.is_file() and not rel.startswith(leave):
            data = path.read_bytes()
            if seen := sum(w in data for w in wanted): found.append(f'{rel}: {seen}')
    return found


@pytest.fixture(scope='module')
def values():
    return seeded()


@pytest.fixture(scope='module')
def ran(values, tmp_path_factory):
    """A pilot made from the log, its stages run, and everything that was printed."""
    folder = tmp_path_factory.mktemp('private')
    pilot, printed = Command(folder), []
    write_log(folder/'messages.csv', values)
    code, out, err = pilot('init', 'desk', '--log', 'messages.csv')
    assert code == 0, err
    printed += [out, err]
    for command in (('run', '--only', ','.join(STAGES)), ('audit', 'look', 'pilot/data/log.csv'), ('audit', 'table', 'pilot/data/log.csv'),
                    ('audit', 'propose', '--json'), ('audit', 'page')):
        code, out, err = pilot(*command, cwd='desk')
        assert code in (0, 1), (command, err)
        printed += [out, err]
    return folder/'desk', '\n'.join(printed)


def test_the_seeds_are_there_to_be_found(values, ran):
    root, _ = ran
    every = [v for kind in values.values() for v in kind]
    assert len(set(every)) == 2000
    text = (root/'pilot'/'data'/'log.csv').read_text(encoding='utf-8') + (root/'pilot'/'golden'/'golden.jsonl').read_text(encoding='utf-8')
    assert sum(v in text for v in every) > 1600                     # init moves some rows into the golden set, without their other columns
    assert leaks(root, every) != []                                 # the search can find: the log itself is full of them


def test_no_file_of_a_stage_holds_one(values, ran):
    root, _ = ran
    assert {p.name.split('.')[0] for p in (root/'mlruns'/'runs').rglob('*.result.json')} >= set(STAGES) and (root/'mlruns'/'mlflow.db').is_file()
    assert leaks(root, [v for kind in values.values() for v in kind], leave=('pilot/data/', 'pilot/golden/')) == []


def test_nothing_printed_holds_one(values, ran):
    _, printed = ran
    assert [v for kind in values.values() for v in kind if v in printed] == []


def test_an_unreadable_log_is_told_without_its_content(values, tmp_path):
    pilot = Command(tmp_path)
    log = write_log(tmp_path/'messages.csv', values)
    for damage in (f'm9,2026-01-01,{values["name"][3]},{values["email"][3]}\n', f'"m9,{values["iban"][4]}\n'):
        log.write_text(log.read_text(encoding='utf-8') + damage, encoding='utf-8')
        code, out, err = pilot('init', 'desk', '--log', 'messages.csv')
        assert code == 2 and len(err.splitlines()) == 1, err
        code, out2, err2 = pilot('audit', 'look', 'messages.csv')
        assert code in (1, 2)
        assert [v for kind in values.values() for v in kind if v in out + err + out2 + err2] == []
