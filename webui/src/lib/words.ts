// What the box says in codes, in words. One place, so that another language is one more file.

import type { BoxNumber, CallRecord, CaptureStop, End, External, Place, RecordingStop, RecordingTone, Sound, TrunkStatus, Why } from './api/types';

/** What an installer can do about it; nothing where nothing went wrong. */
export function advice(end: End): string | null {
  if (typeof end.why !== 'string') {
    if ('no_common_codec' in end.why) {
      return 'Allow a codec that both sides have in the codec policy of the phone, the trunk or the tenant, or let the box translate.';
    }
    if ('no_keys' in end.why) {
      return 'The other end agreed to encrypt by DTLS-SRTP and there were no keys in time. Let it encrypt with keys in the signalling (SDES), or look what stands between it and the box.';
    }
    return 'A firewall or router between the phone and the box may drop the sound (UDP). If a phone is outside, set the box’s outside address in Settings.';
  }
  return ADVICE[end.why] ?? null;
}

const ADVICE: Partial<Record<Extract<Why, string>, string>> = {
  not_registered: 'Check that the phone has power and network, and that its server address, user and password are those of the extension.',
  unreachable: 'The phone was registered but did not answer the box. It may have lost its network a moment ago.',
  no_such_number: 'No extension has this number and no outbound route fits it. Try it under Routes.',
  no_route: 'No outbound route fits this number. Add one under Routes.',
  barred: 'An outbound route bars this number. Change it under Routes if the call should be allowed.',
  loop: 'Two extensions forward to each other. Open them under Extensions and change one.',
  trunk_full: 'Ask the carrier for more lines, or raise the limit of the trunk.',
  carrier_failed: 'The carrier gave no reason that can be mended here. A second trunk in the route would be tried next.',
  no_common_media: 'Allow a common codec, such as G.711, on both phones.',
  overload: 'Raise the limit under Settings if the box has room for more calls.',
  wrong_pin: 'The PIN of the conference is under Numbers.',
  not_in_call: 'Key in the code while you talk; keyed in again, it ends the recording.',
  no_recording: 'The number plays the newest recording that the calling extension had made by a code of the kind recording.',
  no_sound: 'The sound of this number is not on the box any more. Upload it again under Sounds, and choose it under Numbers.',
  no_pin: 'The PIN of the conference is under Numbers. A phone that sends keys neither as RFC 4733 nor by SIP INFO is not understood.',
  crash: 'The record was completed after the restart.',
};

const BY: Record<End['by'], string> = {
  caller: 'the caller',
  callee: 'the called side',
  exchange: 'this box',
  network: 'the network',
};

export function decider(end: End): string {
  return BY[end.by];
}

/** How a call came out, in a word or two. */
export function outcome(call: CallRecord): { text: string; tone: 'good' | 'quiet' | 'bad' | 'live' } {
  if (call.state !== 'ended') return { text: stateOf(call), tone: 'live' };
  if (call.end && typeof call.end.why !== 'string' && 'no_media' in call.end.why) return { text: 'No sound', tone: 'bad' };
  if (call.answered !== null) {
    return call.end && TROUBLE.has(call.end.why as string) ? { text: 'Broke off', tone: 'bad' } : { text: 'Answered', tone: 'good' };
  }
  switch (call.end?.why) {
    case 'cancelled': return { text: 'Given up', tone: 'quiet' };
    case 'no_answer': return { text: 'No answer', tone: 'quiet' };
    case 'busy': return { text: 'Busy', tone: 'quiet' };
    case 'rejected':
    case 'do_not_disturb': return { text: 'Refused', tone: 'quiet' };
    case 'barred': return { text: 'Barred', tone: 'quiet' };
    default: return { text: 'Failed', tone: 'bad' };
  }
}

const TROUBLE = new Set(['session_expired', 'protocol_error', 'dialog_lost', 'shutdown', 'crash', 'unreachable', 'no_common_media']);

export function stateOf(call: CallRecord): string {
  if (call.held && call.state === 'up') return 'On hold';
  switch (call.state) {
    case 'dialling': return 'Dialling';
    case 'ringing': return 'Ringing';
    case 'up': return 'Talking';
    case 'ended': return call.end?.text ?? 'Ended';
  }
}

export const DIRECTION: Record<CallRecord['direction'], string> = {
  internal: 'Inside',
  inbound: 'Incoming',
  outbound: 'Outgoing',
  transit: 'Passed on',
};

export function place(where: Place): string {
  if ('number' in where) return `The box, under ${where.number}`;
  return 'extension' in where ? `Extension ${where.extension}` : `Trunk ${where.trunk}`;
}

export const KEY_SOURCE: Record<string, string> = {
  rfc4733: 'told in the stream',
  info: 'told by INFO',
  inband: 'heard as a tone',
};

export const NUMBER_KIND: Record<BoxNumber['kind'], string> = {
  echo: 'An echo of what was said',
  tone: 'A tone',
  music: 'Music',
  announcement: 'An announcement',
  conference: 'A conference',
  record: 'A recording of a call, keyed in while talking',
  playback: 'His newest recording',
};

export const NUMBER_TONE: Record<BoxNumber['tone'], string> = {
  test: 'Test tone',
  dial: 'Dial tone',
  ringback: 'Ringing tone',
  busy: 'Busy tone',
  congestion: 'Congestion tone',
};

/** What who dials a number of the box gets. */
export function gives(number: BoxNumber): string {
  if (number.kind === 'announcement') return `An announcement, ${number.repeat ? 'over and over' : number.then ? `then ${number.then}` : 'once'}`;
  if (number.kind === 'conference') return number.pin ? 'A conference with a PIN' : 'A conference, open to all';
  return number.kind === 'tone' ? NUMBER_TONE[number.tone] : NUMBER_KIND[number.kind];
}

export const RECORDING_TONE: Record<RecordingTone, string> = {
  none: 'None',
  start: 'A tone at the beginning',
  repeated: 'A tone at the beginning and every 15 seconds',
};

/** `Opus, 48 kHz`: what the file of a sound is. */
export function format(sound: Sound): string {
  return `${sound.container === 'wav' ? 'WAV' : 'Opus'}, ${sound.rate / 1000} kHz`;
}

/** Why a recording ended, where that is worth a word. */
export const RECORDING_STOP: Record<RecordingStop, string> = {
  call: '',
  asked: '',
  disk_full: 'Broke off: the disk is full.',
  disk_failed: 'Broke off: the disk failed.',
  file_full: 'Broke off: the file was full.',
  unheard: 'Broke off: the phones talk past the box and refused to come back.',
  crash: 'Broke off: the box lost power or was restarted.',
};

/** Why a capture ended, where that is worth a word. */
export const CAPTURE_STOP: Record<CaptureStop, string> = {
  call: '',
  asked: '',
  time: 'ended when its time was up',
  file_full: 'ended at 64 MB',
  disk_full: 'broke off: the disk is full',
  disk_failed: 'broke off: the disk failed',
  crash: 'broke off: the box lost power or was restarted',
};

/** `820 kB`, `22 MB` */
export function size(octets: number): string {
  return octets < 999_500 ? `${Math.ceil(octets / 1000)} kB` : `${(octets / 1_000_000).toFixed(octets < 9_950_000 ? 1 : 0)} MB`;
}

/** What can be chosen, for a select. */
export function options<V extends string>(words: Record<V, string>): { value: V; text: string }[] {
  return (Object.entries(words) as [V, string][]).map(([value, text]) => ({ value, text }));
}

/** What the legs of a record are named by. */
export function legOf(where: Place): string {
  if ('number' in where) return where.number;
  return 'extension' in where ? where.extension : where.trunk;
}

export const DIVERSION: Record<string, string> = {
  unconditional: 'all calls',
  user_busy: 'busy',
  no_answer: 'no answer',
  unavailable: 'unreachable',
  do_not_disturb: 'do not disturb',
};

export const TRUNK_STATE: Record<TrunkStatus['state'], string> = {
  off: 'Switched off',
  trying: 'Connecting',
  up: 'Up',
  down: 'Down',
};

export const TRANSPORT = { auto: 'Automatic', udp: 'UDP', tcp: 'TCP', tls: 'TLS', wss: 'Browser' } as const;

export function externalMode(external: External): 'learned' | 'fixed' | 'stun' {
  if (typeof external === 'string') return 'learned';
  return 'fixed' in external ? 'fixed' : 'stun';
}

/** The names of RFC 3551 Table 4 and 5 for the payload types in use; dynamic ones carry a number only. */
export function codec(payloadType: number | null): string {
  if (payloadType === null) return '—';
  return CODEC[payloadType] ?? (payloadType >= 96 ? `dynamic (${payloadType})` : `type ${payloadType}`);
}

const CODEC: Record<number, string> = {
  0: 'G.711 µ-law', 3: 'GSM', 4: 'G.723.1', 8: 'G.711 A-law', 9: 'G.722', 13: 'comfort noise', 18: 'G.729', 26: 'JPEG', 31: 'H.261', 34: 'H.263',
};

/** `Snom D785` of `Snom D785/10.1.175.16`: the version is for those who look closer. */
export function phoneName(userAgent: string): string {
  return userAgent.split(/[/(]|\s+v?\d/)[0]?.trim() || 'Phone';
}

export function count(n: number, one: string, many: string): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`;
}
