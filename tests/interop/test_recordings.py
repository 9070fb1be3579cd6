"""Recordings: what FFmpeg hears in them, and that kill -9 costs two seconds at most."""

import json
import os
import random
import struct
import subprocess
import time

import sound
from box import Refused
from lab import test, until
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
    try:
        box.ask("DELETE", f"recordings/{begun['id']}")
        raise AssertionError("a recording that runs was deleted")
    except Refused as refused:
        assert refused.status == 409, refused
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
