"""Two phones without a common codec talk: every pair, in payloads that other people's codecs made."""

import glob
import itertools
import os
import time

import numpy

import framing
import matrix
import payload
import sound
from baresip import Baresip
from lab import Skipped, test, until
from test_flows import phones

SPEECH = "/usr/share/asterisk/sounds/en_US_f_Allison"


def speech(seconds):
    """Somebody who talks without long pauses."""
    files = sorted(glob.glob(os.path.join(SPEECH, "*.wav")))
    if not files:
        raise Skipped("asterisk-core-sounds-en-wav is not installed")
    parts, count = [], 0
    for path in files:
        part = sound.read(path)
        if len(part) < 2 * sound.RATE:
            continue
        parts.append(part)
        count += len(part)
        if count >= seconds * sound.RATE:
            break
    return numpy.concatenate(parts)[:seconds * sound.RATE] * 0.7


@test
def phones_without_a_common_codec_talk_through_the_box(lab):
    """Every pair of codecs that two phones may have, in both directions, with two lines for each."""
    codecs = payload.all_codecs()
    offered = [codec for codec in codecs if codec.name in OFFERED]
    pairs = list(itertools.combinations_with_replacement(offered, 2))
    pairs += [(one, other) for one in codecs if one not in offered for other in offered[:3]]
    calls = matrix.Matrix(lab, speech(matrix.SECONDS), codecs)
    calls.talk(pairs)
    return f"{calls.verdict()}; {calls.pesq()}"


@test
def phones_with_packets_of_all_lengths_and_packings_talk_through_the_box(lab):
    """Packets of 10 to 60 ms, AMR-WB in both packings, G.726 in both, G.729 with pauses."""
    codecs, forms = payload.all_codecs(), framing.variants()
    base = {codec.name: codec for codec in codecs}
    pairs = [(form, base["PCMU" if form.rtpmap.startswith("PCMA") else "PCMA"]) for form in forms]
    pairs += [(form, base["G722"]) for form in forms
              if form.name.startswith(("AMR-WB", "opus", "PCMU"))]
    calls = matrix.Matrix(lab, speech(matrix.SECONDS), codecs + forms)
    calls.talk(pairs)
    return calls.verdict()


@test
def phones_that_share_a_codec_are_told_how_long_each_others_packets_are(lab):
    """Nothing is translated then: whoever sends has to know what the other one wants."""
    box = lab.box()
    first, second = phones(lab, box, "201", "202")
    forms = {form.name: form for form in framing.variants()}
    long, short = forms["G722 of 60 ms"], forms["G722 of 10 ms"]
    call = first.call("202", body=long.sdp("127.0.0.1", 40000), wait=False)
    incoming = second.incoming()
    incoming.answer(body=short.sdp("127.0.0.1", 40002))
    call.until_final()
    told = {"202": incoming.invite, "201": call.final}
    for number, message in told.items():
        wanted = {"202": 60, "201": 10}[number]
        if f"a=ptime:{wanted}\r\n" not in message.body.decode():
            raise AssertionError(f"{number} is not told of {wanted} ms: {message.body.decode()}")
    call.hang_up()
    incoming.until_bye()


@test
def baresips_without_a_common_codec_hear_each_other(lab):
    box = lab.box()
    sources = {}
    for channels in (1, 2):
        sources[channels] = os.path.join(lab.folder, f"speech-{channels}.wav")
        sound.write(sources[channels], speech(20), channels)
    source = sources[1]
    made = {}
    for number, (codec, module, channels) in zip(range(201, 210), BARESIP):
        box.extension(str(number))
        made[codec] = Baresip(lab, box, str(number), "secret-of-the-test", sources[channels],
                              codec=codec, module=module)
    for phone in made.values():
        phone.until_registered()
    said = []
    for one, other in itertools.combinations(made, 2):
        first, second = made[one], made[other]
        place = len(second.heard()), len(first.heard())
        mark = len(first.events), len(second.events)
        first.dial(second.user)
        first.until_event("CALL_ESTABLISHED", after=mark[0])
        time.sleep(4)
        first.hang_up()
        second.until_event("CALL_CLOSED", after=mark[1])
        for phone, count, way in ((second, place[0], (one, other)), (first, place[1], (other, one))):
            new = until(lambda: phone.heard()[count:], "a recording")
            score = sound.likeness(sound.read(source), sound.read(new[-1]))
            if score < 0.85:
                raise AssertionError(f"{way[0]} heard as {way[1]}: likeness {score:.3f}")
            said.append(score)
    return f"{len(said)} directions, likeness {min(said):.3f} to {max(said):.3f}"


# What the box offers on behalf of others; the rest it speaks when asked.
OFFERED = ("PCMA", "G722", "opus", "PCMU", "GSM", "G723", "G729", "AMR-WB", "G726-32")
# How baresip calls a codec, its module, and the channels that it wants of a source.
BARESIP = (("pcma", "g711", 1), ("g722/16000/1", "g722", 1), ("opus/48000/2", "opus", 2),
           ("gsm", "gsm", 1))
