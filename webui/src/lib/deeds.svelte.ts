// What the buttons of a sheet do: at once, or once somebody has said that he means it.

import { asProblem } from './problem';
import { toasts } from './toast.svelte';

/** A question before something that ends calls. */
export interface Asked {
  title: string;
  text: string;
  action: string;
  run: () => Promise<void>;
}

export class Deeds {
  asked = $state.raw<Asked | null>(null);
  busy = $state.raw(false);

  /** Does it, and says that it is done, or why not. */
  async now(run: () => Promise<void>, done: string): Promise<void> {
    this.busy = true;
    try {
      await run();
      toasts.done(done);
    } catch (thrown) {
      toasts.bad(asProblem(thrown).message);
    } finally {
      this.busy = false;
    }
  }

  ask(asked: Asked): void {
    this.asked = asked;
  }
}
