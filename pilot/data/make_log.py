"""Make support_log.csv, the sample pilot's log of customer messages, pii_spans.csv, where its personal data stands, and customers.csv, the
register that the log's customer ids point to.

    python pilot/data/make_log.py            # writes the three files beside this script
    python pilot/data/make_log.py --out DIR  # or into another folder

The same seed gives the same bytes on every machine. All people, numbers and addresses are invented: card numbers, IBANs and phone
numbers come from ranges that belong to nobody. Faults are planted on purpose and listed in README.md. Standard library only.
"""
import argparse, csv, random, re, tomllib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

HERE = Path(__file__).parent
SEED = 20260824
FIRST_DAY = datetime(2026, 8, 24, tzinfo=UTC)  # a Monday; the log covers the 12 weeks from here
WEEKS = 12
PLANTED = {  # how many rows carry each fault; no row carries two, except that a duplicate repeats personal data if its original has any
    'duplicate': 27,          # sent twice within minutes: equal but for message_id and ts
    'no_label': 18,           # intent is empty
    'no_text': 6,             # text is empty
    'blank_text': 3,          # text is only spaces
    'no_customer': 30,        # customer_id is empty: written before signing in
    'stale': 22,              # moved over from the old system: years old, channel `legacy`
    'wrong_label': 16,        # the agent chose a neighbouring intent
    'broken_letters': 5,      # å, ä, ö damaged by a wrong encoding
}
CUSTOMERS = range(10_000, 10_700)
LEFT = 7                      # customers who wrote and then closed their account: the register no longer has them
PII_SHARE = .04
SWEDISH_SHARE = .03
NEIGHBOUR = {
    'card_lost': 'unknown_payment', 'card_declined': 'card_pin', 'double_charge': 'unknown_payment', 'transfer_late': 'payment_abroad',
    'refund_missing': 'transfer_late', 'cash_machine': 'card_lost', 'recurring_payment': 'transfer_late',
    'identity_papers': 'login_trouble', 'scam_alert': 'unknown_payment', 'card_abroad': 'fee_question', 'complaint': 'fee_question',
    'overdraft': 'fee_question',
}

# Words
GREETINGS = [
    'Hi', 'Hello', 'hi there', 'Good morning', 'hello', 'Hey', 'Good evening', 'hi', 'Dear Norrland Savings',
    'Hello again', 'Hej',
]
SMALL_TALK = [
    'hope you are well', 'lovely autumn weather here', 'thanks for the quick help last time', 'sorry to bother you',
    'quick question', 'I am not so good with computers', 'long time customer here', 'writing from my phone',
    'happy monday', 'I tried the help page first',
]
CLOSINGS = [
    'Thanks', 'thank you', 'Thanks in advance', 'please answer soon', 'Best regards', 'thx', 'Grateful for help',
    'Have a nice day', '??', 'Cheers',
]
FIRST_NAMES = [
    'Alva', 'Birk', 'Cajsa', 'Dagny', 'Edvin', 'Freja', 'Gunvor', 'Hjalmar', 'Inga', 'Jorid', 'Kettil', 'Lovisa',
    'Malte', 'Nanna', 'Ottar', 'Runa',
]
LAST_NAMES = [
    'Almfjord', 'Björkvall', 'Dalsten', 'Ekhamn', 'Forslycke', 'Granheden', 'Hällmark', 'Isfelt', 'Kvarnudde', 'Myrvik',
    'Renlund', 'Tallbäck',
]
NEAR = {'a': 'sq', 'c': 'xv', 'd': 'sf', 'e': 'wr', 'g': 'fh', 'h': 'gj', 'i': 'uo', 'k': 'jl', 'l': 'k', 'm': 'n', 'n': 'bm', 'o': 'ip',
        'p': 'o', 'r': 'et', 's': 'ad', 't': 'ry', 'u': 'yi', 'v': 'cb', 'w': 'qe', 'y': 'tu'}


@dataclass(frozen=True)
class Row:
    "One message; `pii` lists (entity, value) pairs that stand in the text and is not written to the log."
    ts: datetime
    customer: str
    channel: str
    text: str
    intent: str
    pii: tuple[tuple[str, str], ...] = ()


# Text
def expand(pattern: str, slots: dict[str, list[str]], rng: random.Random) -> str:
    "One sentence from a pattern: `(a|b)` is a choice, `{name}` a value of a slot."
    chosen = re.sub(r'\(([^()]*)\)', lambda m: rng.choice(m[1].split('|')), pattern)
    filled = re.sub(r'\{(\w+)\}', lambda m: rng.choice(slots[m[1]]), chosen)
    return re.sub(r' +([,.?])', r'\1', re.sub(r' {2,}', ' ', filled)).strip()


def tidy(text: str) -> str:
    "The text without a dot or comma right behind a question or exclamation mark."
    return re.sub(r'([?!])[.,]', r'\1', text)


def mistype(text: str, rng: random.Random) -> str:
    "The text with one slip of the fingers: a neighbouring key, two letters swapped, one lost or one doubled."
    places = [i for i in range(1, len(text)-1) if text[i].lower() in NEAR and text[i+1].isalpha()]
    if not places: return text
    i, slip = rng.choice(places), rng.randrange(4)
    new = (rng.choice(NEAR[text[i].lower()]) + text[i+1], text[i+1] + text[i], text[i+1], text[i]*2 + text[i+1])[slip]
    return text[:i] + new + text[i+2:]


def dress(core: str, channel: str, rng: random.Random) -> str:
    "The bare request as people write it: e-mails greet and thank, chats are short, some shout, some never use capitals."
    wordy = {'email': .75, 'webform': .45, 'app': .2, 'chat': .2}[channel]
    text = core
    if rng.random() < wordy*.35: text = f'{rng.choice(SMALL_TALK)}. {text}'
    if rng.random() < wordy: text = f'{rng.choice(GREETINGS)}{rng.choice([", ", "! ", " ", ". "])}{text}'
    if rng.random() < wordy*.6: text = f'{text.rstrip(".")}. {rng.choice(CLOSINGS)}'
    text, style = tidy(text), rng.random()
    if style < .30: text = text.lower()
    elif style < .75: text = text[0].upper() + text[1:]
    elif style < .765: text = text.upper()
    for chance in (.16, .05):
        if rng.random() < chance: text = mistype(text, rng)
    return text


# Invented personal data
def luhn_digit(digits: str) -> str:
    "The check digit that makes a card number pass the Luhn test."
    doubled = [int(d)*(2 - i % 2) for i, d in enumerate(reversed(digits))]
    return str(-sum(d - 9*(d > 9) for d in doubled) % 10)


def card_number(rng: random.Random) -> str:
    "A card number of the 4000 00 range, which payment companies keep for tests."
    body = '400000' + ''.join(rng.choice('0123456789') for _ in range(9))
    number = body + luhn_digit(body)
    return ' '.join(number[i:i+4] for i in range(0, 16, 4)) if rng.random() < .6 else number


def iban(rng: random.Random) -> str:
    "A Swedish IBAN with a right checksum and bank code 000, which no bank has."
    account = '000' + ''.join(rng.choice('0123456789') for _ in range(17))
    check = 98 - int(account + '281400') % 97  # S=28, E=14, then the empty checksum 00
    number = f'SE{check:02}{account}'
    return ' '.join(number[i:i+4] for i in range(0, 24, 4)) if rng.random() < .6 else number


def phone(rng: random.Random) -> str:
    "A number of the ranges that the Swedish regulator keeps for films and books (070-174 06 05 to 99, Kiruna 0980-31 92 00 to 99)."
    last = f'{rng.randrange(5, 100):02}'
    return rng.choice([f'070-174 06 {last}', f'07017406{last}', f'+46 70 174 06 {last}', f'0980-31 92 {last}'])


def full_name(rng: random.Random) -> str:
    "A first and a last name, joined at random."
    return f'{rng.choice(FIRST_NAMES)} {rng.choice(LAST_NAMES)}'


def email(rng: random.Random) -> str:
    "An address under a domain that is reserved for examples."
    first, last = full_name(rng).lower().translate(str.maketrans('åäö', 'aao')).split()
    return f'{first}{rng.choice([".", "_", ""])}{last}@{rng.choice(["example.com", "example.org", "example.net"])}'


PII: dict[str, tuple[Callable[[random.Random], str], list[str]]] = {
    'PERSON': (full_name, ['{text}. Regards, {value}', '{text} / {value}', 'My name is {value}. {text}',
                           '{text}. The account holder is {value}']),
    'EMAIL_ADDRESS': (email, ['{text}. Answer to {value} please', '{text} ({value})', 'my login is {value}. {text}']),
    'PHONE_NUMBER': (phone, ['{text}. Call me on {value}', '{text}, my number is {value}', '{text}. tel {value}']),
    'IBAN_CODE': (iban, ['{text}. The account is {value}', '{text} (IBAN {value})', 'Account {value}: {text}']),
    'CREDIT_CARD': (card_number, ['{text}. Card number {value}', 'Card {value}. {text}', '{text}, it is {value}']),
}


def add_pii(row: Row, rng: random.Random) -> Row:
    "The row with one piece of personal data, one time in five with the sender's name too."
    kinds = [rng.choice(list(PII))]
    if kinds != ['PERSON'] and rng.random() < .2: kinds.append('PERSON')
    text, found = row.text.rstrip('. '), []
    for kind in kinds:
        make, frames = PII[kind]
        value = make(rng)
        text = tidy(rng.choice(frames).format(text=text.rstrip('. '), value=value))
        found.append((kind, value))
    return replace(row, text=text, pii=tuple(found))


# Rows
def moment(rng: random.Random) -> datetime:
    "A time in the 12 weeks: mostly weekdays, mostly waking hours."
    while True:
        t = FIRST_DAY + timedelta(seconds=rng.randrange(WEEKS*7*86_400))
        busy = (1. if t.weekday() < 5 else .4) * (1. if 7 <= t.hour < 18 else .45 if 18 <= t.hour < 22 else .06)
        if rng.random() < busy: return t


def messages(phrasings: dict, rng: random.Random) -> list[Row]:
    "The clean log: as many different messages per intent as phrasings.toml asks for."
    slots, seen, rows = phrasings['slots'], set(), []
    for intent, spec in phrasings.items():
        if intent == 'slots': continue
        done = 0
        while done < spec['rows']:
            channel = rng.choices(['chat', 'app', 'email', 'webform'], [40, 25, 20, 15])[0]
            swedish = rng.random() < SWEDISH_SHARE
            core = expand(rng.choice(spec['sv' if swedish else 'en']), slots, rng)
            text = core if swedish else dress(core, channel, rng)
            if (key := re.sub(r'\W+', '', text.lower())) in seen: continue
            seen.add(key)
            done += 1
            rows.append(Row(moment(rng), f'C{rng.randrange(CUSTOMERS.start, CUSTOMERS.stop)}', channel, text, intent))
    return rows


def damage(row: Row, fault: str, rng: random.Random) -> Row:
    "The row with one fault of `PLANTED`."
    if fault == 'no_label': return replace(row, intent='')
    if fault == 'no_text': return replace(row, text='')
    if fault == 'blank_text': return replace(row, text='   ')
    if fault == 'no_customer': return replace(row, customer='')
    if fault == 'wrong_label': return replace(row, intent=NEIGHBOUR[row.intent])
    if fault == 'stale': return replace(row, ts=row.ts - timedelta(days=rng.randrange(800, 1_300)), channel='legacy')
    if fault == 'broken_letters': return replace(row, text=row.text.encode().decode('latin-1'))
    raise ValueError(fault)


def suits(row: Row, fault: str) -> bool:
    "Whether this fault can be planted in this row and be seen."
    if fault == 'wrong_label': return row.intent in NEIGHBOUR
    if fault == 'broken_letters': return any(c in row.text for c in 'åäö')
    return True


def with_faults(rows: list[Row], rng: random.Random) -> list[Row]:
    "The log with personal data and the planted faults, in order of time."
    order = rng.sample(range(len(rows)), len(rows))
    for fault in sorted(set(PLANTED) - {'duplicate'}, key=lambda f: (f != 'broken_letters', f)):  # the pickiest first
        chosen = [i for i in order if suits(rows[i], fault)][:PLANTED[fault]]
        order = [i for i in order if i not in chosen]
        for i in chosen: rows[i] = damage(rows[i], fault, rng)
    n_pii = round(PII_SHARE*len(rows))
    for i in order[:n_pii]: rows[i] = add_pii(rows[i], rng)
    twice = rng.sample(order, PLANTED['duplicate'])
    copies = [replace(rows[i], ts=rows[i].ts + timedelta(seconds=rng.randrange(2, 600))) for i in twice]
    return sorted(rows + copies, key=lambda r: (r.ts, r.customer, r.text))


def build(seed: int = SEED) -> list[Row]:
    "All rows of the log, sorted by time."
    rng = random.Random(seed)
    phrasings = tomllib.loads((HERE/'phrasings.toml').read_text(encoding='utf-8'))
    return with_faults(messages(phrasings, rng), rng)


def customers(rows: list[Row], seed: int = SEED) -> list[list]:
    "The register: one line for each customer who has an account today. Dice of its own, so that the log does not change with it."
    rng = random.Random(f'customers {seed}')
    left = set(rng.sample(sorted({r.customer for r in rows if r.customer}), LEFT))
    lines = []
    for n in CUSTOMERS:
        segment = rng.choices(['everyday', 'plus', 'youth', 'basic'], [55, 20, 15, 10])[0]
        since = FIRST_DAY - timedelta(days=rng.randrange(30, 1_400 if segment == 'youth' else 9_000))
        changed = since + (FIRST_DAY + timedelta(weeks=WEEKS) - since)*rng.random()
        lines.append([f'C{n}', segment, rng.choices(['sv', 'en', 'fi'], [88, 9, 3])[0], rng.choices(['app', 'web', 'branch'], [70, 22, 8])[0],
                      since.date().isoformat(), changed.date().isoformat()])
    return [line for line in lines if line[0] not in left]


# Files
def write_csv(path: Path, head: list[str], lines: Iterable[list]) -> None:
    "A UTF-8 CSV file with Unix line ends, so that the bytes do not depend on the machine."
    with path.open('w', encoding='utf-8', newline='') as f: csv.writer(f, lineterminator='\n').writerows([head, *lines])


def log_line(n: int, row: Row) -> list:
    "The row as it stands in the log."
    return [f'M{n:05}', row.ts.strftime('%Y-%m-%dT%H:%M:%SZ'), row.customer, row.channel, row.text, row.intent]


def span_lines(n: int, row: Row) -> list[list]:
    "Where the row's personal data stands: entity, first character, end."
    starts = [(entity, value, row.text.index(value)) for entity, value in row.pii]
    return [[f'M{n:05}', entity, start, start+len(value)] for entity, value, start in sorted(starts, key=lambda s: s[2])]


def main(argv: list[str] | None = None) -> None:
    "Write support_log.csv, pii_spans.csv and customers.csv."
    parser = argparse.ArgumentParser(description='Make the sample log of customer messages.')
    parser.add_argument('--out', type=Path, default=HERE, help='folder to write to')
    out = parser.parse_args(argv).out
    rows = list(enumerate(build(), start=1))
    write_csv(out/'support_log.csv', ['message_id', 'ts', 'customer_id', 'channel', 'text', 'intent'], (log_line(n, r) for n, r in rows))
    write_csv(out/'pii_spans.csv', ['message_id', 'entity', 'start', 'end'], (s for n, r in rows for s in span_lines(n, r)))
    write_csv(out/'customers.csv', ['customer_id', 'segment', 'language', 'signs_in_by', 'customer_since', 'changed'], customers([r for _, r in rows]))


if __name__ == '__main__': main()
