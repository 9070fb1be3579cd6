"""Free ports, each given once in a test: below the range that the kernel takes for itself."""

import random
import socket
import threading

LOCK = threading.Lock()
GIVEN = set()
SIGNALLING = range(10000, 19000)
MEDIA = range(20000, 32000)


def free(step=1):
    """A port that nobody has, over UDP and TCP; with `step` 2, the next one is free as well."""
    with LOCK:
        while True:
            port = random.choice(SIGNALLING)
            wanted = range(port, port + step)
            if not GIVEN.intersection(wanted) and all(is_free(one) for one in wanted):
                GIVEN.update(wanted)
                return port


def block(size=400):
    """The first and last of a range of ports for media."""
    with LOCK:
        for _ in range(1000):
            first = random.randrange(MEDIA.start, MEDIA.stop - size, 2)
            wanted = range(first, first + size)
            if not GIVEN.intersection(wanted) and is_free(first):
                GIVEN.update(wanted)
                return first, first + size - 1
        raise AssertionError("no ports left for media")


def all_back():
    """Nobody is left who could use one."""
    with LOCK:
        GIVEN.clear()


def is_free(port):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                return False
    return True
