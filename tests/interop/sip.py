"""A phone of our own for what real ones would never send: raw messages, and what comes back."""

import hashlib
import os
import re
import socket
import ssl
import time

from box import address, family
from web_socket import WebSocket


def token(size=8):
    return os.urandom(size).hex()


class Message:
    """A message that came in: the first line, the headers in order, the body."""

    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode(errors="replace").split("\r\n")
        self.first = lines[0]
        self.headers = []
        for line in lines[1:]:
            if line[:1] in (" ", "\t") and self.headers:
                name, value = self.headers[-1]
                self.headers[-1] = (name, value + " " + line.strip())
                continue
            name, _, value = line.partition(":")
            self.headers.append((name.strip().lower(), value.strip()))
        self.status = int(lines[0].split(" ")[1]) if lines[0].startswith("SIP/2.0 ") else None
        self.method = None if self.status else lines[0].split(" ")[0]

    def __getitem__(self, name):
        """The first header of that name, or an empty text."""
        return next((value for known, value in self.headers if known == name.lower()), "")

    def all(self, name):
        return [value for known, value in self.headers if known == name.lower()]

    def tag(self, name):
        found = re.search(r";\s*tag=([^;\s]+)", self[name])
        return found.group(1) if found else None

    def uri(self, name="contact"):
        found = re.search(r"<([^>]*)>", self[name])
        return found.group(1) if found else self[name].split(";")[0]

    def media(self):
        """Address and port of the first media line."""
        text = self.body.decode(errors="replace")
        host = re.search(r"^c=IN IP[46] (\S+)", text, re.M)
        port = re.search(r"^m=audio (\d+)", text, re.M)
        return (host.group(1) if host else None, int(port.group(1)) if port else 0)

    def __repr__(self):
        return self.data.decode(errors="replace")


class Wire:
    """A socket that speaks SIP to one server over UDP, TCP, TLS or WebSocket (`wss`)."""

    def __init__(self, host, port, transport="udp", bind=None):
        self.server = (host, port)
        self.transport = transport
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(family(host), kind)
        if bind or transport == "udp":
            self.socket.bind((bind or ("::1" if ":" in host else "127.0.0.1"), 0))
        self.socket.connect(self.server)
        if transport in ("tls", "wss"):
            unchecked = ssl.create_default_context()
            unchecked.check_hostname = False
            unchecked.verify_mode = ssl.CERT_NONE
            self.socket = unchecked.wrap_socket(self.socket)
        if transport == "wss":
            self.socket = WebSocket(self.socket, address(host, port))
        self.host, self.port = self.socket.getsockname()[:2]
        self.buffer = b""
        self.kept = []

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def receive(self, limit=5):
        """The next message, or None when none comes."""
        end = time.monotonic() + limit
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                if self.transport == "udp":
                    data = self.socket.recv(65536)
                    if data.strip():
                        return Message(data)
                    continue
                framed = self.framed()
                if framed:
                    return framed
                more = self.socket.recv(65536)
            except (TimeoutError, ssl.SSLWantReadError):
                return None
            except ConnectionError:
                return None
            if not more:
                return None
            self.buffer += more

    def framed(self):
        self.buffer = self.buffer.lstrip(b"\r\n")
        head, gap, rest = self.buffer.partition(b"\r\n\r\n")
        if not gap:
            return None
        size = re.search(rb"^(?:content-length|l)\s*:\s*(\d+)", head, re.I | re.M)
        size = int(size.group(1)) if size else 0
        if len(rest) < size:
            return None
        self.buffer = rest[size:]
        return Message(head + gap + rest[:size])

    def until(self, fits, limit=5):
        """The first message that fits; others are kept for whoever waits for them."""
        for message in self.kept:
            if fits(message):
                self.kept.remove(message)
                return message
        end = time.monotonic() + limit
        while (left := end - time.monotonic()) > 0:
            message = self.receive(left)
            if message is None:
                continue
            if fits(message):
                return message
            self.kept.append(message)
        came = ", ".join(message.first for message in self.kept[-8:])
        raise AssertionError(f"the awaited message did not come; came: {came or 'nothing'}")

    def close(self):
        self.socket.close()


class Phone(Wire):
    """A phone with a number and a password, for one call at a time."""

    def __init__(self, box, user, secret="secret-of-the-test", transport="udp", host=None,
                 bind=None):
        port = getattr(box, {"tls": "sips", "wss": "http"}.get(transport, "sip"))
        super().__init__(host or box.host, port, transport, bind)
        self.box, self.user, self.secret = box, user, secret
        self.domain = address(*self.server)
        self.cseq = 0
        self.media = (self.host, 40000)
        self.taken = set()

    def contact(self):
        if self.transport == "wss":
            # RFC 7118 section 5.4: a browser does not know its address.
            return f"<sip:{self.user}@browser.invalid;transport=ws>"
        return f"<sip:{self.user}@{address(self.host, self.port)};transport={self.transport}>"

    def via(self, branch=None):
        sent_by = "browser.invalid" if self.transport == "wss" else address(self.host, self.port)
        return (f"Via: SIP/2.0/{self.transport.upper()} {sent_by}"
                f";branch=z9hG4bK{branch or token()};rport\r\n")

    def request(self, method, uri, to, call_id, tag, headers="", body="", cseq=None, branch=None,
                to_tag=None, user=None):
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        text = f"{method} {uri} SIP/2.0\r\n" + self.via(branch)
        text += "Max-Forwards: 70\r\n"
        text += f"From: <sip:{user or self.user}@{self.domain}>;tag={tag}\r\n"
        text += f"To: <{to}>" + (f";tag={to_tag}" if to_tag else "") + "\r\n"
        text += f"Call-ID: {call_id}\r\nCSeq: {cseq} {method}\r\n"
        text += f"Contact: {self.contact()}\r\n" + headers
        if body:
            text += "Content-Type: application/sdp\r\n"
        text += f"Content-Length: {len(body.encode())}\r\n\r\n{body}"
        return text

    def authorization(self, answer, method, uri, secret=None, user=None):
        """The answer to the first challenge, MD5 with qop."""
        proxy = answer.status == 407
        header = "proxy-authenticate" if proxy else "www-authenticate"
        challenge = next(one for one in answer.all(header)
                         if not re.search(r"algorithm=\"?sha", one, re.I))
        value = dict(re.findall(r'(\w+)="?([^",]+)"?', challenge))
        digest = lambda text: hashlib.md5(text.encode()).hexdigest()
        user, secret = user or self.user, self.secret if secret is None else secret
        cnonce = token(4)
        first = digest(f"{user}:{value['realm']}:{secret}")
        second = digest(f"{method}:{uri}")
        response = digest(f"{first}:{value['nonce']}:00000001:{cnonce}:auth:{second}")
        opaque = f', opaque="{value["opaque"]}"' if "opaque" in value else ""
        return (f"{'Proxy-' if proxy else ''}Authorization: Digest username=\"{user}\", "
                f"realm=\"{value['realm']}\", nonce=\"{value['nonce']}\", uri=\"{uri}\", "
                f"response=\"{response}\", algorithm=MD5, qop=auth, nc=00000001, "
                f"cnonce=\"{cnonce}\"{opaque}\r\n")

    def ask(self, method, uri, to=None, headers="", body="", limit=5, secret=None, user=None):
        """A request outside a dialog, log-in included; gives the final answer."""
        call_id, tag = token(), token(4)
        to = to or uri
        sent_headers = headers
        for _ in range(2):
            self.send(self.request(method, uri, to, call_id, tag, sent_headers, body))
            cseq = self.cseq
            answer = self.until(
                lambda m: m.status and m.status >= 200 and m["cseq"].startswith(f"{cseq} "), limit)
            if answer.status not in (401, 407):
                return answer
            sent_headers = headers + self.authorization(answer, method, uri, secret, user)
        return answer

    def register(self, expires=300, secret=None, user=None, headers=""):
        uri = f"sip:{self.domain}"
        to = f"sip:{user or self.user}@{self.domain}"
        return self.ask("REGISTER", uri, to, f"Expires: {expires}\r\n" + headers, secret=secret,
                        user=user)

    def sdp(self, direction="sendrecv", codecs="8 0 101", version=1):
        kind = "IP6" if ":" in self.media[0] else "IP4"
        return (f"v=0\r\no=- 77 {version} IN {kind} {self.media[0]}\r\ns=-\r\n"
                f"c=IN {kind} {self.media[0]}\r\nt=0 0\r\n"
                f"m=audio {self.media[1]} RTP/AVP {codecs}\r\n"
                "a=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\n"
                "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n"
                f"a=ptime:20\r\na={direction}\r\n")

    def call(self, number, headers="", body=None, wait=True, limit=10, secret=None):
        """Calls a number; gives the `Call`, answered unless `wait` is off."""
        return Call(self, number, headers, self.sdp() if body is None else body,
                    secret).place(wait, limit)

    def incoming(self, limit=10):
        """Waits for a call; gives it with nothing answered yet."""
        invite = self.until(lambda m: m.method == "INVITE" and m["call-id"] not in self.taken
                            and not m.tag("to"), limit)
        self.taken.add(invite["call-id"])
        return Incoming(self, invite)

    def reply(self, request, status, reason, to_tag=None, headers="", body=""):
        text = f"SIP/2.0 {status} {reason}\r\n"
        for name in ("via", "record-route"):
            for value in request.all(name):
                text += f"{name.title()}: {value}\r\n"
        to = request["to"]
        if to_tag and ";tag=" not in to:
            to += f";tag={to_tag}"
        text += f"From: {request['from']}\r\nTo: {to}\r\n"
        text += f"Call-ID: {request['call-id']}\r\nCSeq: {request['cseq']}\r\n"
        text += f"Contact: {self.contact()}\r\n" + headers
        if body:
            text += "Content-Type: application/sdp\r\n"
        self.send(text + f"Content-Length: {len(body.encode())}\r\n\r\n{body}")


class Dialog:
    """What both directions of a call have in common."""

    def within(self, method, headers="", body="", answer=True, limit=5):
        """A request in the dialog; gives its final answer, or None when not waited for."""
        self.cseq += 1
        cseq = self.cseq
        self.phone.send(self.make(method, headers, body, cseq))
        if not answer:
            return None
        final = self.phone.until(lambda m: m.status and m.status >= 200
                                 and m["call-id"] == self.call_id
                                 and m["cseq"] == f"{cseq} {method}", limit)
        if method == "INVITE":
            self.phone.send(self.make("ACK", "", "", cseq))
        return final

    def make(self, method, headers, body, cseq):
        phone = self.phone
        text = f"{method} {self.target} SIP/2.0\r\n" + phone.via() + "Max-Forwards: 70\r\n"
        text += "".join(f"Route: {route}\r\n" for route in self.routes)
        text += f"From: {self.us}\r\nTo: {self.them}\r\n"
        text += f"Call-ID: {self.call_id}\r\nCSeq: {cseq} {method}\r\n"
        text += f"Contact: {phone.contact()}\r\n" + headers
        if body and "content-type" not in headers.lower():
            text += "Content-Type: application/sdp\r\n"
        return text + f"Content-Length: {len(body.encode())}\r\n\r\n{body}"

    def hang_up(self):
        return self.within("BYE")

    def until_bye(self, limit=10):
        """Waits for the other side's BYE and confirms it."""
        bye = self.phone.until(
            lambda m: m.method == "BYE" and m["call-id"] == self.call_id, limit)
        self.phone.reply(bye, 200, "OK")
        return bye

    def until_request(self, method, limit=10):
        return self.phone.until(
            lambda m: m.method == method and m["call-id"] == self.call_id, limit)


class Call(Dialog):
    """A call that the phone makes."""

    def __init__(self, phone, number, headers, body, secret):
        self.phone, self.headers, self.body, self.secret = phone, headers, body, secret
        self.uri = number if number.startswith("sip:") else f"sip:{number}@{phone.domain}"
        self.call_id, self.tag = token(), token(4)
        self.us = f"<sip:{phone.user}@{phone.domain}>;tag={self.tag}"
        self.them, self.target, self.routes = f"<{self.uri}>", self.uri, []
        self.provisional, self.final = [], None
        self.cseq, self.branch, self.sent = 0, None, None

    def invite(self, extra=""):
        self.cseq += 1
        self.branch = token()
        self.sent = self.phone.request(
            "INVITE", self.uri, self.uri, self.call_id, self.tag, self.headers + extra, self.body,
            self.cseq, self.branch)
        self.phone.send(self.sent)

    def place(self, wait, limit):
        self.invite()
        answer = self.phone.until(lambda m: m.status and m["call-id"] == self.call_id, limit)
        if answer.status in (401, 407):
            self.ack_failure(answer)
            self.invite(self.phone.authorization(answer, "INVITE", self.uri, self.secret))
        else:
            self.phone.kept.insert(0, answer)
        return self.until_final(limit) if wait else self

    def next(self, limit=10):
        answer = self.phone.until(lambda m: m.status and m.status > 100
                                  and m["call-id"] == self.call_id
                                  and m["cseq"] == f"{self.cseq} INVITE", limit)
        if answer.status < 200:
            self.provisional.append(answer)
        return answer

    def until_final(self, limit=10, answer=None):
        while answer is None or answer.status < 200:
            answer = self.next(limit)
        self.final = answer
        self.them = answer["to"]
        if answer.status >= 300:
            self.ack_failure(answer)
            return self
        self.target = answer.uri()
        self.routes = list(reversed(answer.all("record-route")))
        self.phone.send(self.make("ACK", "", "", self.cseq))
        return self

    def ack_failure(self, answer):
        """An ACK that belongs to the INVITE's transaction (RFC 3261 section 17.1.1.3)."""
        phone = self.phone
        phone.send(f"ACK {self.uri} SIP/2.0\r\n" + phone.via(self.branch)
                   + f"Max-Forwards: 70\r\nFrom: {self.us}\r\nTo: {answer['to']}\r\n"
                   + f"Call-ID: {self.call_id}\r\nCSeq: {self.cseq} ACK\r\n"
                   + "Content-Length: 0\r\n\r\n")

    def cancel(self):
        phone = self.phone
        phone.send(f"CANCEL {self.uri} SIP/2.0\r\n" + phone.via(self.branch)
                   + f"Max-Forwards: 70\r\nFrom: {self.us}\r\nTo: <{self.uri}>\r\n"
                   + f"Call-ID: {self.call_id}\r\nCSeq: {self.cseq} CANCEL\r\n"
                   + "Content-Length: 0\r\n\r\n")


class Incoming(Dialog):
    """A call that the phone gets."""

    def __init__(self, phone, invite):
        self.phone, self.invite = phone, invite
        self.call_id, self.tag = invite["call-id"], token(4)
        self.us = invite["to"] + f";tag={self.tag}"
        self.them, self.target = invite["from"], invite.uri()
        self.routes = invite.all("record-route")
        self.cseq = 0

    def say(self, status, reason, headers="", body=""):
        self.phone.reply(self.invite, status, reason, self.tag, headers, body)
        return self

    def ring(self):
        return self.say(180, "Ringing")

    def answer(self, limit=5, body=None, headers=""):
        self.say(200, "OK", headers, self.phone.sdp() if body is None else body)
        self.phone.until(lambda m: m.method == "ACK" and m["call-id"] == self.call_id, limit)
        return self
