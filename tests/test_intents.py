"""An intent is done for whom it may be done, once, and each decision leaves a line that cannot be changed unseen."""
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pilot_to_prod.core.clock import fixed_clock
from pilot_to_prod.core.errors import LockMismatch
from pilot_to_prod.core.files import sha256_json, write_atomic
from pilot_to_prod.serve.executor import Executor, NotDone, audit_head, audit_path, resolve, verify_audit
from pilot_to_prod.serve.intents import Caller, load_actions

CODE = '''
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal
from pydantic import BaseModel, ConfigDict, Field
LOG = Path(__file__).parent.parent/'effects.txt'
class BlockCard(BaseModel):
    model_config = ConfigDict(extra='forbid')
    action: Literal['block_card']
    customer_id: str
class Refund(BaseModel):
    model_config = ConfigDict(extra='forbid')
    action: Literal['refund']
    amount: Decimal
Action = Annotated[BlockCard | Refund, Field(discriminator='action')]
def block_card(args, caller):
    with LOG.open('a') as f: f.write(args.customer_id + '\\n')
def refund(args, caller):
    import os, signal
    with LOG.open('a') as f: f.write('refund\\n')
    if (LOG.parent/'die').exists(): os.kill(os.getpid(), signal.SIGKILL)
'''
RULES = '''schema_version: 1
actions:
  block_card: {roles: [customer], handler: pilot.feature.block_card, owner: customer_id}
  refund: {roles: [staff], handler: pilot.feature.refund, limits: {amount: 100}}
'''
ANN, STAFF = Caller(user='ann-lee-1', roles=('customer',), record_id='r1'), Caller(user='staff-9', roles=('staff',), record_id='r2')
BLOCK, REFUND = {'action': 'block_card', 'customer_id': 'ann-lee-1'}, {'action': 'refund', 'amount': '20'}


def mark(text: str) -> str: return sha256_json(text)[:20]


@pytest.fixture
def root(tmp_path):
    write_atomic(tmp_path/'pilot/feature.py', CODE)
    write_atomic(tmp_path/'pilot/actions.yaml', RULES)
    return tmp_path


def executor(root: Path, **more) -> Executor: return Executor(root, load_actions(root), mark, lambda a: dict.fromkeys(a, '***'), **more)
def effects(root: Path) -> list[str]: return (root/'effects.txt').read_text().split() if (root/'effects.txt').exists() else []
def decisions(root: Path) -> list[str]: return [json.loads(o)['decision'] for o in audit_path(root).read_text().splitlines()]


@pytest.mark.parametrize(('raw', 'caller', 'code'), [
    ({'action': 'drop_table'}, ANN, 'unknown_action'), ('block_card', ANN, 'unknown_action'), (None, ANN, 'unknown_action'), ({'action': ['refund']},
        ANN, 'unknown_action'),
    ({'action': 'block_card'}, ANN, 'bad_arguments'), ({**BLOCK, 'roles': ['staff']}, ANN, 'bad_arguments'), (REFUND, ANN, 'not_allowed'),
    ({**BLOCK, 'customer_id': 'bo'}, ANN, 'not_owner'), ({'action': 'refund', 'amount': '100.01'}, STAFF, 'over_limit'), ({'action': 'refund',
        'amount': '-5'}, STAFF, 'over_limit'),
    ({'action': 'refund', 'amount': 'NaN'}, STAFF, 'bad_arguments'), (BLOCK, Caller(user='ann-lee-1'), 'not_allowed')])
def test_what_a_caller_may_not_do_is_refused_told_and_written_down(root, raw, caller, code):
    got = executor(root).run(raw, caller)
    assert (got.state, got.code, effects(root), decisions(root)) == ('refused', code, [], ['refused']) and got.told


def test_forty_at_once_are_done_once(root):
    outcomes = []
    def ask(): outcomes.append(executor(root).run(BLOCK, ANN))
    threads = [threading.Thread(target=ask) for _ in range(40)]
    for t in threads: t.start()
    for t in threads: t.join()
    assert effects(root) == ['ann-lee-1'] and len(outcomes) == 40
    assert {o.code for o in outcomes} <= {'', 'in_progress'} and sum(o.state == 'done' and not o.repeated for o in outcomes) == 1
    assert verify_audit(root, audit_head(root)) == len(decisions(root))


def test_a_process_that_dies_after_the_effect_leaves_doubt_that_only_a_person_ends(root):
    (root/'die').touch()
    code = (f"from test_intents import *; executor(Path({str(root)!r})).run(REFUND, STAFF)")
    ended = subprocess.run([sys.executable, '-c', code], cwd=Path(__file__).parent, env={**os.environ,
        'PYTHONPATH': str(Path(__file__).parent.parent)}, timeout=60)
    assert ended.returncode == -signal.SIGKILL and effects(root) == ['refund']
    (root/'die').unlink()
    again = [executor(root).run(REFUND, STAFF) for _ in range(3)]
    assert {o.code for o in again} == {'in_doubt'} and effects(root) == ['refund']
    resolve(root, again[0].key, 'failed', 'Maria Lindqvist', 'the ledger does not show it')
    assert executor(root).run(REFUND, STAFF).state == 'done' and effects(root) == ['refund']*2
    assert verify_audit(root, audit_head(root)) == len(decisions(root)) and 'resolved failed' in decisions(root)


def test_an_error_is_doubt_and_only_a_sure_one_is_tried_again(root):
    do, calls = executor(root), []
    def breaks(args, caller):
        calls.append(1)
        raise (NotDone if len(calls) == 1 else TimeoutError)
    do.actions.handlers['refund'] = breaks
    assert [do.run(REFUND, STAFF).code for _ in range(4)] == ['action_failed', 'in_doubt', 'in_doubt', 'in_doubt'] and len(calls) == 2


def test_a_key_stands_for_one_intent_of_one_caller(root):
    do = executor(root)
    assert do.run(REFUND, STAFF, key='k').state == 'done' and do.run(REFUND, STAFF, key='k').repeated
    assert do.run({'action': 'refund', 'amount': '21'}, STAFF, key='k').code == 'other_arguments'
    assert do.run(REFUND, STAFF.model_copy(update=dict(user='staff-8')), key='k').state == 'done' and effects(root) == ['refund']*2


def test_the_audit_line_holds_no_person_and_shows_each_change(root):
    do = executor(root, clock=fixed_clock('2026-03-02T12:00:00Z'))
    do.run(BLOCK, ANN)
    do.run({**BLOCK, 'customer_id': 'bo'}, ANN)
    text = audit_path(root).read_text()
    assert 'ann-lee' not in text and '"bo"' not in text and decisions(root) == ['allowed', 'done', 'refused']
    lines = text.splitlines(keepends=True)
    for bad in (''.join(lines[1:]), lines[0] + lines[2], text.replace('refused', 'allowed'), ''.join(lines[:2])):
        audit_path(root).write_text(bad)
        with pytest.raises(LockMismatch): verify_audit(root, audit_head(root))
    audit_path(root).write_text(text)
    assert verify_audit(root, audit_head(root)) == 3


def test_an_answer_that_asks_for_an_action_has_it_done_for_its_caller_only(tmp_path):
    from fault_server import FaultServer
    from test_boundary import Pilot

    from pilot_to_prod.prompts.files import lock_prompts
    from pilot_to_prod.serve.record import find_record
    with FaultServer('{"intent": "fees"}') as server:
        pilot = Pilot(tmp_path, server, deadline=20.0)
        reply = 'class Reply(BaseModel):\n    answer: str\n    citations: list[str]\n    actions: list[Action] = []\n'
        code = tmp_path/'pilot/feature.py'
        code.write_text(f'{code.read_text()}\n{CODE}\n{reply}')
        (tmp_path/'pilot/prompts/prompts.lock').unlink()
        write_atomic(tmp_path/'pilot/actions.yaml', RULES)
        lock_prompts(tmp_path)
        server.answer = lambda messages: json.dumps({'answer': 'It is blocked.', 'citations': [], 'actions': [BLOCK, {**BLOCK, 'customer_id': 'bo'}]})
        a = pilot.feature('answer').answer({'question': 'Block my card'}, user='ann-lee-1', roles=['customer'])
        assert [(o.state, o.code) for o in a.actions] == [('done', ''), ('refused', 'not_owner')] and effects(tmp_path) == ['ann-lee-1']
        line = find_record(tmp_path, a.record_id)
        assert [o['state'] for o in line.actions] == ['done', 'refused'] and decisions(tmp_path) == ['allowed', 'done', 'refused']
        assert pilot.feature('answer', measure=True).answer({'question': 'Block my card'}, user='ann-lee-1', roles=['customer']).actions == ()
        assert effects(tmp_path) == ['ann-lee-1']
