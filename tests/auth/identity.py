"""
An identity provider on this machine: a login host over TLS, a managed identity endpoint, a proxy.
"""

import contextlib
import json
import socket
import socketserver
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

import attrs
import trustme

from connector_async.cloud import PUBLIC

APP = "11111111-1111-1111-1111-111111111111"
SECRET = "the-secret~of-the-app"
TENANT = "22222222-2222-2222-2222-222222222222"
IDENTITY_HEADER = "the-header-of-the-machine"


@attrs.frozen(kw_only=True)
class Asked:
    """
    One request that reached the server.
    """

    kind: str
    path: str
    fields: dict
    headers: dict
    peer: dict | None


@attrs.frozen(kw_only=True)
class Answer:
    """
    One answer by script.
    """

    status: int
    body: bytes
    headers: dict


class IdentityServer:
    """
    Grants tokens to whoever has `SECRET` or an assertion, unless told otherwise.
    """

    def __init__(self):
        self.authority = trustme.CA()
        self._certificate = self.authority.issue_cert("127.0.0.1")
        context = self._server_context()
        self.authority.configure_trust(context)
        context.verify_mode = ssl.CERT_OPTIONAL
        self._servers = [
            _start(LoginHandler, self, context),
            _start(MachineHandler, self),
        ]
        login, machine = (server.server_address[1] for server in self._servers)
        self.url = f"https://127.0.0.1:{login}"
        self.cloud = attrs.evolve(PUBLIC, name="test", login_url=self.url)
        self.environment = {
            "IDENTITY_ENDPOINT": f"http://127.0.0.1:{machine}/msi/token",
            "IDENTITY_HEADER": IDENTITY_HEADER,
        }
        self.released = threading.Event()
        self.forget()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.released.set()
        for server in self._servers:
            _stop(server)

    def forget(self):
        """
        Be as new; whoever hangs is let go.
        """
        self.released.set()
        self.released = threading.Event()
        self.asked = []
        self.secret = SECRET
        self.life = {"expires_in": 3600}
        self._scripts = {"discovery": [], "token": [], "machine": []}
        self._hanging = set()
        self._granted = 0

    def answer(self, kind, *, status=200, body=b"", headers=None):
        """
        Answer the next request of this kind so: a str is HTML, a dict or list JSON.
        """
        if isinstance(body, str):
            answer = Answer(
                status=status, body=body.encode(), headers={"content-type": "text/html"}
            )
        elif isinstance(body, bytes):
            answer = Answer(status=status, body=body, headers={})
        else:
            answer = _json(status, body)
        answer.headers.update(headers or {})
        self._scripts[kind].append(answer)

    def hang(self, kind):
        """
        Do not answer requests of this kind before `released` is set.
        """
        self._hanging.add(kind)

    def of(self, kind):
        """
        What was asked, by kind.
        """
        return [asked for asked in self.asked if asked.kind == kind]

    def trusting(self):
        """
        A context that trusts this server, and no other.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.authority.configure_trust(context)
        return context

    @contextlib.contextmanager
    def proxy(self, *, tls=False):
        """
        A proxy; `connected` has the targets, `shown` who asked, `url` says how it is reached.
        """
        server = _start(ProxyHandler, self, self._server_context() if tls else None)
        server.connected, server.shown = [], []
        server.url = f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}"
        try:
            yield server
        finally:
            _stop(server)

    def decide(self, asked):
        """
        The answer to a request.
        """
        released = self.released
        self.asked.append(asked)
        if asked.kind in self._hanging:
            released.wait(10)
        if self._scripts[asked.kind]:
            return self._scripts[asked.kind].pop(0)
        decisions = {
            "discovery": self._discover,
            "token": self._grant_app,
            "machine": self._grant_machine,
        }
        return _json(*decisions[asked.kind](asked))

    def _discover(self, asked):
        base = f"{self.url}/{asked.path.split('/')[1]}"
        return 200, {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
        }

    def _grant_app(self, asked):
        if asked.fields.get("client_secret", self.secret) != self.secret:
            return 401, refusal(7000215, "Invalid client secret provided.")
        return 200, {"token_type": "Bearer", "access_token": self._token(), **self.life}

    def _grant_machine(self, asked):
        if asked.headers["x-identity-header"] != IDENTITY_HEADER:
            return 401, {"statusCode": 401, "message": "no"}
        ends = int(time.time()) + self.life["expires_in"]
        return 200, {"access_token": self._token(), "expires_on": str(ends)}

    def _token(self):
        self._granted += 1
        return f"granted-{self._granted}"

    def _server_context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._certificate.configure_cert(context)
        return context


def refusal(number, said, *, word="invalid_client"):
    """
    A refusal as the login host words it.
    """
    return {
        "error": word,
        "error_description": (
            f"AADSTS{number}: {said} Trace ID: 00000000-aaaa Correlation ID: 00000000-bbbb"
            " Timestamp: 2025-01-01 00:00:00Z"
        ),
        "error_codes": [number],
        "correlation_id": "00000000-bbbb",
    }


def _json(status, body):
    return Answer(
        status=status,
        body=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )


class Server(ThreadingHTTPServer):
    """
    Keeps quiet, and waits for nobody.
    """

    daemon_threads = True
    block_on_close = False

    def server_bind(self):
        # Without looking its own name up.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address

    def handle_error(self, request, client_address):
        pass


def _start(handler, identity, context=None):
    server = Server(("127.0.0.1", 0), handler)
    server.identity = identity
    if context is not None:
        # The handshake is the handler's, so that one that fails holds nobody up.
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


def _stop(server):
    server.shutdown()
    server.server_close()


class Handler(BaseHTTPRequestHandler):
    """
    What the handlers have in common.
    """

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def respond(self, kind, fields):
        """
        Write the answer that the identity server decides on.
        """
        peer = getattr(self.connection, "getpeercert", lambda: None)()
        asked = Asked(
            kind=kind,
            path=urlsplit(self.path).path,
            fields=fields,
            headers={name.lower(): value for name, value in self.headers.items()},
            peer=peer,
        )
        answer = self.server.identity.decide(asked)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)

    def query(self):
        return dict(parse_qsl(urlsplit(self.path).query))


class LoginHandler(Handler):
    """
    The login host.
    """

    def do_GET(self):
        self.respond("discovery", self.query())

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"])).decode()
        self.respond("token", dict(parse_qsl(body)))


class MachineHandler(Handler):
    """
    The managed identity endpoint.
    """

    def do_GET(self):
        self.respond("machine", self.query())


class ProxyHandler(Handler):
    """
    A proxy that only tunnels.
    """

    def do_CONNECT(self):
        self.server.connected.append(self.path)
        self.server.shown.append(self.headers["proxy-authorization"])
        host, _, port = self.path.partition(":")
        self.close_connection = True
        with socket.create_connection((host, int(port))) as target:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_copy, args=(target, self.connection), daemon=True)
            back.start()
            _copy(self.connection, target)
            back.join(5)


def _copy(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
