"""Getting in: a password file, a token server with its keys, certificates."""

import base64
import crypt
import http.server
import json
import pathlib
import secrets
import ssl
import subprocess
import threading
import time
import urllib.parse


def htpasswd(path, username, password):
    """The registry takes bcrypt only."""
    salt = crypt.mksalt(crypt.METHOD_BLOWFISH, rounds=1 << 5).replace("$2b$", "$2y$")
    pathlib.Path(path).write_text(f"{username}:{crypt.crypt(password, salt)}\n")


def basic_auth(path):
    """What goes into the registry's configuration."""
    return {"auth": {"htpasswd": {"realm": "test", "path": str(path)}}}


def certificate(directory, name="server", host="127.0.0.1"):
    """A self-signed certificate and its key."""
    key, cert = pathlib.Path(directory) / f"{name}.key", pathlib.Path(directory) / f"{name}.crt"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-keyout", key, "-out", cert, "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=IP:{host}"],
                   check=True, capture_output=True)
    return cert, key


def tls_context(cert, key):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    return context


def _url64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class TokenServer:
    """Gives out tokens that a real registry verifies, for whoever knows the password."""

    service, issuer = "registry.test", "token.test"

    def __init__(self, directory, username="", password="", life=300, refresh=""):
        self.username, self.password = username, password
        self.life, self.refresh = life, refresh
        self.cert, self.key = certificate(directory, "token")
        self.requests, self.lock = [], threading.Lock()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
                want = "Basic " + base64.b64encode(
                    f"{owner.username}:{owner.password}".encode()).decode()
                self.give(query, not owner.username or self.headers.get("Authorization") == want)

            def do_POST(self):
                query = urllib.parse.parse_qs(
                    self.rfile.read(int(self.headers["Content-Length"])).decode())
                self.give(query, query.get("grant_type") == ["refresh_token"] and
                          query.get("refresh_token") == [owner.refresh])

            def give(self, query, known):
                with owner.lock:
                    owner.requests.append((self.command, query, dict(self.headers)))
                scopes = [one for each in query.get("scope", []) for one in each.split(" ")]
                body = json.dumps({"token": owner.token(scopes), "expires_in": owner.life}
                                  if known else {"details": "who are you"}).encode()
                self.send_response(200 if known else 401)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/token"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def configuration(self):
        """What goes into the registry's configuration."""
        return {"auth": {"token": {"realm": self.url, "service": self.service,
                                   "issuer": self.issuer, "rootcertbundle": str(self.cert)}}}

    def token(self, scopes):
        """A JWT whose header carries the certificate that the registry trusts."""
        access = []
        for scope in scopes:
            kind, rest = scope.split(":", 1)
            name, actions = rest.rsplit(":", 1)
            access.append({"type": kind, "name": name, "actions": actions.split(",")})
        der = ssl.PEM_cert_to_DER_cert(self.cert.read_text())
        header = {"typ": "JWT", "alg": "RS256", "x5c": [base64.b64encode(der).decode()]}
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": self.username, "aud": self.service,
                  "exp": now + self.life, "nbf": now - 10, "iat": now,
                  "jti": secrets.token_hex(8), "access": access}
        text = ".".join(_url64(json.dumps(part).encode()) for part in (header, claims))
        signed = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key],
                                input=text.encode(), capture_output=True, check=True).stdout
        return f"{text}.{_url64(signed)}"

    def scopes(self):
        with self.lock:
            return [scope for _, query, _ in self.requests for scope in query.get("scope", [])]
