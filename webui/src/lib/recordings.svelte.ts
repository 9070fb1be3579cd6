// What is kept of calls: which calls are being recorded, and how a recording goes with time to think again.

import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { api } from './api/client';
import type { Recording } from './api/types';
import { asProblem } from './problem';
import { toasts } from './toast.svelte';

/** As long as the notice with "Undo" stands. */
const GRACE_MS = 7000;
const NEWEST = 100;

class Recordings {
  /** The calls that are being recorded now, by their ids. */
  running = new SvelteMap<string, Recording>();
  /** Those that go in a moment; pages leave them out. */
  going = new SvelteSet<string>();
  #timers = new Map<string, ReturnType<typeof setTimeout>>();

  constructor() {
    // Whoever leaves the page has not asked for them back.
    addEventListener('pagehide', () => [...this.#timers.keys()].forEach((id) => void this.#remove(id)));
  }

  async read(): Promise<void> {
    const { items } = await api.recordings.page(null, NEWEST);
    const now = new Map(items.filter((one) => one.ended === null).map((one) => [one.call, one]));
    for (const call of this.running.keys()) if (!now.has(call)) this.running.delete(call);
    for (const [call, recording] of now) this.running.set(call, recording);
  }

  async begin(call: string): Promise<void> {
    this.running.set(call, await api.recordings.begin(call));
    toasts.done('Recording. Tell those who talk.');
  }

  async end(call: string): Promise<void> {
    await api.recordings.end(call);
    this.running.delete(call);
    toasts.done('The recording is under History.');
  }

  /** Out of sight at once, off the disk when nobody has asked for it back. */
  drop(recording: Recording): void {
    const { id } = recording;
    this.going.add(id);
    this.#timers.set(id, setTimeout(() => void this.#remove(id), GRACE_MS));
    toasts.done('Recording deleted.', async () => {
      clearTimeout(this.#timers.get(id));
      this.#timers.delete(id);
      this.going.delete(id);
    });
  }

  async #remove(id: string): Promise<void> {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
    try {
      await api.recordings.remove(id);
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.status === 404) return;
      this.going.delete(id);
      toasts.bad(`The recording is still there: ${problem.message}`);
    }
  }
}

export const recordings = new Recordings();
