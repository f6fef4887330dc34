"""An OpenAI-compatible server on loopback that fails on purpose.

    with FaultServer(answer=lambda messages: '{"intent": "fees"}') as server:
        server.profile = 'reset'
        ...                                   # POST {server.base}/chat/completions
        assert server.hits == 1

Raw asyncio in a thread of its own, so that it can send what no HTTP library would. `profile` may change between
requests, or be a list that is used up one a request (the last stays).
"""
import asyncio, contextlib, json, threading
from collections.abc import Callable

Answer = Callable[[list[dict]], str]
PROFILES = ('ok', 'slow', '429', '429_retry', '500', '503', '401', '400', 'reset', 'reset_body', 'hang', 'drip', 'malformed', 'empty', 'html',
            'error_in_200', 'no_choices', 'null', 'no_usage', 'cut', 'huge')
STATUS = {'429': 429, '429_retry': 429, '500': 500, '503': 503, '401': 401, '400': 400}


class FaultServer:
    "Counts requests in `hits`, keeps their bodies in `seen`."
    def __init__(self, answer: Answer | str = 'ok', profile: str | list[str] = 'ok', delay_s: float = 0.0, retry_after: str = '30'):
        self.answer: Answer = answer if callable(answer) else lambda messages: answer
        self.profile, self.delay_s, self.retry_after = profile, delay_s, retry_after
        self.hits, self.open, self.most_open, self.seen, self.port = 0, 0, 0, [], 0
        self._ready, self._lock = threading.Event(), threading.Lock()

    @property
    def base(self) -> str: return f'http://127.0.0.1:{self.port}/v1'

    def __enter__(self) -> 'FaultServer':
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10), 'the fault server did not start'
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._serve, '127.0.0.1', 0, limit=2**24)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}: task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (head := await reader.readuntil(b'\r\n\r\n')):
                size = next((int(h.split(b':')[1]) for h in head.split(b'\r\n') if h.lower().startswith(b'content-length:')), 0)
                body = await reader.readexactly(size)
                if head.startswith(b'GET'): await self._send(writer, 200, json.dumps({'object': 'list', 'data': []}))
                elif not await self._post(writer, json.loads(body)): break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError): pass
        finally:
            with contextlib.suppress(Exception): writer.close()

    def _next(self, request: dict) -> str:
        with self._lock:
            self.hits += 1
            self.seen.append(request)
            if isinstance(self.profile, str): return self.profile
            return self.profile.pop(0) if len(self.profile) > 1 else self.profile[0]

    async def _post(self, writer: asyncio.StreamWriter, request: dict) -> bool:
        profile = self._next(request)
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try: return await self._act(writer, profile, request)
        finally: self.open -= 1

    async def _act(self, writer: asyncio.StreamWriter, profile: str, request: dict) -> bool:
        if profile in ('slow', 'hang'): await asyncio.sleep(3600 if profile == 'hang' else self.delay_s)
        elif self.delay_s: await asyncio.sleep(self.delay_s)
        if profile == 'reset':
            writer.transport.abort()
            return False
        if profile in STATUS:
            extra = f'Retry-After: {self.retry_after}\r\n' if profile == '429_retry' else ''
            await self._send(writer, STATUS[profile], json.dumps({'error': {'message': f'injected {profile}', 'type': 'injected'}}), extra)
            return True
        text = self.answer(request['messages'])
        if request.get('stream') and profile in ('ok', 'slow', 'cut', 'no_usage', 'hang', 'drip'):
            return await self._stream(writer, profile, request, text)
        body = self._body(profile, request, text)
        if profile in ('reset_body', 'drip'):
            writer.write(f'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n'.encode())
            for n in range(0, len(body), 20):
                writer.write(body.encode()[n:n+20])
                await writer.drain()
                if profile == 'reset_body':
                    writer.transport.abort()
                    return False
                await asyncio.sleep(0.2)
            return True
        kind = 'text/html' if profile == 'html' else 'application/json'
        await self._send(writer, 200, body, kind=kind)
        return True

    def _body(self, profile: str, request: dict, text: str) -> str:
        message: dict = {'role': 'assistant', 'content': None if profile == 'null' else text * 5000 if profile == 'huge' else text}
        whole: dict = {'id': 'x', 'object': 'chat.completion', 'created': 1, 'model': request.get('model', 'x'),
                       'choices': [] if profile == 'no_choices' else [{'index': 0, 'message': message, 'finish_reason': 'stop'}],
                       'usage': {'prompt_tokens': 20, 'completion_tokens': 5, 'total_tokens': 25}}
        if profile == 'no_usage': del whole['usage']
        if profile == 'error_in_200': whole = {'error': {'message': 'injected', 'type': 'server_error'}}
        plain = json.dumps(whole)
        half = plain[:len(plain)//2]
        return {'malformed': half, 'cut': half, 'empty': '', 'html': '<html><body>502 Bad Gateway</body></html>'}.get(profile, plain)

    async def _stream(self, writer: asyncio.StreamWriter, profile: str, request: dict, text: str) -> bool:
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n')
        def event(delta: dict, reason: str | None = None, **more: object) -> bytes:
            chunk = {'id': 'x', 'object': 'chat.completion.chunk', 'created': 1, 'model': request.get('model', 'x'),
                     'choices': [{'index': 0, 'delta': delta, 'finish_reason': reason}], **more}
            return f'data: {json.dumps(chunk)}\n\n'.encode()
        parts = [text[n:n+4] for n in range(0, len(text), 4)]
        for n, part in enumerate(parts):
            if profile == 'cut' and n >= max(1, len(parts)//2): return False
            writer.write(event({'role': 'assistant', 'content': part} if n == 0 else {'content': part}))
            await writer.drain()
            if profile == 'drip': await asyncio.sleep(0.2)
        writer.write(event({}, 'stop'))
        if profile != 'no_usage':
            writer.write(event({}, choices=[], usage={'prompt_tokens': 20, 'completion_tokens': 5, 'total_tokens': 25}))
        writer.write(b'data: [DONE]\n\n')
        await writer.drain()
        return False

    @staticmethod
    async def _send(writer: asyncio.StreamWriter, status: int, body: str, extra: str = '', kind: str = 'application/json') -> None:
        data = body.encode()
        writer.write(f'HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(data)}\r\n{extra}\r\n'.encode() + data)
        await writer.drain()
