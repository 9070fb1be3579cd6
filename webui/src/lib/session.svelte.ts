// Whether this browser may speak for somebody, and what the page therefore shows.

import { api, onLoggedOut } from './api/client';
import type { Settings } from './api/types';
import { SIP_PORT } from './phone';
import { asProblem } from './problem';
import { toasts } from './toast.svelte';
import { world } from './world.svelte';

/** `away`: the box does not answer at all. */
export type Stage = 'asking' | 'away' | 'claim' | 'login' | 'setup' | 'in';

class Session {
  stage = $state<Stage>('asking');
  settings = $state.raw<Settings | null>(null);
  /** Where phones reach the box, over UDP and TCP. */
  port = $state(SIP_PORT);
  /** Who is logged in. */
  account = $state('');

  constructor() {
    onLoggedOut(() => this.#out());
  }

  /** Finds out where one stands. */
  async begin(): Promise<void> {
    try {
      const { claimed, ports } = await api.setup.read();
      this.port = ports.sip ?? SIP_PORT;
      if (!claimed) {
        this.stage = 'claim';
        return;
      }
      await this.enter();
    } catch (thrown) {
      const problem = asProblem(thrown);
      if (problem.status === 401) return;
      this.stage = 'away';
      setTimeout(() => void this.begin(), 3000);
    }
  }

  /** Somebody is known to the box: goes in, or on with the set-up that was begun. */
  async enter(): Promise<void> {
    this.settings = await api.settings.read();
    this.account = (await api.session.read()).name;
    world.start();
    this.stage = this.settings.wizard_done ? 'in' : 'setup';
  }

  finished(settings: Settings): void {
    this.settings = settings;
    this.stage = 'in';
  }

  async leave(): Promise<void> {
    await api.session.close().catch(() => {});
    this.#out();
  }

  #out(): void {
    if (this.stage === 'in' || this.stage === 'setup') toasts.list = [];
    world.stop();
    this.settings = null;
    this.stage = 'login';
  }
}

export const session = new Session();
