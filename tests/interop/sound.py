"""Speech-like sounds to play into a phone, and how well they came out of another."""

import wave

import numpy

RATE = 8000
SLOT = RATE // 10


def melody(path, seed, seconds=40, keyless=False):
    """Writes a WAV that never repeats: every tenth of a second another pair of tones. `keyless`: none of
    them is like that of a key (ITU-T Q.23), for where somebody listens for keys."""
    lows, highs = ((300, 640), (1750, 3000)) if keyless else ((300, 1000), (1200, 3000))
    chance = numpy.random.default_rng(seed)
    slots = []
    ramp = numpy.minimum(1, numpy.minimum(numpy.arange(SLOT), SLOT - 1 - numpy.arange(SLOT)) / 40)
    time = numpy.arange(SLOT) / RATE
    for _ in range(seconds * 10):
        low, high = chance.uniform(*lows), chance.uniform(*highs)
        tone = numpy.sin(2 * numpy.pi * low * time) + numpy.sin(2 * numpy.pi * high * time)
        slots.append(tone * ramp * 0.2)
    write(path, numpy.concatenate(slots))


def write(path, samples, channels=1):
    """Writes samples from -1 to 1, the same into each channel."""
    samples = numpy.repeat(samples, channels)
    with wave.open(path, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes((numpy.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())


def read(path):
    """Samples of the first channel at 8 kHz, from -1 to 1; tolerates a header that was never completed."""
    with open(path, "rb") as file:
        data = file.read()
    at = data.index(b"fmt ") + 8
    channels = int.from_bytes(data[at + 2:at + 4], "little")
    rate = int.from_bytes(data[at + 4:at + 8], "little")
    bits = int.from_bytes(data[at + 14:at + 16], "little")
    if bits != 16:
        raise AssertionError(f"{path}: {bits} bits")
    body = data[data.index(b"data", at) + 8:]
    samples = numpy.frombuffer(body[:len(body) // (2 * channels) * 2 * channels], "<i2")
    return at_rate(samples[::channels].astype(float) / 32768, rate, RATE)


class Heard:
    """How a recording compares with what was played.

    correlation: median over frames of 20 ms, 1 is the same waveform
    level: heard over played, 1 is as loud
    offset: where in the source the recording begins, in seconds
    seconds: how much sound was heard
    gaps: frames of 20 ms between the first and the last sound that do not fit the source
    jumps: how often the player left something out
    """

    def __init__(self, source, recording, stretched=False, leaps=False):
        """stretched: a jitter buffer may have played parts slower or faster, so the place in the
        source is looked for from where the last frame was. leaps: the player's clock is slower than
        the speaker's, as baresip's is on a busy machine: it leaves out 160 ms now and then."""
        source, heard = read(source), read(recording)
        if len(heard) < RATE:
            raise AssertionError(f"only {len(heard) / RATE:.2f} s were recorded")
        sounding = numpy.nonzero(numpy.abs(heard) > 0.01)[0]
        if len(sounding) < RATE // 2:
            raise AssertionError("silence was recorded")
        heard = heard[sounding[0]:sounding[-1] + 1]
        self.seconds = len(heard) / RATE
        lag = best_lag(source, heard)
        self.offset = lag / RATE
        frame = RATE // 50
        fits, levels, self.gaps, self.jumps = [], [], 0, 0
        for at in range(0, len(heard) - frame, frame):
            # The two clocks may slip by a packet; look for the frame where it should be.
            best, level, place = match(source, heard[at:at + frame], lag + at)
            if leaps and best < 0.8:
                far, loud, there = match(source, heard[at:at + frame], lag + at, RATE // 2)
                if far > 0.95:
                    best, level, lag = far, loud, there - at
                    self.jumps += 1
            if stretched and best > 0.9:
                lag = place - at
            fits.append(best)
            levels.append(level)
            self.gaps += best < 0.8
        self.frames = len(fits)
        self.correlation = float(numpy.median(fits))
        self.level = float(numpy.median(levels))

    def demand(self, seconds, correlation=0.98, gaps=0.02):
        """Fails when the recording is not the source."""
        wrong = []
        if self.seconds < seconds:
            wrong.append(f"only {self.seconds:.1f} s heard, {seconds} wanted")
        if self.correlation < correlation:
            wrong.append(f"correlation {self.correlation:.3f}")
        if not 0.9 < self.level < 1.1:
            wrong.append(f"level {self.level:.2f}")
        if self.gaps > gaps * self.frames:
            wrong.append(f"{self.gaps} of {self.frames} frames are gaps")
        if wrong:
            raise AssertionError("; ".join(wrong))
        return self

    def __str__(self):
        return (f"{self.seconds:.1f} s, correlation {self.correlation:.3f}, "
                f"level {self.level:.2f}, {self.gaps} gaps"
                + (f", {self.jumps} jumps" if self.jumps else ""))


def best_lag(source, heard):
    """Where in the source the heard part fits best, in samples; may be negative."""
    part = heard[:4 * RATE]
    size = 1 << (len(source) + len(part)).bit_length()
    spectrum = numpy.fft.rfft(source, size) * numpy.conj(numpy.fft.rfft(part, size))
    fit = numpy.fft.irfft(spectrum, size)
    best = int(numpy.argmax(fit))
    return best if best < len(source) else best - size


def match(source, frame, near, slack=400):
    """Correlation and level of one frame at the best place within `slack` samples of `near`, and
    that place."""
    begin, end = max(0, near - slack), min(len(source), near + slack + len(frame))
    span = source[begin:end]
    if len(span) < len(frame) or not frame.any():
        return 0.0, 0.0, near
    dots = numpy.correlate(span, frame, "valid")
    power = numpy.convolve(span * span, numpy.ones(len(frame)), "valid")
    scale = numpy.sqrt(numpy.maximum(power, 1e-9) * float(frame @ frame))
    fits = dots / scale
    best = int(numpy.argmax(fits))
    level = float(numpy.sqrt(frame @ frame / max(power[best], 1e-9)))
    return float(fits[best]), level, begin + best


def at_rate(samples, rate, wanted):
    """The same sound at another rate, by its spectrum."""
    if rate == wanted or not len(samples):
        return samples
    count = len(samples) * wanted // rate
    spectrum = numpy.fft.rfft(samples)
    kept = numpy.zeros(count // 2 + 1, complex)
    shared = min(len(spectrum), len(kept))
    kept[:shared] = spectrum[:shared]
    return numpy.fft.irfft(kept, count) * wanted / rate


def likeness(source, heard):
    """How well speech would be understood, 1 is as before: what codecs that do not keep the wave keep.

    The short-time objective intelligibility of Taal, Hendriks, Heusdens and Jensen (2011), in 13 bands of
    a third of an octave, as telephone sound has no more.
    """
    lag = best_lag(source, heard)
    source, heard = (source[lag:], heard) if lag >= 0 else (source, heard[-lag:])
    count = min(len(source), len(heard))
    if count < RATE:
        raise AssertionError(f"only {count / RATE:.2f} s to compare")
    clean, coded = envelopes(source[:count]), envelopes(heard[:count])
    loud = clean.sum(axis=0)
    sounding = loud > loud.max() * 10 ** -2  # 40 dB below the loudest is a pause
    clean, coded = clean[:, sounding], coded[:, sounding]
    scores = []
    for end in range(SPAN, clean.shape[1] + 1):
        one, other = clean[:, end - SPAN:end], coded[:, end - SPAN:end]
        scale = numpy.sqrt((one ** 2).sum(axis=1) / numpy.maximum((other ** 2).sum(axis=1), 1e-12))
        other = numpy.minimum(other * scale[:, None], one * (1 + 10 ** (15 / 20)))
        one = one - one.mean(axis=1, keepdims=True)
        other = other - other.mean(axis=1, keepdims=True)
        power = numpy.sqrt((one ** 2).sum(axis=1) * (other ** 2).sum(axis=1))
        scores.append(((one * other).sum(axis=1) / numpy.maximum(power, 1e-12)).mean())
    return float(numpy.mean(scores))


def envelopes(samples):
    """Amplitudes in bands of a third of an octave from 150 Hz, every 16 ms."""
    size, step = 256, 128
    frames = numpy.lib.stride_tricks.sliding_window_view(samples, size)[::step]
    power = numpy.abs(numpy.fft.rfft(frames * numpy.hanning(size), 512)) ** 2
    edges = 150 * 2 ** ((numpy.arange(BANDS + 1) - 0.5) / 3) * 512 / RATE
    bands = [power[:, int(low):max(int(high), int(low) + 1)].sum(axis=1)
             for low, high in zip(edges, edges[1:])]
    return numpy.sqrt(numpy.array(bands))


BANDS = 13
# Frames in a span of 384 ms.
SPAN = 24
