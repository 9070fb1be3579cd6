// Serves the pretended box under /api/v1, in development and beside the built page. MOCK=fresh starts with a box that
// nobody claimed; MOCK=still keeps its people from phoning.

import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Plugin } from 'vite';
import { WebSocketServer } from 'ws';
import { COUNTRIES } from './countries.ts';
import { Exchange, hungUp, refuse, type Refusal } from './exchange.ts';
import type { CallRecord } from '../src/lib/api/types';

/** As the daemon sends it. */
const POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

interface Answer {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

type Entry = { id: number; revision: number; [field: string]: unknown };

export class Box {
  readonly exchange: Exchange;
  #sessions = new Set<string>();
  #log: { seq: number; type: string; data: unknown }[] = [];
  #listeners = new Set<(text: string) => void>();
  #seq = 100;
  #wrong = 0;

  constructor(fresh: boolean) {
    this.exchange = new Exchange(fresh);
    if (!fresh) this.#sessions.add('lived');
    this.exchange.send = (event) => {
      const message = { seq: ++this.#seq, ...event };
      this.#log.push(message);
      if (this.#log.length > 500) this.#log.shift();
      for (const listener of this.#listeners) listener(JSON.stringify(message));
    };
  }

  listen(after: number | null, listener: (text: string) => void): () => void {
    const oldest = this.#log[0]?.seq ?? this.#seq + 1;
    if (after !== null && (after + 1 < oldest || after > this.#seq)) listener(JSON.stringify({ seq: this.#seq, type: 'lost', data: null }));
    else if (after !== null) this.#log.filter((message) => message.seq > after).forEach((message) => listener(JSON.stringify(message)));
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  knows(cookie: string | undefined): boolean {
    return [...this.#sessions].some((session) => cookie?.includes(`strowger=${session}`));
  }

  answer(method: string, url: URL, body: Record<string, unknown>, cookie: string | undefined, csrf: string | undefined): Answer | Refusal {
    const box = this.exchange;
    const path = url.pathname.replace(/^\/api\/v1/, '');
    const route = `${method} ${path}`;
    const open = (): Answer => {
      const session = Math.random().toString(36).slice(2);
      this.#sessions.add(session);
      return { status: 201, body: { token: session, name: box.administrator.name, role: 'administrator', csrf: `csrf-${session}`, expires: null }, headers: { 'set-cookie': `strowger=${session}; Path=/; HttpOnly; SameSite=Strict` } };
    };
    switch (route) {
      case 'GET /health': return { body: { status: 'ok' } };
      case 'GET /setup': return { body: { claimed: box.claimed, wizard_done: box.settings.wizard_done, version: '0.1.0', ports: { sip: 5060, sips: 5061 } } };
      case 'POST /setup/claim': {
        if (box.claimed) return refuse(409, 'This box is claimed already.');
        if (body['claim_code'] !== box.claimCode) return refuse(403, 'This is not the claim code.');
        if (String(body['password']).length < 10) return refuse(422, 'at least 10 characters', 'password');
        box.claimed = true;
        box.administrator = { name: String(body['name']), password: String(body['password']) };
        return open();
      }
      case 'POST /session': {
        if (this.#wrong >= 5) return { ...refuse(429, 'Too many wrong passwords: wait a little.'), retryAfter: 20 };
        const right = body['name'] === box.administrator.name && body['password'] === box.administrator.password;
        if (!right) {
          this.#wrong += 1;
          setTimeout(() => (this.#wrong = 0), 20_000);
          return refuse(401, 'This name and this password do not belong together.');
        }
        return open();
      }
    }
    if (!this.knows(cookie)) return refuse(401, 'Log in first.');
    const proof = `csrf-${cookie?.match(/strowger=(\w+)/)?.[1]}`;
    if (method !== 'GET' && !path.startsWith('/pretend/') && csrf !== proof) return refuse(403, 'X-CSRF-Token must carry `csrf` of the session.');
    switch (route) {
      case 'GET /session': return { body: { name: box.administrator.name, role: 'administrator', csrf: `csrf-${cookie?.match(/strowger=(\w+)/)?.[1]}`, expires: null } };
      case 'PUT /session/password': {
        if (body['password'] !== box.administrator.password) return refuse(422, 'this is not the password', 'password');
        box.administrator.password = String(body['new_password']);
        return { status: 204 };
      }
      case 'DELETE /session': this.#sessions.clear(); return { status: 204 };
      case 'GET /settings': return { body: box.settings };
      case 'PUT /settings': {
        const wanted = body as unknown as Exchange['settings'];
        if (wanted.revision !== box.settings.revision) return refuse(412, 'Somebody else changed this meanwhile: load it again.');
        if (!wanted.name) return refuse(422, 'must not be empty', 'name');
        if (wanted.ring_seconds < 10 || wanted.ring_seconds > 3600) return refuse(422, 'must be from 10 to 3600', 'ring_seconds');
        box.settings = { ...wanted, revision: box.changed() };
        return { body: box.settings };
      }
      case 'GET /lines': return list(box.lines.list);
      case 'GET /conferences': return list(box.conferences());
      case 'GET /capacity': return { body: box.load() };
      case 'POST /capacity/measure': return { body: box.load(Date.now()) };
      case 'GET /captures': return list(box.captures);
      case 'GET /recordings': return list(box.recordings.filter((one) => [null, one.call].includes(url.searchParams.get('call'))));
      case 'GET /sounds': return list(box.sounds);
      case 'GET /countries': return list(COUNTRIES);
      case 'GET /calls': return list(box.calls);
      case 'GET /registrations': return list(box.registrations);
      case 'GET /trunk-status': return list(box.trunkStates);
      case 'GET /tokens': return list(box.tokens);
      case 'POST /tokens': {
        const token = { id: String(Date.now()), label: String(body['label']), kind: 'api' as const, current: false, created: Date.now(), expires: null };
        box.tokens = [...box.tokens, token];
        return { status: 201, body: { ...token, token: 'stw_8ZqPjR3vXn2KfW7cTgYb5LmHdS4u' } };
      }
      case 'POST /route-check': {
        const report = box.routeCheck(body as never);
        return 'status' in report ? report : { body: report };
      }
      case 'POST /backup': {
        if (String(body['passphrase']).length < 10) return refuse(422, 'at least 10 characters', 'passphrase');
        return { body: 'age-encryption.org/v1' };
      }
      case 'GET /cdrs': {
        const limit = Number(url.searchParams.get('limit') ?? 50);
        const wanted = (url.searchParams.get('number') ?? '').toLowerCase();
        const digits = wanted.replace(/[\s.\-()/]/g, '');
        const fits = (call: CallRecord) => [call.from, call.to].some((party) => party.number.includes(digits) || (party.name ?? '').toLowerCase().includes(wanted));
        const after = Number(url.searchParams.get('after') ?? 0);
        const before = Number(url.searchParams.get('before') ?? Infinity);
        const cursor = url.searchParams.get('cursor');
        const found = box.cdrs.filter((call) => (cursor === null || call.id < cursor) && call.started >= after && call.started < before && fits(call));
        return { body: { items: found.slice(0, limit), next: found.length > limit ? found[limit - 1]?.id : null } };
      }
      // For tests of the page alone, where there is no phone.
      case 'POST /pretend/registration': box.register(String(body['number']), 'baresip v1.1.0'); return { status: 204 };
      case 'POST /pretend/line-call': return { body: box.onLine({ number: String(body['from']) }, String(body['to']), Number(body['slot']), Number(body['ms'])) };
      case 'POST /pretend/call': return { body: box.call({ number: String(body['from']) }, { number: String(body['to']) }, Number(body['ms'])) };
    }
    const call = path.match(/^\/calls\/(\w+)$/);
    if (method === 'DELETE' && call) {
      const found = box.calls.find((one) => one.id === call[1]);
      if (!found) return refuse(404, 'This does not exist, or no longer.');
      box.end(found, { ...hungUp('caller'), by: 'exchange', why: 'administrator', text: 'Ended by an administrator' });
      return { status: 204 };
    }
    if (method === 'POST' && path.startsWith('/lines/')) return box.lines.answer(path, body);
    const cdr = path.match(/^\/cdrs\/(\w+)$/);
    if (method === 'GET' && cdr) {
      const found = box.cdrs.find((one) => one.id === cdr[1]);
      return found ? { body: found } : refuse(404, 'This does not exist, or no longer.');
    }
    const captured = path.match(/^\/calls\/(\w+)\/capture$/);
    if (captured?.[1]) {
      if (method === 'POST') return { status: 201, body: box.capture(captured[1], body['decrypt'] === true) };
      return box.endCapture(captured[1], 'asked') ? { status: 204 } : refuse(404, 'This does not exist, or no longer.');
    }
    const capture = path.match(/^\/captures\/(\w+)$/);
    if (method === 'DELETE' && capture) {
      box.captures = box.captures.filter((one) => one.id !== capture[1]);
      return { status: 204 };
    }
    const recorded = path.match(/^\/calls\/(\w+)\/recording$/);
    if (recorded?.[1]) {
      if (method === 'POST') return { status: 201, body: box.record(recorded[1]) };
      return box.endRecording(recorded[1], 'asked') ? { status: 204 } : refuse(404, 'This does not exist, or no longer.');
    }
    const recording = path.match(/^\/recordings\/(\w+)$/);
    if (method === 'DELETE' && recording) {
      box.recordings = box.recordings.filter((one) => one.id !== recording[1]);
      return { status: 204 };
    }
    const member = path.match(/^\/conferences\/5\/members\/(\w+)$/);
    if (member?.[1] && (method === 'PATCH' || method === 'DELETE')) {
      const found = box.calls.find((one) => one.id === member[1]);
      if (!found) return refuse(404, 'This does not exist, or no longer.');
      if (method === 'PATCH') return { body: box.moderate(found.id, body as never) };
      box.end(found, { ...hungUp('caller'), by: 'exchange', why: 'administrator', text: 'Ended by an administrator' });
      return { status: 204 };
    }
    const sound = box.sounds.find((one) => `/sounds/${one.id}` === path);
    if (sound && method === 'PUT') {
      sound.name = String(body['name']);
      sound.revision += 1;
      return { body: sound };
    }
    if (sound && method === 'DELETE') {
      const user = box.tenants.find((one) => one.music === sound.id);
      if (user) return refuse(409, `It is still played by the music on hold of ${user.name}: change that first.`);
      box.sounds = box.sounds.filter((one) => one !== sound);
      return { status: 204 };
    }
    const token = path.match(/^\/tokens\/(.+)$/);
    if (method === 'DELETE' && token) {
      box.tokens = box.tokens.filter((one) => one.id !== token[1]);
      return { status: 204 };
    }
    return this.#entry(method, path, body) ?? refuse(404, 'There is no such resource.');
  }

  #entry(method: string, path: string, body: Record<string, unknown>): Answer | Refusal | null {
    const match = path.match(/^\/(extensions|devices|tenants|trunks|numbers|routes\/inbound|routes\/outbound)(?:\/(\d+))?$/);
    if (!match?.[1]) return null;
    const kind = match[1].replace('routes/', '') as 'extensions' | 'devices' | 'tenants' | 'trunks' | 'numbers' | 'inbound' | 'outbound';
    const entries = this.exchange[kind] as unknown as Entry[];
    const at = entries.findIndex((entry) => String(entry.id) === match[2]);
    if (method === 'GET' && !match[2]) return list(entries);
    if (match[2] && at < 0) return refuse(404, 'This does not exist, or no longer.');
    if (method === 'GET') return { body: entries[at] };
    if (method === 'DELETE') {
      const used = kind === 'trunks' && this.exchange.outbound.find((route) => route.trunks.includes(Number(match[2])));
      if (used) return refuse(409, `Still used by outbound route ${used.name}.`);
      entries.splice(at, 1);
      if (kind === 'trunks') this.exchange.lines.use(this.exchange.trunks);
      this.exchange.changed();
      return { status: 204 };
    }
    const old = entries[at];
    const wrong = this.#check(kind, body, old);
    if (wrong) return wrong;
    const { secret, ...rest } = body;
    const entry = { ...rest, id: old?.id ?? Math.max(0, ...entries.map((one) => one.id)) + 1, revision: this.exchange.changed() } as Entry;
    if (old) entries[at] = entry;
    else entries.push(entry);
    if (kind === 'trunks') {
      this.exchange.lines.use(this.exchange.trunks);
      this.#connect(entry.id);
    }
    const login = kind === 'extensions' ? 'number' : kind === 'devices' ? 'name' : null;
    const makes = login !== null && secret === undefined && old?.[login] !== entry[login];
    return { status: old ? 200 : 201, body: makes ? { ...entry, secret: 'hq4mw9txkd2vpn7ryc3gbz8fju' } : entry };
  }

  #connect(trunk: number): void {
    const states = this.exchange.trunkStates.filter((status) => status.trunk !== trunk);
    const say = (state: 'trying' | 'up') => {
      const status = { trunk, state, since: Date.now(), problem: null, seen_as: null };
      this.exchange.trunkStates = [...states, status];
      this.exchange.send({ type: 'trunk', data: status });
    };
    say('trying');
    setTimeout(() => say('up'), 2500);
  }

  #check(kind: string, body: Record<string, unknown>, old: Entry | undefined): Refusal | null {
    const box = this.exchange;
    if (kind === 'extensions') {
      const number = String(body['number']);
      if (!/^\d{1,15}$/.test(number)) return refuse(422, 'only digits make an extension’s number', 'number');
      if (['999', '112'].includes(number)) return refuse(422, 'it summons help in this country and cannot be given away', 'number');
      const twin = box.extensions.find((one) => one.number === number && one.id !== old?.id);
      if (twin) return refuse(409, `this is taken already, by ${twin.name}`, 'number');
      const forward = (body['forward'] as { no_answer_seconds: number; always: string | null });
      if (forward.no_answer_seconds < 5 || forward.no_answer_seconds > 300) return refuse(422, 'must be from 5 to 300', 'forward.no_answer_seconds');
      if (forward.always === number) return refuse(422, 'this would forward to itself', 'forward.always');
      return null;
    }
    if (kind === 'numbers') {
      const number = String(body['number']);
      if (!/^[\d*#]{1,15}$/.test(number)) return refuse(422, 'only digits, * and #, at most 15', 'number');
      const twin = [...box.extensions, ...box.numbers.filter((one) => one.id !== old?.id)].find((one) => one.number === number);
      return twin ? refuse(409, `this is taken already, by ${twin.name}`, 'number') : null;
    }
    if (body['name'] === '') return refuse(422, 'must not be empty', 'name');
    const isdn = body['isdn'] as { spans: { line: string; channels: string | null }[] } | null;
    if (kind === 'trunks' && body['kind'] === 'isdn') {
      const taken = box.trunks.find((one) => one.id !== old?.id && one.isdn?.spans.some((span) => span.line === isdn?.spans[0]?.line));
      if (taken) return refuse(409, `this is taken already, by ${taken.name}`, 'isdn.spans.line');
      if (!isdn?.spans[0]?.line) return refuse(422, 'this must not be empty', 'isdn.spans.line');
      return null;
    }
    if (kind === 'trunks' && !/^[\w.:-]+$/.test(String(body['host']))) return refuse(422, body['host'] ? 'not a host name or an address' : 'must not be empty', 'host');
    const pattern = body[kind === 'inbound' ? 'did' : 'pattern'];
    if (pattern === '') return refuse(422, 'type a pattern, for example 0. or [2-4]XX', kind === 'inbound' ? 'did' : 'pattern');
    if (kind === 'outbound' && !body['barred'] && (body['trunks'] as number[]).length === 0) return refuse(422, 'must not be empty', 'trunks');
    return null;
  }
}

const list = (items: unknown[]): Answer => ({ body: { items, next: null } });

export function mock(): Plugin {
  const box = new Box(process.env['MOCK'] === 'fresh');
  const attach = (server: Server): void => {
    if (process.env['MOCK'] !== 'fresh' && process.env['MOCK'] !== 'still') box.exchange.live();
    const sockets = new WebSocketServer({ noServer: true });
    server.on('upgrade', (request: IncomingMessage, socket, head) => {
      const url = new URL(request.url ?? '/', 'http://box');
      if (url.pathname !== '/api/v1/events') return;
      if (!box.knows(request.headers.cookie)) {
        socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
        return;
      }
      sockets.handleUpgrade(request, socket, head, (opened) => {
        const after = url.searchParams.get('after');
        opened.on('close', box.listen(after === null ? null : Number(after), (text) => opened.send(text)));
      });
    });
  };
  const middleware = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    const url = new URL(request.url ?? '/', 'http://box');
    if (!url.pathname.startsWith('/api/v1/')) return next();
    let text = '';
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => {
      const body = (text ? JSON.parse(text) : {}) as Record<string, unknown>;
      const answer = box.answer(request.method ?? 'GET', url, body, request.headers.cookie, request.headers['x-csrf-token'] as string | undefined);
      response.statusCode = answer.status ?? 200;
      if ('detail' in answer) {
        if (answer.retryAfter) response.setHeader('retry-after', String(answer.retryAfter));
        response.setHeader('content-type', 'application/problem+json');
        response.end(JSON.stringify({ type: 'about:blank', title: 'Error', ...answer }));
        return;
      }
      for (const [name, value] of Object.entries((answer as Answer).headers ?? {})) response.setHeader(name, value);
      response.setHeader('content-type', 'application/json');
      response.end(answer.status === 204 ? undefined : JSON.stringify((answer as Answer).body));
    });
  };
  return {
    name: 'pretended-box',
    configureServer(server) {
      server.middlewares.use(middleware);
      if (server.httpServer) attach(server.httpServer as Server);
    },
    configurePreviewServer(server) {
      server.middlewares.use((_, response, next) => {
        response.setHeader('content-security-policy', POLICY);
        next();
      });
      server.middlewares.use(middleware);
      attach(server.httpServer as Server);
    },
  };
}
