"""Python loads this at start where its folder is on PYTHONPATH: only loopback can be reached, and every other attempt is put down.

`P2P_ATTEMPTS` names the file. Each process also puts down that it was under the hook, so that a test can see that none escaped it.
"""
import os
import socket
import sys

_file = os.environ.get('P2P_ATTEMPTS')
_own = ('localhost', 'localhost.localdomain', '', None)


def _note(kind, what):
    with open(_file, 'a', encoding='utf-8') as f: f.write(f'{kind} {os.getpid()} {what}\n')


def _loopback(host):
    if isinstance(host, bytes): host = host.decode('ascii', 'replace')
    return host in _own or host == '::1' or str(host).startswith('127.') or str(host) == '0.0.0.0'


def _guard(cls, name):
    plain = getattr(cls, name)

    def guarded(self, *args):
        address = args[-1] if args else None
        if self.family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple) and not _loopback(address[0]):
            _note('attempt', f'{name} {address[0]}:{address[1]}')
            raise ConnectionRefusedError(f'{name} to {address[0]} is refused: only loopback is allowed')
        return plain(self, *args)

    setattr(cls, name, guarded)


def _guard_lookup(name):
    plain = getattr(socket, name)

    def guarded(host=None, *args, **kw):
        if not _loopback(host) and host != socket.gethostname():
            _note('attempt', f'{name} {host!r}')
            raise socket.gaierror(socket.EAI_NONAME, 'only loopback is allowed')
        return plain(host, *args, **kw)

    setattr(socket, name, guarded)


if _file:
    for _name in ('connect', 'connect_ex', 'sendto'): _guard(socket.socket, _name)
    for _name in ('getaddrinfo', 'gethostbyname', 'gethostbyname_ex'): _guard_lookup(_name)
    _note('under', ' '.join(sys.orig_argv[1:4]))
