"""Two phones with one codec and different packet times: nothing is decoded, and everybody gets what he wants."""

import collections
import os
import time

import framing
import matrix
import payload
import ports
import sound
from baresip import Baresip
from lab import need, test, until
from test_codecs import speech
from test_flows import phones
from test_secrecy import Wire
from test_two_phones import talk

SECRET = "secret-of-the-test"
TALK = 6
ALAW = 8


class Exact(matrix.Matrix):
    """Calls in which every octet that is heard was said."""

    def judge(self, voice, said, heard):
        # How many frames of Opus are in a packet is the encoder's affair, and one frame cannot be divided.
        if said.rtpmap.startswith("opus") and said.millis > heard.millis:
            return
        super().judge(voice, said, heard)
        spoken = octets(said, self.spoken[said.name])
        came = octets(heard, [voice.came[sequence][1] for sequence in sorted(voice.came)])
        if came not in spoken or len(came) < 0.9 * len(spoken):
            self.wrong.append(f"{said.name} heard as {heard.name}: {len(came)} octets are not those of "
                              f"{len(spoken)} that were said")


def octets(codec, payloads):
    """What is said in payloads, whatever packets it is in."""
    if codec.name.startswith("opus"):
        return b"".join(frame for one in payloads for frame in opus_frames(one))
    if not codec.name.startswith("AMR-WB"):
        return b"".join(payloads)
    aligned = "bandwidth-efficient" not in codec.name
    return b"".join(bytes([kind]) + frame
                    for one in payloads for kind, frame in framing.unpack(one, aligned))


def opus_frames(data):
    """The frames of a packet (RFC 6716 section 3.2), each with its head; there is no padding."""
    kind, many = data[0] & 3, data[1] if data[0] & 3 == 3 else 0
    if many & 0x40:
        raise AssertionError(f"a packet with padding: {data[:4].hex()}")
    count, at, lengths = (1, 2, 2, many & 63)[kind], 2 if kind == 3 else 1, []
    if kind == 2 or many & 0x80:
        for _ in range(count - 1):
            length, at = data[at], at + 1
            if length >= 252:
                length, at = length + 4 * data[at], at + 1
            lengths.append(length)
        lengths.append(len(data) - at - sum(lengths))
    else:
        lengths = [(len(data) - at) // count] * count
    frames = []
    for length in lengths:
        frames.append(bytes([data[0] & 0xFC]) + data[at:at + length])
        at += length
    return frames


@test
def phones_with_one_codec_and_other_packets_hear_every_octet(lab):
    """Packets of 10, 20, 30, 40 and 60 ms of everything that can be cut; each phone sends what it wants itself."""
    forms = [codec for codec in payload.all_codecs() + framing.variants()
             if not codec.pauses]
    kinds = collections.defaultdict(list)
    for form in forms:
        kinds[form.rtpmap, form.fmtp].append(form)
    pairs = [(one, other) for same in kinds.values() for place, one in enumerate(same)
             for other in same[place + 1:] if one.millis != other.millis]
    calls = Exact(lab, speech(matrix.SECONDS), forms)
    calls.talk(pairs)
    said = calls.verdict()
    box = lab.boxes[0]
    records = until(lambda: [one for one in box.records() if len(one["streams"]) == 2][len(pairs) - 1:]
                    and box.records(), "the records with their streams")
    for record in records:
        stats = [stream["stats"] for stream in record["streams"]]
        enough = any if record["paths"][0]["codec"] == "opus" else all
        if not enough(one["repacked"] for one in stats) or any(
                one["translated"] or one["untranslated"] for one in stats):
            raise AssertionError(f"not only repacked: {stats}")
    return f"{said}; {len(records)} calls, all octets as they were said"


def on_the_wire(packets):
    """For each way between two ports how many milliseconds of A-law its packets hold; fails where numbers or
    timestamps leave a gap."""
    ways = collections.defaultdict(list)
    for source, target, data in packets:
        data = bytes.fromhex(data)
        if len(data) > 12 and source % 2 == target % 2 == 0 and data[1] & 0x7F == ALAW:
            sequence, stamp = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:8], "big")
            ways[source, target].append((sequence, stamp, len(data) - 12))
    for way, packets in ways.items():
        for before, after in zip(packets, packets[1:]):
            step = (after[0] - before[0]) & 0xFFFF, (after[1] - before[1]) & 0xFFFFFFFF
            if step != (1, before[2]):
                raise AssertionError(f"{way}: {before} is followed by {after}")
    return {way: {length // 8 for _, _, length in packets} for way, packets in ways.items()}


def sides(box, lengths):
    """The lengths of what came to the box, way by way, and of what left it."""
    first, last = box.media_ports
    came = [found for (source, _), found in lengths.items() if not first <= source <= last]
    return came, [found for (source, _), found in lengths.items() if first <= source <= last]


def shown(box):
    """Which legs of the call hear packets of another length, as the call itself says."""
    return {path["leg"]: path["repacked"] for path in box.calls()[0]["paths"]}


@test
def a_sender_that_knows_only_its_own_packet_time_is_heard_in_that_of_the_phone(lab):
    """ffmpeg sends 60 ms whatever it is told; baresip wants 20, and is told of 60 and keeps to it."""
    need("ffmpeg")
    box = lab.box()
    box.extension("202")
    source = os.path.join(lab.folder, "202.wav")
    sound.melody(source, seed=202)
    phone = Baresip(lab, box, "202", SECRET, source).until_registered()
    first, = phones(lab, box, "201")
    said = os.path.join(lab.folder, "201.wav")
    sound.melody(said, seed=201)
    here, _ = ports.block(2)
    wire = Wire(lab, box)
    long = next(form for form in framing.variants() if form.name == "PCMA of 60 ms")
    # Called itself, it would say that it wants what the caller does.
    phone.dial("201")
    call = first.incoming()
    # A phone without events would have its notes taken for keys.
    body = long.sdp("127.0.0.1", here).replace(f"AVP {ALAW}", f"AVP {ALAW} 101")
    call.answer(body=body + "a=rtpmap:101 telephone-event/8000\r\n")
    host, to = call.invite.media()
    lab.process(["ffmpeg", "-v", "error", "-i", said, "-af", "asetnsamples=n=480:p=0,arealtime", "-ar", "8000",
                 "-ac", "1", "-c:a", "pcm_alaw", "-payload_type", str(ALAW), "-f", "rtp",
                 f"rtp://{host}:{to}?localrtpport={here}&localrtcpport={here + 1}&pkt_size=492"], lab.folder)
    time.sleep(TALK)
    ways = shown(box)
    if ways != {"201": False, "202": True}:
        raise AssertionError(f"the call shows {ways}")
    call.hang_up()
    phone.until_event("CALL_CLOSED")
    heard = sound.Heard(said, until(phone.heard, "a recording")[-1]).demand(TALK * 0.7)
    came, left = sides(box, on_the_wire(wire.packets()))
    # What the phone sends is as long as it was told, and passes.
    if came != [{60}, {60}] or sorted(left, key=min) != [{20}, {60}]:
        raise AssertionError(f"came {came}, left {left}")
    record = until(lambda: next((one for one in box.records() if len(one["streams"]) == 2), None), "the record")
    jitter = max(one["stats"]["remote_jitter_micros"] for one in record["streams"] if one["leg"] == "202") / 1000
    return f"{heard}; 60 ms came, 20 left, with {jitter:.1f} ms of jitter as 202 reports"


@test
def two_phones_talk_where_the_box_asks_one_of_them_for_longer_packets(lab):
    """Both want 20 ms, and one is asked for 40: it sends them, and the other gets what it wants."""
    box = lab.box()
    made = []
    for number in ("201", "202"):
        extension = box.extension(number)
        source = os.path.join(lab.folder, f"{number}.wav")
        sound.melody(source, seed=int(number))
        name = number
        if number == "201":
            name = "thin"
            policy = {**box.ask("GET", "tenants/1")["codecs"], "packet_millis": 40}
            box.ask("POST", "devices", {"extension": extension["id"], "name": name, "secret": SECRET,
                                        "codecs": policy})
        phone = Baresip(lab, box, name, SECRET, source)
        phone.source = source
        made.append(phone)
    for number in ("201", "202"):
        until(lambda: box.registered(number), f"{number} registered", 20)
    wire = Wire(lab, box)
    said = talk(lab, box, *made, "202")
    came, left = sides(box, on_the_wire(wire.packets()))
    if sorted(came, key=min) != [{20}, {40}] or left != [{20}, {20}]:
        raise AssertionError(f"came {came}, left {left}")
    return f"{said}; 20 and 40 ms came, 20 left on both sides"
