import { describe, expect, test } from 'vitest';
import { Link, type LinkState, type Message, type Socket } from '../src/lib/live';

/** A network that does what the test says, with a clock that stands still. */
class Network {
  opened: { url: string; socket: Socket; closed: boolean }[] = [];
  waiting: { run: () => void; ms: number }[] = [];

  readonly outside = {
    open: (url: string): Socket => {
      const entry = { url, closed: false, socket: null as unknown as Socket };
      entry.socket = { onopen: null, onmessage: null, onclose: null, close: () => (entry.closed = true) };
      this.opened.push(entry);
      return entry.socket;
    },
    later: (run: () => void, ms: number) => {
      const entry = { run, ms };
      this.waiting.push(entry);
      return () => (this.waiting = this.waiting.filter((other) => other !== entry));
    },
    random: () => 1,
  };

  get last() {
    return this.opened.at(-1)!;
  }
  say(seq: number, type = 'call', data: unknown = null) {
    this.last.socket.onmessage?.({ data: JSON.stringify({ seq, type, data }) });
  }
  /** The next timer that is due fires. */
  wait(): number {
    const due = this.waiting.shift()!;
    due.run();
    return due.ms;
  }
}

function lab() {
  const network = new Network();
  const heard: Message[] = [];
  const states: LinkState[] = [];
  let resets = 0;
  let refusals = 0;
  const link = new Link('ws://box/events?topics=calls', {
    message: (message) => heard.push(message),
    reset: () => (resets += 1),
    state: (state) => states.push(state),
    refused: () => (refusals += 1),
  }, network.outside);
  link.start();
  return { network, heard, states, link, resets: () => resets, refusals: () => refusals };
}

describe('the link to the event stream', () => {
  test('reads the world once it is up, and then passes changes on in order', () => {
    const { network, heard, states, resets } = lab();
    expect(resets()).toBe(0);
    network.last.socket.onopen?.();
    network.say(7);
    network.say(8);
    expect(resets()).toBe(1);
    expect(states).toEqual(['live']);
    expect(heard.map((message) => message.seq)).toEqual([7, 8]);
  });

  test('comes back after a break and goes on behind the last change it heard', () => {
    const { network, heard, states, resets } = lab();
    network.last.socket.onopen?.();
    network.say(41);
    network.last.socket.onclose?.();
    expect(states.at(-1)).toBe('lost');
    network.wait();
    expect(network.last.url).toContain('&after=41');
    network.last.socket.onopen?.();
    network.say(42);
    expect(resets()).toBe(1);
    expect(states.at(-1)).toBe('live');
    expect(heard.map((message) => message.seq)).toEqual([41, 42]);
  });

  test('does not apply twice what the box repeats', () => {
    const { network, heard } = lab();
    network.last.socket.onopen?.();
    network.say(5);
    network.say(5);
    network.say(4);
    expect(heard.map((message) => message.seq)).toEqual([5]);
  });

  test('reads the world anew when too much was missed, and goes on from there', () => {
    const { network, heard, resets } = lab();
    network.last.socket.onopen?.();
    network.say(5);
    network.last.socket.onclose?.();
    network.wait();
    network.last.socket.onopen?.();
    network.say(900, 'lost');
    network.say(901);
    expect(resets()).toBe(2);
    expect(heard.map((message) => message.seq)).toEqual([5, 901]);
    network.last.socket.onclose?.();
    network.wait();
    expect(network.last.url).toContain('&after=901');
  });

  test('waits longer after every failure, at most ten seconds, and forgets that once it is up', () => {
    const { network, refusals } = lab();
    const waits: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      network.last.socket.onclose?.();
      waits.push(network.wait());
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    expect(refusals()).toBe(7);
    network.last.socket.onopen?.();
    network.last.socket.onclose?.();
    expect(network.wait()).toBe(500);
    expect(refusals()).toBe(7);
  });

  test('tries at once when the network is back', () => {
    const { network, link } = lab();
    network.last.socket.onclose?.();
    link.hurry();
    expect(network.opened).toHaveLength(2);
    expect(network.waiting).toHaveLength(0);
    link.hurry();
    expect(network.opened).toHaveLength(2);
  });

  test('stays away once it was stopped', () => {
    const { network, link, states } = lab();
    network.last.socket.onopen?.();
    link.stop();
    expect(network.last.closed).toBe(true);
    network.last.socket.onclose?.();
    expect(network.waiting).toHaveLength(0);
    expect(states).toEqual(['live']);
  });

  test('ignores what is no event', () => {
    const { network, heard } = lab();
    network.last.socket.onopen?.();
    for (const data of ['', 'null', '[]', '{"seq":"1","type":"call"}', '{"type":"call"}', new ArrayBuffer(1)]) network.last.socket.onmessage?.({ data });
    expect(heard).toEqual([]);
  });
});
