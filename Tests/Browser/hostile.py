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
        assert found in (status if isinstance(status, tuple) else (status,)), f"{what}: status {found}, not {status}"

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
                b'{"v":1,"edit":"add-object","object":9223372036854775807}', b'{"v":1,"edit":"group","edits":[{"v":1,"edit":"undo"}]}',
                b'{"v":1,"edit":"group","edits":[' + b'{"v":1,"edit":"group","edits":[' * 200 + b"]}" * 201,
                b'{"v":1,"edit":"add-point","object":99,"frame":0,"x":1,"y":1,"positive":true}']:
        expect(400, f"edit {bad[:30]}", request("POST", "/api/edits", [host, key, own, ("Content-Length", str(len(bad)))], bad))
    bodies(expect, [host, key, own])
    for path in traversals() + ["/api/frames/-1.jpg", "/api/frames/99999999.jpg", "/api/frames/9223372036854775808.jpg", "/api/masks/1e5",
                                "/api/masks/nan", "/api/exports/0/file", "/api/exports/-1/file", "/api/tracks/1?from=0&to=99999",
                                "/api/tracks/-1?from=0&to=1", "/api/tracks/1?from=9223372036854775807&to=9223372036854775807",
                                "/api/tracks/1?from=-9223372036854775808&to=9223372036854775807"]:
        found = talk(port, request("GET", path, [host, key]))
        assert found in (400, 404), f"{path}: status {found}"
    expect(405, "another method", request("DELETE", "/api/edits", [host, key]))
    # Who may not ask is refused before the body comes.
    expect(401, "a stranger's upload", request("POST", "/api/import", [host, own, ("X-Name", "a"), ("Content-Length", str(1 << 28))]))
    expect(413, "an announced flood", request("POST", "/api/edits", [host, key, own, ("Content-Length", str(1 << 40))]))

    ambiguous(port, host, key, own)
    endless_headers(port, host)
    endless_body(port, [host, key, own])
    streams(annotator, host, key)
    deaf(annotator, host, key)
    many(annotator, host, key)
    slow(port, host, key)
    assert annotator.json("api/project"), "the server is gone"
    expect(200, "cancel", request("POST", "/api/cancel", [host, key, own, ("Content-Length", "2")], b"{}"))
    end = time.monotonic() + 20
    while annotator.json("api/state").get("propagation"):
        assert time.monotonic() < end, "something is being tracked"
        time.sleep(0.2)


def traversals():
    """Ways to write a path that leads out of the page's folder."""
    dots = ["..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..;", "%c0%ae%c0%ae", "..%00", "\\..", "%5c.."]
    slashes = ["/", "%2f", "%5c", "//", "%252f", "%c0%af"]
    paths = [f"/page{slash}{dot}{slash}{dot}{slash}etc{slash}passwd" for dot in dots for slash in slashes]
    return paths + ["/page/../main.js", "/page/%2e%2e/index.html", "/etc/passwd", "//etc/passwd", "/page//etc/passwd", "/page/index.html/..",
                    "/page/", "/page/.", "/page/main.js%00.svg", "/page/main.js%0d%0aX-A:1", "/api/frames/..%2f1.jpg", "/api/../page/main.js",
                    "/page/MAIN.JS", "/PAGE/main.js", "/page/~root", "/page/file:%2f%2f%2fetc%2fpasswd", "*", "http://evil.example/"]


def bodies(expect, headers):
    """What is no request: depth, numbers that are none, ids out of range, wrong kinds, wrong places."""
    deep = b'{"object":1,"frame":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    numbers = [b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1", b"1.5", b"9223372036854775808", b"1e18", b'"1"', b"null", b"true", b"[]", b"{}"]
    for path in ["candidates", "preview", "prepare", "choose", "propagate", "export", "import", "edits"]:
        for body in [deep, b"", b"null", b"1", b'"text"', b"[]", b"{}", b"\x00", b'{"object":1', b'{"path":"../../etc/passwd"}']:
            send(expect, f"{path} {body[:30]}", path, headers, body)
    for number in numbers:
        for field in ["object", "frame", "x", "y", "point"]:
            fields = {"object": b"1", "frame": b"0", "x": b"5", "y": b"5", "point": b"1", field: number}
            flat = b",".join(b'"%s":%s' % (name.encode(), value) for name, value in fields.items())
            # A preview of no object, or without a point's number, is one.
            if not (field == "point" or (field == "object" and number == b"null")):
                send(expect, f"preview with {field} {number}", "preview", headers, b"{%s}" % flat, refused=number != b"1.5" or field not in "xy")
            send(expect, f"a moved point with {field} {number}", "edits", headers, b'{"v":1,"edit":"move-point",%s}' % flat)
    # Begun, and ended at once with a message.
    for body in [b'{"v":1,"edit":"propagate","frames":[-5,1e9]}', b'{"v":1,"edit":"propagate","objects":[99999999999]}',
                 b'{"v":1,"edit":"propagate","objects":[]}', b'{"v":1,"edit":"propagate","frames":[9,3]}']:
        expect((202, 400, 409), f"propagate {body}", request("POST", "/api/propagate", headers + [("Content-Length", str(len(body)))], body))
    send(expect, "a direction that is none", "propagate", headers, b'{"v":1,"edit":"propagate","direction":"sideways"}')
    for mask in [b'{"size":[1,1],"counts":[1]}', b'{"size":[99999999,99999999],"counts":[0]}', b'{"size":[720,1280],"counts":[-5,921605]}',
                 b'{"size":[720,1280],"counts":"' + b"~" * 5000 + b'"}']:
        send(expect, f"mask {mask[:40]}", "edits", headers, b'{"v":1,"edit":"set-mask","object":1,"frame":0,"mask":%s}' % mask)
    for body in [b'{"format":"coco","path":"relative"}', b'{"format":"no such","download":true}', b'{"format":"coco","path":"/proc/nowhere/x.json\\u0000"}']:
        send(expect, f"export {body}", "export", headers, body)
    for body in [b'{"path":"/etc/shadow"}', b'{"path":"/dev/zero"}', b'{"path":"/proc/self/mem"}', b'{"path":"/"}', b'{"path":"/nowhere"}']:
        send(expect, f"import {body}", "import", headers, body)


def send(expect, what, path, headers, body, refused=True):
    if refused:
        expect((400, 404), what, request("POST", f"/api/{path}", headers + [("Content-Length", str(len(body)))], body))


def ambiguous(port, host, key, own):
    """Requests that two readers could take for different ones: none may be carried out."""
    body = b'{"v":1,"edit":"undo"}'
    length = str(len(body))
    for what, headers in {
        "two lengths": [("Content-Length", length), ("Content-Length", "0")],
        "length and chunks": [("Content-Length", length), ("Transfer-Encoding", "chunked")],
        "a strange encoding": [("Transfer-Encoding", "gzip, chunked, x")],
        "a length with a sign": [("Content-Length", "+" + length)],
    }.items():
        found = talk(port, request("POST", "/api/edits", [host, key, own, *headers], body), wait=2)
        assert found in (None, 400, 401, 403, 411), f"{what}: status {found}"
    for method, path in [("GET", "http://evil.example/api/state"), ("CONNECT", "evil.example:443"), ("GET", "api/state"), ("TRACE", "/")]:
        found = talk(port, request(method, path, [host, key]), wait=2)
        assert found in (None, 400, 403, 404, 405), f"{method} {path}: status {found}"
    found = talk(port, f"GET /api/state HTTP/1.0\r\nAuthorization: {key[1]}\r\n\r\n".encode())
    assert found == 403, f"HTTP/1.0 without a host: status {found}"
    found = talk(port, request("GET", "/api/state", [host, ("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", "13"),
                                                     ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")]))
    assert found == 401, f"a stranger's socket: status {found}"


def endless_body(port, headers):
    """A body in chunks that never ends is cut off, and a stranger's is not read at all."""
    for own, most in [(headers, 64 << 20), (headers[:1], 8 << 20)]:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            sent = 0
            with contextlib.suppress(OSError):
                connection.sendall(request("POST", "/api/edits", own + [("Transfer-Encoding", "chunked")]))
                while sent < 2 * most:
                    connection.sendall(b"10000\r\n" + b"a" * 0x10000 + b"\r\n")
                    sent += 0x10000
            assert sent < most, f"an endless body is read: {sent >> 20} MB"


def streams(annotator, host, key):
    """More streams of events than there is room for are refused, and room comes back."""
    held, refused = [], 0
    for _ in range(60):
        connection = socket.create_connection(("127.0.0.1", annotator.port), timeout=5)
        connection.sendall(request("GET", "/api/events", [host, key]))
        refused += connection.recv(64).startswith(b"HTTP/1.1 429")
        held.append(connection)
    assert refused >= 36, f"{60 - refused} streams are open"
    for connection in held:
        connection.close()
    end = time.monotonic() + 20
    while talk(annotator.port, request("GET", "/api/events", [host, key])) != 200:
        assert time.monotonic() < end, "streams that were closed take room"
        time.sleep(0.5)


def deaf(annotator, host, key):
    """Who asks for pictures and does not read them keeps nobody waiting."""
    held = []
    for _ in range(30):
        connection = socket.create_connection(("127.0.0.1", annotator.port), timeout=5)
        with contextlib.suppress(OSError):
            connection.sendall(b"".join(request("GET", f"/api/frames/{i % 10}.jpg", [host, key]) for i in range(40)))
        held.append(connection)
    began = time.monotonic()
    assert annotator.json("api/state")["objects"] is not None
    assert time.monotonic() - began < 5, "connections that do not read keep others waiting"
    for connection in held:
        connection.close()


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
    """Connections that send a byte now and then do not keep others out, however many there are."""
    known = socket.create_connection(("127.0.0.1", port), timeout=10)
    known.sendall(request("GET", "/api/state", [host, key]))
    assert known.recv(16).startswith(b"HTTP/1.1 200")
    held = []
    for _ in range(400):
        with contextlib.suppress(OSError):
            held.append(socket.create_connection(("127.0.0.1", port), timeout=2))
            held[-1].sendall(b"GET / HTTP/1.1\r\nX: ")
    began = time.monotonic()
    status = talk(port, request("GET", "/api/state", [host, key]), wait=10)
    assert status == 200 and time.monotonic() - began < 5, f"400 slow connections keep others out (status {status})"
    # Who has shown the token keeps the connection.
    while len(known.recv(65536)) == 65536:
        pass
    known.sendall(request("GET", "/api/state", [host, key]))
    assert known.recv(16).startswith(b"HTTP/1.1 200"), "strangers close connections of others"
    for connection in held + [known]:
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
