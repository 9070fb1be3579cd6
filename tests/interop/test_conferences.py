"""Conferences in which telephones and a browser say how loud they are (RFC 6464)."""

import os
import re
import time

import numpy

import sound
from baresip import Baresip
from lab import test, until
from test_browsers import SECRET, browser
from test_codecs import speech

LEVELS = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
TALK = 6
# As many as have seats in any case, and the browser.
QUIET = ("202", "203", "204", "205", "206")
# Whose encoding does not show how loud it is, as G.711 would.
TELLS = {"codec": "g722/16000/1", "module": "g722", "config": "audio_level yes\n"}


def silence(lab, number):
    path = os.path.join(lab.sub(f"source-{number}"), "silence.wav")
    sound.write(path, numpy.zeros(60 * sound.RATE))
    return path


def telephone(lab, box, number, source, **options):
    box.extension(number, SECRET)
    phone = Baresip(lab, box, number, SECRET, source, **options)
    return phone.until_registered()


def frames(box):
    """How often 20 ms of a member were decoded, and how often passed over."""
    text = box.ask_raw("GET", "/metrics")[1].decode()
    found = dict(re.findall(r'^strowger_conference_frames_total{outcome="(\w+)"} (\d+)', text, re.M))
    return int(found["decoded"]), int(found["passed_over"])


def decoded(box, seconds):
    """How much of what all members sent was decoded meanwhile, 1 is all of it."""
    before = frames(box)
    time.sleep(seconds)
    heard, passed = (now - then for now, then in zip(frames(box), before))
    if heard + passed < 6 * 45 * seconds:
        raise AssertionError(f"a conference of seven has more turns than {heard} and {passed}")
    return heard / (heard + passed)


def likeness(says, path):
    """How well the middle of a recording is understood; before it, music was heard, or others came. In
    pieces, because a jitter buffer may have played some slower."""
    samples = sound.read(path)
    begin, piece = len(samples) // 2 - TALK * sound.RATE // 2, 3 * sound.RATE // 2
    pieces = [samples[at:at + piece] for at in range(begin, begin + TALK * sound.RATE, piece)]
    return float(numpy.median([sound.likeness(says, one) for one in pieces]))


@test
def who_is_silent_in_a_conference_says_so_and_is_not_decoded(lab):
    """One speaks and six are silent, each of which says how loud it is: five telephones and a browser."""
    box = lab.box()
    box.ask("POST", "numbers", {"number": "600", "kind": "conference", "name": "Monday"})
    says = os.path.join(lab.folder, "says.wav")
    sound.write(says, speech(40))
    speaker = telephone(lab, box, "201", says)
    others = [telephone(lab, box, number, silence(lab, number), **TELLS) for number in QUIET]
    page = browser(lab, box, "207", silence(lab, "207"))
    for phone in (speaker, *others):
        phone.dial("600")
        phone.until_event("CALL_ESTABLISHED")
    for phone in others:
        until(lambda: "audio levels enabled" in phone.output(), f"{phone.user} is told to say how loud it is")
    page.say("dial", number="600")
    page.until("confirmed")
    until(lambda: len(box.ask("GET", "conferences")["items"][0]["members"]) == 7, "seven members")
    if not re.search(rf"a=extmap:\d+/recvonly {LEVELS}", page.output()):
        raise AssertionError("the browser was not told to say how loud it is")
    # What they said when they came fades from the choice of who is heard.
    time.sleep(4)
    share = decoded(box, TALK)
    recording = page.recording()
    for phone in (speaker, *others):
        phone.hang_up()
        phone.until_event("CALL_CLOSED")
    said = []
    for who, path in [*((one.user, until(one.heard, "a recording")[-1]) for one in others), ("207", recording)]:
        said.append(f"{who} understood {(found := likeness(sound.read(says), path)):.3f}")
        if found < 0.8:
            raise AssertionError("; ".join(said))
    # One of seven, who makes pauses.
    if not 0.05 < share < 0.2:
        raise AssertionError(f"{share:.2f} of all was decoded, of seven one speaks")
    return f"{share:.2f} of all was decoded; " + "; ".join(said)
