"""A small pilot from files that a user might have: 300 messages, three labels, three documents, and a server that answers like a model."""
import fcntl
import json
import os
import re
import subprocess
import sys
import time
from itertools import product
from pathlib import Path
from tempfile import TemporaryFile

import yaml
from fault_server import FaultServer

HOOK = Path(__file__).parent/'offline_hook'
STAGES = ('data_audit', 'pii_spec', 'architecture', 'prompts', 'evaluation', 'red_team', 'cost_model', 'load_test', 'readiness', 'handoff')
OPENINGS = ('Hello,', 'Good morning,', 'Hi there,', 'Excuse me,', 'Dear team,', 'Please help:', 'Sorry to ask,', 'Quick question:', 'Once more:', 'Urgent:')
WHAT = {
    'card_lost': ('my card was stolen on the bus', 'I cannot find my bank card anywhere', 'my card is gone since Monday', 'someone took my card from my bag',
                  'I left my card in a taxi', 'my plastic card fell out of my pocket', 'the card is lost, block it now', 'my card disappeared at the gym',
                  'I dropped the card somewhere in town', 'my card never came back from the shop'),
    'refund': ('I want my money back for the order', 'when will the refund arrive', 'the shop promised to refund the shoes', 'please refund the double fee',
               'the refund is smaller than I paid', 'no refund after three weeks', 'can I get a refund for the ticket', 'the hotel says the refund was sent',
               'refund the parcel that never came', 'my refund went to the wrong account'),
    'app_error': ('the app crashes when I open it', 'the app shows an error after the update', 'I cannot log into the app', 'the app freezes at start',
                  'the app keeps loading for minutes', 'the app asks for my code again', 'the app shows a blank page', 'the app hides my balance',
                  'the app stopped working on my phone', 'the app closes by itself')}
ASKED = {  # phrasings of their own: what stands in the log is no test
    'card_lost': ('Where do I report a missing card', 'Thieves have my wallet with the card in it', 'Which number blocks a card'),
    'refund': ('Nobody paid me back, where is that refund', 'The seller owes me a refund', 'Does a refund take long'),
    'app_error': ('Your app is broken', 'After installing, the app only shows a white screen', 'Signing in with the app fails')}
PLACES = ('', ' in Lund', ' today', ' for my wife', ' abroad', ' this time', ' at night', ' on a trip', ' as of May', ' at work', ' by the sea', ' near you')
PAGES = {
    'cards': ('Cards', 'A lost card is blocked at once in the service menu. A new card arrives within five working days.'),
    'refunds': ('Refunds', 'A refund is paid to the account that was charged. It takes up to ten working days.'),
    'app': ('The app', 'The app needs a phone that is at most six years old. After an update the app asks for the code again.')}
QUESTIONS = (('How long until a new card arrives?', 'cards'), ('Where is a lost card blocked?', 'cards'), ('How many days does a refund take?', 'refunds'),
             ('To which account is a refund paid?', 'refunds'), ('Why does the app ask for the code?', 'app'), ('Which phone does the app need?', 'app'),
             ('What is the capital of Peru?', ''), ('Do you sell bicycles?', ''))


def say(opening, what, place): return f'{opening} {what}{place}.'


def write_log(path, *, plain=False):
    """300 messages; `plain` leaves out everything but text and label."""
    head = 'body,topic' if plain else 'message_id,ts,customer_id,body,topic'
    lines, number = [head], 0
    for (label, whats), n in product(WHAT.items(), range(100)):
        number += 1
        text = say(OPENINGS[n % 10], whats[n//10], PLACES[(n*7 + n//10) % 12])
        own = f'"{text}",{label}'
        lines.append(own if plain else f'm{number},2026-0{number % 6 + 1}-{number % 28 + 1:02d}T{number % 24:02d}:15:00,C{number % 70},{own}')
    path.write_text('\n'.join(lines) + '\n', encoding='utf-8')
    return path


def golden_rows():
    """36 questions a label, in words of their own, and eight on the documents."""
    rows, day = [], time.strftime('%Y-%m-%d')
    for label, whats in ASKED.items():
        rows += [dict(inputs=dict(text=what + place + '.'), expected=dict(intent=label), tags=['feature:triage', f'intent:{label}'])
                 for what, place in product(whats, PLACES)]
    rows += [dict(inputs=dict(question=q), expected=dict(citations=[page] if page else []), tags=['feature:answer']) for q, page in QUESTIONS]
    return [dict(row, id=f'g{n:03d}', source='hand-written', added=day, reviewer='Ann Example') for n, row in enumerate(rows)]


def model_answer(messages):
    """What a sensible model says: a page's words for a question, a label where JSON is asked for, else prose."""
    asked, whole = messages[-1]['content'], '\n'.join(str(m['content']) for m in messages)
    text = next((m['content'] for m in messages if m['role'] == 'user'), asked).lower()
    if 'citations' in whole:
        page = next((p for p, word in (('cards', 'card'), ('refunds', 'refund'), ('app', 'app')) if re.search(rf'\b{word}\b', text)), '')
        shown = page and re.search(rf'^\[{page}\]', whole, re.M)
        return json.dumps({'answer': PAGES[page][1] if shown else '', 'citations': [page] if shown else []})
    words = (('card_lost', 'card'), ('refund', 'refund|money back'), ('app_error', 'app'))
    label = next((o for o, word in words if re.search(rf'\b({word})\b', text)), 'out_of_scope')
    return json.dumps({'intent': label, 'confidence': 0.9}) if 'JSON' in whole else f'This looks like {label}.'


class Command:
    """`pilot` as a process in a folder, under the hook that refuses every socket but loopback."""

    def __init__(self, folder, **env):
        self.folder, self.attempts = folder, folder/'attempts.txt'
        self.attempts.touch()
        paths = [str(HOOK), *filter(None, [os.environ.get('PYTHONPATH', '')])]
        self.env = {**os.environ, 'PYTHONPATH': os.pathsep.join(paths), 'P2P_ATTEMPTS': str(self.attempts), **env}

    def __call__(self, *args, cwd='.'):
        begun = time.monotonic()
        with TemporaryFile('w+', encoding='utf-8') as out, TemporaryFile('w+', encoding='utf-8') as err:
            p = subprocess.Popen([sys.executable, '-m', 'pilot_to_prod.cli', *map(str, args)], cwd=self.folder/cwd, env=self.env, stdout=out, stderr=err)
            _, state, used = os.wait4(p.pid, 0)  # unlike `communicate`, it tells the memory of this process and of those it waited for
            p.returncode = os.waitstatus_to_exitcode(state)
            self.seconds, self.peak_mb = time.monotonic() - begun, used.ru_maxrss/1024
            for f in (out, err): f.seek(0)
            return p.returncode, out.read(), err.read()

    def json(self, *args, cwd='.'):
        code, out, err = self(*args, '--json', cwd=cwd)
        assert out, err
        return code, json.loads(out)

    def notes(self, kind):
        """What the hook put down: `attempt` to leave the machine, or processes `under` it."""
        return [n.partition(' ')[2] for n in self.attempts.read_text(encoding='utf-8').splitlines() if n.startswith(kind)]


def results(root, run_id):
    folder = root/'mlruns'/'runs'/run_id
    return {p.name.partition('.')[0]: json.loads(p.read_text(encoding='utf-8')) for p in folder.glob('*.result.json')}


def problems(found):
    """Checks of all stages that do not pass, as one line each."""
    return [f"{stage}.{c['id']} {c['verdict']}: {c.get('why', '')}" for stage, r in found.items() for c in r['checks'] if c['verdict'] != 'pass']


def only_tier(root, base):
    """A server of one's own as the only tier: in models.yaml, in the settings and in the prompts."""
    tier = {'model_name': 'house', 'litellm_params': {'model': 'openai/house-2026-01-01', 'api_base': base},
            'model_info': {'p2p_vendor': 'own', 'p2p_region': 'local', 'p2p_independent': True, 'p2p_input_usd_per_million': '0.50',
                           'p2p_output_usd_per_million': '1.50'}}
    (root/'models.yaml').write_text(yaml.safe_dump({'model_list': [tier]}), encoding='utf-8')
    settings = root/'settings.ini'
    text = re.sub(r'(?m)^tiers = .*$', 'tiers = house', settings.read_text(encoding='utf-8')).replace('baseline_tier = local-fewshot', 'baseline_tier = house')
    settings.write_text(re.sub(r'(?m)^(daily_users|regions) =.*$', lambda m: f"{m[1]} = {'100' if m[1] == 'daily_users' else 'local'}", text), encoding='utf-8')
    for page in (root/'pilot'/'prompts').glob('*.md'):
        page.write_text(re.sub(r'(?m)^models: .*$', 'models: [openai/house-2026-01-01]', page.read_text(encoding='utf-8')), encoding='utf-8')
    (root/'pilot'/'prompts'/'prompts.lock').unlink()


def make(folder, pilot):
    """`pilot init desk` from files in `folder`."""
    write_log(folder/'messages.csv')
    (folder/'pages').mkdir()
    for name, (title, text) in PAGES.items(): (folder/'pages'/f'{name}.md').write_text(f'# {title}\n\n{text}\n', encoding='utf-8')
    (folder/'golden.jsonl').write_text(''.join(json.dumps(r) + '\n' for r in golden_rows()), encoding='utf-8')
    code, out, err = pilot('init', 'desk', '--log', 'messages.csv', '--golden', 'golden.jsonl', '--documents', 'pages')
    assert code == 0, err
    return folder/'desk'


def once(folder, act):
    """The facts that `act(folder)` finds, as plain data: found once, whichever worker comes first."""
    folder.mkdir(exist_ok=True)
    kept = folder/'facts.json'
    with (folder/'lock').open('w') as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.is_file(): kept.write_text(json.dumps(act(folder)), encoding='utf-8')
        return json.loads(kept.read_text(encoding='utf-8'))


def run_only_tier(folder):
    """A whole run of the small pilot on a server of its own."""
    with FaultServer(answer=model_answer) as server:
        pilot, begun = Command(folder, PILOT_LOAD_PEAK_RPS='3'), time.monotonic()  # ten times as much is soon measured
        root = make(folder, pilot)
        only_tier(root, server.base)
        for command in (('prompt', 'lock'), ('golden', 'lock', '--by', 'Ann Example', '--threshold', 'triage=0.8', '--threshold', 'answer=0.6')):
            code, _, err = pilot(*command, cwd='desk')
            assert code == 0, err
        code, run = pilot.json('run', cwd='desk')
        return {'root': str(root), 'code': code, 'run': run, 'hits': server.hits, 'models': sorted({r['model'] for r in server.seen}),
                'attempts': pilot.notes('attempt'), 'under': pilot.notes('under'), 'seconds': round(time.monotonic() - begun, 1)}
