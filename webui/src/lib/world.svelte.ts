// The page's copy of the box: read once, then moved by events.

import { SvelteMap } from 'svelte/reactivity';
import { api } from './api/client';
import type { CallQuality, CallRecord, Capture, Conference, Extension, Line, LineTrace, Registration, Speaker, Tenant, Trunk, TrunkStatus } from './api/types';
import { captures } from './captures.svelte';
import { Link, type LinkState, type Message } from './live';
import { traces } from './traces.svelte';

/** How long the end of a call stays on the page, so that one sees why it went. */
const FAREWELL_MS = 6000;

class World {
  link = $state<LinkState>('first');
  /** The first reading is complete. */
  ready = $state(false);
  calls = new SvelteMap<string, CallRecord>();
  /** How the legs of a call sounded in the last seconds, by the call's id. */
  quality = new SvelteMap<string, Record<string, CallQuality['point']>>();
  /** The conferences in which somebody is. */
  conferences = new SvelteMap<number, Conference>();
  registrations = new SvelteMap<number, Registration>();
  trunkStates = new SvelteMap<number, TrunkStatus>();
  /** The digital lines of the box, by their places. */
  lines = new SvelteMap<number, Line>();
  extensions = $state.raw<Extension[]>([]);
  trunks = $state.raw<Trunk[]>([]);
  tenants = $state.raw<Tenant[]>([]);
  /** Counts changes of the configuration by anybody: lists read themselves anew when it moves. */
  changes = $state(0);

  #connection: Link | null = null;
  #held: Message[] | null = null;
  #reading = 0;

  start(): void {
    if (this.#connection) return;
    const url = new URL('/api/v1/events', location.href);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.searchParams.set('topics', 'calls,captures,conferences,registrations,trunks,lines,trace,config,quality');
    this.#connection = new Link(url.href, {
      message: (message) => (this.#held ? this.#held.push(message) : this.#apply(message)),
      reset: () => void this.#read(),
      state: (state) => (this.link = state),
      // A request tells whether the box is away or does not know us any more.
      refused: () => void api.settings.read().catch(() => {}),
    });
    this.#connection.start();
    addEventListener('online', this.#hurry);
    document.addEventListener('visibilitychange', this.#hurry);
  }

  stop(): void {
    this.#connection?.stop();
    this.#connection = null;
    removeEventListener('online', this.#hurry);
    document.removeEventListener('visibilitychange', this.#hurry);
    this.link = 'first';
    this.ready = false;
    this.#reading += 1;
    this.calls.clear();
    this.quality.clear();
    this.conferences.clear();
    this.registrations.clear();
    this.trunkStates.clear();
    this.lines.clear();
    traces.clear();
    this.extensions = [];
    this.trunks = [];
    this.tenants = [];
  }

  /** Extensions, trunks and tenants as they are now; after a change of one's own there is no need to wait for the event. */
  async refresh(): Promise<void> {
    const [extensions, trunks, tenants] = await Promise.all([api.extensions.all(), api.trunks.all(), api.tenants.all()]);
    this.extensions = extensions.sort(byNumber);
    this.trunks = trunks;
    this.tenants = tenants;
  }

  tenantOf(id: number): Tenant | undefined {
    return this.tenants.find((tenant) => tenant.id === id);
  }

  extensionOf(number: string): Extension | undefined {
    return this.extensions.find((extension) => extension.number === number);
  }

  registrationsOf(number: string): Registration[] {
    return [...this.registrations.values()].filter((registration) => registration.number === number);
  }

  #hurry = (): void => {
    if (document.visibilityState === 'visible') this.#connection?.hurry();
  };

  /** Events that come while the world is being read wait, and are applied on top of it. */
  async #read(): Promise<void> {
    this.#held ??= [];
    const reading = ++this.#reading;
    try {
      const [calls, conferences, registrations, states, lines] = await Promise.all([
        api.calls(), api.conferences(), api.registrations(), api.trunkStatus(), api.lines.all(), this.refresh(),
      ]);
      if (reading !== this.#reading) return;
      refill(this.calls, calls.filter((call) => call.state !== 'ended'), (call) => call.id);
      refill(this.conferences, conferences, (conference) => conference.id);
      refill(this.registrations, registrations, (registration) => registration.id);
      refill(this.trunkStates, states, (status) => status.trunk);
      refill(this.lines, lines, (line) => line.span);
      this.ready = true;
      this.changes += 1;
      const held = this.#held ?? [];
      this.#held = null;
      held.forEach((message) => this.#apply(message));
    } catch {
      if (reading !== this.#reading || !this.#connection) return;
      setTimeout(() => reading === this.#reading && this.#connection && void this.#read(), 2000);
    }
  }

  #apply(message: Message): void {
    switch (message.type) {
      case 'call': {
        const call = message.data as CallRecord;
        // A call that began and ended while nobody looked is history.
        if (call.state === 'ended' && !this.calls.has(call.id)) return;
        this.calls.set(call.id, call);
        if (call.state === 'ended') setTimeout(() => this.#bury(call.id), FAREWELL_MS);
        return;
      }
      case 'capture':
        captures.hear(message.data as Capture);
        return;
      case 'quality': {
        const { call, leg, kind, point } = message.data as CallQuality;
        if (kind === 'audio' && this.calls.has(call)) this.quality.set(call, { ...this.quality.get(call), [leg]: point });
        return;
      }
      case 'conference': {
        const conference = message.data as Conference;
        if (conference.members.length === 0) this.conferences.delete(conference.id);
        else this.conferences.set(conference.id, conference);
        return;
      }
      case 'speaking': {
        const { conference, call } = message.data as Speaker;
        const room = this.conferences.get(conference);
        if (room) this.conferences.set(conference, { ...room, members: room.members.map((member) => ({ ...member, talking: member.call === call })) });
        return;
      }
      case 'registered': {
        const registration = message.data as Registration;
        this.registrations.set(registration.id, registration);
        return;
      }
      case 'unregistered':
        this.registrations.delete((message.data as Registration).id);
        return;
      case 'trunk': {
        const status = message.data as TrunkStatus;
        this.trunkStates.set(status.trunk, status);
        return;
      }
      case 'line': {
        const line = message.data as Line;
        this.lines.set(line.span, line);
        return;
      }
      case 'trace':
        traces.hear(message.data as LineTrace);
        return;
      case 'config':
        this.changes += 1;
        void this.refresh().catch(() => {});
    }
  }

  #bury(id: string): void {
    this.quality.delete(id);
    if (this.calls.get(id)?.state === 'ended') this.calls.delete(id);
  }
}

function refill<K, V>(map: SvelteMap<K, V>, values: V[], key: (value: V) => K): void {
  const now = new Set(values.map(key));
  for (const old of [...map.keys()]) if (!now.has(old)) map.delete(old);
  for (const value of values) map.set(key(value), value);
}

/** 20 comes before 101, as people expect it. */
export function byNumber(a: { number: string }, b: { number: string }): number {
  return a.number.localeCompare(b.number, undefined, { numeric: true });
}

export const world = new World();
