"""Recordings: what FFmpeg hears in them, and that kill -9 costs two seconds at most."""

import json
import os
import random
import struct
import subprocess
import time

import sound
from lab import test, until
from test_captures import audit
from test_media import call_with_streams, play
from test_numbers import fits, pair


def channels(path):
    """All channels of a file as FFmpeg reads it, at 8 kHz; it must not complain."""
    words = ["ffprobe", "-v", "error", "-show_entries", "stream=channels", "-of", "csv=p=0", path]
    probed = subprocess.run(words, capture_output=True, text=True, check=True)
    assert probed.stderr == "", probed.stderr
    count = int(probed.stdout)
    words = ["ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-ar", "8000", "-"]
    read = subprocess.run(words, capture_output=True, check=True)
    assert read.stderr == b"", read.stderr
    samples = struct.unpack(f"<{len(read.stdout) // 2}h", read.stdout)
    return [samples[channel::count] for channel in range(count)]


def middle(samples):
    return sorted(samples)[len(samples) // 2]


def files(box):
    folder = os.path.join(box.data, "recordings")
    return [os.path.join(folder, name) for name in os.listdir(folder) if not name.endswith("json")]


@test
def a_live_call_is_recorded_with_each_side_on_its_channel(lab):
    box = lab.box()
    _, _, (one, two), (port_one, port_two) = call_with_streams(lab, box)
    call = box.calls()[0]["id"]
    begun = box.ask("POST", f"calls/{call}/recording", {"container": "wav"})
    again = box.ask("POST", f"calls/{call}/recording", {"container": "wav"})
    assert begun["id"] == again["id"], (begun, again)
    play(4, (one, port_one), (two, port_two))
    assert len(one.received()) > 150, "the relay goes on beside it"
    box.refused(409, "DELETE", f"recordings/{begun['id']}")
    box.ask("DELETE", f"calls/{call}/recording")
    ended = lambda: [it for it in box.every("recordings") if it["ended"]]
    done = until(ended, "the recording ends")[0]
    assert (done["call"], done["stop"], done["by"]) == (call, "asked", "admin"), done
    assert 3500 <= done["millis"] <= 6000 and done["missed_millis"] == 0, done
    status, sound, _ = box.ask_raw("GET", f"recordings/{done['id']}/sound")
    assert status == 200 and len(sound) == done["octets"], (status, len(sound), done)
    path = os.path.join(lab.folder, "recording.wav")
    with open(path, "wb") as file:
        file.write(sound)
    left, right = channels(path)
    # PCMA 11 and 22: Table 1/G.711, each the voice of one phone.
    wanted = [middle(it) for it in (left, right)]
    assert len(left) == done["millis"] * 8 and wanted[0] != wanted[1], (len(left), wanted)
    assert all(abs(it) > 500 for it in wanted), wanted
    assert os.stat(files(box)[0]).st_mode & 0o777 == 0o600
    box.ask("DELETE", f"recordings/{done['id']}")
    assert box.every("recordings") == [] and files(box) == []


@test
def kill_9_costs_a_recording_two_seconds_at_most(lab):
    for number in range(50 if lab.long else 5):
        container = ("wav", "opus")[number % 2]
        box = lab.box()
        _, _, (one, two), (port_one, port_two) = call_with_streams(lab, box)
        call = box.calls()[0]["id"]
        box.ask("POST", f"calls/{call}/recording", {"container": container})
        began = time.monotonic()
        play(3 + random.random() * 2, (one, port_one), (two, port_two))
        lasted = time.monotonic() - began
        box.kill()
        path, = files(box)
        as_it_was = len(channels(path)[0]) / 8000
        assert as_it_was >= lasted - 2, f"{container}: {as_it_was:.2f} s of {lasted:.2f}"
        box.start()
        listed, = box.every("recordings")
        assert listed["stop"] == "crash" and listed["ended"], json.dumps(listed)
        mended = len(channels(path)[0]) / 8000
        assert mended >= lasted - 2, f"{container}, mended: {mended:.2f} s of {lasted:.2f}"
        assert os.path.getsize(path) == listed["octets"], listed
        box.stop()


@test
def a_code_keyed_in_records_and_a_number_plays_it(lab):
    box = lab.box()
    box.ask("POST", "numbers", {"number": "*1", "kind": "record"})
    box.ask("POST", "numbers", {"number": "*2", "kind": "playback"})
    first, second = pair(lab, box)
    first.dial("202")
    first.until_event("CALL_ESTABLISHED")
    time.sleep(1)
    key_in(first, "*1")
    until(lambda: box.every("recordings"), "a recording by the code")
    time.sleep(6)
    key_in(first, "*1")
    done = until(lambda: [it for it in box.every("recordings") if it["ended"]], "its end")[0]
    assert (done["by"], done["stop"]) == ("201", "asked") and done["millis"] > 4000, done
    first.hang_up()
    second.until_event("CALL_CLOSED")
    said = [step["text"] for step in box.every("cdrs")[0]["steps"]]
    assert "201 records the call." in said, said
    of_it = lambda: [line[:2] for line in audit(box) if done["id"] in line[2]]
    until(lambda: len(of_it()) > 1, "its end in the audit")
    assert of_it() == [("201", "record"), ("201", "stop_record")], of_it()
    kept = os.path.join(lab.folder, "kept.wav")
    words = ["ffmpeg", "-v", "error", "-y", "-i", files(box)[0], "-ac", "1", "-ar", str(sound.RATE),
             kept]
    subprocess.run(words, check=True)
    before, after = len(first.heard()), len(first.events)
    first.dial("*2")
    first.until_event("CALL_CLOSED", after=after)
    heard = sound.read(until(lambda: first.heard()[before:], "what was heard")[-1])
    likeness = fits(sound.read(kept)[sound.RATE:3 * sound.RATE], heard)
    if likeness < 0.95:
        raise AssertionError(f"what is played is not what was recorded: {likeness:.3f}")
    end = until(lambda: box.every("cdrs")[0]["end"], "the end in the record")
    assert end["why"] == "played", end
    return f"played as recorded by {likeness:.3f}"


def key_in(phone, code):
    for key in code:
        phone.command("sndcode", key)
        time.sleep(0.4)


def recorded(lab, box, call, name, seconds, end=None):
    """Records a live call for a while with each side on its channel, or until `end` ends the call; the file,
    its note and channels."""
    begun = box.ask("POST", f"calls/{call}/recording", {"container": "wav"})
    time.sleep(seconds)
    if end:
        end()
    else:
        box.ask("DELETE", f"calls/{call}/recording")
    note = until(lambda: [it for it in box.every("recordings")
                          if it["id"] == begun["id"] and it["ended"]], "the recording ends")[0]
    status, octets, _ = box.ask_raw("GET", f"recordings/{note['id']}/sound")
    if status != 200 or len(octets) != note["octets"]:
        raise AssertionError(f"{status}, {len(octets)} octets of {note}")
    whole = os.path.join(lab.folder, f"{name}.wav")
    with open(whole, "wb") as file:
        file.write(octets)
    parts = []
    for number, side in enumerate(("left", "right")):
        parts.append(os.path.join(lab.folder, f"{name}-{side}.wav"))
        words = ["ffmpeg", "-v", "error", "-y", "-i", whole, "-af", f"pan=mono|c0=c{number}",
                 "-ar", str(sound.RATE), parts[-1]]
        subprocess.run(words, check=True)
    return note, octets, parts


@test
def an_echo_call_is_recorded_with_the_box_on_the_right(lab):
    box = lab.box()
    phone, _ = pair(lab, box)
    phone.dial("*43")
    phone.until_event("CALL_ESTABLISHED")
    call = box.calls()[0]["id"]
    time.sleep(1)
    note, octets, (left, right) = recorded(lab, box, call, "echo", 6)
    phone.hang_up()
    phone.until_event("CALL_CLOSED")
    said = []
    for path in (left, right):
        judged = sound.Heard(phone.source, path, stretched=True)
        said.append(str(judged.demand(4.5, correlation=0.95, gaps=0.1)))
    # A part of the file, as a player asks for it, and one behind its end.
    for asked, wanted, status in (("bytes=100-199", octets[100:200], 206),
                                  (f"bytes=-50", octets[-50:], 206),
                                  (f"bytes={len(octets)}-", b"", 416)):
        got, part, headers = box.ask_raw("GET", f"recordings/{note['id']}/sound",
                                         headers={"Range": asked})
        if got != status or (status == 206 and part != wanted):
            raise AssertionError(f"{asked}: {got}, {len(part)} octets, {headers}")
    heard = [line for line in audit(box) if line[1] == "listen" and note["id"] in line[2]]
    if len(heard) != 1:
        raise AssertionError(f"one hearing stands in the audit as {heard}")
    record = until(lambda: [one for one in box.every("cdrs") if one["ended"]], "the record")[0]
    if record["recordings"] != [note["id"]] or "admin records the call." not in [
            step["text"] for step in record["steps"]]:
        raise AssertionError(f"the record says {record['recordings']}, {record['steps']}")
    box.ask("DELETE", f"recordings/{note['id']}")
    again = box.ask("GET", f"cdrs/{record['id']}")
    if again["recordings"] != [note["id"]] or box.every("recordings"):
        raise AssertionError(f"after it was deleted: {again['recordings']}")
    return "; box ".join(said)


@test
def a_member_of_a_conference_is_recorded_with_what_he_says_and_hears(lab):
    box = lab.box()
    first, second = pair(lab, box)
    box.ask("POST", "numbers", {"number": "600", "kind": "conference", "name": "Monday"})
    for phone in (first, second):
        phone.dial("600")
        phone.until_event("CALL_ESTABLISHED")
    time.sleep(2)
    call = [one for one in box.calls() if one["from"]["number"] == "201"][0]["id"]
    _, _, (left, right) = recorded(lab, box, call, "member", 7)
    for phone in (first, second):
        phone.hang_up()
        phone.until_event("CALL_CLOSED")
    own = sound.Heard(first.source, left, stretched=True).demand(5, correlation=0.95, gaps=0.1)
    other = sound.Heard(second.source, right, stretched=True).demand(5, correlation=0.95, gaps=0.1)
    return f"said {own}; heard {other}"


@test
def old_recordings_go_and_the_audit_says_so(lab):
    box = lab.box()
    _, _, (one, two), (port_one, port_two) = call_with_streams(lab, box)
    call = box.calls()[0]["id"]
    box.ask("POST", f"calls/{call}/recording", {"container": "opus"})
    play(2, (one, port_one), (two, port_two))
    box.ask("DELETE", f"calls/{call}/recording")
    new = until(lambda: [it for it in box.every("recordings") if it["ended"]], "the recording")[0]
    # The same again, as if it were of three days ago.
    folder = os.path.join(box.data, "recordings")
    then = new["started"] - 3 * 86_400_000
    old = dict(new, id=f"{then << 16 | 1:016x}", started=then, ended=then + 2000)
    with open(os.path.join(folder, f"{old['id']}.json"), "w") as file:
        json.dump(old, file)
    with open(os.path.join(folder, f"{old['id']}.opus"), "wb") as file:
        file.write(b"\0" * new["octets"])
    settings = box.ask("GET", "settings")
    if (settings["recording_days"], settings["recording_free_percent"]) != (0, 0):
        raise AssertionError(f"at first: {settings}")
    box.ask("PUT", "settings", dict(settings, recording_days=2))
    until(lambda: [it["id"] for it in box.every("recordings")] == [new["id"]], "the old one goes")
    line = until(lambda: [it for it in audit(box)
                          if it[0] == "retention" and old["id"] in it[2]], "the audit")[0]
    if line[1] != "delete" or len(files(box)) != 1:
        raise AssertionError(f"{line}, {files(box)}")
