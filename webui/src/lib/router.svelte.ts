// Where one is in the admin: the part of the address behind `#`, so that the box serves a single page.

class Router {
  path = $state<string[]>(read());

  constructor() {
    addEventListener('hashchange', () => (this.path = read()));
  }

  /** The page: `calls`, `extensions`, ... */
  get page(): string {
    return this.path[0] || 'calls';
  }

  /** What is open on it: an id, `new`, or nothing. */
  get open(): string | null {
    return this.path[1] ?? null;
  }

  go(...path: (string | number)[]): void {
    location.hash = to(...path);
  }
}

export function to(...path: (string | number)[]): string {
  return `#/${path.map((part) => encodeURIComponent(String(part))).join('/')}`;
}

function read(): string[] {
  return location.hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decode);
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const router = new Router();
