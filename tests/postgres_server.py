"""A PostgreSQL server of its own on loopback, for the tests that need a real one."""
import os, shutil, socket, subprocess, tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class Server:
    """Its port, and its life."""

    def __init__(self, tools: Path, folder: Path, as_user: list[str], port: int):
        self.tools, self.folder, self.as_user, self.port = tools, folder, as_user, port
        self.options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off"

    def run(self, *args: object) -> None:
        subprocess.run([*self.as_user, *map(str, args)], check=True, capture_output=True, cwd=self.folder)

    def start(self) -> None: self.run(self.tools/'pg_ctl', '-D', self.folder/'data', '-w', '-l', self.folder/'log', '-o', self.options, 'start')

    def stop(self) -> None: self.run(self.tools/'pg_ctl', '-D', self.folder/'data', '-m', 'immediate', 'stop')

    def url(self, database: str = 'postgres') -> str: return f'postgresql://owner:owner-pw@127.0.0.1:{self.port}/{database}'


@contextmanager
def postgres_server() -> Iterator[Server]:
    """A running server with the user `owner`; skips with the reason where there is none."""
    pytest.importorskip('psycopg', reason='the extra `postgres` is not installed')
    places = (*sorted(Path('/usr/lib/postgresql').glob('*/bin'), reverse=True), Path(shutil.which('initdb') or '/none').parent)
    tools = next((p for p in places if (p/'initdb').exists()), None)
    if tools is None: pytest.skip('no PostgreSQL server binaries on this machine')
    folder, as_user = Path(tempfile.mkdtemp(prefix='pg')), []
    if os.geteuid() == 0:
        if not shutil.which('setpriv'): pytest.skip('PostgreSQL does not run as root, and there is no setpriv to run it as another user')
        os.chown(folder, 65534, 65534)
        as_user = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups']
    (folder/'pw').write_text('owner-pw\n')
    (folder/'pw').chmod(0o644)
    with socket.create_server(('127.0.0.1', 0)) as s: port = s.getsockname()[1]
    server = Server(tools, folder, as_user, port)
    try:
        server.run(tools/'initdb', '-D', folder/'data', '-U', 'owner', '-A', 'scram-sha-256', f'--pwfile={folder/"pw"}', '-E', 'UTF8', '--no-sync',
                   '--locale=C')
        server.start()
        yield server
    finally:
        subprocess.run([*as_user, tools/'pg_ctl', '-D', folder/'data', '-m', 'immediate', 'stop'], capture_output=True, cwd=folder)
        shutil.rmtree(folder, ignore_errors=True)
