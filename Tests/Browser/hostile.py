"""What attackers and broken programs send. The server must refuse it, stay quick, and be there afterwards."""

import contextlib
import random
import socket
import threading
import time


def talk(port, data, wait=5):
    """Sends bytes and gives the status that comes back; None: the connection was closed."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=wait) as connection:
        connection.sendall(data)
        answer = connection.recv(64)
        if answer.startswith(b"HTTP/1.1 "):
            return int(answer[9:12])
    return None


def request(method, path, headers, body=b""):
    lines = [f"{method} {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def attack(annotator):
    port, token = annotator.port, annotator.token
    host = ("Host", f"127.0.0.1:{port}")
    key = ("Authorization", f"Bearer {token}")

    def expect(status, what, data):
        found = talk(port, data)
        assert found == status, f"{what}: status {found}, not {status}"

    expect(401, "without the token", request("GET", "/api/state", [host]))
    expect(401, "with another token", request("GET", "/api/state", [host, ("Authorization", f"Bearer {'0' * 48}")]))
    expect(401, "with another token in the address", request("GET", f"/?token={'0' * 48}", [host]))
    # DNS rebinding: a browser asks by the name of the attacker's site.
    for name in ["evil.example", f"evil.example:{port}", "127.0.0.1", f"127.0.0.1.evil.example:{port}"]:
        expect(403, f"host {name}", request("GET", "/api/state", [("Host", name), key]))
    expect(403, "without a host", request("GET", "/api/state", [key]))
    expect(403, "two hosts", request("GET", "/api/state", [host, ("Host", "evil.example"), key]))
    expect(403, "another site's page", request("GET", "/api/state", [host, key, ("Origin", "http://evil.example")]))
    expect(403, "a null origin", request("GET", "/api/state", [host, key, ("Origin", "null")]))
    body = b'{"v":1,"edit":"undo"}'
    length = ("Content-Length", str(len(body)))
    expect(403, "a form's POST", request("POST", "/api/edits", [host, key, length], body))
    own = ("X-Sampt", "1")
    for bad in [b"{", b"[]", b'{"v":1}', b'{"v":1,"edit":"reached","number":1,"spans":{}}', b"\xff\xfe", b'{"v":9,"edit":"undo"}',
                b'{"v":1,"edit":"add-point","object":1,"frame":1e308,"x":0,"y":0}', b"[" * 20000,
                b'{"v":1,"edit":"add-point","object":99,"frame":0,"x":1,"y":1,"positive":true}']:
        expect(400, f"edit {bad[:30]}", request("POST", "/api/edits", [host, key, own, ("Content-Length", str(len(bad)))], bad))
    for path in ["/page/../main.js", "/page/..%2f..%2fetc%2fpasswd", "/page/%2e%2e/index.html", "/etc/passwd", "/api/frames/..%2f1.jpg",
                 "/api/frames/-1.jpg", "/api/frames/99999999.jpg", "/api/masks/1e5", "/api/exports/0/file", "/api/tracks/1?from=0&to=99999"]:
        found = talk(port, request("GET", path, [host, key]))
        assert found in (400, 404), f"{path}: status {found}"
    expect(405, "another method", request("DELETE", "/api/edits", [host, key]))
    # Who may not ask is refused before the body comes.
    expect(401, "a stranger's upload", request("POST", "/api/import", [host, own, ("X-Name", "a"), ("Content-Length", str(1 << 28))]))
    expect(413, "an announced flood", request("POST", "/api/edits", [host, key, own, ("Content-Length", str(1 << 40))]))

    endless_headers(port, host)
    many(annotator, host, key)
    slow(port, host, key)
    assert annotator.json("api/project"), "the server is gone"


def endless_headers(port, host):
    """A header that never ends is cut off."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        sent = 0
        with contextlib.suppress(OSError):
            connection.sendall(f"GET / HTTP/1.1\r\nHost: {host[1]}\r\n".encode())
            while sent < 8 << 20:
                connection.sendall(b"X-A: " + b"a" * 1000 + b"\r\n")
                sent += 1007
        assert sent < 8 << 20, "an endless header is read"


def slow(port, host, key):
    """Connections that send a byte now and then do not keep others out."""
    held = []
    for _ in range(100):
        with contextlib.suppress(OSError):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=2))
            held[-1].sendall(b"GET / HTTP/1.1\r\nX: ")
    began = time.monotonic()
    status = talk(port, request("GET", "/api/state", [host, key]), wait=10)
    assert status == 200 and time.monotonic() - began < 5, f"100 slow connections keep others out (status {status})"
    for connection in held:
        connection.close()


def many(annotator, host, key):
    """10,000 requests of all kinds from eight threads."""
    failures = []

    def run(seed):
        choose = random.Random(seed)
        for _ in range(1250):
            kind = choose.randrange(5)
            if kind == 0:
                data = bytes(choose.randrange(256) for _ in range(choose.randrange(1, 400)))
            elif kind == 1:
                data = request(choose.choice(["GET", "POST", "PUT", "X" * 90]), "/" + "a" * choose.randrange(6000), [host, key])
            elif kind == 2:
                data = request("POST", "/api/edits", [host, key, ("X-Sampt", "1"), ("Content-Length", "-5")], b"{}")
            elif kind == 3:
                data = request("GET", f"/api/masks/{choose.randrange(-10, 200)}", [host, key, ("Transfer-Encoding", "chunked")])
            else:
                data = request("GET", "/api/state", [("Host", "evil.example"), key])
            try:
                with socket.create_connection(("127.0.0.1", annotator.port), timeout=20) as connection:
                    connection.sendall(data)
                    if choose.random() < 0.5:
                        connection.settimeout(0.2)
                        connection.recv(64)
            except (TimeoutError, ConnectionError):
                pass
            except OSError as error:
                failures.append(str(error))

    threads = [threading.Thread(target=run, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[0]
