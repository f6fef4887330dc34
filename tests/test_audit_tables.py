"""The data audit on a table that nobody wrote for us: messages with personal data, as JSON lines."""
import json

import pytest
from conftest import SHARED
from small_pilot import Command, results

TABLE = SHARED/'pii'/'bank_messages_with_pii.jsonl'


@pytest.mark.skipif(not TABLE.is_file(), reason='the shared data folder is not beside the project (P2P_SHARED_DATA names it)')
def test_the_audit_runs_on_an_unknown_table(tmp_path):
    pilot = Command(tmp_path)
    code, out, err = pilot('init', 'desk', '--log', TABLE)
    assert code == 0, err
    code, run = pilot.json('run', '--only', 'data_audit', cwd='desk')
    print(f'\naudit of {TABLE.name}: {pilot.seconds:.0f} s, largest process {pilot.peak_mb:.0f} MB')
    assert run['stages']['data_audit']['status'] == 'done' and code in (0, 1)
    found = results(tmp_path/'desk', run['id'])['data_audit']
    checks = {c['id']: c for c in found['checks']}
    assert [checks[i]['verdict'] for i in ('readable', 'labelled', 'leakage', 'suite', 'sources_open', 'secrets')] == ['pass'] * 6
    assert {'EMAIL_ADDRESS', 'PHONE_NUMBER', 'IBAN_CODE'} <= set(found['payload']['personal'])
    assert 'pii_in_text' in {f['kind'] for f in found['payload']['findings']}
    folder = tmp_path/'desk'/'mlruns'/'runs'/run['id']/'data_audit'
    listed = [json.loads(line) for line in (folder/'findings.jsonl').read_text(encoding='utf-8').splitlines()]
    assert sorted(f['kind'] for f in listed) == sorted(f['kind'] for f in found['payload']['findings'])
    assert (folder/'data_docs'/'validation_log.html').is_file()
    assert pilot.notes('attempt') == []
    code, again = pilot.json('run', '--only', 'data_audit', cwd='desk')
    assert again['stages']['data_audit']['status'] == 'reused'
