// Which way the sound of a call goes, in words.

import type { LegPath, PathPolicy, Stay } from './api/types';

/** What a call does with its sound, told by what is most worth knowing. */
export type Way = 'anchored' | 'translated' | 'repacked' | 'loopback' | 'direct';

export const WAY: Record<Way, { text: string; means: string }> = {
  anchored: { text: 'by the box', means: 'The sound passes through this box as it is.' },
  translated: { text: 'translated', means: 'The two sides speak different codecs, and this box translates.' },
  repacked: { text: 'repacked', means: 'The two sides speak the same codec in packets of different lengths, and this box packs it anew, without loss.' },
  loopback: { text: 'inside the box', means: 'One side is this box itself, in another call: nothing of it leaves the box.' },
  direct: { text: 'phone to phone', means: 'The sound goes past this box, straight between the phones.' },
};

/** What can be asked of phones. */
export const PATH_POLICY: Record<PathPolicy, { text: string; means: string }> = {
  anchored: { text: 'Always by the box', means: 'The box hears, counts and judges every call.' },
  direct: { text: 'Past the box where possible', means: 'Two phones of one network that speak the same codec in the clear send to each other. The box then knows nothing of the quality, and a call goes back by the box to be held with music, recorded, captured or transferred.' },
  direct_encrypted: { text: 'Past the box, encrypted calls too', means: 'Encrypted phones are told each other’s keys in mid-call. Not all can do that: one that cannot hears nothing then. Try a call first.' },
};

/** The way of the voices of a call; nothing while it is not agreed. */
export function wayOf(paths: LegPath[] | undefined): Way | null {
  const voices = (paths ?? []).filter((one) => one.kind === 'audio');
  if (voices.length === 0) return null;
  if (voices.length > 1 && voices.every((one) => one.path === 'direct')) return 'direct';
  if (voices.some((one) => one.path === 'loopback')) return 'loopback';
  if (voices.some((one) => one.translated)) return 'translated';
  return voices.some((one) => one.repacked) ? 'repacked' : 'anchored';
}

/** Why the voices of a call that might go past the box do not, as the end of "by the box because ..."; else nothing. */
export function staysOf(paths: LegPath[] | undefined): string | null {
  const why = paths?.find((one) => one.kind === 'audio' && one.path !== 'direct' && one.stays)?.stays;
  return why ? STAYS[why] : null;
}

const STAYS: Record<Stay, string> = {
  outside: 'one side is a carrier or a browser',
  network: 'the two are in different networks',
  heard: 'the box has to hear it',
  held: 'somebody holds',
  codec: 'the phones share no codec',
  keys: 'the phones are not said to take other keys in a call',
  encryption: 'the two are not encrypted by the same rules',
  signalling: 'only one phone’s signalling is encrypted',
  handshake: 'the keys come of a handshake with the box',
  refused: 'a phone did not want to leave it',
};

/** What the voice of the leg of this name is spoken in. */
export function codecOf(paths: LegPath[] | undefined, leg: string): string | null {
  const codec = paths?.find((one) => one.kind === 'audio' && one.leg === leg)?.codec;
  return codec ? codecName(codec) : null;
}

/** A codec as people call it, of its name in SDP. */
export function codecName(sdp: string): string {
  return NAMES[sdp.toUpperCase()] ?? sdp.replace(/^(AAL2-)?G726-(\d+)$/i, 'G.726, $2 kbit/s');
}

const NAMES: Record<string, string> = {
  PCMA: 'G.711 A-law', PCMU: 'G.711 µ-law', G722: 'G.722', G729: 'G.729', G723: 'G.723.1', OPUS: 'Opus', H264: 'H.264', H263: 'H.263',
};
