"""Browsers as telephones: SIP over WebSocket, and sound by WebRTC."""

import os
import socket
import ssl
import time

import sound
from baresip import Baresip
from browser import Browser
from lab import test, until

SECRET = "secret-of-the-test"
TALK = 8
# Most of the sound, sample by sample. On a busy machine chromium stretches what comes late, and its
# recording has another phase there.
THERE, HERE = {"correlation": 0.95, "gaps": 0.1}, {"correlation": 0.9, "gaps": 0.4}


def browser(lab, box, number, source=None, **options):
    box.extension(number, SECRET)
    source = source or melody(lab, number)
    return Browser(lab, box, number, SECRET, source, **options)


def melody(lab, number):
    path = os.path.join(lab.sub(f"source-{number}"), "source.wav")
    sound.melody(path, int(number))
    return path


@test
def a_browser_registers_by_both_paths_and_comes_back_by_itself(lab):
    box = lab.box()
    for number, path in (("201", "/ws"), ("202", "/sip")):
        phone = browser(lab, box, number, path=path)
        [binding] = [one for one in box.every("registrations") if one["number"] == number]
        if binding["transport"] != "wss" or ".invalid" not in binding["contact"]:
            raise AssertionError(f"this is no browser's binding: {binding}")
    phone.say("drop")
    phone.until("disconnected")
    phone.until("registered")
    bindings = [one for one in box.every("registrations") if one["number"] == "202"]
    if len(bindings) != 1:
        raise AssertionError(f"one browser, two bindings: {bindings}")
    phone.say("stop")
    until(lambda: not box.registered("202"), "202 is gone")


class Pair:
    """A browser as 201 and a telephone as 202, each with a melody of its own."""

    def __init__(self, lab, **options):
        self.box = lab.box()
        self.says, self.plays = melody(lab, "201"), melody(lab, "202")
        if options.get("module") == "opus":
            sound.write(self.plays, sound.read(self.plays), channels=2)
        self.browser = browser(lab, self.box, "201", self.says)
        self.box.extension("202", SECRET)
        self.phone = Baresip(lab, self.box, "202", SECRET, self.plays, **options).until_registered()

    def dials(self):
        """The browser calls the telephone, which answers by itself."""
        self.browser.say("dial", number="202")
        self.browser.until("confirmed")
        self.phone.until_event("CALL_ESTABLISHED")

    def is_dialled(self):
        """The telephone calls the browser."""
        self.phone.dial("201")
        self.browser.until("incoming", **{"from": "202"})
        self.browser.say("answer")
        self.browser.until("confirmed")

    def heard(self, seconds=TALK - 1):
        """Both recordings, compared with what was played."""
        until(self.phone.heard, "the telephone's recording")
        there = sound.Heard(self.says, self.phone.heard()[-1])
        here = sound.Heard(self.plays, self.browser.recording())
        there.demand(seconds, **THERE)
        here.demand(seconds, **HERE)
        return f"telephone heard {there}; browser heard {here}"


@test
def a_browser_calls_a_telephone_and_hangs_up(lab):
    pair = Pair(lab)
    pair.dials()
    time.sleep(TALK)
    pair.browser.say("hangUp")
    pair.browser.until("ended", originator="local")
    pair.phone.until_event("CALL_CLOSED")
    said = pair.heard()
    until(lambda: not pair.box.calls(), "no call is up")
    return said


@test
def a_telephone_calls_a_browser_and_hangs_up(lab):
    pair = Pair(lab)
    pair.is_dialled()
    time.sleep(TALK)
    pair.phone.hang_up()
    pair.browser.until("ended", originator="remote")
    return pair.heard()


@test
def the_same_codec_on_both_sides_passes_as_it_is(lab):
    pair = Pair(lab, codec="opus/48000/2", module="opus")
    pair.dials()
    time.sleep(TALK)
    pair.browser.say("hangUp")
    pair.phone.until_event("CALL_CLOSED")
    said = pair.heard()
    record = until(lambda: next((one for one in pair.box.records() if one["streams"]), None), "the record")
    if any(stream["stats"]["translated"] for stream in record["streams"]):
        raise AssertionError(f"Opus was translated to Opus: {record['streams']}")
    locks = {leg["leg"]: leg["security"] for leg in record["security"]}
    if locks["201"]["keys"] != "dtls" or locks["202"]["keys"] != "none":
        raise AssertionError(f"the browser's leg is encrypted and the telephone's is not: {locks}")
    return f"{said}, browser {locks['201']['suite']}"


VIDEO = """\
module vp8.so
module fakevideo.so
video_source fakevideo,nil
video_display fakevideo,nil
video_size 352x288
video_fps 15
video_bitrate 300000
"""


@test
def pictures_pass_between_a_browser_and_a_telephone(lab):
    pair = Pair(lab, config=VIDEO, more=";video_codecs=vp8")
    pair.browser.say("dial", number="202", video=True)
    pair.browser.until("confirmed")
    time.sleep(TALK)
    seen = pair.browser.ask("statistics")
    frames = seen["inbound-rtp-video"]["framesDecoded"]
    asked = seen["outbound-rtp-video"]["pliCount"] + seen["outbound-rtp-video"]["firCount"]
    pair.browser.say("hangUp")
    pair.phone.until_event("CALL_CLOSED")
    record = until(lambda: next((one for one in pair.box.records() if one["streams"]), None), "the record")
    streams = [stream for stream in record["streams"] if stream["kind"] == "video"]
    sent = [stream["stats"]["received"] for stream in streams]
    if frames < 5 * TALK or len(sent) != 2 or min(sent) < 10 * TALK:
        raise AssertionError(f"{frames} frames seen by the browser, packets {sent}")
    return f"the browser saw {frames} frames and was asked {asked} times for a whole one; packets {sent}"


@test
def a_call_outlives_the_web_socket(lab):
    pair = Pair(lab)
    pair.is_dialled()
    time.sleep(TALK / 2)
    pair.browser.say("drop")
    pair.browser.until("disconnected")
    pair.browser.until("registered")
    time.sleep(TALK / 2)
    pair.phone.hang_up()
    pair.browser.until("ended", originator="remote")
    return pair.heard()


@test
def a_web_socket_for_telephones_is_opened_to_those_who_may(lab):
    box = lab.box()
    wrong = {
        "400": "",
        "403": "Sec-WebSocket-Protocol: sip\r\nOrigin: https://evil.example\r\n",
    }
    for status, more in wrong.items():
        answer = upgrade(box, more)
        if f" {status} " not in answer:
            raise AssertionError(f"{status} expected: {answer}")
    settings = box.ask("GET", "settings")
    settings["network"]["web_phones"] = ["https://crm.example"]
    box.ask("PUT", "settings", settings)
    answer = upgrade(box, "Sec-WebSocket-Protocol: sip\r\nOrigin: https://crm.example\r\n")
    if " 101 " not in answer or "sec-websocket-protocol: sip" not in answer.lower():
        raise AssertionError(f"a page of a named site was not let in: {answer}")


def upgrade(box, more):
    """The answer to the request for a WebSocket."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection((box.host, box.http)) as plain:
        with context.wrap_socket(plain) as stream:
            stream.sendall(f"GET /ws HTTP/1.1\r\nHost: {box.host}:{box.http}\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                           f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n".encode())
            return stream.recv(4096).decode(errors="replace")
