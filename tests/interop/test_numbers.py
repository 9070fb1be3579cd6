"""A phone that nobody here wrote dials what the box itself answers, and the recordings prove it."""

import json
import os
import subprocess
import time

import numpy

import sound
from lab import test, until
from test_two_phones import pair

# Sixty-four beats of 0.3 s.
LOOP = 19.2


def dialled(lab, box, phone, number, seconds):
    """What the phone heard of a number of the box, and the record of the call."""
    before, after = len(phone.heard()), len(phone.events)
    phone.dial(number)
    phone.until_event("CALL_ESTABLISHED", after=after)
    time.sleep(seconds)
    phone.hang_up()
    phone.until_event("CALL_CLOSED", after=after)
    record = until(lambda: [one for one in box.records()
                            if one["ended"] and one["dialled"] == number and one["streams"]],
                   "the finished record")[0]
    if record["end"]["why"] != "hung_up" or record["destination"] != {"number": number}:
        raise AssertionError(f"the record says {record['end']} at {record['destination']}")
    return until(lambda: phone.heard()[before:], "a recording")[-1]


@test
def an_echo_test_gives_back_what_was_said(lab):
    box = lab.box()
    phone, _ = pair(lab, box)
    heard = dialled(lab, box, phone, "*43", 6)
    # The box hears through a jitter buffer, which stretches sound where packets came unevenly.
    return str(sound.Heard(phone.source, heard, stretched=True).demand(4.8, correlation=0.95, gaps=0.1))


@test
def a_test_tone_has_its_frequency_and_no_gap(lab):
    box = lab.box()
    phone, _ = pair(lab, box)
    tone = sound.read(dialled(lab, box, phone, "*41", 5))
    sounding = numpy.nonzero(numpy.abs(tone) > 0.01)[0]
    tone = tone[sounding[0]:sounding[-1] + 1][:4 * sound.RATE]
    if len(tone) < 3 * sound.RATE:
        raise AssertionError(f"only {len(tone) / sound.RATE:.1f} s heard")
    spectrum = numpy.abs(numpy.fft.rfft(tone * numpy.hanning(len(tone)))) ** 2
    hertz = numpy.argmax(spectrum) * sound.RATE / len(tone)
    near = int(numpy.argmax(spectrum))
    purity = spectrum[near - 40:near + 41].sum() / spectrum.sum()
    level = 3.14 + 10 * numpy.log10(2 * numpy.mean(tone ** 2))
    if abs(hertz - 1004) > 1 or purity < 0.995 or not -11 < level < -9:
        raise AssertionError(f"{hertz:.1f} Hz, purity {purity:.4f}, {level:.1f} dBm0")
    return f"{hertz:.1f} Hz at {level:.1f} dBm0, purity {purity:.4f}"


@test
def music_goes_round_without_a_seam(lab):
    box = lab.box()
    phone, _ = pair(lab, box)
    music = sound.read(dialled(lab, box, phone, "*42", LOOP + 5))
    loop = int(LOOP * sound.RATE)
    sounding = numpy.nonzero(numpy.abs(music) > 0.005)[0]
    music = music[sounding[0]:]
    part = music[loop:loop + 3 * sound.RATE]
    if len(part) < 3 * sound.RATE:
        raise AssertionError(f"only {len(music) / sound.RATE:.1f} s heard")
    lag = sound.best_lag(music[:6 * sound.RATE], part)
    again = music[lag:lag + len(part)]
    fit = float(again @ part / numpy.sqrt((again @ again) * (part @ part)))
    # The beginning comes a loop later, give or take a packet of the phone's clock.
    if fit < 0.99 or lag > sound.RATE // 10:
        raise AssertionError(f"fit {fit:.3f} at {lag / sound.RATE:.3f} s")
    return f"the second round fits the first by {fit:.4f}"


@test
def who_is_held_hears_music_and_who_holds_hears_nothing(lab):
    box = lab.box()
    first, second = pair(lab, box)
    music = sound.read(dialled(lab, box, first, "*42", 6))
    after = len(first.events)
    first.dial("202")
    first.until_event("CALL_ESTABLISHED", after=after)
    time.sleep(3)
    first.command("hold")
    until(lambda: any(call["held"] for call in box.calls()), "the call on hold")
    time.sleep(5)
    first.command("resume")
    until(lambda: not any(call["held"] for call in box.calls()), "the call off hold")
    time.sleep(3)
    first.hang_up()
    second.until_event("CALL_CLOSED")
    held = sound.read(until(second.heard, "a recording")[-1])
    likeness = fits(music[int(0.3 * sound.RATE):int(2.3 * sound.RATE)], held)
    if likeness < 0.97:
        raise AssertionError(f"the held one's recording has no music: {likeness:.3f}")
    talked = sound.Heard(first.source, second.heard()[-1])
    if talked.frames - talked.gaps < 4.5 * 50:
        raise AssertionError(f"before and after: {talked}")
    return f"music by {likeness:.3f}; before and after {talked}"


def fits(part, recording):
    """How well the best place of a recording fits a part of music, 1 is the same."""
    size = 1 << (len(recording) + len(part)).bit_length()
    dots = numpy.fft.irfft(numpy.fft.rfft(recording, size) * numpy.conj(numpy.fft.rfft(part, size)), size)
    count = len(recording) - len(part)
    power = numpy.convolve(recording ** 2, numpy.ones(len(part)), "valid")[:count]
    return float(numpy.max(dots[:count] / numpy.sqrt(numpy.maximum(power, 1e-9) * (part @ part))))


@test
def two_in_a_conference_hear_each_other(lab):
    box = lab.box()
    phones = pair(lab, box)
    box.ask("POST", "numbers", {"number": "600", "kind": "conference", "name": "Monday"})
    for phone in phones:
        phone.dial("600")
        phone.until_event("CALL_ESTABLISHED")
    members = until(lambda: (box.ask("GET", "conferences")["items"] or [{}])[0].get("members"),
                    "members in the conference")
    if [member["party"]["number"] for member in members] != ["201", "202"]:
        raise AssertionError(f"in the conference: {members}")
    time.sleep(8)
    said = []
    for phone in phones:
        phone.hang_up()
        phone.until_event("CALL_CLOSED")
    until(lambda: not box.calls(), "an empty list of calls")
    for here, there in (phones, phones[::-1]):
        heard = until(here.heard, "a recording")[-1]
        # Whoever is alone first hears music: the middle of the recording is the other one.
        samples = sound.read(heard)
        part = os.path.join(lab.folder, f"{here.user}-part.wav")
        sound.write(part, samples[len(samples) // 2 - 2 * sound.RATE:][:4 * sound.RATE])
        judged = sound.Heard(there.source, part, stretched=True)
        said.append(str(judged.demand(3, correlation=0.95, gaps=0.1)))
    return "; back ".join(said)


@test
def an_uploaded_sound_is_the_music_of_a_tenant(lab):
    box = lab.box()
    phone, second = pair(lab, box)
    refused = box.ask_raw("POST", "sounds?name=Notes", b"ID3 and so on")
    if refused[0] != 422 or b"neither WAV nor Ogg Opus" not in refused[1]:
        raise AssertionError(f"what is no sound: {refused}")
    made = []
    for kind, codec in (("wav", "pcm_s16le"), ("opus", "libopus")):
        path = os.path.join(lab.folder, f"music.{kind}")
        # A melody that never comes again within a round.
        tune = "aevalsrc=0.3*sin(2*PI*(300*t+90*t*t)):s=48000:d=5"
        words = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", tune, "-c:a", codec, path]
        subprocess.run(words, check=True)
        with open(path, "rb") as file:
            status, said, _ = box.ask_raw("POST", f"sounds?name={kind}", file.read())
        if status != 201:
            raise AssertionError(f"{kind}: {status} {said}")
        made.append((json.loads(said), path))
    said = []
    for sound_made, path in made:
        tenant = box.ask("GET", "tenants/1")
        box.ask("PUT", "tenants/1", dict(tenant, music=sound_made["id"]))
        wanted = os.path.join(lab.folder, "wanted.wav")
        words = ["ffmpeg", "-v", "error", "-y", "-i", path, "-ac", "1", "-ar", str(sound.RATE), wanted]
        subprocess.run(words, check=True)
        heard = sound.read(dialled(lab, box, phone, "*42", 7))
        likeness = fits(sound.read(wanted)[sound.RATE:3 * sound.RATE], heard)
        if likeness < 0.9:
            raise AssertionError(f"{sound_made}: what is heard fits by {likeness:.3f}")
        said.append(f"{sound_made['container']} {likeness:.3f}")
    # It is the music of the tenant.
    box.refused(409, "DELETE", f"sounds/{made[1][0]['id']}")
    box.ask("DELETE", f"sounds/{made[0][0]['id']}")
    return ", ".join(said)


@test
def a_muted_member_of_a_conference_is_not_heard_and_one_made_softer_is(lab):
    box = lab.box()
    first, second = phones = pair(lab, box)
    room = box.ask("POST", "numbers", {"number": "600", "kind": "conference", "name": "Monday"})["id"]
    for phone in phones:
        phone.dial("600")
        phone.until_event("CALL_ESTABLISHED")
    members = until(lambda: [one for one in (box.ask("GET", "conferences")["items"] or [{}])[0].get("members", [])
                             if one["party"]["number"] == "201"], "the first member")
    member = f"conferences/{room}/members/{members[0]['call']}"
    time.sleep(4)
    until(lambda: any(one["talking"] for one in box.ask("GET", "conferences")["items"][0]["members"]),
          "somebody who is said to speak")
    if not box.ask("PATCH", member, {"muted": True})["muted"]:
        raise AssertionError("not muted")
    time.sleep(3)
    softer = box.ask("PATCH", member, {"muted": False, "gain": -12})
    if softer["muted"] or softer["gain"] != -12:
        raise AssertionError(f"{softer}")
    time.sleep(4)
    box.ask("DELETE", member)
    first.until_event("CALL_CLOSED")
    if [one["party"]["number"] for one in box.ask("GET", "conferences")["items"][0]["members"]] != ["202"]:
        raise AssertionError("he is still there")
    time.sleep(1)
    second.hang_up()
    second.until_event("CALL_CLOSED")
    heard = sound.read(until(second.heard, "a recording")[-1])
    level = numpy.sqrt(numpy.convolve(heard ** 2, numpy.ones(sound.RATE // 2) / (sound.RATE // 2), "valid"))
    # The melody at its own level, nothing for about three seconds, then a quarter of it.
    silent = level < 0.003
    longest, begin, run = 0, 0, 0
    for at, quiet in enumerate(silent):
        run = run + 1 if quiet else 0
        if run > longest:
            longest, begin = run, at - run
    before = float(numpy.median(level[max(0, begin - 3 * sound.RATE):begin - sound.RATE]))
    end = begin + longest
    after = float(numpy.median(level[end + sound.RATE:end + 3 * sound.RATE]))
    if not 1.8 * sound.RATE < longest < 4 * sound.RATE or not 0.2 < after / before < 0.3:
        raise AssertionError(f"silent for {longest / sound.RATE:.1f} s, then {after:.4f} of {before:.4f}")
    return f"silent for {longest / sound.RATE + 0.5:.1f} s, then {after / before:.2f} as loud"
