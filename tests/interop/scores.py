"""ITU-T P.862 (PESQ) of sounds, by the Python that `PESQ_PYTHON` names: no package of Debian."""

import os
import subprocess

import numpy

import sound

SCRIPT = """
import numpy, pesq, sys
held = numpy.load(sys.argv[1])
for name in sys.argv[2:]:
    print(pesq.pesq(8000, held['source'], held[name], 'nb'))
"""


def python():
    """The program that has the package, or None."""
    named = os.environ.get("PESQ_PYTHON", "python3")
    found = subprocess.run([named, "-c", "import pesq"], capture_output=True, check=False)
    return named if found.returncode == 0 else None


def pesq(folder, source, heard):
    """The narrow-band score of each sound, 1 to 4.5; they are at 8 kHz, from -1 to 1."""
    path = os.path.join(folder, "heard.npz")
    names = [f"heard{at}" for at in range(len(heard))]
    aligned = {name: fit(source, one) for name, one in zip(names, heard)}
    numpy.savez(path, source=pcm(source), **{name: pcm(one) for name, one in aligned.items()})
    # Two cores, two halves.
    halves = [names[0::2], names[1::2]]
    runs = [subprocess.Popen([python(), "-c", SCRIPT, path, *half], stdout=subprocess.PIPE,
                             text=True) for half in halves if half]
    said = [run.communicate()[0].split() for run in runs]
    scores = {name: float(score) for half, lines in zip(halves, said)
              for name, score in zip(half, lines)}
    return [scores[name] for name in names]


def fit(source, heard):
    """What was heard, begun where the source begins."""
    lag = sound.best_lag(source, heard)
    heard = heard[-lag:] if lag < 0 else numpy.concatenate([numpy.zeros(lag), heard])
    return heard[:len(source)]


def pcm(samples):
    return (numpy.clip(samples, -1, 1) * 32767).astype("int16")
