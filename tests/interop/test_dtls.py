"""Phones that agree on their keys by a handshake in the media: DTLS-SRTP (RFC 5763)."""

import hashlib
import os
import re
import ssl
import subprocess
import time

import sound
from certificates import pem
from lab import need, ports, test, until
from sip import Phone
from test_browsers import HERE, THERE, browser, melody
from test_flows import expect
from test_secrecy import encrypted, phone, protection, srtp

SHA1 = "AES_CM_128_HMAC_SHA1_80"


def dtls(curve=None, **more):
    """An account that encrypts by DTLS; with an elliptic curve, or else an RSA certificate."""
    config = f"dtls_srtp_use_ec {curve}\n" if curve else ""
    return {"more": ";mediaenc=dtls_srtp", "modules": ("dtls_srtp",), "config": config, **more}


def by_dtls(suite=SHA1):
    return {"keys": "dtls", "suite": suite}


def offering(lab, how):
    """A box that offers handshakes: `opportunistic_dtls` or `required_dtls`."""
    box = lab.box()
    tenant = box.ask("GET", "tenants/1")
    box.ask("PUT", "tenants/1", {**tenant, "encryption": how})
    return box


@test
def a_phone_with_an_rsa_certificate_shakes_hands_and_calls_a_plain_one(lab):
    return encrypted(lab, (by_dtls(), None), dtls(), {})


@test
def a_phone_with_an_ecdsa_certificate_shakes_hands_and_calls_one_with_keys_in_sdp(lab):
    suites = (by_dtls(), "AEAD_AES_128_GCM")
    return encrypted(lab, suites, dtls("prime256v1"), srtp(mode="srtp"))


@test
def where_handshakes_are_required_phones_of_both_kinds_are_offered_them(lab):
    box = offering(lab, "required_dtls")
    said = encrypted(lab, (by_dtls(), by_dtls()), dtls(), dtls("prime256v1"), box=box)
    return f"{said}; back: " + encrypted(
        lab, (by_dtls(), by_dtls()), dtls("prime256v1"), dtls(), box=box, numbers=("203", "204"))


@test
def a_phone_that_shakes_hands_holds_and_comes_back(lab):
    box = offering(lab, "required_dtls")
    first, second = phone(lab, box, "201", **dtls()), phone(lab, box, "202", **dtls())
    first.dial("202")
    second.until_event("CALL_ESTABLISHED")
    time.sleep(2)
    for _ in range(2):
        for command in ("hold", "resume"):
            first.command(command)
            held = command == "hold"
            until(lambda: [one for one in box.calls() if one["held"] == held], f"{command} shown")
            time.sleep(1.5)
    first.hang_up()
    until(lambda: not box.calls(), "an empty list of calls")
    record = until(lambda: [one for one in box.records() if len(one["streams"]) > 1], "the record")[0]
    stats = [stream["stats"] for stream in record["streams"]]
    # The first report, as in `encrypted`.
    if any(one["forged"] > 1 for one in stats):
        raise AssertionError(f"packets that are not genuine: {stats}")
    if protection(box) != {"201": by_dtls(), "202": by_dtls()}:
        raise AssertionError(f"shown as {protection(box)}")
    samples = sound.read(until(second.heard, "a recording")[-1])
    end = os.path.join(lab.folder, "end.wav")
    sound.write(end, samples[-int(1.3 * sound.RATE):])
    heard = sound.Heard(first.source, end)
    if heard.correlation < 0.9:
        raise AssertionError(f"after two holds: {heard}")
    return str(heard)


@test
def a_call_of_phones_that_shake_hands_is_transferred_to_a_third(lab):
    box = offering(lab, "required_dtls")
    first, second = phone(lab, box, "201", **dtls()), phone(lab, box, "202", **dtls())
    third = phone(lab, box, "203", **dtls("prime256v1"))
    first.dial("202")
    second.until_event("CALL_ESTABLISHED")
    time.sleep(2)
    first.command("transfer", third.uri("203"))
    third.until_event("CALL_ESTABLISHED")
    first.until_event("CALL_CLOSED")
    time.sleep(4)
    live = until(lambda: [one for one in box.calls() if len(one["security"]) > 1], "the call")[0]
    locks = {leg["leg"]: leg["security"] for leg in live["security"]}
    if locks.get("202") != by_dtls() or locks.get("203") != by_dtls():
        raise AssertionError(f"shown as {locks}")
    third.hang_up()
    until(lambda: not box.calls(), "an empty list of calls")
    samples = sound.read(until(second.heard, "a recording")[-1])
    end = os.path.join(lab.folder, "end.wav")
    sound.write(end, samples[-int(2 * sound.RATE):])
    heard = sound.Heard(third.source, end)
    if heard.correlation < 0.9:
        raise AssertionError(f"after the transfer: {heard}")
    return str(heard)


@test
def a_browser_connects_another_with_a_phone_that_shakes_hands(lab):
    """An attended transfer: one browser asks the phone, asks another browser, and leaves the two alone."""
    box = offering(lab, "required_dtls")
    first, third = browser(lab, box, "201"), browser(lab, box, "203", says := melody(lab, "203"))
    second = phone(lab, box, "202", **dtls("prime256v1"))
    first.say("dial", number="202")
    first.until("confirmed")
    second.until_event("CALL_ESTABLISHED")
    first.say("hold")
    first.until("hold", originator="local")
    first.say("dial", number="203")
    third.until("incoming", **{"from": "201"})
    third.say("answer")
    first.until("confirmed")
    time.sleep(2)
    first.say("transfer")
    first.until("transfer", name="accepted")
    until(lambda: len(box.calls()) == 1, "one call of two")
    locks = [(leg["leg"], leg["security"]["keys"]) for one in box.records() for leg in one["security"]]
    if not {"202", "203"} <= {number for number, _ in locks} or any(keys != "dtls" for _, keys in locks):
        raise AssertionError(f"shown as {locks}")
    time.sleep(5)
    recording = third.recording()
    second.hang_up()
    third.until("ended", originator="remote")
    until(lambda: not box.calls(), "an empty list of calls")
    said = []
    for source, path, bars in ((says, second.heard()[-1], THERE), (second.source, recording, HERE)):
        end = os.path.join(lab.sub("end"), "end.wav")
        sound.write(end, sound.read(path)[-int(3.5 * sound.RATE):])
        said.append(str(sound.Heard(source, end).demand(3, **bars)))
    return f"telephone heard {said[0]}; browser heard {said[1]}"


@test
def a_phone_is_offered_a_handshake_beside_a_plain_line_and_takes_it_or_not(lab):
    box = offering(lab, "opportunistic_dtls")
    return encrypted(lab, (None, by_dtls()), {}, dtls("prime256v1"), box=box)


@test
def where_encryption_is_off_a_phone_that_shakes_hands_is_refused_and_told_why(lab):
    box = offering(lab, "off")
    phone(lab, box, "201", **dtls()).dial("202")
    phone(lab, box, "202")
    end = until(lambda: [one["end"] for one in box.records() if one["ended"]], "the record")[0]
    if end["why"] != "encryption_off":
        raise AssertionError(f"the record says {end}")
    return end["text"]


class Stack:
    """A phone whose signalling is ours and whose handshakes are OpenSSL's, with an RSA certificate."""

    def __init__(self, lab, number="201"):
        self.lab, self.port = lab, ports.free(2)
        self.box = lab.box()
        self.box.extension(number)
        self.phone = Phone(self.box, number)
        lab.at_end(self.phone.close)
        expect(self.phone.register(), 200)
        self.folder = lab.sub("openssl")
        with open(os.path.join(self.folder, "phone.pem"), "w") as file:
            file.write(pem())
        until(self.both, "an answer that names both certificates", 30)

    def both(self):
        """Whether the box has made its RSA certificate."""
        call = self.call("active")
        said = re.findall(r"^a=fingerprint:sha-256 (\S+)", call.final.body.decode(), re.M)
        call.hang_up()
        if len(said) == 1:
            return False
        if len(said) != 3 or said[0] != said[2]:
            raise AssertionError(f"the box names {said}")
        self.ecdsa, self.rsa = said[:2]
        return True

    def call(self, setup):
        """Calls the box itself."""
        certificate = pem()[pem().index("-----BEGIN CERTIFICATE"):]
        body = ("v=0\r\no=- 77 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                f"m=audio {self.port} UDP/TLS/RTP/SAVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
                f"a=setup:{setup}\r\na=fingerprint:sha-256 {digest(certificate)}\r\n")
        call = self.phone.call("*43", body=body)
        expect(call.final, 200)
        return call

    def openssl(self, *words):
        """Runs until the end of the test, or until it is ended; what it says can be read."""
        path = os.path.join(self.folder, f"said-{len(os.listdir(self.folder))}")
        with open(path, "wb") as log:
            process = subprocess.Popen(
                [need("openssl"), *words, "-dtls1_2", "-use_srtp", "SRTP_AES128_CM_SHA1_80",
                 "-cert", "phone.pem", "-key", "phone.pem"],
                cwd=self.folder, stdin=subprocess.PIPE, stdout=log, stderr=log)

        def end():
            process.kill()
            process.wait()

        self.lab.at_end(end)

        def said():
            with open(path, errors="replace") as log:
                return log.read()

        return said, end

    def secured(self, said):
        """Waits until the box shows that there are keys, and OpenSSL has said which cipher it is."""
        try:
            until(lambda: [leg["security"] for call in self.box.calls() for leg in call.get("security", [])]
                  == [by_dtls()], "keys", 15)
            return until(lambda: re.search(r"Cipher is (\S+)|CIPHER is (\S+)", said()), "the cipher")
        except AssertionError as why:
            raise AssertionError(f"{why}; OpenSSL said: {said()[-2000:]}") from why


def digest(text):
    """The fingerprint of the first certificate in a text."""
    certificate = re.search(r"-----BEGIN CERTIFICATE-.*?-----END CERTIFICATE-----", text, re.S).group(0)
    octets = hashlib.sha256(ssl.PEM_cert_to_DER_cert(certificate)).digest()
    return ":".join(f"{octet:02X}" for octet in octets)


@test
def openssl_is_shown_rsa_where_it_takes_nothing_else(lab):
    stack = Stack(lab)
    rsa, ecdsa = "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"
    cases = [
        (["-cipher", rsa], "rsa"),
        (["-cipher", "ECDHE-RSA-AES256-SHA"], "rsa"),
        (["-cipher", "ECDHE-RSA-CHACHA20-POLY1305"], "rsa"),
        (["-cipher", f"{rsa}:{ecdsa}", "-sigalgs", "RSA+SHA256"], "rsa"),
        (["-cipher", ecdsa], "ecdsa"),
        ([], "ecdsa"),
    ]
    ciphers = []
    for words, kind in cases:
        call = stack.call("active")
        host, port = call.final.media()
        said, end = stack.openssl("s_client", "-bind", f"127.0.0.1:{stack.port}", "-connect",
                                  f"{host}:{port}", *words)
        ciphers.append(stack.secured(said).group(0).split()[-1])
        if digest(said()) != getattr(stack, kind):
            raise AssertionError(f"{words}: the box did not show its {kind} certificate")
        call.hang_up()
        end()
        until(lambda: not stack.box.calls(), "an empty list of calls")
    return ", ".join(ciphers)


@test
def openssl_as_a_server_with_rsa_is_taken_and_shown_rsa_where_it_insists(lab):
    stack = Stack(lab)
    ciphers = []
    for words in ([], ["-client_sigalgs", "RSA+SHA256"]):
        server = ["s_server", "-accept", f"127.0.0.1:{stack.port}", "-Verify", "1", "-cipher",
                  "ECDHE-RSA-AES128-GCM-SHA256", *words]
        said, end = stack.openssl(*server)
        until(lambda: "ACCEPT" in said(), "OpenSSL to listen")
        call = stack.call("passive")
        if words:
            # After a handshake that failed it is good for no other.
            until(lambda: "wrong signature type" in said(), "the ECDSA certificate to be refused")
            end()
            said, end = stack.openssl(*server)
        ciphers.append(stack.secured(said).group(0).split()[-1])
        shown = digest(said()[said().rindex("BEGIN CERTIFICATE") - 5:])
        if shown != (stack.rsa if words else stack.ecdsa):
            raise AssertionError(f"{words}: the box showed {shown}: {said()[-2000:]}")
        call.hang_up()
        end()
        until(lambda: not stack.box.calls(), "an empty list of calls")
    return ", ".join(ciphers)
