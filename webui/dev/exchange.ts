// A pretended box for development: it keeps what one sets up, and its people phone each other.

import type {
  BoxNumber, CallRecord, Capture, Conference, Device, End, Extension, InboundRoute, LegPath, LegSecurity, Load, Member, Moderation, OutboundRoute, Party, Place, QualityPoint, Recording, Registration, RouteQuestion,
  RouteReport, Settings, Sound, Step, Tenant, Token, Trunk, TrunkStatus,
} from '../src/lib/api/types';

import { carrier, Lines } from './lines.ts';

export interface Refusal {
  status: number;
  detail: string;
  errors?: { field: string; message: string }[];
  retryAfter?: number;
}

export const refuse = (status: number, detail: string, field?: string): Refusal =>
  field ? { status, detail: `One field is not right: ${field}.`, errors: [{ field, message: detail }] } : { status, detail };

type Sender = (event: { type: string; data: unknown }) => void;

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

export class Exchange {
  readonly moderated = new Map<string, { muted?: boolean; gain?: number }>();
  claimed: boolean;
  readonly claimCode = 'K7QM-2XNT-94FD';
  administrator = { name: 'admin', password: 'a long enough password' };
  settings: Settings;
  extensions: Extension[] = [];
  devices: Device[] = [];
  trunks: Trunk[] = [];
  inbound: InboundRoute[] = [];
  outbound: OutboundRoute[] = [];
  numbers: BoxNumber[] = [];
  tenants: Tenant[] = [{ id: 1, revision: 0, name: 'Default', realm: 'strowger', domains: [], codecs: { allow: [], deny: [], order: 'theirs', translate: true, packet_millis: null }, encryption: 'opportunistic', media_path: 'anchored', music: null, prompts: { ask_pin: null, wrong_pin: null, refused: null, welcome: null }, recording_tone: 'start' }];
  sounds: Sound[] = [];
  recordings: Recording[] = [];
  captures: Capture[] = [];
  registrations: Registration[] = [];
  trunkStates: TrunkStatus[] = [];
  readonly lines = new Lines((event) => this.send(event));
  calls: CallRecord[] = [];
  cdrs: CallRecord[] = [];
  tokens: Token[] = [];
  send: Sender = () => {};
  revision = 0;
  #last = 0;

  constructor(fresh: boolean) {
    this.claimed = !fresh;
    this.settings = {
      revision: 0, name: fresh ? 'Strowger' : 'Hartley & Sons', country: 'GB', extra_emergency: [], wizard_done: !fresh,
      network: { inside: [], external: 'learned', web_phones: [] }, ring_seconds: 180, silence_seconds: 60, session_seconds: 1800, max_calls: 2000, load_percent: 70, hold_music: true, cdr_days: 731, cdr_count: 1_000_000, recording_days: 0, recording_mb: 0, recording_free_percent: 0,
      captures: { seconds: 3600, megabytes: 64, at_once: 8, keep_days: 7, keep_megabytes: 512 },
    };
    if (!fresh) this.#furnish();
  }

  changed(): number {
    this.revision += 1;
    this.send({ type: 'config', data: { revision: this.revision } });
    return this.revision;
  }

  extension(number: string, name: string, more: Partial<Extension> = {}): Extension {
    const made: Extension = {
      id: this.extensions.length + 1, revision: ++this.revision, tenant: 1, number, name, enabled: true, caller_id: null, do_not_disturb: false,
      forward: { always: null, busy: null, no_answer: null, no_answer_seconds: 30, unreachable: null }, ...more,
    };
    this.extensions.push(made);
    return made;
  }

  register(number: string, agent = 'Yealink SIP-T46U 108.86.0.90', device: string | null = null, ago = 0): void {
    const host = 20 + this.registrations.length;
    const registration: Registration = {
      id: ++this.#last, tenant: 1, number, device, contact: `sip:${number}@192.168.10.${host}:5060`, transport: agent.includes('Linphone') ? 'tls' : 'udp',
      source: `192.168.10.${host}:5060`, local: '192.168.10.2:5060', user_agent: agent, registered: Date.now() - ago, expires: Date.now() - ago + HOUR,
      instance: null, reg_id: null, q: 1000, path: [], call_id: `${number}-${host}`, cseq: 1,
    };
    this.registrations.push(registration);
    this.send({ type: 'registered', data: registration });
  }

  /** Places a call that rings, is answered after a while, and ends. */
  call(from: Party, to: Party, talkMs: number, places: { origin?: Place; destination?: Place; ringMs?: number; steps?: string[] } = {}): CallRecord {
    const started = Date.now();
    const call: CallRecord = {
      id: id(started, ++this.#last), tenant: 1,
      direction: places.origin && 'trunk' in places.origin ? 'inbound' : places.destination && 'trunk' in places.destination ? 'outbound' : 'internal',
      state: 'dialling', from, origin: places.origin ?? { extension: from.number }, dialled: to.number, to,
      destination: places.destination ?? { extension: to.number }, started, rang: null, answered: null, ended: null, held: false, end: null,
      steps: (places.steps ?? (places.destination && 'trunk' in places.destination ? [`${to.number} is no extension.`, 'The outbound route “Everything outside” fits (0.).'] : [`${to.number} is an extension.`, 'One phone is registered and rings.'])).map((text, i) => ({ after_ms: i, text })),
      diverted: [], streams: [],
    };
    const say = () => this.send({ type: 'call', data: structuredClone(call) });
    this.calls.push(call);
    this.cdrs.unshift(call);
    say();
    const at = (ms: number, change: () => void) =>
      setTimeout(() => {
        if (call.state === 'ended') return;
        change();
        say();
      }, ms);
    const ring = places.ringMs ?? 2500;
    at(120, () => Object.assign(call, { state: 'ringing', rang: Date.now() }));
    at(ring, () => Object.assign(call, { state: 'up', answered: Date.now(), security: secured(call), paths: led(call) }));
    at(ring + talkMs, () => this.end(call, hungUp('caller')));
    return call;
  }

  end(call: CallRecord, end: End): void {
    Object.assign(call, { state: 'ended', ended: Date.now(), held: false, end });
    if (call.answered !== null) {
      const packets = Math.round((Date.now() - call.answered) / 20);
      call.streams = [stream('caller', packets, 0, 900), stream(call.to.number, packets, Math.round(packets / 700), 2400)];
    }
    this.calls = this.calls.filter((other) => other !== call);
    this.endRecording(call.id, 'call');
    this.endCapture(call.id, 'call');
    this.send({ type: 'call', data: structuredClone(call) });
  }

  capture(call: string, decrypted: boolean): Capture {
    const made: Capture = { id: id(Date.now(), this.captures.length), call, tenant: 1, decrypted, by: this.administrator.name, started: Date.now(), until: Date.now() + 300_000, ended: null, stop: null, messages: 9, packets: 0, missed: 0, octets: 12_000 };
    this.captures.unshift(made);
    return made;
  }

  endCapture(call: string, stop: 'call' | 'asked'): boolean {
    const running = this.captures.find((one) => one.call === call && one.ended === null);
    if (!running) return false;
    const packets = Math.round((Date.now() - running.started) / 5);
    Object.assign(running, { ended: Date.now(), stop, packets, octets: 12_000 + packets * 280 });
    this.send({ type: 'capture', data: structuredClone(running) });
    return true;
  }

  record(call: string): Recording {
    const running = this.recordings.find((one) => one.call === call && one.ended === null);
    if (running) return running;
    const made: Recording = { id: id(Date.now(), this.recordings.length), call, tenant: 1, container: 'opus', layout: 'sides', by: this.administrator.name, started: Date.now(), ended: null, stop: null, millis: 0, octets: 0, missed_millis: 0 };
    this.recordings.unshift(made);
    return made;
  }

  endRecording(call: string, stop: 'call' | 'asked'): boolean {
    const running = this.recordings.find((one) => one.call === call && one.ended === null);
    if (!running) return false;
    const millis = Date.now() - running.started;
    Object.assign(running, { ended: Date.now(), stop, millis, octets: millis * 6 });
    return true;
  }

  routeCheck(question: RouteQuestion): RouteReport | Refusal {
    const routed = this.routed(question);
    if (!('verdict' in routed)) return routed;
    const caller = question.trunk === null ? question.from : (this.trunks.find((one) => one.id === question.trunk)?.name ?? '?');
    const others = routed.places.flatMap((place) => ('trunk' in place ? [place.trunk] : 'extension' in place ? [place.extension] : []));
    const legs = routed.verdict === 'refused' ? [] : [caller, ...others];
    return { ...routed, encryption: legs.map((leg) => ({ leg, policy: 'opportunistic' as const })), lines: [] };
  }

  private routed(question: RouteQuestion): Omit<RouteReport, 'encryption' | 'lines'> | Refusal {
    const to = question.to.replace(/[\s().-]/g, '');
    if (!/^\+?[\d*#]+$/.test(to)) return refuse(422, 'only digits, * and #, with a + in front of an international number', 'to');
    const steps: Step[] = [];
    const step = (text: string) => steps.push({ after_ms: 0, text });
    if (question.trunk !== null) {
      const route = this.inbound.find((one) => one.enabled && fits(one.did, to) && (one.trunk === null || one.trunk === question.trunk));
      if (!route) {
        step(`No inbound route fits ${to}.`);
        return { verdict: 'refused', places: [], number: null, route: null, steps };
      }
      step(`The inbound route “${route.name}” fits ${to}.`);
      step(`It rings ${route.destination}.`);
      return { verdict: 'extension', places: [{ extension: route.destination }], number: null, route: route.name, steps };
    }
    if (to === '999' || to === '112') {
      step(`${to} summons help in this country: no rule can bar it.`);
      return { verdict: 'trunk', places: this.trunks.map((trunk) => ({ trunk: trunk.name })), number: to, route: null, steps };
    }
    let extension = this.extensions.find((one) => one.number === to);
    if (extension) {
      step(`${to} is the extension of ${extension.name}.`);
      const places: Place[] = [{ extension: to }];
      if (extension.forward.always) {
        step(`It forwards all calls to ${extension.forward.always}.`);
        extension = this.extensions.find((one) => one.number === extension?.forward.always) ?? extension;
        places[0] = { extension: extension.number };
      }
      const reached = extension.number;
      const phones = this.registrations.filter((one) => one.number === reached).length;
      if (phones === 0) {
        step('No phone is registered: the call would end at once.');
        return { verdict: 'refused', places: [], number: null, route: null, steps };
      }
      step(phones === 1 ? 'One phone is registered and rings.' : `${phones} phones are registered and ring together.`);
      if (extension.forward.no_answer) {
        step(`If nobody answers in ${extension.forward.no_answer_seconds} s, the call goes on to ${extension.forward.no_answer}.`);
        places.push({ extension: extension.forward.no_answer });
      }
      return { verdict: 'extension', places, number: null, route: null, steps };
    }
    const number = this.numbers.find((one) => one.number === to && one.enabled);
    if (number) {
      step(`The box itself answers ${to}: ${number.name}.`);
      return { verdict: 'number', places: [{ number: to }], number: null, route: null, steps };
    }
    step(`${to} is no extension.`);
    for (const route of this.outbound) {
      if (!route.enabled || !fits(route.pattern, to)) continue;
      if (route.barred) {
        step(`The route “${route.name}” bars ${route.pattern}.`);
        return { verdict: 'refused', places: [], number: null, route: route.name, steps };
      }
      step(`The outbound route “${route.name}” fits (${route.pattern}).`);
      const number = route.prepend + to.slice(route.strip);
      const e164 = number.startsWith('00') ? `+${number.slice(2)}` : number.startsWith('0') ? `+44${number.slice(1)}` : number;
      step(`As a number of the United Kingdom it is ${e164}.`);
      return { verdict: 'trunk', places: route.trunks.map((one) => ({ trunk: this.trunks.find((trunk) => trunk.id === one)?.name ?? '?' })), number: e164, route: route.name, steps };
    }
    step('No outbound route fits it.');
    return { verdict: 'refused', places: [], number: null, route: null, steps };
  }

  load(measured = Date.now() - 3 * HOUR): Load {
    const prices: [unknown, number, number][] = [
      ['pcma', 120, 160], ['pcmu', 120, 160], ['g722', 4200, 6100], [{ g729: { annex_b: true } }, 7800, 41_000], [{ amr_wb: { octet_aligned: true } }, 11_000, 90_000], ['opus', 14_000, 98_000],
    ];
    const budget = (this.settings.load_percent / 100) * 20_000_000;
    const used = this.calls.length * 19_000;
    return {
      capacity: { measured, core_nanos: 20_000_000, packet_nanos: 5200, codecs: prices.map(([codec, decode_nanos, encode_nanos]) => ({ codec, decode_nanos, encode_nanos })) },
      budget_nanos: budget > 0 ? budget : null, used_nanos: used, relayed_calls_left: budget > 0 ? Math.floor((budget - used) / 10_400) : null, refused: 0,
    } as Load;
  }

  /** People go on phoning, so that there is something to see. */
  live(): void {
    const person = (number: string): Party => ({ number, name: this.extensions.find((one) => one.number === number)?.name ?? '' });
    const around = () => {
      this.call({ number: '+441632960118', name: '' }, person('201'), 48_000, { origin: { trunk: 'Kestrel Telecom' }, ringMs: 4000, steps: ['It came in over Kestrel Telecom for +442079460958.', 'The inbound route “Main number” rings 201.'] });
      setTimeout(() => this.call(person('207'), { number: '+442079460312', name: '' }, 55_000, { destination: { trunk: 'Kestrel Telecom' }, ringMs: 6000 }), 5000);
      setTimeout(() => this.call(person('212'), person('204'), 21_000, { ringMs: 7000 }), 11_000);
    };
    around();
    for (const number of ['202', '211', '215']) this.call(person(number), { number: '600', name: 'Monday meeting' }, HOUR, { ringMs: 300, destination: { number: '600' } });
    setInterval(() => this.judge(), 5000);
    setInterval(() => this.send({ type: 'conference', data: this.room() }), 1000);
    setInterval(around, 52_000);
    this.onLine(person('214'), '+442079460700', 3);
    this.onLine(person('210'), '+441632960555', 1);
    this.onLine(person('209'), '+441632960222', 2);
    setInterval(() => this.onLine(person('204'), '+441632960777', 4, 20_000), 30_000);
    const old = this.call(person('203'), person('209'), HOUR, { ringMs: 0 });
    setTimeout(() => {
      const began = Date.now() - 9 * MINUTE;
      Object.assign(old, { state: 'up', security: secured(old), paths: led(old), started: began, rang: began + 130, answered: began + 6000, held: true });
      this.cdrs.sort((a, b) => b.started - a.started);
    }, 3000);
  }

  /** A call by the digital line. */
  onLine(from: Party, number: string, slot: number, talkMs = HOUR): CallRecord {
    const destination = { trunk: 'Fenland Telephone' };
    const call = this.call(from, { number, name: '' }, talkMs, { destination, ringMs: 400 });
    this.lines.carry(0, slot, call.id);
    call.steps.push({ after_ms: 11, text: `Channel ${slot} of line 1 carries it.` });
    setTimeout(() => this.lines.carry(0, slot, null), talkMs + 400);
    return call;
  }

  #furnish(): void {
    const people: [string, string, Partial<Extension>?][] = [
      ['201', 'Reception'], ['202', 'Margaret Hartley'], ['203', 'Owen Hartley'], ['204', 'Workshop'],
      ['205', 'Priya Nair', { do_not_disturb: true }], ['206', 'Tom Ashworth'], ['207', 'Accounts'],
      ['208', 'Daniel Okafor', { forward: { always: '201', busy: null, no_answer: null, no_answer_seconds: 30, unreachable: null } }],
      ['209', 'Dispatch'], ['210', 'Stores'], ['211', 'Elaine Burke', { forward: { always: null, busy: '201', no_answer: '201', no_answer_seconds: 20, unreachable: null } }],
      ['212', 'Showroom'], ['213', 'Yard gate'], ['214', 'Meeting room'], ['215', 'Zofia Wójcik'], ['216', 'Spare', { enabled: false }],
    ];
    people.forEach(([number, name, more]) => this.extension(number, name, more ?? {}));
    this.devices.push({ id: 1, revision: 1, tenant: 1, extension: 3, name: '203-mobile', enabled: true, codecs: null, encryption: null, media_path: null });
    const agents = ['Yealink SIP-T46U 108.86.0.90', 'Snom D785/10.1.175.16', 'Grandstream GXP2170 1.0.11.79', 'Yealink SIP-T54W 96.86.0.70'];
    people.forEach(([number], i) => {
      if (!['206', '213', '216'].includes(number)) this.register(number, agents[i % agents.length], null, (i + 1) * 7 * MINUTE);
    });
    this.register('203', 'Linphone-Desktop/5.2.6', '203-mobile', 3 * MINUTE);
    const base = { tenant: 1, enabled: true, port: null, domain: null, auth_username: null, register_seconds: 3600, qualify_seconds: 60, codecs: null, encryption: null, peers: [], isdn: null };
    this.trunks = [
      { ...base, id: 1, revision: 5, name: 'Kestrel Telecom', kind: 'register', host: 'sip.kestrel.example', transport: 'tls', username: '442079460958', number_format: 'plus', caller_id: { number: '+442079460958', in_from: true, asserted: true }, max_calls: 8 },
      { ...base, id: 2, revision: 6, name: 'Northline backup', kind: 'register', host: 'voip.northline.example', transport: 'auto', username: 'hartley-02', number_format: 'national', caller_id: { number: null, in_from: true, asserted: true }, max_calls: null },
      { ...base, id: 3, revision: 7, name: 'Leeds branch', kind: 'static', host: '10.20.0.2', transport: 'tcp', username: '', number_format: 'as_dialled', caller_id: { number: null, in_from: true, asserted: false }, max_calls: null },
      carrier(base),
    ];
    this.lines.furnish();
    this.lines.use(this.trunks);
    this.trunkStates = [
      { trunk: 1, state: 'up', since: Date.now() - 31 * HOUR, problem: null, seen_as: '203.0.113.41:5061' },
      { trunk: 2, state: 'down', since: Date.now() - 12 * MINUTE, problem: 'the carrier refused the password (403 Forbidden); the next attempt is in 8 minutes', seen_as: null },
      { trunk: 3, state: 'up', since: Date.now() - 70 * HOUR, problem: null, seen_as: null },
      { trunk: 4, state: 'up', since: Date.now() - 5 * HOUR, problem: null, seen_as: null },
    ];
    const route = { tenant: 1, enabled: true, caller: null, channels: null, number_type: null, numbering: null };
    this.outbound = [
      { ...route, id: 1, revision: 8, name: 'Premium numbers', order: 10, pattern: '09.', strip: 0, prepend: '', trunks: [], barred: true },
      { ...route, id: 2, revision: 9, name: 'Leeds branch', order: 20, pattern: '7XX', strip: 1, prepend: '', trunks: [3], barred: false },
      { ...route, id: 4, revision: 9, name: 'Doors and alarms', order: 25, pattern: '8XX', strip: 0, prepend: '', trunks: [4], barred: false, numbering: 'abbreviated', channels: '1-4' },
      { ...route, id: 3, revision: 10, name: 'Everything outside', order: 30, pattern: '0.', strip: 0, prepend: '', trunks: [1, 2], barred: false },
    ];
    this.inbound = [
      { ...route, id: 1, revision: 11, name: 'Main number', order: 10, trunk: 1, did: '+442079460958', destination: '201' },
      { ...route, id: 2, revision: 12, name: 'Accounts', order: 20, trunk: 1, did: '+442079460961', destination: '207' },
      { ...route, id: 3, revision: 13, name: 'Everybody else', order: 90, trunk: null, did: '!', destination: '201' },
    ];
    const own = { tenant: 1, revision: 0, enabled: true, tone: 'test' as const, pin: null, sound: null, repeat: false, then: null };
    this.numbers = [
      { ...own, id: 1, number: '*41', name: 'Test tone', kind: 'tone' },
      { ...own, id: 2, number: '*42', name: 'Music', kind: 'music' },
      { ...own, id: 3, number: '*43', name: 'Echo test', kind: 'echo' },
      { ...own, id: 5, number: '600', name: 'Monday meeting', kind: 'conference', pin: '2468' },
      { ...own, id: 8, number: '500', name: 'Closed on Sundays', kind: 'announcement', sound: 2, then: '201' },
      { ...own, id: 6, number: '*1', name: 'Record the call', kind: 'record' },
      { ...own, id: 7, number: '*2', name: 'Play my recording', kind: 'playback' },
      { ...own, id: 4, number: '599', name: 'Busy for the lift phone', kind: 'tone', tone: 'busy', enabled: false },
    ];
    const file = { revision: 0, by: 'admin', lost: false, uploaded: Date.now() - 9 * 24 * HOUR };
    this.sounds = [
      { ...file, id: 1, name: 'Goldberg Variations, Aria', container: 'opus', rate: 48_000, millis: 291_000, octets: 3_480_000 },
      { ...file, id: 2, name: 'Closed on Sundays', container: 'wav', rate: 16_000, millis: 6_400, octets: 204_844 },
      { ...file, id: 3, name: 'Please key in the PIN of your conference', container: 'wav', rate: 8_000, millis: 3_100, octets: 49_644 },
    ];
    this.tenants = this.tenants.map((tenant) => ({ ...tenant, music: 1, prompts: { ...tenant.prompts, ask_pin: 3 } }));
    this.tokens = [{ id: '1', kind: 'api', current: false, label: 'Wallboard in the showroom', created: Date.now() - 40 * 24 * HOUR, expires: null }];
    this.#past();
    const kept = this.cdrs.filter((call) => call.answered !== null).filter((_, i) => [1, 4, 5, 13].includes(i));
    this.recordings = kept.map((call, i) => {
      const millis = call.ended! - call.answered!;
      return { id: id(call.answered!, i), call: call.id, tenant: 1, container: i === 2 ? 'wav' : 'opus', layout: i === 2 ? 'mix' : 'sides', by: i === 0 ? '207' : 'admin', started: call.answered!, ended: call.ended, stop: i === 1 ? 'disk_full' : 'call', millis, octets: millis * (i === 2 ? 16 : 6), missed_millis: 0 };
    });
  }

  conferences(): Conference[] {
    const room = this.room();
    return room.members.length === 0 ? [] : [room];
  }

  room(): Conference {
    const members = this.calls.filter((call) => call.state === 'up' && call.to.number === '600');
    return { id: 5, tenant: 1, number: '600', name: 'Monday meeting', members: members.map((call, i) => ({ call: call.id, party: call.from, since: call.answered ?? 0, talking: i === Math.floor(Date.now() / 4000) % members.length, held: call.held, muted: false, gain: 0, ...this.moderated.get(call.id) })) };
  }

  moderate(call: string, what: Moderation): Member | undefined {
    this.moderated.set(call, { ...this.moderated.get(call), ...(what as { muted?: boolean; gain?: number }) });
    this.send({ type: 'conference', data: this.room() });
    return this.room().members.find((member) => member.call === call);
  }

  /** What the box judges every five seconds. */
  judge(): void {
    for (const call of this.calls.filter((one) => one.state === 'up')) {
      const lossy = call.to.number === '204' ? 60 : 0;
      this.send({ type: 'quality', data: { call: call.id, leg: call.to.number, kind: 'audio', point: point(0, lossy, 1200) } });
    }
  }

  /** Three days of calls. */
  #past(): void {
    const outside = ['+441632960118', '+442079460312', '+441914980055', '+447700900417', '+33142685300', ''];
    let at = Date.now() - 25 * MINUTE;
    for (let i = 0; i < 140; i += 1) {
      const inside = this.extensions[(i * 7) % 15];
      const other = this.extensions[(i * 5 + 3) % 15];
      if (!inside || !other || inside === other) continue;
      const kind = i % 4;
      const there = outside[i % outside.length] ?? '';
      const from: Party = kind === 1 ? { number: there } : { number: inside.number, name: inside.name };
      const to: Party = kind === 2 ? { number: there || '+441632960118' } : { number: other.number, name: other.name };
      const answered = i % 5 !== 3;
      const talk = ((i * 37) % 540) * 1000 + 9000;
      const lossy = i % 11 === 6;
      const end: End = answered ? (i % 23 === 21 ? { cause: 127, status: null, by: 'exchange', why: { no_media: { seconds: 60 } }, text: 'No sound came for 60 seconds' } : hungUp(i % 3 === 0 ? 'callee' : 'caller')) : ENDS[i % ENDS.length]!;
      this.cdrs.push({
        id: id(at, i), tenant: 1, direction: kind === 1 ? 'inbound' : kind === 2 ? 'outbound' : 'internal', state: 'ended', from, to, dialled: kind === 1 ? '+442079460958' : to.number,
        origin: kind === 1 ? { trunk: 'Kestrel Telecom' } : { extension: from.number }, destination: kind === 2 ? { trunk: 'Kestrel Telecom' } : { extension: to.number },
        started: at, rang: at + 140, answered: answered ? at + 6200 : null, ended: answered ? at + 6200 + talk : at + 24_000, held: false, end,
        steps: kind === 2
          ? [{ after_ms: 0, text: `${to.number} is no extension.` }, { after_ms: 0, text: 'The outbound route “Everything outside” fits (0.).' }, { after_ms: 1, text: 'Kestrel Telecom is tried first.' }]
          : kind === 1
            ? [{ after_ms: 0, text: 'It came in over Kestrel Telecom for +442079460958.' }, { after_ms: 0, text: `The inbound route “Main number” rings ${to.number}.` }, { after_ms: 1, text: 'One phone is registered and rings.' }]
            : [{ after_ms: 0, text: `${to.number} is the extension of ${to.name}.` }, { after_ms: 1, text: 'One phone is registered and rings.' }],
        diverted: [], security: answered ? secured({ origin: kind === 1 ? { trunk: 'Kestrel Telecom' } : { extension: from.number }, destination: kind === 2 ? { trunk: 'Kestrel Telecom' } : { extension: to.number } } as CallRecord) : [], streams: answered ? [stream('caller', talk / 20, 0, 800 + ((i * 131) % 1900)), stream(to.number, talk / 20, lossy ? talk / 900 : 0, lossy ? 21_000 : 1200)] : [],
      });
      at -= (3 + ((i * 29) % 50)) * MINUTE;
    }
  }
}

const ENDS: End[] = [
  { cause: 19, status: null, by: 'exchange', why: 'no_answer', text: 'Nobody answered' },
  { cause: 17, status: 486, by: 'callee', why: 'busy', text: 'Busy' },
  { cause: 16, status: 487, by: 'caller', why: 'cancelled', text: 'The caller hung up before anybody answered' },
  { cause: 20, status: null, by: 'exchange', why: 'not_registered', text: 'No phone is registered' },
  { cause: 41, status: 503, by: 'network', why: 'carrier_failed', text: 'The carrier could not complete the call' },
];

export const hungUp = (by: 'caller' | 'callee'): End => ({ cause: 16, status: null, by, why: 'hung_up', text: by === 'caller' ? 'The caller hung up' : 'The called side hung up' });

/** Phones and the first carrier are encrypted; the old ones are not. */
/** Ways of all kinds, so that each can be seen. */
function led(call: CallRecord): LegPath[] {
  const legs = [call.origin, call.destination].flatMap((place) => (!place ? [] : 'trunk' in place ? [place.trunk] : 'extension' in place ? [place.extension] : [place.number]));
  const outside = [call.origin, call.destination].some((place) => place && 'trunk' in place);
  const other = Number(legs[0]) % 2 === 0;
  return legs.map((leg) => ({ leg, kind: 'audio', codec: outside ? (/^\d+$/.test(leg) ? 'G722' : 'PCMA') : 'G722', path: !outside && other && call.destination && 'extension' in call.destination ? 'direct' : 'anchored', translated: outside }));
}

function secured(call: CallRecord): LegSecurity[] {
  return [call.origin, call.destination].flatMap((where) => {
    if (!where) return [];
    const leg = 'extension' in where ? where.extension : 'trunk' in where ? where.trunk : '';
    const plain = ['204', '212', 'Leeds branch'].includes(leg);
    return [{ leg, kind: 'audio', security: plain ? { keys: 'none' } : { keys: 'sdes', suite: leg.startsWith('2') ? 'AEAD_AES_128_GCM' : 'AES_CM_128_HMAC_SHA1_80' } } as LegSecurity];
  });
}

function stream(leg: string, packets: number, lost: number, jitter: number): CallRecord['streams'][number] {
  const bad = lost > 20;
  const cause = bad ? `Lost 6 % on the way from ${leg === 'caller' ? 'the caller' : leg}'s phone.` : undefined;
  return {
    leg, kind: 'audio',
    stats: { received: Math.round(packets - lost), sent: Math.round(packets), lost: Math.round(lost), jitter_micros: jitter, jitter_max_micros: jitter * 4, remote_lost: 0, remote_jitter_micros: jitter, payload_type: 8 },
    quality: Array.from({ length: Math.max(1, Math.min(100, Math.round(packets / 250))) }, (_, i) => point(i, bad && i % 9 > 5 ? 60 : 0, jitter)),
    summary: { heard: { mean_mos_hundredths: bad ? 391 : 438, worst_mos_hundredths: bad ? 262 : 438, worst_after_ms: bad ? 45_000 : 5000, cause }, said: { mean_mos_hundredths: 434, worst_mos_hundredths: 322, worst_after_ms: 40_000, cause: bad ? 'Lost 2 % on the way to its phone, as it reports.' : undefined } },
  } as CallRecord['streams'][number];
}

function point(i: number, loss_permille: number, jitter_micros: number): QualityPoint {
  const score = (loss: number) => ({ loss_permille: loss, jitter_micros, r: loss > 0 ? 62 : 92, mos_hundredths: loss > 0 ? 322 - (i % 3) * 30 : 438 });
  const played = { concealed_permille: Math.round(loss_permille * 0.9), stretched_permille: 4, compressed_permille: 3, noise_permille: 0, unheard_permille: 0, delay_micros: 38_000 + (i % 5) * 3000 };
  return { after_ms: (i + 1) * 5000, heard: { ...score(loss_permille), discarded_permille: Math.round(loss_permille / 12), played }, said: score(i === 7 ? 20 : 0), round_trip_micros: 18_000 };
}

function id(at: number, counter: number): string {
  return (BigInt(Math.round(at)) * 0x100000n + BigInt(counter % 0x100000)).toString(16).padStart(16, '0');
}

/** Enough of a pattern for a pretended box; the real one is in the daemon. */
function fits(pattern: string, number: string): boolean {
  const source = pattern.replace(/[+*#]/g, '\\$&').replace(/X/g, '\\d').replace(/Z/g, '[1-9]').replace(/N/g, '[2-9]').replace(/\.$/, '.+').replace(/!$/, '.*');
  return new RegExp(`^${source}$`).test(number);
}
