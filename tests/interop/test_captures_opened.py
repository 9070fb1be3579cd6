"""Captures of legs whose keys are in no message: browsers, handshakes, and calls that went past the box."""

import time

import payload
import sound
from lab import test, until
from test_browsers import Pair
from test_captures import (by_line, came_in, ended, fetched, fit, likeness, methods, streams,
                           unbroken)
from test_dtls import by_dtls, dtls, offering
from test_paths import past, past_the_box, until_ways
from test_secrecy import phone, protection

TALK = 6


def capture(box, decrypt, seconds):
    """Captures the call that is up for so long, and gives what became of it."""
    call = until(box.calls, "the call")[0]["id"]
    begun = box.ask("POST", f"calls/{call}/capture", {"decrypt": decrypt})
    time.sleep(seconds)
    box.ask("DELETE", f"calls/{call}/capture")
    return until(lambda: [it for it in box.every("captures") if it["ended"] and it["id"] == begun["id"]],
                 "the capture's end")[0]


@test
def a_browser_is_captured_as_it_speaks_and_decrypted_as_what_it_says(lab):
    pair = Pair(lab, codec="opus/48000/2", module="opus")
    pair.dials()
    opus = payload.opus()[1]
    said = []
    for decrypt in (False, True):
        done = capture(pair.box, decrypt, TALK)
        assert done["missed"] == 0 and done["packets"] > 3 * 50 * TALK, done
        path = fetched(lab, pair.box, done)
        first, last = pair.box.media_ports
        lines = by_line(path)
        phones = [way for way in lines if any(first <= port <= last for port in way[:2])]
        browsers = [way for way in lines if way not in phones and len(lines[way]) > 40 * TALK]
        assert len(phones) >= 2 and len(browsers) == 2, {way: len(all_) for way, all_ in lines.items()}
        fits = []
        for way in browsers:
            if not decrypt:
                # What is encrypted is no Opus; now and then a packet looks like some.
                fits.append(0.0 if refuses(opus, lines[way]) else best(pair, opus(lines[way])))
            else:
                unbroken(path)
                fits.append(best(pair, opus(lines[way])))
        assert min(fits) > 0.8 if decrypt else max(fits) < 0.6, (decrypt, fits)
        said.append(" and ".join(f"{it:.2f}" for it in fits))
    pair.browser.say("hangUp")
    pair.phone.until_event("CALL_CLOSED")
    return f"likeness as on the wire {said[0]}, decrypted {said[1]}"


def refuses(decode, payloads):
    try:
        decode(payloads)
    except AssertionError:
        return True
    return False


def best(pair, heard):
    """How well it is one of the two melodies."""
    return max(sound.likeness(sound.read(source), heard) for source in (pair.says, pair.plays))


@test
def a_leg_with_keys_of_a_handshake_is_captured_encrypted_and_decrypted(lab):
    box = offering(lab, "required_dtls")
    first, second = phone(lab, box, "201", **dtls()), phone(lab, box, "202", **dtls("prime256v1"))
    first.dial("202")
    for one in (first, second):
        one.until_event("CALL_ESTABLISHED")
    time.sleep(1)
    said = []
    for decrypt in (False, True):
        done = capture(box, decrypt, TALK)
        assert done["missed"] == 0, done
        path = fetched(lab, box, done)
        ports = came_in(path, box)
        assert len(ports) == 2, sorted(ports)
        fits = [max(fit(lab, one.source, heard) for one in (first, second))
                for heard in ports.values()]
        assert min(fits) > 0.98 if decrypt else max(fits) < 0.5, (decrypt, fits)
        if decrypt:
            unbroken(path)
        said.append(" and ".join(f"{it:.3f}" for it in fits))
    first.hang_up()
    until(lambda: not box.calls(), "an empty list of calls")
    until(lambda: protection(box) == {"201": by_dtls(), "202": by_dtls()}, "both legs shown as encrypted")
    return f"as on the wire {said[0]}, decrypted {said[1]}"


@test
def a_call_past_the_box_comes_back_to_be_captured_and_goes_again(lab):
    box, first, second = past(lab)
    call = box.calls()[0]["id"]
    begun = box.ask("POST", f"calls/{call}/capture", {})
    until_ways(box, "anchored")
    because = {path["stays"] for path in box.calls()[0]["paths"]}
    assert because == {"heard"}, because
    time.sleep(TALK)
    box.ask("DELETE", f"calls/{call}/capture")
    until_ways(box, "direct")
    time.sleep(0.3)
    past_the_box(lab, box, (first, second), 2)
    done = ended(box)
    assert (done["id"], done["stop"], done["missed"]) == (begun["id"], "asked", 0), done
    path = fetched(lab, box, done)
    unbroken(path)
    assert ("INVITE", "", "INVITE") in methods(path) and len(streams(path)) >= 4, streams(path)
    ports = came_in(path, box)
    assert len(ports) == 2, sorted(ports)
    fits = [max(likeness(lab, one.source, heard).correlation for one in (first, second))
            for heard in ports.values()]
    assert min(fits) > 0.98, fits
    first.hang_up()
    second.until_event("CALL_CLOSED")
    return " and ".join(f"{it:.3f}" for it in fits)


@test
def captures_are_bounded_by_what_the_settings_say(lab):
    box = lab.box()
    settings = box.ask("GET", "settings")
    limits = {"seconds": 60, "megabytes": 1, "at_once": 1, "keep_days": 1, "keep_megabytes": 100}
    assert set(settings["captures"]) == set(limits), settings["captures"]
    box.refused(422, "PUT", "settings", {**settings, "captures": {**limits, "at_once": 0}})
    box.ask("PUT", "settings", {**settings, "captures": limits})
    first, second = phone(lab, box, "201"), phone(lab, box, "202")
    third, fourth = phone(lab, box, "203"), phone(lab, box, "204")
    first.dial("202")
    third.dial("204")
    for one in (first, second, third, fourth):
        one.until_event("CALL_ESTABLISHED")
    one, other = until(lambda: len(box.calls()) == 2 and box.calls(), "both calls")
    box.refused(422, "POST", f"calls/{one['id']}/capture", {"seconds": 61})
    begun = box.ask("POST", f"calls/{one['id']}/capture", {})
    assert begun["until"] - begun["started"] == 60_000, begun
    problem = box.refused(409, "POST", f"calls/{other['id']}/capture", {})
    # Four streams of 50 packets of 280 octets a second: a megabyte in less than twenty seconds.
    done = until(lambda: [it for it in box.every("captures") if it["ended"]], "the file is full", 40)[0]
    assert done["stop"] == "file_full" and 0.9 * 2 ** 20 < done["octets"] < 1.1 * 2 ** 20, done
    box.ask("POST", f"calls/{other['id']}/capture", {"seconds": 1})
    for phone_ in (first, third):
        phone_.hang_up()
    return f"{done['octets']} octets; {problem['detail']}"
