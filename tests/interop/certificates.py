"""A self-signed certificate with its key, made once in a run."""

import functools
import os
import subprocess
import tempfile


@functools.cache
def pem():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "both.pem")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
             "-subj", "/CN=phone.example", "-keyout", path, "-out", path + ".crt"],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        with open(path) as key, open(path + ".crt") as certificate:
            return key.read() + certificate.read()
