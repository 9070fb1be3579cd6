"""The daemon under test: its process, its API, and what it costs."""

import contextlib
import http.client
import json
import os
import signal
import socket
import ssl
import subprocess
import threading
import time

import ports

PASSWORD = "correct horse battery"


class Refused(Exception):
    """An answer of the API that is not a success."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem}")
        self.status = status
        self.problem = problem


class Box:
    """A `strowgerd` on free ports with a data folder of its own."""

    def __init__(self, folder, host="127.0.0.1", sip=None, media=None, inside=None,
                 media_ports=400, **flags):
        self.folder = folder
        self.data = os.path.join(folder, "data")
        self.host = host
        self.http = ports.free()
        self.sip = ports.free()
        self.sips = ports.free()
        self.media_ports = ports.block(media_ports)
        self.listen = sip or [host]
        self.media = media or self.listen
        self.inside = inside or contextlib.nullcontext()
        self.flags = flags
        self.process = None
        self.token = None
        self.kept = threading.local()
        self.log = os.path.join(folder, "strowgerd.log")

    # --- the process

    def command(self):
        words = [*getattr(self.inside, "words", ()), binary(), "run", "--data", self.data]
        words += ["--http", address(self.host, self.http)]
        for host in self.listen:
            words += ["--sip", address(host, self.sip), "--sips", address(host, self.sips)]
        for host in self.media:
            words += ["--media-ip", host]
        words += ["--media-ports", "%d-%d" % self.media_ports]
        for flag, value in self.flags.items():
            words += ["--" + flag.replace("_", "-"), value]
        return words

    def start(self, limit=30):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=dict(os.environ, RUST_BACKTRACE="1"))
        self.until_healthy(limit)
        return self

    def until_healthy(self, limit=30):
        until = time.monotonic() + limit
        while True:
            if self.process.poll() is not None:
                raise AssertionError(
                    f"strowgerd ended with {self.process.returncode}: {self.last_words()}")
            try:
                self.ask("GET", "health")
                return
            except (OSError, http.client.HTTPException, Refused) as why:
                if time.monotonic() > until:
                    raise AssertionError(f"no health after {limit} s: {why}; {self.last_words()}")
            time.sleep(0.05)

    def claim(self):
        with open(os.path.join(self.data, "claim-code")) as file:
            code = file.read().strip()
        answer = self.ask("POST", "setup/claim",
                          {"claim_code": code, "name": "admin", "password": PASSWORD})
        self.token = answer["token"]
        return self

    def stop(self, limit=15):
        """SIGTERM, as systemd does it; gives the exit code and how long it took."""
        if self.process is None or self.process.poll() is not None:
            return None, 0
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(limit)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"strowgerd still ran {limit} s after SIGTERM") from None
        return self.process.returncode, time.monotonic() - began

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def alive(self):
        return self.process.poll() is None

    def last_words(self):
        with open(self.log, errors="replace") as log:
            return "".join(log.readlines()[-15:])

    def resident(self):
        """Resident memory in bytes."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def cpu(self):
        """Processor seconds used so far."""
        return cpu_of(self.process.pid)

    # --- the API

    def ask(self, method, path, body=None, limit=30, headers=None):
        """One request; gives the JSON of the answer, or raises `Refused`."""
        status, data, _ = self.ask_raw(method, path, body, limit, headers)
        text = data.decode(errors="replace")
        value = json.loads(text) if text[:1] in ("{", "[") else text
        if status >= 300:
            raise Refused(status, value)
        return value

    def refused(self, status, method, path, body=None):
        """The problem that a request is refused with; fails when it is done, or refused otherwise."""
        try:
            done = self.ask(method, path, body)
        except Refused as why:
            if why.status != status:
                raise
            return why.problem
        raise AssertionError(f"{method} {path} was done, {status} wanted: {done}")

    def ask_raw(self, method, path, body=None, limit=30, headers=None):
        """Status, body and headers of one request; a connection serves many, one by thread."""
        sent = {"Accept": "application/json", **(headers or {})}
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        data = None
        if isinstance(body, bytes):
            data = body
        elif body is not None:
            data = json.dumps(body)
            sent["Content-Type"] = "application/json"
        full = path if path.startswith("/") else "/api/v1/" + path
        kept = getattr(self.kept, "connection", None)
        self.kept.connection = None
        with self.inside:
            connection = kept or Connection(self.host, self.http, limit)
            try:
                connection.request(method, full, data, sent)
                answer = connection.getresponse()
                whole = answer.status, answer.read(), answer.headers
            except (OSError, http.client.HTTPException):
                connection.close()
                if kept is None:
                    raise
                # The box went away meanwhile, and with it the connection.
                return self.ask_raw(method, path, body, limit, headers)
        self.kept.connection = connection
        return whole

    def every(self, path):
        """All items of a list, page by page."""
        items, cursor = [], None
        while True:
            page = self.ask("GET", path + (f"?limit=500&cursor={cursor}" if cursor else "?limit=500"))
            items += page["items"]
            cursor = page["next"]
            if cursor is None:
                return items

    def extension(self, number, secret="secret-of-the-test", **more):
        body = {"number": number, "name": f"Phone {number}", "secret": secret, **more}
        return self.ask("POST", "extensions", body)

    def change(self, path, **fields):
        """Reads an entry, changes these fields of it, and writes it back."""
        entry = self.ask("GET", path)
        entry.update(fields)
        return self.ask("PUT", path, entry)

    def trunk(self, name, host, port, **more):
        return self.ask("POST", "trunks", {"name": name, "host": host, "port": port, **more})

    def route_out(self, pattern, trunks, **more):
        body = {"name": f"out {pattern}", "pattern": pattern,
                "trunks": [trunk["id"] for trunk in trunks], **more}
        return self.ask("POST", "routes/outbound", body)

    def route_in(self, did, destination, **more):
        body = {"name": f"in {did}", "did": did, "destination": destination, **more}
        return self.ask("POST", "routes/inbound", body)

    def registered(self, number):
        """How many phones are registered under the number."""
        return sum(1 for one in self.every("registrations") if number in json.dumps(one))

    def calls(self):
        return self.every("calls")

    def records(self):
        return self.every("cdrs")


class Connection(http.client.HTTPSConnection):
    """HTTPS to the box, whose certificate is self-signed."""

    def __init__(self, host, port, limit):
        unchecked = ssl.create_default_context()
        unchecked.check_hostname = False
        unchecked.verify_mode = ssl.CERT_NONE
        super().__init__(host, port, timeout=limit, context=unchecked)


def cpu_of(pid):
    """Processor seconds, of the system and the user, that a process has used."""
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def binary():
    """The daemon to test: $STROWGERD, else what `cargo build` left."""
    named = os.environ.get("STROWGERD")
    if named:
        return named
    root = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
    target = os.environ.get("CARGO_TARGET_DIR", os.path.join(root, "target"))
    return os.path.join(target, "debug", "strowgerd")


def address(host, port):
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET
