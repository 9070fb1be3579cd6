// What a digital line shows, in words: what is wrong and what to do about it.

import type { CallRecord, Channel, Isdn, Line, LineCounters, NumberType } from './api/types';
import { stateOfBert } from './bert';

type Tone = 'on' | 'off' | 'warn' | 'bad';

export interface Said {
  tone: Tone;
  text: string;
  /** What to do about it. */
  advice: string | null;
}

/** How a line does, most pressing first. What is wrong with a line that nobody uses is no alarm. */
export function stateOfLine(line: Line): Said {
  const said = fault(line);
  if (line.trunk !== null) return said ?? { tone: 'on', text: 'Up', advice: null };
  const text = said ? `${said.text}, not used` : line.watched ? 'Good, not used' : 'Not used yet';
  return { tone: 'off', text, advice: null };
}

function fault(line: Line): Said | null {
  const { alarms } = line;
  if (!line.present) {
    return { tone: 'bad', text: 'No card', advice: 'The card is not there, or its driver does not open it. Is it in its place, and are its modules loaded?' };
  }
  if (line.loop_back === 'local' || (alarms.looped && line.loop_back === null)) {
    return { tone: 'warn', text: 'Looped to the box', advice: 'What the box sends comes back to it. No calls until the loop is taken off.' };
  }
  if (line.loop_back === 'remote') {
    return { tone: 'warn', text: 'Looped to the far end', advice: 'What the far end sends goes back to it, for its tests. No calls until the loop is taken off.' };
  }
  if (alarms.no_signal) {
    return { tone: 'bad', text: 'No signal', advice: 'Nothing arrives. Is the cable plugged in at both ends, in the right port? Two exchanges side by side need a crossed cable: pins 1 and 2 on one end are 4 and 5 on the other.' };
  }
  if (alarms.blue) {
    return { tone: 'bad', text: 'All ones (AIS)', advice: 'The cable to the next device is good, but that device has lost what is behind it. Ask the carrier.' };
  }
  if (alarms.no_frames) {
    return { tone: 'bad', text: 'No frames', advice: 'Pulses arrive, and no frames are found in them. Framing and line code of the trunk must be those of the far end; a bad cable does the same.' };
  }
  if (alarms.no_multiframes) {
    return { tone: 'bad', text: 'No multiframes', advice: 'Frames arrive without the check that this end expects. Set the framing of the trunk to E1 without CRC-4, or have CRC-4 switched on at the far end.' };
  }
  if (alarms.red) {
    return { tone: 'bad', text: 'Red alarm', advice: 'What arrives cannot be used. Look at the cable and at the counters below.' };
  }
  if (alarms.yellow) {
    return { tone: 'bad', text: 'Yellow alarm (RAI)', advice: 'The far end cannot use what the box sends. The pair on which the box sends may be broken, or framing and line code differ.' };
  }
  if (alarms.recovering) {
    return { tone: 'warn', text: 'Recovering', advice: 'The alarm is over. The line carries calls again when it has stayed good for some seconds.' };
  }
  if (line.d_channel && !line.d_channel.up) {
    return { tone: 'bad', text: 'D channel down', advice: 'The line is good, but nobody answers on its D channel. One end must be the user and the other the network: look at the side set in the trunk. Else ask the carrier whether the line is switched on.' };
  }
  return null;
}

/** Whether the D channel carries the calls. */
export function dChannel(line: Line): string {
  if (line.trunk === null) return 'no trunk uses the line';
  if (!line.d_channel) return 'none: that of another line carries the calls';
  if (!line.d_channel.up) return 'down';
  return line.d_channel.carries ? 'up, carries the calls' : 'up, stands by';
}

/** Where the line's clock comes from; `priority` is what its trunk says. */
export function clockOf(line: Line, priority: number | undefined): string {
  if (line.is_clock) return 'the box follows this line';
  if (priority === undefined) return 'not set';
  return priority === 0 ? 'the box gives it' : `stands by, as source ${priority}`;
}

export interface ChannelSaid {
  /** For the stylesheet. */
  look: 'idle' | 'reserved' | 'busy' | 'restarting' | 'alarm' | 'out' | 'maintenance' | 'looped' | 'tested';
  /** As much as a tile has room for. */
  short: string;
  text: string;
}

/** What a channel does, in a word and in a sentence. */
export function stateOfChannel(channel: Channel): ChannelSaid {
  if (channel.looped) return { look: 'looped', short: 'loop', text: 'Looped: it sends back what it receives' };
  if (channel.bert && channel.bert.ended === null) return { look: 'tested', short: 'BERT', text: `Bit error test. ${stateOfBert(channel.bert).text}` };
  if (channel.usage === 'busy') {
    const text = channel.closing ? 'Carries a call, and goes out of service after it' : 'Carries a call';
    return { look: 'busy', short: channel.closing ? 'last' : 'call', text };
  }
  if (channel.usage === 'restarting') return { look: 'restarting', short: 'restart', text: 'Being restarted' };
  if (channel.usage === 'alarm') return { look: 'alarm', short: 'alarm', text: 'Its line has an alarm' };
  if (channel.ours === 'out') return { look: 'out', short: 'out', text: 'Out of service, by this box' };
  if (channel.theirs === 'out') return { look: 'out', short: 'out', text: 'Out of service, by the far end' };
  if (channel.ours === 'maintenance') return { look: 'maintenance', short: 'test', text: 'In maintenance, by this box' };
  if (channel.theirs === 'maintenance') return { look: 'maintenance', short: 'test', text: 'In maintenance, by the far end' };
  if (channel.usage === 'reserved') return { look: 'reserved', short: 'set up', text: 'A call is being set up' };
  return { look: 'idle', short: 'free', text: 'Free' };
}

/** `2 calls, 27 free, 1 out of service` */
export function summary(line: Line): string {
  const looks = line.channels.map((channel) => stateOfChannel(channel).look);
  const words: [string, (look: string) => boolean][] = [
    ['in use', (look) => look === 'busy' || look === 'reserved'],
    ['free', (look) => look === 'idle'],
    ['restarting', (look) => look === 'restarting'],
    ['in alarm', (look) => look === 'alarm'],
    ['out of service', (look) => look === 'out'],
    ['in maintenance', (look) => look === 'maintenance'],
    ['looped', (look) => look === 'looped'],
    ['tested', (look) => look === 'tested'],
  ];
  const parts = words.map(([word, fits]) => [looks.filter(fits).length, word] as const);
  return parts.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`).join(', ');
}

/** `line 1` at the beginning of a sentence. */
export const capital = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** `26.4 dB` */
export function erle(centibels: number): string {
  return `${(centibels / 100).toFixed(1)} dB`;
}

/** In the order in which one looks at them. */
export const COUNTERS: { name: keyof LineCounters; text: string; means: string }[] = [
  { name: 'slips', text: 'Slips', means: 'Frames lost or doubled because two clocks are not one: clicks, and broken faxes. Both ends must follow the same clock.' },
  { name: 'errored_seconds', text: 'Errored seconds', means: 'Seconds with at least one error.' },
  { name: 'severely_errored_seconds', text: 'Bad seconds', means: 'Seconds with many errors, or without a signal.' },
  { name: 'check_errors', text: 'CRC errors', means: 'Blocks that arrived damaged.' },
  { name: 'far_errors', text: 'Far-end errors', means: 'Blocks that the far end says arrived damaged.' },
  { name: 'code_violations', text: 'Code violations', means: 'Pulses against the line code: a bad cable, or another line code at the far end.' },
  { name: 'framing_errors', text: 'Framing errors', means: 'Frames whose beginning was damaged.' },
  { name: 'missed_interrupts', text: 'Missed interrupts', means: 'The machine was too slow for the card.' },
];

/** Where the D channel is: ITU-T I.431 §5. */
export const signallingSlot = (kind: Line['kind']): number => (kind === 'e1' ? 16 : 24);

/** What was said on a D channel, apart: which way, what, and what is in it. */
export function said(text: string): { sent: boolean | null; what: string; parts: string[] } {
  const [, way, words = ''] = text.match(/^span \d+ ([<>]) ([^]*)$/) ?? [];
  const [what = '', ...parts] = way === undefined ? text.split('\n') : words.split(/; |\n/);
  return { sent: way === undefined ? null : way === '>', what, parts };
}

/** A call in few words, for a channel that carries it. */
export function callWords(call: CallRecord | undefined): string {
  if (!call) return 'a call';
  return `${call.from.number || 'withheld'} to ${call.to.number || call.dialled}`;
}

/** What stands in front of a number, and what is behind. */
export interface FarEnd {
  name: string;
  text: string;
  isdn: Pick<Isdn, 'side' | 'dialect' | 'numbering' | 'overlap' | 'restarts'>;
  span: { framing: Isdn['spans'][number]['framing']; code: 'dense'; clock: number };
}

/** What stands at the far end, and what is right for it. */
export const FAR_ENDS: FarEnd[] = [
  {
    name: 'European carrier', text: 'E1, EuroISDN. The carrier gives the clock.',
    isdn: { side: 'user', dialect: 'euro_isdn', numbering: 'auto', overlap: true, restarts: false },
    span: { framing: 'e1_crc4', code: 'dense', clock: 1 },
  },
  {
    name: 'North American carrier', text: 'T1, National ISDN 2. The carrier gives the clock.',
    isdn: { side: 'user', dialect: 'ni2', numbering: 'auto', overlap: false, restarts: true },
    span: { framing: 't1_esf', code: 'dense', clock: 1 },
  },
  {
    name: 'Exchange of the house', text: 'E1, EuroISDN. The box is its carrier and gives the clock.',
    isdn: { side: 'network', dialect: 'euro_isdn', numbering: 'auto', overlap: true, restarts: false },
    span: { framing: 'e1_crc4', code: 'dense', clock: 0 },
  },
];

/** A line of a trunk as it is set for a carrier in Europe. */
export function freshSpan(line: string, like?: Isdn['spans'][number]): Isdn['spans'][number] {
  const { framing, code, clock } = FAR_ENDS[0]!.span;
  return { line, identifier: 0, signalling: true, channels: null, framing, code, clock, build_out: 'short', ...(like ? { framing: like.framing, code: like.code, build_out: like.build_out, clock: like.clock === 0 ? 0 : like.clock + 1 } : {}) };
}

/** A trunk's line as it is set for a carrier: in Europe on an E1, in North America on a T1. */
export function freshIsdn(line: string, kind: Line['kind'] = 'e1'): Isdn {
  const european: Isdn = { ...FAR_ENDS[0]!.isdn, spans: [freshSpan(line)], selection: 'ascending', cancels_echo: true, timers: {} };
  return fitting(european, kind);
}

/** The trunk as it is, or as a carrier wants it where its framing is not of this kind of line. */
export function fitting(isdn: Isdn, kind: Line['kind']): Isdn {
  const fits = isdn.spans.every((span) => span.framing.startsWith(kind));
  return fits ? isdn : setFor(isdn, FAR_ENDS[kind === 't1' ? 1 : 0]!);
}

/** Whether a trunk is set as this far end wants it. */
export function isFor(isdn: Isdn, far: FarEnd): boolean {
  const same = (Object.entries(far.isdn) as [keyof FarEnd['isdn'], unknown][]).every(([name, value]) => isdn[name] === value);
  return same && isdn.spans.every((span) => span.framing === far.span.framing && span.code === far.span.code && (span.clock === 0) === (far.span.clock === 0));
}

/** Sets a trunk as this far end wants it; its lines, channels and waits stay. */
export function setFor(isdn: Isdn, far: FarEnd): Isdn {
  const spans = isdn.spans.map((span, i) => ({ ...span, ...far.span, clock: far.span.clock === 0 ? 0 : i + 1 }));
  return { ...isdn, ...far.isdn, spans };
}

export const DIALECT: Record<Isdn['dialect'], string> = {
  euro_isdn: 'EuroISDN (DSS1)',
  ni2: 'National ISDN 2',
  '5ess': 'Lucent 5ESS',
  dms100: 'Nortel DMS-100',
  qsig: 'QSIG',
};

export const SIDE: Record<Isdn['side'], string> = {
  user: 'The user',
  network: 'The network',
};

export const FRAMING: Record<Isdn['spans'][number]['framing'], string> = {
  e1_crc4: 'E1 with CRC-4',
  e1: 'E1 without CRC-4',
  t1_esf: 'T1, extended superframe (ESF)',
  t1_superframe: 'T1, superframe (D4)',
};

export const BUILD_OUT: Record<Isdn['spans'][number]['build_out'], string> = {
  short: 'To 133 feet, or 0 dB',
  feet266: '133 to 266 feet',
  feet399: '266 to 399 feet',
  feet533: '399 to 533 feet',
  feet655: '533 to 655 feet',
  db7: '7.5 dB less',
  db15: '15 dB less',
  db22: '22.5 dB less',
};

export const SELECTION: Record<Isdn['selection'], string> = {
  ascending: 'The first that is free',
  descending: 'The last that is free',
  round_robin: 'The next one round',
  least_used: 'The one that has rested longest',
};

export const NUMBERING: Record<Isdn['numbering'], string> = {
  auto: 'As the number is written',
  unknown: 'Unknown: the digits tell',
  international: 'International',
  national: 'National',
  subscriber: 'Subscriber (local)',
  network_specific: 'Network specific',
  abbreviated: 'Short code',
  private: 'Private: between exchanges of one house',
};

/** How a line marks a called number that comes in: the same words. */
export const NUMBER_TYPE: Record<NumberType, string> = {
  international: NUMBERING.international,
  national: NUMBERING.national,
  subscriber: NUMBERING.subscriber,
  unknown: 'Unknown',
  network_specific: NUMBERING.network_specific,
  abbreviated: NUMBERING.abbreviated,
};

/** Those of a route's wishes of a digital line that say something: `timeslots 1-10`. */
export function lineWishes(route: { channels: string | null }, mark: string | null): string[] {
  return [route.channels && `timeslots ${route.channels}`, mark && `marked “${mark}”`].filter((text): text is string => Boolean(text));
}

/** What each wait is for (ITU-T Q.921 §5.9, Q.931 §9). */
export const TIMERS: Record<string, string> = {
  t200: 'a frame to be confirmed',
  t203: 'silence on the D channel',
  t301: 'ringing',
  t302: 'another digit',
  t303: 'an answer to SETUP',
  t304: 'an answer to digits',
  t305: 'an answer to DISCONNECT',
  t306: 'announcements after DISCONNECT',
  t308: 'an answer to RELEASE',
  t309: 'the D channel to come back',
  t310: 'ringing after PROCEEDING',
  t313: 'CONNECT to be confirmed',
  t316: 'RESTART to be confirmed',
  t317: 'calls to clear for a restart',
  t321: 'the D channel to change over',
  t322: 'an answer to STATUS ENQUIRY',
};

/** `EuroISDN (DSS1) on line 1 and line 2` */
export function onLines(isdn: Isdn): string {
  const names = isdn.spans.map((span) => span.line);
  return `${DIALECT[isdn.dialect]} on ${names.length < 3 ? names.join(' and ') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`}`;
}
