"""The codecs of `payload` in other packets: longer and shorter ones, and the other packings."""

import ctypes

import sound
from payload import Codec, all_codecs, cut, ffmpeg, g729_frames, opus, samples, words, AMR_WB_FILE

# Octets in a millisecond of what can be cut anywhere.
PLAIN = {"PCMU": 8, "PCMA": 8, "G722": 8, "L16": 32}
# Octets of a frame, and its milliseconds.
FRAMED = {"GSM": (33, 20), "G723": (24, 30), "G729": (10, 10)}


def variants():
    """What `all_codecs` has in packets of 20 ms, in others; each has a name of its own."""
    base = {codec.name: codec for codec in all_codecs()}
    found = [regrouped(base[name], millis, octets * millis)
             for name, octets in PLAIN.items() for millis in (10, 40, 60) if octets * millis < 1400]
    found += [regrouped(base[name], millis, octets * millis // frame)
              for name, (octets, frame) in FRAMED.items() for millis in (10, 40, 60)
              if millis % frame == 0]
    found += [timed(base["opus"], millis, *opus(millis)) for millis in (10, 40, 60)]
    found += [regrouped(base["G726-32"], 60, 240), regrouped(base["AAL2-G726-32"], 40, 160)]
    for millis in (20, 40, 60):
        for aligned in (True, False):
            if millis == 20 and aligned:
                continue
            fmtp = "octet-align=1" if aligned else None
            one = timed(base["AMR-WB"], millis, *amr_wb(millis // 20, aligned), fmtp=fmtp)
            one.name += "" if aligned else " bandwidth-efficient"
            found.append(one)
    pausing = timed(base["G729"], 20, *g729_with_pauses(), fmtp="annexb=yes")
    pausing.name, pausing.pauses = "G729 annexb=yes", True
    return found + [pausing]


def timed(codec, millis, encode, decode, fmtp=""):
    name = codec.name if millis == codec.millis else f"{codec.name} of {millis} ms"
    fmtp = codec.fmtp if fmtp == "" else fmtp
    return Codec(name, codec.number, codec.rtpmap, codec.clock, millis, encode, decode, fmtp)


def regrouped(codec, millis, octets):
    """The same frames, more or fewer of them in a packet."""
    def encode(source):
        return cut(b"".join(codec.encode(source)), octets)

    def decode(payloads):
        return codec.decode(payloads)

    return timed(codec, millis, encode, decode)


def amr_wb(frames, aligned):
    """Several frames in a packet (RFC 4867), with octets that are full or without."""
    library = ctypes.CDLL("libvo-amrwbenc.so.0")
    library.E_IF_init.restype = ctypes.c_void_p

    def encode(source):
        state = ctypes.c_void_p(library.E_IF_init())
        room = ctypes.create_string_buffer(64)
        coded = []
        for frame in cut(words(sound.at_rate(source, 8000, 16000)), 640):
            library.E_IF_encode(state, MODE, frame, room, 0)
            coded.append(room.raw[1:1 + (BITS[MODE] + 7) // 8])
        groups = [coded[at:at + frames] for at in range(0, len(coded) - frames + 1, frames)]
        return [pack(group, aligned) for group in groups]

    def decode(payloads):
        # A frame in a file: its head as in an aligned packet, with nothing behind it.
        whole = b"".join(bytes([kind << 3 | 4]) + frame
                         for payload in payloads for kind, frame in unpack(payload, aligned))
        return samples(ffmpeg(AMR_WB_FILE + whole, "-f", "amr", "-i", "-",
                              "-f", "s16le", "-ac", "1", "-ar", "8000", "-"), 8000)

    return encode, decode


def pack(frames, aligned):
    """RFC 4867 sections 4.3 and 4.4: a request for a mode, the table, the frames."""
    bits = "1111" + ("0000" if aligned else "")
    for at in range(len(frames)):
        follows = at + 1 < len(frames)
        bits += f"{int(follows)}{MODE:04b}1" + ("00" if aligned else "")
    for frame in frames:
        octets = "".join(f"{octet:08b}" for octet in frame)
        bits += octets if aligned else octets[:BITS[MODE]]
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def unpack(payload, aligned):
    """The frames of a packet: kind and octets of each."""
    bits = "".join(f"{octet:08b}" for octet in payload)
    at, kinds = 8 if aligned else 4, []
    while True:
        kinds.append(int(bits[at + 1:at + 5], 2))
        follows, at = bits[at] == "1", at + (8 if aligned else 6)
        if not follows:
            break
    frames = []
    for kind in kinds:
        count = BITS.get(kind, 0)
        data = bits[at:at + count] + "0" * (-count % 8)
        frames.append((kind, int(data, 2).to_bytes(len(data) // 8, "big") if data else b""))
        at += (count + 7) // 8 * 8 if aligned else count
    return frames


def g729_with_pauses():
    """With annex B: in a pause two octets now and then, or nothing, and then no packet."""
    encode, decode = g729_frames(pauses=True)

    def pairs(source):
        frames = encode(source)
        return [b"".join(pair) for pair in zip(frames[::2], frames[1::2])]

    return pairs, decode


# Bits of a frame in each mode (TS 26.201 table 2); 9 is comfort noise.
BITS = {0: 132, 1: 177, 2: 253, 3: 285, 4: 317, 5: 365, 6: 397, 7: 461, 8: 477, 9: 40}
MODE = 8
