// A form: its values, what is wrong with them, and what the box says. Values outlive the form on the page until they are
// saved or given up.

import { asProblem, byField } from './problem';

const drafts = new Map<string, unknown>();

export class Form<T extends object> {
  value = $state() as T;
  errors = $state<Record<string, string>>({});
  above = $state<string | null>(null);
  busy = $state(false);
  /** The values come from an earlier visit and were not saved. */
  restored = $state(false);
  outdated = $state(false);

  readonly #fields: readonly string[];
  readonly #key: string | null;
  #clean: string;

  /** `fields` names the inputs, as the API names them; `key` is where an unfinished form is kept. */
  constructor(initial: T, fields: readonly string[], key: string | null = null) {
    this.#fields = fields;
    this.#key = key;
    this.#clean = JSON.stringify(initial);
    const draft = key === null ? undefined : (drafts.get(key) as T | undefined);
    this.value = structuredClone(draft ?? initial);
    this.restored = draft !== undefined;
  }

  get dirty(): boolean {
    return JSON.stringify(this.value) !== this.#clean;
  }

  /** To be called when the form leaves the page. */
  keep(): void {
    if (this.#key === null) return;
    if (this.dirty) drafts.set(this.#key, $state.snapshot(this.value));
    else drafts.delete(this.#key);
  }

  discard(): void {
    this.value = JSON.parse(this.#clean) as T;
    this.restored = false;
    this.errors = {};
    this.above = null;
    this.outdated = false;
    if (this.#key !== null) drafts.delete(this.#key);
  }

  /** The values are what the box has now. */
  settle(value: T): void {
    this.#clean = JSON.stringify(value);
    this.discard();
  }

  /** Takes an error away as soon as its field is touched. */
  touch(field: string): void {
    if (field in this.errors) delete this.errors[field];
  }

  /** `save` may throw a problem: it is then shown and the values stay. */
  async submit<R>(save: (value: T) => Promise<R>): Promise<R | null> {
    if (this.busy) return null;
    this.busy = true;
    this.errors = {};
    this.above = null;
    this.outdated = false;
    try {
      const result = await save($state.snapshot(this.value) as T);
      this.#clean = JSON.stringify(this.value);
      this.restored = false;
      if (this.#key !== null) drafts.delete(this.#key);
      return result;
    } catch (thrown) {
      const problem = asProblem(thrown);
      const { at, above } = byField(problem, this.#fields);
      this.errors = at;
      this.above = above;
      this.outdated = problem.outdated;
      queueMicrotask(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return null;
    } finally {
      this.busy = false;
    }
  }
}

/** What an optional text input means: nothing typed is nothing. */
export function optional(text: string | null): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}

/** A list as people type it: one a line, or with commas. */
export function list(text: string): string[] {
  return text.split(/[\s,;]+/).filter(Boolean);
}
