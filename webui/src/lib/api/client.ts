// The way to the box: one function for a request, and one object for each kind of entry.

import { Problem, type ProblemDocument } from '../problem';
import type {
  Bert, BoxNumber, CallRecord, Capture, ChannelService, Conference, Country, Device, Extension, InboundRoute, Line, LineFault, Load, MadeToken, Member, Moderation, OutboundRoute, Path, Recording, Registration, RouteQuestion,
  RouteReport, Session, Settings, Setup, Sound, SpanLoop, Tenant, Token, Trunk, TrunkStatus, WithSecret,
} from './types';

const ROOT = '/api/v1';

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A path of the API as it is asked for: with what it names in place of `{id}`, and perhaps a query. */
type Filled<P extends string> = P extends `${infer Before}{${string}}${infer After}` ? `${Before}${string}${Filled<After>}` : P;
type Sent = Filled<Path> | `${Filled<Path>}?${string}`;

interface Options {
  body?: unknown;
  revision?: number;
  signal?: AbortSignal;
  /** Speak with the box before anybody is logged in: a 401 is then an answer, not the end of the session. */
  anonymous?: boolean;
}

/** Proves with every change that it comes from this page and not from another site. */
let csrf: string | null = null;
let whenLoggedOut: () => void = () => {};

/** Says what happens when the box does not know this browser any more. */
export function onLoggedOut(callback: () => void): void {
  whenLoggedOut = callback;
}

async function send(method: Method, path: Sent, options: Options): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' };
  if (method !== 'GET' && csrf !== null) headers['x-csrf-token'] = csrf;
  if (options.body !== undefined) headers['content-type'] = 'application/json';
  if (options.revision !== undefined) headers['if-match'] = `"${options.revision}"`;
  let response: Response;
  try {
    response = await fetch(ROOT + path, {
      method,
      headers,
      body: options.body === undefined ? null : JSON.stringify(options.body),
      credentials: 'same-origin',
      ...(options.signal ? { signal: options.signal } : {}),
    });
  } catch (thrown) {
    if (options.signal?.aborted) throw thrown;
    throw Problem.unreachable();
  }
  if (response.ok) return response;
  const document = (await response.json().catch(() => null)) as ProblemDocument | null;
  if (response.status === 401 && !options.anonymous) whenLoggedOut();
  throw Problem.from(response.status, document, response.headers.get('retry-after'));
}

async function request<T>(method: Method, path: Sent, options: Options = {}): Promise<T> {
  const response = await send(method, path, options);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** The answer has the token too, but a browser has it in a cookie that no script can read. */
function keep(session: Session): Session {
  csrf = session.csrf;
  return session;
}

/** Where a browser finds the packets of a capture: it brings its cookie by itself. */
export const packetsOf = (capture: string): string => `${ROOT}/captures/${capture}/packets`;
/** Where a browser finds the file of an uploaded sound: it brings its cookie by itself. */
export const fileOf = (sound: number): string => `${ROOT}/sounds/${sound}/file`;
/** Where a browser finds the sound of a recording: it brings its cookie by itself. */
export const soundOf = (recording: string): string => `${ROOT}/recordings/${recording}/sound`;

/** Sends a file; `fetch` does not tell how far it is. */
function sendFile<T>(path: Sent, file: Blob, onprogress: (part: number) => void, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', ROOT + path);
    request.setRequestHeader('accept', 'application/json');
    request.setRequestHeader('content-type', 'application/octet-stream');
    if (csrf !== null) request.setRequestHeader('x-csrf-token', csrf);
    request.upload.onprogress = (event) => onprogress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onload = () => {
      let body: unknown = null;
      try {
        body = JSON.parse(request.responseText);
      } catch {
        // What is no JSON is no document either.
      }
      if (request.status >= 200 && request.status < 300) return resolve(body as T);
      if (request.status === 401) whenLoggedOut();
      reject(Problem.from(request.status, body as ProblemDocument | null, request.getResponseHeader('retry-after')));
    };
    request.onerror = () => reject(Problem.unreachable());
    request.onabort = () => reject(signal.reason);
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

interface Page<T> {
  items: T[];
  next: string | null;
}

/** Every page of a list, one after the other. */
async function all<T>(path: Path): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: '500' });
    if (cursor !== null) query.set('cursor', cursor);
    const page: Page<T> = await request('GET', `${path}?${query}`);
    items.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return items;
}

interface Entry {
  id: number;
  revision: number;
}

/** What can be done with one kind of entry. */
export interface Resource<T extends Entry> {
  all(): Promise<T[]>;
  create(entry: Omit<T, 'id' | 'revision'> & { secret?: string }): Promise<WithSecret<T>>;
  /** Fails with 412 when the entry is newer than `entry.revision`. */
  replace(entry: T & { secret?: string }): Promise<WithSecret<T>>;
  /** Whoever else changed it. */
  overwrite(entry: T): Promise<WithSecret<T>>;
  remove(id: number): Promise<void>;
}

/** Where entries are that have an id. */
type Kind = { [P in Path]: `${P}/{id}` extends Path ? P : never }[Path];

function resource<T extends Entry>(path: Kind): Resource<T> {
  return {
    all: () => all<T>(path),
    create: (entry) => request('POST', path, { body: entry }),
    replace: (entry) => request('PUT', `${path}/${entry.id}`, { body: entry, revision: entry.revision }),
    overwrite: (entry) => request('PUT', `${path}/${entry.id}`, { body: entry }),
    remove: (id) => request('DELETE', `${path}/${id}`),
  };
}

export interface CdrFilter {
  number?: string;
  after?: number;
  before?: number;
}

export const api = {
  extensions: resource<Extension>('/extensions'),
  devices: resource<Device>('/devices'),
  trunks: resource<Trunk>('/trunks'),
  tenants: resource<Tenant>('/tenants'),
  inbound: resource<InboundRoute>('/routes/inbound'),
  outbound: resource<OutboundRoute>('/routes/outbound'),
  numbers: resource<BoxNumber>('/numbers'),

  settings: {
    read: () => request<Settings>('GET', '/settings'),
    replace: (settings: Settings) => request<Settings>('PUT', '/settings', { body: settings, revision: settings.revision }),
  },
  countries: () => all<Country>('/countries'),

  calls: () => all<CallRecord>('/calls'),
  hangUp: (id: string) => request<void>('DELETE', `/calls/${id}`),
  conferences: () => all<Conference>('/conferences'),
  moderate: (room: number, call: string, moderation: Moderation) => request<Member>('PATCH', `/conferences/${room}/members/${call}`, { body: moderation }),
  takeOut: (room: number, call: string) => request<void>('DELETE', `/conferences/${room}/members/${call}`),
  registrations: () => all<Registration>('/registrations'),
  lines: {
    all: () => all<Line>('/lines'),
    service: (span: number, slot: number | null, service: ChannelService, gently: boolean) => request<void>('POST', `/lines/${span}/service`, { body: { slot, service, gently } }),
    restart: (span: number, slot: number | null) => request<void>('POST', `/lines/${span}/restart`, { body: { slot } }),
    loop: (span: number, loop_back: SpanLoop | null) => request<void>('POST', `/lines/${span}/loop`, { body: { loop_back } }),
    loopChannel: (span: number, slot: number, on: boolean) => request<void>('POST', `/lines/${span}/channels/${slot}/loop`, { body: { on } }),
    bert: (span: number, slot: number, pattern: Bert['pattern'] | null) => request<void>('POST', `/lines/${span}/channels/${slot}/bert`, { body: { pattern } }),
    bertError: (span: number, slot: number) => request<void>('POST', `/lines/${span}/channels/${slot}/bert/error`),
    trace: (span: number, on: boolean) => request<void>('POST', `/lines/${span}/trace`, { body: { on } }),
    fault: (span: number, fault: LineFault) => request<void>('POST', `/lines/${span}/fault`, { body: fault }),
  },
  trunkStatus: () => all<TrunkStatus>('/trunk-status'),

  /** A page of records; an empty one is the last: a long search is gone on with until it finds something. */
  async cdrs(filter: CdrFilter, cursor: string | null, limit: number, signal?: AbortSignal): Promise<Page<CallRecord>> {
    const query = new URLSearchParams({ limit: String(limit) });
    if (filter.number) query.set('number', filter.number);
    if (filter.after !== undefined) query.set('after', String(filter.after));
    if (filter.before !== undefined) query.set('before', String(filter.before));
    for (let from = cursor; ; ) {
      if (from !== null) query.set('cursor', from);
      const page: Page<CallRecord> = await request('GET', `/cdrs?${query}`, signal ? { signal } : {});
      if (page.items.length > 0 || page.next === null) return page;
      from = page.next;
    }
  },

  routeCheck: (question: RouteQuestion, signal?: AbortSignal) =>
    request<RouteReport>('POST', '/route-check', { body: question, ...(signal ? { signal } : {}) }),

  cdr: (id: string) => request<CallRecord>('GET', `/cdrs/${id}`),
  captures: {
    page: (limit: number) => request<Page<Capture>>('GET', `/captures?limit=${limit}`),
    begin: (call: string, decrypt: boolean) => request<Capture>('POST', `/calls/${call}/capture`, { body: { decrypt } }),
    end: (call: string) => request<void>('DELETE', `/calls/${call}/capture`),
    remove: (id: string) => request<void>('DELETE', `/captures/${id}`),
  },
  recordings: {
    page: (cursor: string | null, limit: number) => request<Page<Recording>>('GET', `/recordings?limit=${limit}${cursor === null ? '' : `&cursor=${cursor}`}`),
    of: (call: string) => request<Page<Recording>>('GET', `/recordings?call=${call}`).then((page) => page.items),
    read: (id: string) => request<Recording>('GET', `/recordings/${id}`),
    begin: (call: string) => request<Recording>('POST', `/calls/${call}/recording`, { body: {} }),
    end: (call: string) => request<void>('DELETE', `/calls/${call}/recording`),
    remove: (id: string) => request<void>('DELETE', `/recordings/${id}`),
  },

  sounds: {
    all: () => all<Sound>('/sounds'),
    upload: (name: string, file: Blob, onprogress: (part: number) => void, signal: AbortSignal) =>
      sendFile<Sound>(`/sounds?${new URLSearchParams({ name })}`, file, onprogress, signal),
    /** Fails with 412 when somebody else gave it another name. */
    rename: (sound: Sound, name: string, overwrite = false) =>
      request<Sound>('PUT', `/sounds/${sound.id}`, { body: { name }, ...(overwrite ? {} : { revision: sound.revision }) }),
    remove: (id: number) => request<void>('DELETE', `/sounds/${id}`),
  },

  capacity: {
    read: () => request<Load>('GET', '/capacity'),
    measure: () => request<Load>('POST', '/capacity/measure'),
  },
  setup: {
    read: () => request<Setup>('GET', '/setup', { anonymous: true }),
    claim: (claim: { claim_code: string; name: string; password: string }) =>
      request<Session>('POST', '/setup/claim', { body: claim, anonymous: true }).then(keep),
  },
  session: {
    read: () => request<Session>('GET', '/session').then(keep),
    open: (login: { name: string; password: string }) =>
      request<Session>('POST', '/session', { body: login, anonymous: true }).then(keep),
    close: () => request<void>('DELETE', '/session'),
    newPassword: (change: { password: string; new_password: string }) => request<void>('PUT', '/session/password', { body: change }),
  },
  tokens: {
    all: () => all<Token>('/tokens'),
    create: (label: string) => request<MadeToken>('POST', '/tokens', { body: { label } }),
    remove: (id: string) => request<void>('DELETE', `/tokens/${encodeURIComponent(id)}`),
  },

  async backup(passphrase: string): Promise<Blob> {
    const response = await send('POST', '/backup', { body: { passphrase } });
    return response.blob();
  },
};
