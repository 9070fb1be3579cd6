"""A browser whose WebRTC shares no code with Chromium's or the box's: `webrtc` of crates.io."""

import re
import time

import sound
from baresip import Baresip
from lab import test, until
from test_browsers import SECRET, melody
from webrtc_peer import WebrtcPeer, by_name

TALK = 6


class Pair:
    """The browser as 201 and a telephone as 202, each with a melody of its own."""

    def __init__(self, lab, codec, **options):
        self.box, self.codec = lab.box(), codec
        self.says, self.plays = melody(lab, "201"), melody(lab, "202")
        for number in ("201", "202"):
            self.box.extension(number, SECRET)
        self.peer = WebrtcPeer(lab, self.box, "201", SECRET, codecs=(codec,)).register()
        self.phone = Baresip(lab, self.box, "202", SECRET, self.plays, **options).until_registered()

    def dials(self):
        self.peer.dial("202")
        self.phone.until_event("CALL_ESTABLISHED")
        self.talk()

    def is_dialled(self):
        self.phone.dial("201")
        self.peer.answer()
        self.talk()

    def talk(self):
        self.peer.play(self.codec, by_name(self.codec).encode(sound.read(self.says)))

    def ends(self):
        self.peer.hang_up()
        self.phone.until_event("CALL_CLOSED")
        until(lambda: not self.box.calls(), "no call is up")

    def heard(self, seconds, **bars):
        """Both recordings, compared with what was played."""
        bars = {"correlation": 0.98, "gaps": 0.03, **bars}
        there = sound.Heard(self.says, until(self.phone.heard, "the telephone's recording")[-1],
                            leaps=True)
        here = sound.Heard(self.plays, self.peer.heard(self.codec), leaps=True)
        there.demand(seconds, **bars)
        here.demand(seconds, **bars)
        return f"telephone heard {there}; browser heard {here}"


@test
def another_browser_calls_a_telephone_and_sends_its_candidates_later(lab):
    pair = Pair(lab, "PCMU")
    pair.dials()
    time.sleep(TALK)
    pair.ends()
    return pair.heard(TALK - 1)


@test
def a_telephone_calls_another_browser_that_has_opus_only(lab):
    pair = Pair(lab, "opus")
    pair.is_dialled()
    time.sleep(TALK)
    pair.phone.hang_up()
    pair.peer.call.until_bye()
    return pair.heard(TALK - 1, correlation=0.95, gaps=0.1)


@test
def another_browser_changes_its_network_and_the_call_goes_on(lab):
    """The offer of new credentials (RFC 8445 section 2.4) is answered with new ones of ours."""
    pair = Pair(lab, "PCMU")
    pair.dials()
    first = names(pair.peer.call.final.body.decode())
    time.sleep(TALK / 2)
    pair.peer.ask("restart")
    offer, answer = pair.peer.again()
    if names(answer) == first:
        raise AssertionError(f"the box kept its credentials: {first}")
    if not names(offer) or names(offer) == names(answer):
        raise AssertionError(f"offered {names(offer)}, answered {names(answer)}")
    time.sleep(TALK / 2)
    since = len(pair.peer.packets())
    time.sleep(TALK / 2)
    late = len(pair.peer.packets()) - since
    pair.ends()
    if late < TALK / 2 * 45:
        raise AssertionError(f"only {late} packets after the restart")
    return f"{pair.heard(1.5 * TALK - 1, gaps=0.1)}; {late} packets after the restart"


@test
def another_browser_holds_and_comes_back(lab):
    pair = Pair(lab, "PCMU")
    pair.dials()
    time.sleep(TALK / 2)
    pair.peer.ask("turn", direction="sendonly")
    _, answer = pair.peer.again()
    if "a=recvonly" not in answer:
        raise AssertionError(f"a hold is answered with {re.findall('a=(?:send|recv|in).*', answer)}")
    until(lambda: [one for one in pair.box.calls() if one["held"]], "the call is held")
    time.sleep(TALK / 3)
    pair.peer.ask("turn", direction="sendrecv")
    _, answer = pair.peer.again()
    if "a=sendrecv" not in answer:
        raise AssertionError(f"coming back is answered with {re.findall('a=(?:send|recv|in).*', answer)}")
    until(lambda: [one for one in pair.box.calls() if not one["held"]], "the call goes on")
    time.sleep(0.5)
    since = len(pair.peer.packets())
    time.sleep(TALK / 2)
    pair.ends()
    here = sound.Heard(pair.plays, pair.peer.heard(pair.codec, since)).demand(TALK / 2 - 0.5)
    samples = sound.read(until(pair.phone.heard, "the telephone's recording")[-1])
    end = pair.peer.folder + "/end.wav"
    sound.write(end, samples[-int(TALK / 2 * sound.RATE):])
    there = sound.Heard(pair.says, end, leaps=True).demand(TALK / 2 - 0.5)
    return f"after the hold telephone heard {there}; browser heard {here}"


def names(description):
    """The user fragments of ICE in a description."""
    return sorted(set(re.findall(r"^a=ice-ufrag:(\S+)", description, re.M)))
