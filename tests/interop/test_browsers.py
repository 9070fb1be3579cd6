"""Browsers as telephones: SIP over WebSocket, and sound by WebRTC."""

import os
import socket
import ssl

import sound
from browser import Browser
from lab import test, until

SECRET = "secret-of-the-test"


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
