// What was said on D channels while this page was open. The box keeps what belongs to a call, in the call's steps.

import type { LineTrace } from './api/types';

const KEPT = 1000;

export interface Traced extends LineTrace {
  /** Tells it from others of the same instant. */
  key: number;
}

class Traces {
  list = $state.raw<Traced[]>([]);
  #last = 0;

  hear(trace: LineTrace): void {
    this.list = [...this.list.slice(1 - KEPT), { ...trace, key: ++this.#last }];
  }

  /** Of one line; messages only, or frames too. */
  of(line: string, frames: boolean): Traced[] {
    return this.list.filter((one) => one.line === line && (frames || one.layer === 'message'));
  }

  forget(line: string): void {
    this.list = this.list.filter((one) => one.line !== line);
  }

  clear(): void {
    this.list = [];
  }
}

export const traces = new Traces();
