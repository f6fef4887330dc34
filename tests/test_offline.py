"""With every socket but loopback refused, a pilot is made and taken through all stages, and nothing even tried to leave the machine."""
import subprocess
import sys

import pytest
from small_pilot import HOOK, Command

TRIES = {
    'connect': "import socket; socket.create_connection(('192.0.2.1', 443), 1)",
    'lookup': "import socket; socket.getaddrinfo('example.invalid', 443)",
    'http client': "import httpx; httpx.get('https://example.invalid/')",
    'asyncio': "import asyncio; asyncio.run(asyncio.open_connection('192.0.2.1', 443))",
    'datagram': "import socket; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))"}


def under_hook(folder, code):
    pilot = Command(folder)
    done = subprocess.run([sys.executable, '-c', code], env=pilot.env, capture_output=True, text=True)
    return done, pilot


@pytest.mark.parametrize('code', TRIES.values(), ids=TRIES)
def test_the_hook_sees_and_refuses(code, tmp_path):
    done, pilot = under_hook(tmp_path, code)
    assert done.returncode == 1 and len(pilot.notes('attempt')) == 1, done.stderr


def test_the_hook_lets_loopback_pass(tmp_path):
    done, pilot = under_hook(tmp_path, "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname())")
    assert done.returncode == 0 and pilot.notes('attempt') == [], done.stderr


def test_nothing_left_the_machine(only_tier_run):
    assert only_tier_run['attempts'] == []
    kernels = [u for u in only_tier_run['under'] if 'ipykernel_launcher' in u]
    assert len(kernels) >= 10, 'each stage runs in a kernel, and each kernel was under the hook'
    assert HOOK.joinpath('sitecustomize.py').is_file() and {s['status'] for s in only_tier_run['run']['stages'].values()} == {'done'}
