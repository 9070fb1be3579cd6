"""SRTP by libsrtp (RFC 3711), with a master key identifier if there is one."""

import ctypes
import functools
from ctypes import POINTER, c_char_p, c_int, c_uint, c_ulong, c_void_p

from lab import Skipped


class Crypto(ctypes.Structure):
    _fields_ = [("cipher_type", c_uint), ("cipher_key_len", c_int), ("auth_type", c_uint),
                ("auth_key_len", c_int), ("auth_tag_len", c_int), ("sec_serv", c_int)]


class MasterKey(ctypes.Structure):
    _fields_ = [("key", c_char_p), ("mki_id", c_char_p), ("mki_size", c_uint)]


class Policy(ctypes.Structure):
    _fields_ = [("ssrc_type", c_int), ("ssrc", c_uint), ("rtp", Crypto), ("rtcp", Crypto),
                ("key", c_char_p), ("keys", POINTER(POINTER(MasterKey))),
                ("num_master_keys", c_ulong), ("deprecated_ekt", c_void_p),
                ("window_size", c_ulong), ("allow_repeat_tx", c_int),
                ("enc_xtn_hdr", POINTER(c_int)), ("enc_xtn_hdr_count", c_int), ("next", c_void_p)]


INBOUND, OUTBOUND = 2, 3
SUITES = {
    "AES_CM_128_HMAC_SHA1_80": (30, "srtp_crypto_policy_set_rtp_default"),
    "AEAD_AES_128_GCM": (28, "srtp_crypto_policy_set_aes_gcm_128_16_auth"),
}


@functools.cache
def library():
    try:
        found = ctypes.CDLL("libsrtp2.so.1")
    except OSError as why:
        raise Skipped("libsrtp2-1 is not installed") from why
    check(found.srtp_init())
    return found


def check(status):
    if status:
        raise AssertionError(f"libsrtp says {status}")


class Session:
    """The packets of one direction. `keys`: master key and salt with identifiers, the first is used."""

    def __init__(self, suite, keys, direction):
        self.library = library()
        policy = Policy(ssrc_type=direction, window_size=1024)
        for crypto in (policy.rtp, policy.rtcp):
            getattr(self.library, SUITES[suite][1])(ctypes.byref(crypto))
        masters = [MasterKey(key, mki, len(mki)) for key, mki in keys]
        array = (POINTER(MasterKey) * len(masters))(*(ctypes.pointer(one) for one in masters))
        if len(masters) == 1 and not keys[0][1]:
            policy.key = keys[0][0]
        else:
            policy.keys, policy.num_master_keys = array, len(masters)
        self.context, self.identified = c_void_p(), int(policy.num_master_keys > 0)
        check(self.library.srtp_create(ctypes.byref(self.context), ctypes.byref(policy)))

    def protect(self, packet, index=0):
        room = ctypes.create_string_buffer(packet, len(packet) + 64)
        length = c_int(len(packet))
        check(self.library.srtp_protect_mki(self.context, room, ctypes.byref(length),
                                                 self.identified, index))
        return room.raw[:length.value]

    def unprotect(self, packet):
        room = ctypes.create_string_buffer(packet, len(packet))
        length = c_int(len(packet))
        check(self.library.srtp_unprotect(self.context, room, ctypes.byref(length)))
        return room.raw[:length.value]
