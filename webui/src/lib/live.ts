// The event stream of the box: keeps a WebSocket open, comes back after a break and goes on where it was.

/** One message of the stream. */
export interface Message {
  seq: number;
  type: string;
  data: unknown;
}

/** `first`: never been up. `live`: every change arrives. `lost`: broken, being tried again. */
export type LinkState = 'first' | 'live' | 'lost';

/** As much of a WebSocket as the link needs. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  close(): void;
}

export interface Outside {
  open(url: string): Socket;
  later(run: () => void, ms: number): () => void;
  random(): number;
}

export interface Listener {
  /** A change, in order. */
  message(message: Message): void;
  /** Changes were missed or nothing is known yet: read the world anew, then apply what follows. */
  reset(): void;
  state(state: LinkState): void;
  /** An attempt failed before it was up: perhaps the session is over. */
  refused(): void;
}

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 10_000;

/** A link that never gives up until it is stopped. */
export class Link {
  readonly #url: string;
  readonly #listener: Listener;
  readonly #outside: Outside;
  #socket: Socket | null = null;
  #last: number | null = null;
  #attempts = 0;
  #cancel: (() => void) | null = null;
  #stopped = false;

  constructor(url: string, listener: Listener, outside: Outside = browser) {
    this.#url = url;
    this.#listener = listener;
    this.#outside = outside;
  }

  start(): void {
    this.#stopped = false;
    this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
    this.#cancel = null;
    const socket = this.#socket;
    this.#socket = null;
    socket?.close();
  }

  /** Tries at once instead of waiting, for example because the network is back. */
  hurry(): void {
    if (this.#cancel === null) return;
    this.#cancel();
    this.#cancel = null;
    this.#connect();
  }

  #connect(): void {
    const resume = this.#last === null ? '' : `&after=${this.#last}`;
    const socket = this.#outside.open(this.#url + resume);
    const fresh = this.#last === null;
    let up = false;
    this.#socket = socket;
    socket.onopen = () => {
      if (this.#socket !== socket) return;
      up = true;
      this.#attempts = 0;
      this.#listener.state('live');
      if (fresh) this.#listener.reset();
    };
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#receive(event.data);
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      if (!up) this.#listener.refused();
      this.#wait();
    };
  }

  #receive(data: unknown): void {
    const message = parse(data);
    if (message === null) return;
    if (message.type === 'lost') {
      this.#last = message.seq;
      this.#listener.reset();
      return;
    }
    // After a resume the box may repeat what was heard already.
    if (this.#last !== null && message.seq <= this.#last) return;
    this.#last = message.seq;
    this.#listener.message(message);
  }

  #wait(): void {
    if (this.#stopped) return;
    this.#listener.state('lost');
    const doubled = Math.min(FIRST_WAIT_MS * 2 ** this.#attempts, LONGEST_WAIT_MS);
    this.#attempts += 1;
    // Between half and all of it, so that not all browsers of an office come back at the same instant.
    const ms = doubled * (0.5 + this.#outside.random() / 2);
    this.#cancel = this.#outside.later(() => {
      this.#cancel = null;
      this.#connect();
    }, ms);
  }
}

function parse(data: unknown): Message | null {
  if (typeof data !== 'string') return null;
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null) return null;
  const { seq, type, data: payload } = value as Record<string, unknown>;
  if (typeof seq !== 'number' || typeof type !== 'string') return null;
  return { seq, type, data: payload };
}

const browser: Outside = {
  open: (url) => new WebSocket(url) as unknown as Socket,
  later(run, ms) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
  random: Math.random,
};
