// Captures of calls: what runs, what is kept, and whether encrypted sound shall be readable in the next one.

import { SvelteMap } from 'svelte/reactivity';
import { api } from './api/client';
import type { Capture } from './api/types';
import { toasts } from './toast.svelte';

const NEWEST = 20;

class Captures {
  /** By their ids. */
  known = new SvelteMap<string, Capture>();
  /** What the next one is to be. */
  decrypt = $state(false);

  /** The capture of a call that runs. */
  of(call: string): Capture | undefined {
    return [...this.known.values()].find((one) => one.call === call && one.ended === null);
  }

  hear(capture: Capture): void {
    this.known.set(capture.id, capture);
  }

  async read(): Promise<void> {
    const { items } = await api.captures.page(NEWEST);
    const now = new Set(items.map((one) => one.id));
    for (const id of this.known.keys()) if (!now.has(id)) this.known.delete(id);
    items.forEach((one) => this.hear(one));
  }

  async begin(call: string): Promise<void> {
    this.hear(await api.captures.begin(call, this.decrypt));
    toasts.done(this.decrypt ? 'Capturing, decrypted: look after the file as after a recording.' : 'Capturing. The file is below.');
    this.decrypt = false;
  }

  async end(call: string): Promise<void> {
    await api.captures.end(call);
  }

  async remove(capture: Capture): Promise<void> {
    await api.captures.remove(capture.id);
    this.known.delete(capture.id);
    toasts.done('Capture deleted.');
  }
}

export const captures = new Captures();
