"""Uploaded sounds, from the file to the ear of a phone that nobody here wrote."""

import json
import os
import subprocess
import time

import numpy

import sound
from box import binary
from lab import test, until
from test_numbers import fits
from test_two_phones import pair


def tune(lab, name, seconds, hertz, codec="pcm_s16le", kind="wav"):
    """A file with a melody that never comes again, and what it should sound like at 8 kHz."""
    path = os.path.join(lab.folder, f"{name}.{kind}")
    wave = f"aevalsrc=0.3*sin(2*PI*({hertz}*t+90*t*t)):s=48000:d={seconds}"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", wave, "-c:a", codec, path], check=True)
    wanted = os.path.join(lab.folder, f"{name}-wanted.wav")
    words = ["ffmpeg", "-v", "error", "-i", path, "-ac", "1", "-ar", str(sound.RATE), wanted]
    subprocess.run(words, check=True)
    return path, sound.read(wanted)


def upload(box, name, path):
    with open(path, "rb") as file:
        status, said, _ = box.ask_raw("POST", f"sounds?name={name}", file.read())
    if status != 201:
        raise AssertionError(f"{name}: {status} {said}")
    return json.loads(said)


def refusal(box, method, path, body=None):
    """The problem document of a request that must be refused."""
    status, said, _ = box.ask_raw(method, path, json.dumps(body).encode() if body is not None else None,
                                  headers={"content-type": "application/json"})
    if status < 400:
        raise AssertionError(f"{method} {path} was not refused: {status} {said}")
    return status, json.loads(said)


@test
def an_announcement_is_heard_whole_and_then_the_phone_it_leads_to(lab):
    box = lab.box()
    first, second = pair(lab, box)
    path, wanted = tune(lab, "closed", 4, 300, "libopus", "opus")
    made = upload(box, "Closed", path)
    box.ask("POST", "numbers", {"number": "500", "kind": "announcement", "sound": made["id"], "then": "202"})
    first.dial("500")
    first.until_event("CALL_ESTABLISHED")
    second.until_event("CALL_ESTABLISHED", limit=15)
    time.sleep(5)
    first.hang_up()
    second.until_event("CALL_CLOSED")
    record = until(lambda: [one for one in box.records() if one["ended"] and one["streams"]], "the record")[0]
    if record["destination"] != {"extension": "202"} or record["end"]["why"] != "hung_up":
        raise AssertionError(f"{record['destination']} {record['end']}")
    heard = sound.read(until(first.heard, "a recording")[-1])
    likeness = fits(wanted[sound.RATE // 2:int(3.5 * sound.RATE)], heard)
    if likeness < 0.95:
        raise AssertionError(f"the announcement fits by {likeness:.3f}")
    talked = sound.Heard(first.source, second.heard()[-1]).demand(4)
    return f"announcement {likeness:.3f}; then {talked}"


@test
def an_announcement_in_a_loop_has_no_seam_and_one_that_does_not_ends_the_call(lab):
    box = lab.box()
    phone, _ = pair(lab, box)
    path, wanted = tune(lab, "loop", 2, 400)
    made = upload(box, "Loop", path)
    number = box.ask("POST", "numbers", {"number": "501", "kind": "announcement", "sound": made["id"], "repeat": True})
    phone.dial("501")
    phone.until_event("CALL_ESTABLISHED")
    time.sleep(7)
    phone.hang_up()
    phone.until_event("CALL_CLOSED")
    heard = sound.read(until(phone.heard, "a recording")[-1])
    # From the middle of one round to the middle of the next.
    half = len(wanted) // 2
    seam = fits(numpy.concatenate([wanted[half:], wanted[:half]]), heard)
    if seam < 0.95:
        raise AssertionError(f"over the seam it fits by {seam:.3f}")
    box.change(f"numbers/{number['id']}", repeat=False)
    after = len(phone.events)
    phone.dial("501")
    phone.until_event("CALL_CLOSED", after=after)
    until(lambda: [one for one in box.records() if one["ended"] and one["end"]["why"] == "played"],
          "the record of a call that was played to its end")
    return f"over the seam {seam:.3f}"


@test
def a_conference_asks_for_its_pin_with_a_sound_of_the_tenant_and_welcomes(lab):
    box = lab.box()
    phone, _ = pair(lab, box)
    asked, welcomed = tune(lab, "pin", 2, 300), tune(lab, "welcome", 2, 900)
    prompts = {"ask_pin": upload(box, "PIN", asked[0])["id"], "welcome": upload(box, "Welcome", welcomed[0])["id"]}
    box.change("tenants/1", prompts=prompts)
    box.ask("POST", "numbers", {"number": "600", "kind": "conference", "pin": "2468"})
    phone.dial("600")
    phone.until_event("CALL_ESTABLISHED")
    time.sleep(3)
    for key in "2468":
        phone.command("sndcode", key)
        time.sleep(0.3)
    until(lambda: [one for one in box.ask("GET", "conferences")["items"] if one["members"]], "a member")
    phone.hang_up()
    phone.until_event("CALL_CLOSED")
    heard = sound.read(until(phone.heard, "a recording")[-1])
    said = [fits(wanted[sound.RATE // 4:int(1.5 * sound.RATE)], heard) for _, wanted in (asked, welcomed)]
    if min(said) < 0.95:
        raise AssertionError(f"asked {said[0]:.3f}, welcomed {said[1]:.3f}")
    return f"asked {said[0]:.3f}, welcomed {said[1]:.3f}"


@test
def what_names_a_sound_that_is_not_there_is_refused_at_its_field(lab):
    box = lab.box()
    path, _ = tune(lab, "waltz", 1, 300)
    made = upload(box, "Waltz", path)
    tenant = box.ask("GET", "tenants/1")
    for field, change in (("music", {"music": 9}), ("prompts.welcome", {"prompts": {"welcome": 9}})):
        status, said = refusal(box, "PUT", "tenants/1", dict(tenant, **change))
        if status != 422 or said["errors"][0] != {"field": field, "message": "there is no sound 9"}:
            raise AssertionError(f"{status} {said}")
    number = {"number": "500", "kind": "announcement"}
    for field, change in (("sound", {}), ("sound", {"sound": 9}), ("then", {"sound": made["id"], "then": "500"}),
                          ("then", {"sound": made["id"], "then": "999999"})):
        status, said = refusal(box, "POST", "numbers", dict(number, **change))
        if status != 422 or said["errors"][0]["field"] != field:
            raise AssertionError(f"{change}: {status} {said}")
    box.ask("PUT", "tenants/1", dict(tenant, music=made["id"]))
    status, said = refusal(box, "DELETE", f"sounds/{made['id']}")
    if status != 409 or said["detail"] != "It is still played by the music on hold of Default: change that first.":
        raise AssertionError(f"{status} {said}")


@test
def a_sound_that_vanished_is_told_by_the_health_and_the_boxs_own_music_is_heard(lab):
    box = lab.box()
    phone, _ = pair(lab, box)
    path, _ = tune(lab, "waltz", 5, 300)
    made = upload(box, "Waltz", path)
    box.change("tenants/1", music=made["id"])
    if not box.ask("GET", "health")["sounds"]:
        raise AssertionError("a sound that is there is said to be missing")
    box.stop()
    os.remove(os.path.join(box.data, "sounds", f"{made['id']}.wav"))
    box.start()
    phone.until_registered()
    health = until(lambda: [it for it in [box.ask("GET", "health")] if not it["sounds"]], "bad health")[0]
    listed, = box.every("sounds")
    if health["status"] != "degraded" or not listed["lost"] or f"sound {made['id']} is not in" not in box.last_words():
        raise AssertionError(f"{health} {listed} {box.last_words()[-500:]}")
    # Whatever else of the tenant may still be changed.
    box.change("tenants/1", recording_tone="none")
    after = len(phone.events)
    phone.dial("*42")
    phone.until_event("CALL_ESTABLISHED", after=after)
    time.sleep(4)
    phone.hang_up()
    phone.until_event("CALL_CLOSED", after=after)
    heard = sound.read(until(phone.heard, "a recording")[-1])
    if numpy.sqrt(numpy.mean(heard ** 2)) < 0.01:
        raise AssertionError("silence")


@test
def a_backup_takes_sounds_to_another_box(lab):
    box = lab.box()
    pair(lab, box)
    path, _ = tune(lab, "waltz", 3, 300, "libopus", "opus")
    made = upload(box, "Waltz", path)
    box.change("tenants/1", music=made["id"])
    secret = {"passphrase": "correct horse battery"}
    status, backup, _ = box.ask_raw("POST", "backup", json.dumps(secret).encode(), limit=60,
                                    headers={"content-type": "application/json"})
    assert status == 200, (status, backup[:200])
    file = os.path.join(lab.folder, "box.age")
    with open(file, "wb") as out:
        out.write(backup)
    other = lab.box()
    other.stop()
    words = [binary(), "restore", file, "--data", other.data]
    environment = dict(os.environ, STROWGER_PASSPHRASE=secret["passphrase"])
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "1 sounds" in done.stdout, (done.stdout, done.stderr)
    other.start()
    with open(path, "rb") as kept, open(os.path.join(other.data, "sounds", f"{made['id']}.opus"), "rb") as came:
        assert kept.read() == came.read()
    assert other.ask("GET", "health")["sounds"]


@test
def those_who_are_recorded_hear_a_tone_which_is_not_in_the_recording(lab):
    box = lab.box()
    first, second = pair(lab, box)
    box.change("tenants/1", recording_tone="repeated")
    first.dial("202")
    first.until_event("CALL_ESTABLISHED")
    time.sleep(2)
    call = box.calls()[0]["id"]
    box.ask("POST", f"calls/{call}/recording", {"container": "wav"})
    time.sleep(18)
    box.ask("DELETE", f"calls/{call}/recording")
    time.sleep(1)
    first.hang_up()
    second.until_event("CALL_CLOSED")
    done = until(lambda: [it for it in box.every("recordings") if it["ended"]], "the recording")[0]
    status, octets, _ = box.ask_raw("GET", f"recordings/{done['id']}/sound")
    kept = os.path.join(lab.folder, "kept.wav")
    with open(kept, "wb") as out:
        out.write(octets)
    said = []
    for phone in (first, second):
        tones = beeps(sound.read(until(phone.heard, "a recording")[-1]))
        if len(tones) != 2 or not 14 < tones[1] - tones[0] < 16:
            raise AssertionError(f"{phone.user} heard tones at {tones}")
        said.append(f"{tones[1] - tones[0]:.2f} s apart")
    if beeps(sound.read(kept)):
        raise AssertionError("the tone is in the recording")
    return "heard by both, " + ", ".join(said)


def beeps(samples):
    """When 1,400 Hz and nothing else is heard for a fifth of a second, in seconds."""
    size = sound.RATE // 20
    count = len(samples) // size
    blocks = samples[:count * size].reshape(count, size)
    power = (blocks ** 2).sum(axis=1)
    at = numpy.exp(-2j * numpy.pi * 1400 * numpy.arange(size) / sound.RATE)
    pure = 2 * numpy.abs(blocks @ at) ** 2 / size > 0.9 * power
    loud = pure & (power > size * 1e-3)
    found, run = [], 0
    for number, is_tone in enumerate(loud):
        run = run + 1 if is_tone else 0
        if run == 4:
            found.append((number - 3) / 20)
    return found
