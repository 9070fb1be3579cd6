"""Pictures pass as they are: between telephones, and between them and browsers of two kinds."""

import os
import struct
import time

import pictures
import sound
from baresip import Baresip
from lab import test, until
from test_browsers import SECRET, browser, melody
from webrtc_peer import WebrtcPeer, by_name

CONFIG = """\
module avcodec.so
module avformat.so
module fakevideo.so
module snapshot.so
video_source avformat,{film}
video_display fakevideo,nil
video_size 352x288
video_fps 15
video_bitrate 400000
avcodec_h264enc libx264
"""
TALK = 5


def phone(lab, box, number, codec, pattern):
    """A telephone with pictures of one kind; it shows a pattern to whoever calls."""
    box.extension(number, SECRET)
    film = pictures.film(os.path.join(lab.folder, f"film-{number}.mp4"), pattern)
    made = Baresip(lab, box, number, SECRET, melody(lab, number), config=CONFIG.format(film=film),
                   more=f";video_codecs={codec.lower()}")
    return made.until_registered()


def seen_by(phone):
    """What a telephone shows just now."""
    path = os.path.join(phone.folder, f"seen-{time.monotonic_ns()}.png")
    phone.command("snapshot_recv", path)
    until(lambda: os.path.exists(path) and os.path.getsize(path), "a picture of the picture")
    time.sleep(0.2)
    with open(path, "rb") as file:
        return pictures.picture(file.read(), "-f", "png_pipe")[0]


def passed(box, codec):
    """How many packets of pictures each side sent in the last call; fails unless all are the codec's."""
    record = until(lambda: next((one for one in box.records() if one["streams"]), None), "the record")
    found = [stream["stats"] for stream in record["streams"] if stream["kind"] == "video"]
    ways = [way for way in record["paths"] if way["kind"] == "video"]
    if len(found) != 2 or any(one["translated"] or one["received"] < 10 * TALK for one in found):
        raise AssertionError(f"pictures are to pass as they are: {found}")
    if [way["codec"] for way in ways] != [codec, codec]:
        raise AssertionError(f"{codec} is to pass: {ways}")
    if codec == "H263" and {one["payload_type"] for one in found} != {34}:
        raise AssertionError(f"H.263 has the type 34: {found}")
    return [one["received"] for one in found]


def between_telephones(lab, codec):
    box = lab.box()
    first, second = phone(lab, box, "201", codec, 0), phone(lab, box, "202", codec, 1)
    first.dial("202")
    second.until_event("CALL_ESTABLISHED")
    time.sleep(TALK)
    ratios = [pictures.demand(seen_by(first), 1), pictures.demand(seen_by(second), 0)]
    first.hang_up()
    second.until_event("CALL_CLOSED")
    counts = passed(box, codec)
    return f"{ratios[0]:.1f} and {ratios[1]:.1f} dB, packets {counts}"


@test
def telephones_see_each_other_by_h264(lab):
    return between_telephones(lab, "H264")


@test
def telephones_see_each_other_by_h263(lab):
    return between_telephones(lab, "H263")


@test
def another_browser_and_a_telephone_see_each_other_by_h264(lab):
    box = lab.box()
    box.extension("201", SECRET)
    telephone = phone(lab, box, "202", "H264", 1)
    peer = WebrtcPeer(lab, box, "201", SECRET, codecs=("PCMU", "H264")).register()
    made = pictures.rtp("H264", 0, 102)
    peer.dial("202")
    telephone.until_event("CALL_ESTABLISHED")
    peer.play("PCMU", by_name("PCMU").encode(sound.read(melody(lab, "201"))))
    show(peer, made)
    time.sleep(TALK)
    there = pictures.demand(seen_by(telephone), 0)
    answered = after_asking(peer)
    packets = peer.packets("video")
    numbers = {number for number, *_ in packets}
    if numbers != {102}:
        raise AssertionError(f"pictures of types {sorted(numbers)}, 102 agreed")
    seen, frames = pictures.picture(pictures.stream(packets), "-f", "h264")
    here = pictures.demand(seen, 1)
    peer.hang_up()
    telephone.until_event("CALL_CLOSED")
    counts = passed(box, "H264")
    return (f"telephone saw {there:.1f} dB, browser {here:.1f} dB and {frames} pictures; a whole one "
            f"{answered:.2f} s after it asked; packets {counts}")


@test
def chromium_and_a_telephone_see_each_other_by_h264(lab):
    box = lab.box()
    telephone = phone(lab, box, "202", "H264", 1)
    page = browser(lab, box, "201")
    page.say("dial", number="202", video=True)
    page.until("confirmed")
    telephone.until_event("CALL_ESTABLISHED")
    time.sleep(TALK)
    seen = page.ask("statistics")
    frames, named = seen["inbound-rtp-video"]["framesDecoded"], seen["codecs"]
    asked = seen["outbound-rtp-video"]["pliCount"] + seen["outbound-rtp-video"]["firCount"]
    page.say("hangUp")
    telephone.until_event("CALL_CLOSED")
    counts = passed(box, "H264")
    if frames < 5 * TALK or "video/H264" not in named:
        raise AssertionError(f"{frames} pictures seen by the browser, codecs {named}")
    return f"the browser saw {frames} pictures and was asked {asked} times for a whole one; packets {counts}"


def show(peer, packets):
    path = os.path.join(peer.folder, "shows.rtp")
    with open(path, "wb") as file:
        for packet in packets:
            file.write(struct.pack("!H", len(packet)) + packet)
    peer.ask("play", kind="video", path=path)


def after_asking(peer, times=3):
    """How long after it asked a whole picture came, at most; each time one that was not due."""
    slowest = 0
    for _ in range(times):
        time.sleep(0.7)
        before = pictures.keys(peer.packets("video"))
        began = time.monotonic()
        peer.ask("refresh")
        until(lambda: len(pictures.keys(peer.packets("video"))) > len(before), "a whole picture", 3)
        slowest = max(slowest, time.monotonic() - began)
    return slowest
