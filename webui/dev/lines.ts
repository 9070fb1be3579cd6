// The digital lines of the pretended box: one to a carrier, and one that nobody uses yet.

import type { Bert, Channel, Isdn, Line, LineFault, LineTrace, Trunk } from '../src/lib/api/types';
import { freshIsdn } from '../src/lib/lines.ts';
import { refuse, type Refusal } from './exchange.ts';

type Sender = (event: { type: string; data: unknown }) => void;

const QUIET: Line['alarms'] = { red: false, yellow: false, blue: false, no_signal: false, no_frames: false, no_multiframes: false, recovering: false, looped: false };
const NONE: Line['counters'] = { slips: 0, code_violations: 0, check_errors: 0, far_errors: 0, framing_errors: 0, errored_seconds: 0, severely_errored_seconds: 0, missed_interrupts: 0 };

export class Lines {
  list: Line[] = [];
  send: Sender;

  constructor(send: Sender) {
    this.send = send;
  }

  furnish(): void {
    const line = (span: number, more: Partial<Line>): Line => ({
      span, name: `line ${span + 1}`, description: 'Simulated line', kind: 'e1', simulated: true, trunk: null, present: true, watched: true,
      alarms: { ...QUIET }, counters: { ...NONE }, is_clock: false, loop_back: null, traced: false, d_channel: null, channels: [], ...more,
    });
    this.list = [line(0, { counters: { ...NONE, errored_seconds: 2, slips: 0 } }), line(1, { alarms: { ...QUIET, no_signal: true, red: true } })];
  }

  /** A trunk took or left lines. */
  use(trunks: Trunk[]): void {
    for (const line of this.list) {
      const trunk = trunks.find((one) => one.enabled && one.isdn?.spans.some((span) => span.line === line.name));
      if ((trunk?.id ?? null) === line.trunk) continue;
      const slots = Array.from({ length: 31 }, (_, i) => i + 1).filter((slot) => slot !== 16);
      line.trunk = trunk?.id ?? null;
      line.is_clock = trunk !== undefined && (trunk.isdn as Isdn).spans[0]?.clock !== 0;
      line.d_channel = trunk ? { up: !line.alarms.no_signal, carries: true } : null;
      line.channels = trunk ? slots.map((slot) => this.#channel(slot, line)) : [];
      this.say(line);
    }
  }

  #channel(slot: number, line: Line): Channel {
    return { slot, usage: line.alarms.no_signal ? 'alarm' : 'idle', ours: 'in', theirs: 'in', closing: null, call: null, looped: false, bert: null, sound: null };
  }

  say(line: Line): void {
    this.send({ type: 'line', data: structuredClone(line) });
  }

  /** A call takes a channel, or gives it back. */
  carry(span: number, slot: number, call: string | null): void {
    const line = this.list[span];
    const channel = line?.channels.find((one) => one.slot === slot);
    if (!line || !channel) return;
    channel.call = call;
    channel.usage = call ? 'busy' : 'idle';
    channel.sound = call ? { erle_centibels: 2640 + slot * 37, cancelling: true, slips: 0 } : null;
    if (!call && channel.closing) [channel.ours, channel.closing] = [channel.closing, null];
    this.say(line);
    const words = call
      ? ['> SETUP, call 5 from the caller; no more digits; speech, A-law; channel 1 preferred; calling 2079460958 (national); called 02079460312 (unknown)', '< CALL PROCEEDING, call 5 to the caller; channel 1 exclusive', '< ALERTING, call 5 to the caller', '< CONNECT, call 5 to the caller', '> CONNECT ACKNOWLEDGE, call 5 from the caller']
      : ['< DISCONNECT, call 5 to the caller; normal clearing (16), from the network serving the far user', '> RELEASE, call 5 from the caller', '< RELEASE COMPLETE, call 5 to the caller'];
    if (line.traced) words.forEach((text) => this.#trace(line, text, call));
  }

  #trace(line: Line, text: string, call: string | null): void {
    const trace = (layer: LineTrace['layer'], words: string, octets: string): LineTrace => ({ at: Date.now(), line: line.name, trunk: line.trunk ?? 0, sent: text.startsWith('>'), layer, call, text: `span 0 ${words}`, octets });
    this.send({ type: 'trace', data: trace('message', text, '080200050504038090a31803a98381') });
    this.send({ type: 'trace', data: trace('frame', `${text.slice(0, 1)} I, command, N(S) 0, N(R) 0, P 0, 23 octets`, '00010000080200050504038090a31803a98381') });
  }

  answer(path: string, body: Record<string, unknown>): { status: number } | Refusal {
    const [, span, what, slot] = path.match(/^\/lines\/(\d+)\/(service|restart|loop|trace|fault|channels\/(\d+)\/(?:loop|bert(?:\/error)?))$/) ?? [];
    const line = this.list.find((one) => String(one.span) === span);
    if (!line || !what) return refuse(404, 'This does not exist, or no longer.');
    const named = slot ?? body['slot'];
    const channels = line.channels.filter((one) => named === undefined || named === null || one.slot === Number(named));
    if (!['loop', 'fault'].includes(what) && line.trunk === null) return refuse(409, 'No trunk uses this line: make one for it first.');
    if (what === 'trace') line.traced = body['on'] === true;
    if (what === 'loop') Object.assign(line, { loop_back: body['loop_back'] ?? null, alarms: { ...line.alarms, looped: body['loop_back'] !== null } });
    if (slot) {
      if (channels[0]?.call) return refuse(409, 'This channel carries a call: take it out of service and wait for the call to end.');
      if (what.endsWith('loop')) channels.forEach((one) => (one.looped = body['on'] === true));
      else channels.forEach((one) => this.#test(line, one, what.endsWith('error') ? undefined : (body['pattern'] as Bert['pattern'] | null)));
    }
    if (what === 'service') channels.forEach((one) => (one.call && body['gently'] ? (one.closing = body['service'] as 'out') : Object.assign(one, { ours: body['service'], closing: null })));
    if (what === 'restart') {
      channels.forEach((one) => (one.usage = 'restarting'));
      setTimeout(() => { channels.forEach((one) => (one.usage = 'idle')); this.say(line); }, 2000);
    }
    if (what === 'fault') {
      const wrong = this.#fault(line, body as unknown as LineFault);
      if (wrong) return wrong;
    }
    this.say(line);
    return { status: 204 };
  }

  /** As if the far end was looped. */
  #test(line: Line, channel: Channel, pattern: Bert['pattern'] | null | undefined): void {
    const { bert } = channel;
    if (pattern === undefined) {
      if (bert) channel.bert = { ...bert, inserted: bert.inserted + 1, errors: bert.errors + 1, errored_seconds: bert.errored_seconds + 1 };
      return;
    }
    channel.ours = pattern === null ? 'in' : 'maintenance';
    if (pattern === null) {
      if (bert) channel.bert = { ...bert, ended: Date.now() };
      return;
    }
    channel.bert = { pattern, begun: Date.now(), ended: null, since: Date.now(), sync: 'found', bits: 0, errors: 0, uncompared: 0, losses: 0, slips: 0, seconds: 0, errored_seconds: 0, severely_errored_seconds: 0, inserted: 0, late: 0 };
    const timer = setInterval(() => {
      const { bert } = channel;
      if (!bert || bert.ended !== null) return clearInterval(timer);
      channel.bert = { ...bert, seconds: bert.seconds + 1, bits: bert.bits + 64_000 };
      this.say(line);
    }, 1000);
  }

  #fault(line: Line, fault: LineFault): Refusal | null {
    if (fault.fault === 'bit_errors' && fault.per_million > 500_000) return refuse(422, 'a number from 0 to 500000', 'per_million');
    if (fault.fault === 'slip') line.counters.slips += 1;
    if (fault.fault === 'card') line.present = !fault.out;
    if (fault.fault === 'all_ones') line.alarms = { ...line.alarms, blue: fault.on };
    if (fault.fault === 'cut') line.alarms = { ...line.alarms, no_signal: fault.on, red: fault.on };
    const { blue, no_signal } = line.alarms;
    const down = blue || no_signal || !line.present;
    if (line.d_channel) line.d_channel = { ...line.d_channel, up: !down };
    line.channels.forEach((one) => (one.usage = down ? 'alarm' : one.call ? 'busy' : 'idle'));
    return null;
  }
}

/** The trunk of the first line. */
export const carrier = (base: Omit<Trunk, 'id' | 'name' | 'kind' | 'isdn' | 'revision' | 'host' | 'transport' | 'username' | 'number_format' | 'caller_id' | 'max_calls'>): Trunk => ({
  ...base, id: 4, revision: 7, name: 'Fenland Telephone', kind: 'isdn', host: '', transport: 'auto', username: '', number_format: 'national', max_calls: null,
  caller_id: { number: '+442079460958', in_from: true, asserted: true }, isdn: freshIsdn('line 1') as Trunk['isdn'],
});
