"""A browser that leaves one network for another in the middle of a call."""

import os
import time

import sound
from baresip import Baresip
from lab import test, until
from netns import Net
from test_browsers import HERE, SECRET, THERE, browser, melody

BOX, DESK, ROUTER, STREET = "198.51.100.10", "198.51.100.20", "198.51.100.30", "198.51.100.40"
TALK = 5


def tail(lab, path, seconds):
    """The last of a recording."""
    part = os.path.join(lab.sub("tail"), "tail.wav")
    sound.write(part, sound.read(path)[-int(seconds * sound.RATE):])
    return part


@test
def a_browser_goes_from_home_into_the_street_and_talks_on(lab):
    """From behind a router to an address of its own: another WebSocket, and ICE anew."""
    net = Net(lab)
    gateway, desk = net.outside("box", BOX), net.outside("desk", DESK)
    laptop = net.at_home("lap", "10.1.0.2", net.router("rt", ROUTER, "10.1.0.1"))
    net.plug(laptop, STREET, net.middle, "eth1")
    laptop.run("ip", "link", "set", "eth1", "down")
    box = lab.box(host=BOX, inside=gateway)
    box.extension("202", SECRET)
    plays, says = melody(lab, "202"), melody(lab, "201")
    phone = Baresip(lab, box, "202", SECRET, plays, host=DESK, server=BOX, inside=desk).until_registered()
    page = browser(lab, box, "201", says, inside=laptop)
    page.say("dial", number="202")
    page.until("confirmed")
    phone.until_event("CALL_ESTABLISHED")
    time.sleep(TALK)
    left = time.monotonic()
    laptop.run("ip", "link", "set", "eth1", "up")
    laptop.run("ip", "link", "set", "eth0", "down")
    page.say("reconnect")
    page.until("registered", limit=40)
    page.ask("restart")
    before = page.ask("statistics")["inbound-rtp-audio"]["packetsReceived"]
    until(lambda: page.ask("statistics")["inbound-rtp-audio"]["packetsReceived"] > before + 10, "sound again", 30)
    gone = time.monotonic() - left
    time.sleep(TALK + 1)
    recording = page.recording()
    page.say("hangUp")
    phone.until_event("CALL_CLOSED")
    there = sound.Heard(says, tail(lab, phone.heard()[-1], TALK)).demand(TALK - 1, **THERE)
    here = sound.Heard(plays, tail(lab, recording, TALK)).demand(TALK - 1, **HERE)
    bindings = [one for one in box.every("registrations") if one["number"] == "201"]
    if len(bindings) != 1 or STREET not in str(bindings[0]):
        raise AssertionError(f"one browser in the street: {bindings}")
    return f"heard again after {gone:.1f} s; telephone heard {there}; browser heard {here}"
