"""Still pictures as video that nobody here encodes, and how well they came out elsewhere."""

import select
import socket
import struct
import subprocess

import numpy

from payload import ffmpeg

WIDTH, HEIGHT, RATE = 352, 288, 15
# Two that have little in common, by number.
PATTERNS = ("smptebars", "testsrc=duration=1")


def film(path, pattern, seconds=40):
    """Writes a film in which nothing moves."""
    subprocess.run(["ffmpeg", "-v", "error", "-y", *still(pattern), "-t", str(seconds),
                    "-c:v", "mpeg4", "-q:v", "2", path], check=True, capture_output=True)
    return path


def still(pattern):
    """The first picture of a pattern, for ever."""
    name = PATTERNS[pattern]
    joint = ":" if "=" in name else "="
    source = f"{name}{joint}size={WIDTH}x{HEIGHT}:rate={RATE}"
    return ["-f", "lavfi", "-i", source, "-vf", "loop=loop=-1:size=1", "-pix_fmt", "yuv420p",
            "-r", str(RATE)]


def rtp(codec, pattern, number, seconds=20):
    """The packets that ffmpeg makes of a pattern, as it would send them."""
    words = {"H264": ["-c:v", "libx264", "-profile:v", "baseline", "-tune", "zerolatency", "-g",
                      str(RATE * 4), "-bf", "0"]}[codec]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 24)
        ear.bind(("127.0.0.1", 0))
        url = f"rtp://127.0.0.1:{ear.getsockname()[1]}?pkt_size=1200"
        maker = subprocess.Popen(["ffmpeg", "-v", "error", *still(pattern), "-t", str(seconds),
                                  *words, "-payload_type", str(number), "-f", "rtp", url],
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        found = []
        while True:
            if select.select([ear], [], [], 0.2)[0]:
                found.append(ear.recv(4096))
            elif maker.poll() is not None:
                return [packet for packet in found if packet[1] & 0x7F == number]


def picture(data, *form):
    """Brightness of the last whole picture in what ffmpeg reads."""
    raw = ffmpeg(data, *form, "-i", "-", "-f", "rawvideo", "-pix_fmt", "gray", "-s",
                 f"{WIDTH}x{HEIGHT}", "-")
    size = WIDTH * HEIGHT
    if len(raw) < size:
        raise AssertionError("no picture came")
    last = raw[len(raw) // size * size - size:len(raw) // size * size]
    return numpy.frombuffer(last, "u1").astype(float), len(raw) // size


def pattern(number):
    return picture(ffmpeg(b"", *still(number), "-frames:v", "1", "-f", "rawvideo", "-"),
                   "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", f"{WIDTH}x{HEIGHT}")[0]


def demand(seen, number, least=25):
    """The signal to noise of a picture in decibels; fails when it is another one."""
    noise = numpy.mean((seen - pattern(number)) ** 2)
    ratio = 10 * numpy.log10(255 ** 2 / max(noise, 1e-9))
    if ratio < least:
        raise AssertionError(f"another picture came: {ratio:.1f} dB, {least} wanted")
    return ratio


def units(packets):
    """The units of H.264 in packets of RFC 6184: time stamp and octets of each."""
    whole = []
    for _, _, stamp, _, data in packets:
        if not data:
            continue
        kind = data[0] & 0x1F
        if kind == 24:
            at = 1
            while at + 2 < len(data):
                length = struct.unpack("!H", data[at:at + 2])[0]
                whole.append((stamp, data[at + 2:at + 2 + length]))
                at += 2 + length
        elif kind == 28:
            if data[1] & 0x80:
                whole.append((stamp, bytes([data[0] & 0xE0 | data[1] & 0x1F]) + data[2:]))
            elif whole:
                whole[-1] = (stamp, whole[-1][1] + data[2:])
        else:
            whole.append((stamp, data))
    return whole


def keys(packets):
    """Time stamps of the pictures that need no other."""
    return sorted({stamp for stamp, unit in units(packets) if unit[0] & 0x1F == 5})


def stream(packets):
    """The packets as a file of H.264 (annex B)."""
    return b"".join(b"\0\0\0\1" + unit for _, unit in units(packets))
