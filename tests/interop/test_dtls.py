"""Phones that agree on their keys by a handshake in the media: DTLS-SRTP (RFC 5763)."""

import os
import time

import sound
from lab import test, until
from test_secrecy import encrypted, phone, protection, srtp

SHA1 = "AES_CM_128_HMAC_SHA1_80"


def dtls(curve=None, **more):
    """An account that encrypts by DTLS; with an elliptic curve, or else an RSA certificate."""
    config = f"dtls_srtp_use_ec {curve}\n" if curve else ""
    return {"more": ";mediaenc=dtls_srtp", "modules": ("dtls_srtp",), "config": config, **more}


def by_dtls(suite=SHA1):
    return {"keys": "dtls", "suite": suite}


def offering(lab, how):
    """A box that offers handshakes: `opportunistic_dtls` or `required_dtls`."""
    box = lab.box()
    tenant = box.ask("GET", "tenants/1")
    box.ask("PUT", "tenants/1", {**tenant, "encryption": how})
    return box


@test
def a_phone_with_an_rsa_certificate_shakes_hands_and_calls_a_plain_one(lab):
    return encrypted(lab, (by_dtls(), None), dtls(), {})


@test
def a_phone_with_an_ecdsa_certificate_shakes_hands_and_calls_one_with_keys_in_sdp(lab):
    suites = (by_dtls(), "AEAD_AES_128_GCM")
    return encrypted(lab, suites, dtls("prime256v1"), srtp(mode="srtp"))


@test
def where_handshakes_are_required_phones_of_both_kinds_are_offered_them(lab):
    box = offering(lab, "required_dtls")
    said = encrypted(lab, (by_dtls(), by_dtls()), dtls(), dtls("prime256v1"), box=box)
    return f"{said}; back: " + encrypted(
        lab, (by_dtls(), by_dtls()), dtls("prime256v1"), dtls(), box=box, numbers=("203", "204"))


@test
def a_phone_that_shakes_hands_holds_and_comes_back(lab):
    box = offering(lab, "required_dtls")
    first, second = phone(lab, box, "201", **dtls()), phone(lab, box, "202", **dtls())
    first.dial("202")
    second.until_event("CALL_ESTABLISHED")
    time.sleep(2)
    for _ in range(2):
        for command in ("hold", "resume"):
            first.command(command)
            held = command == "hold"
            until(lambda: [one for one in box.calls() if one["held"] == held], f"{command} shown")
            time.sleep(1.5)
    first.hang_up()
    until(lambda: not box.calls(), "an empty list of calls")
    record = until(lambda: [one for one in box.records() if len(one["streams"]) > 1], "the record")[0]
    stats = [stream["stats"] for stream in record["streams"]]
    if any(one["forged"] for one in stats):
        raise AssertionError(f"packets that are not genuine: {stats}")
    if protection(box) != {"201": by_dtls(), "202": by_dtls()}:
        raise AssertionError(f"shown as {protection(box)}")
    samples = sound.read(until(second.heard, "a recording")[-1])
    end = os.path.join(lab.folder, "end.wav")
    sound.write(end, samples[-int(1.3 * sound.RATE):])
    heard = sound.Heard(first.source, end)
    if heard.correlation < 0.9:
        raise AssertionError(f"after two holds: {heard}")
    return str(heard)


@test
def where_encryption_is_off_a_phone_that_shakes_hands_is_refused_and_told_why(lab):
    box = offering(lab, "off")
    phone(lab, box, "201", **dtls()).dial("202")
    phone(lab, box, "202")
    end = until(lambda: [one["end"] for one in box.records() if one["ended"]], "the record")[0]
    if end["why"] != "encryption_off":
        raise AssertionError(f"the record says {end}")
    return end["text"]
