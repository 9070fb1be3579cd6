// What the API says against a request (RFC 9457), and what the page makes of it.

export interface FieldError {
  field: string;
  message: string;
}

export interface ProblemDocument {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  errors?: FieldError[];
}

/** A refusal by the box, or the failure to reach it (status 0). */
export class Problem extends Error {
  readonly status: number;
  readonly errors: FieldError[];
  /** Seconds to wait before the next attempt, when the box said so. */
  readonly retryAfter: number | null;

  constructor(status: number, message: string, errors: FieldError[] = [], retryAfter: number | null = null) {
    super(message);
    this.name = 'Problem';
    this.status = status;
    this.errors = errors;
    this.retryAfter = retryAfter;
  }

  static unreachable(): Problem {
    return new Problem(0, 'The box does not answer. Check the network cable and try again.');
  }

  static from(status: number, document: ProblemDocument | null, retryAfter: string | null = null): Problem {
    const seconds = retryAfter === null ? NaN : Number.parseInt(retryAfter, 10);
    return new Problem(
      status,
      sentence(document?.detail || document?.title || FALLBACK[status] || `The box answered with status ${status}.`),
      (document?.errors ?? []).filter((error) => error.field !== '' && error.message !== ''),
      Number.isFinite(seconds) ? seconds : null,
    );
  }

  /** Somebody else changed the entry since it was read. */
  get outdated(): boolean {
    return this.status === 412;
  }
}

/** Whatever was thrown, as a problem with a sentence. */
export function asProblem(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  return new Problem(0, 'Something went wrong in this page. Reload it and try again.');
}

/** Sorts the errors by field: what a form shows beside its inputs and what it shows above them. */
export function byField(problem: Problem, fields: readonly string[]): { at: Record<string, string>; above: string | null } {
  const at: Record<string, string> = {};
  const homeless: string[] = [];
  for (const { field, message } of problem.errors) {
    const home = homeOf(field, fields);
    if (home === null) homeless.push(sentence(message));
    else at[home] ??= sentence(message);
  }
  const shown = Object.keys(at).length > 0;
  const above = homeless.length > 0 ? homeless.join(' ') : shown ? null : problem.message;
  return { at, above };
}

/** `peers.0` and `peers[0]` belong to the input `peers`; `network.external.fixed` to `network.external`; `spans[1].line` to `spans.line`. */
function homeOf(field: string, fields: readonly string[]): string | null {
  let path = field.replace(/\[(\w+)\]/g, '.$1');
  const anyOf = path.replace(/\.\d+(?=\.)/g, '');
  if (fields.includes(anyOf)) return anyOf;
  for (;;) {
    if (fields.includes(path)) return path;
    const dot = path.lastIndexOf('.');
    if (dot < 0) return null;
    path = path.slice(0, dot);
  }
}

/** Starts with a capital and ends with a full stop. */
export function sentence(text: string): string {
  const trimmed = text.trim();
  if (trimmed === '') return trimmed;
  const first = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?…]$/.test(first) ? first : `${first}.`;
}

const FALLBACK: Record<number, string> = {
  401: 'You are not logged in any more.',
  403: 'You may not do this.',
  404: 'This does not exist any more.',
  409: 'This is taken or still in use.',
  412: 'Somebody else changed this in the meantime.',
  422: 'Some fields need another look.',
  429: 'Too many attempts. Wait a little and try again.',
  507: 'The disk of the box is full. Calls go on, but nothing can be saved.',
};
