// How the sound of a call is protected, in words.

import type { Encryption, LegSecurity, Security, Suite } from './api/types';

/** What can be asked of a side, and what comes of it. */
export const ENCRYPTION: Record<Encryption, { text: string; means: string }> = {
  opportunistic: { text: 'If the other end can', means: 'Keys are offered, and taken where they are offered. Who knows none is spoken with in the clear.' },
  required: { text: 'Always', means: 'A call that would be in the clear is refused. Use TLS as the transport as well: the keys travel with the signalling.' },
  opportunistic_dtls: { text: 'If the other end can, by DTLS', means: 'As above, but the two ends agree on their keys in the sound itself (DTLS-SRTP), not in the signalling.' },
  required_dtls: { text: 'Always, by DTLS', means: 'A call that would be in the clear is refused, and the two ends agree on their keys in the sound itself (DTLS-SRTP).' },
  off: { text: 'Never', means: 'No keys are offered, and whoever insists on them is refused.' },
};

const SUITE: Record<Suite, string> = {
  AEAD_AES_256_GCM: 'AES-256 GCM',
  AEAD_AES_128_GCM: 'AES-128 GCM',
  AES_256_CM_HMAC_SHA1_80: 'AES-256',
  AES_CM_128_HMAC_SHA1_80: 'AES-128',
  AES_256_CM_HMAC_SHA1_32: 'AES-256, short tag',
  AES_CM_128_HMAC_SHA1_32: 'AES-128, short tag',
};

/** `encrypted with AES-128 GCM, keys by SDP` */
export function inWords(security: Security): string {
  if (security.keys === 'none') return 'in the clear';
  return `encrypted with ${SUITE[security.suite]}, keys ${KEYS[security.keys]}`;
}

const KEYS: Record<Exclude<Security['keys'], 'none'>, string> = {
  sdes: 'from the signalling (SDES)',
  dtls: 'by handshake (DTLS)',
};

/** The voice of the leg of this name: of an extension or a trunk. Nothing while it is not agreed yet. */
export function voiceOf(security: LegSecurity[] | undefined, leg: string): Security | undefined {
  return security?.find((one) => one.kind === 'audio' && one.leg === leg)?.security;
}
