"""Codecs that nobody here wrote, as payloads of RTP: ffmpeg, libopus, bcg729, spandsp, vo-amrwbenc.

Samples are 8 kHz from -1 to 1, as in `sound`.
"""

import ctypes
import subprocess

import numpy

import sound

AMR_WB_FILE = b"#!AMR-WB\n"


class Codec:
    """One encoding: how SDP calls it, and how its payloads are made and read."""

    def __init__(self, name, number, rtpmap, clock, millis, encode, decode, fmtp=None):
        self.name, self.number, self.rtpmap, self.clock = name, number, rtpmap, clock
        self.millis, self.encode, self.decode, self.fmtp = millis, encode, decode, fmtp
        # Whether it says nothing where nothing is said.
        self.pauses = False

    def sdp(self, host, port):
        fmtp = f"a=fmtp:{self.number} {self.fmtp}\r\n" if self.fmtp else ""
        return (f"v=0\r\no=- 7 1 IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n"
                f"m=audio {port} RTP/AVP {self.number}\r\n"
                f"a=rtpmap:{self.number} {self.rtpmap}\r\n{fmtp}a=ptime:{self.millis}\r\n")


def cut(data, size):
    return [data[at:at + size] for at in range(0, len(data) - size + 1, size)]


def words(samples):
    return (numpy.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()


def samples(data, rate):
    """Samples of any rate as samples of 8 kHz."""
    heard = numpy.frombuffer(data[:len(data) // 2 * 2], "<i2").astype(float) / 32768
    return sound.at_rate(heard, rate, sound.RATE)


def ffmpeg(data, *words_):
    done = subprocess.run(["ffmpeg", "-v", "error", *words_], input=data, capture_output=True,
                          check=False)
    if done.returncode:
        raise AssertionError(f"ffmpeg {' '.join(words_)}: {done.stderr.decode()[-300:]}")
    return done.stdout


def by_ffmpeg(codec, form, rate, size, *options, read=None, prefix=b""):
    """A pair of functions around one of ffmpeg's codecs, with payloads of `size` octets."""
    def encode(source):
        data = ffmpeg(words(source), "-f", "s16le", "-ar", "8000", "-ac", "1", "-i", "-",
                      "-ar", str(rate), "-c:a", codec, *options, "-f", form, "-")
        return cut(data, size)

    def decode(payloads):
        data = ffmpeg(prefix + b"".join(payloads), "-f", form, *(read or ()), "-i", "-",
                      "-f", "s16le", "-ac", "1", "-ar", "8000", "-")
        return samples(data, 8000)

    return encode, decode


def opus(millis=20):
    library = ctypes.CDLL("libopus.so.0")
    for name in ("opus_encoder_create", "opus_decoder_create"):
        getattr(library, name).restype = ctypes.c_void_p

    def encode(source):
        error = ctypes.c_int()
        state = ctypes.c_void_p(library.opus_encoder_create(48000, 1, 2048, ctypes.byref(error)))
        pcm = words(sound.at_rate(source, 8000, 48000))
        room = ctypes.create_string_buffer(1500)
        payloads = []
        for frame in cut(pcm, 96 * millis):
            size = library.opus_encode(state, frame, 48 * millis, room, 1500)
            payloads.append(room.raw[:size])
        return payloads

    def decode(payloads):
        error = ctypes.c_int()
        state = ctypes.c_void_p(library.opus_decoder_create(48000, 1, ctypes.byref(error)))
        room = ctypes.create_string_buffer(5760 * 2)
        pcm = b""
        for payload in payloads:
            count = library.opus_decode(state, payload, len(payload), room, 5760, 0)
            if count < 0:
                raise AssertionError(f"libopus refuses a payload of {len(payload)} octets")
            pcm += room.raw[:count * 2]
        return samples(pcm, 48000)

    return encode, decode


def g729():
    encode, decode = g729_frames()

    def pairs(source):
        frames = encode(source)
        return [b"".join(pair) for pair in zip(frames[::2], frames[1::2])]

    return pairs, decode


def g729_frames(pauses=False):
    """One frame for each 10 ms; with pauses (annex B) some have two octets or none."""
    library = ctypes.CDLL("libbcg729.so.0")
    library.initBcg729EncoderChannel.restype = ctypes.c_void_p
    library.initBcg729DecoderChannel.restype = ctypes.c_void_p

    def encode(source):
        state = ctypes.c_void_p(library.initBcg729EncoderChannel(int(pauses)))
        room, size = ctypes.create_string_buffer(10), ctypes.c_uint8()
        frames = []
        for frame in cut(words(source), 160):
            library.bcg729Encoder(state, frame, room, ctypes.byref(size))
            frames.append(room.raw[:size.value])
        return frames

    def decode(payloads):
        state = ctypes.c_void_p(library.initBcg729DecoderChannel())
        room = ctypes.create_string_buffer(160)
        pcm = b""
        for payload in payloads:
            for at in range(0, len(payload), 10):
                frame = payload[at:at + 10]
                library.bcg729Decoder(state, frame, len(frame), 0, int(len(frame) == 2), 0, room)
                pcm += room.raw
        return samples(pcm, 8000)

    return encode, decode


def amr_wb():
    library = ctypes.CDLL("libvo-amrwbenc.so.0")
    library.E_IF_init.restype = ctypes.c_void_p

    def encode(source):
        state = ctypes.c_void_p(library.E_IF_init())
        room = ctypes.create_string_buffer(64)
        payloads = []
        for frame in cut(words(sound.at_rate(source, 8000, 16000)), 640):
            size = library.E_IF_encode(state, 8, frame, room, 0)
            payloads.append(b"\xf0" + room.raw[:size])
        return payloads

    def decode(payloads):
        # One frame in a packet: the request for a mode, the entry of the table, the frame.
        frames = b"".join(payload[1:] for payload in payloads)
        return samples(ffmpeg(AMR_WB_FILE + frames, "-f", "amr", "-i", "-",
                              "-f", "s16le", "-ac", "1", "-ar", "8000", "-"), 8000)

    return encode, decode


def linear():
    def encode(source):
        wide = sound.at_rate(source, 8000, 16000)
        data = numpy.frombuffer(words(wide), "<i2").astype(">i2").tobytes()
        return cut(data, 640)

    def decode(payloads):
        data = numpy.frombuffer(b"".join(payloads), ">i2").astype("<i2").tobytes()
        return samples(data, 16000)

    return encode, decode


def g726(bits, packing):
    """By spandsp: ffmpeg's is of another precision than the Recommendation's."""
    library = ctypes.CDLL("libspandsp.so.2")
    library.g726_init.restype = ctypes.c_void_p
    order = {"aal2": 1, "rtp": 2}[packing]
    octets = bits * 20

    def state():
        return ctypes.c_void_p(library.g726_init(None, bits * 8000, 0, order))

    def encode(source):
        pcm = words(source)
        room = ctypes.create_string_buffer(len(pcm))
        size = library.g726_encode(state(), room, pcm, len(pcm) // 2)
        return cut(room.raw[:size], octets)

    def decode(payloads):
        data = b"".join(payloads)
        room = ctypes.create_string_buffer(len(data) * 16 // bits + 64)
        count = library.g726_decode(state(), room, data, len(data))
        return samples(room.raw[:count * 2], 8000)

    return encode, decode


def all_codecs():
    """Every encoding that the box translates."""
    mono = ("-ar", "8000", "-ac", "1")
    found = [
        Codec("PCMU", 0, "PCMU/8000", 8000, 20, *by_ffmpeg("pcm_mulaw", "mulaw", 8000, 160, read=mono)),
        Codec("PCMA", 8, "PCMA/8000", 8000, 20, *by_ffmpeg("pcm_alaw", "alaw", 8000, 160, read=mono)),
        Codec("G722", 9, "G722/8000", 8000, 20, *by_ffmpeg("g722", "g722", 16000, 160)),
        Codec("GSM", 3, "GSM/8000", 8000, 20, *by_ffmpeg("libgsm", "gsm", 8000, 33)),
        Codec("G723", 4, "G723/8000", 8000, 30,
              *by_ffmpeg("g723_1", "g723_1", 8000, 24, "-b:a", "6300")),
        Codec("G729", 18, "G729/8000", 8000, 20, *g729(), fmtp="annexb=no"),
        Codec("opus", 107, "opus/48000/2", 48000, 20, *opus()),
        Codec("AMR-WB", 108, "AMR-WB/16000", 16000, 20, *amr_wb(), fmtp="octet-align=1"),
        Codec("L16", 111, "L16/16000", 16000, 20, *linear()),
    ]
    for bits in (2, 3, 4, 5):
        for packing, prefix in (("rtp", ""), ("aal2", "AAL2-")):
            name = f"{prefix}G726-{bits * 8}"
            found.append(Codec(name, 109, f"{name}/8000", 8000, 20, *g726(bits, packing)))
    return found
