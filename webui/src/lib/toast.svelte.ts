// Short notices at the edge of the page: what was done, and how to take it back.

export interface Toast {
  id: number;
  text: string;
  tone: 'done' | 'bad';
  undo: (() => Promise<unknown>) | null;
}

const SHOWN_MS = 7000;

class Toasts {
  list = $state<Toast[]>([]);
  /** Where they can stand: the page, then the sheets that are open over it. */
  places = $state<string[]>([]);
  #last = 0;

  done(text: string, undo: (() => Promise<unknown>) | null = null): void {
    this.#add({ text, tone: 'done', undo });
  }

  bad(text: string): void {
    this.#add({ text, tone: 'bad', undo: null });
  }

  /** One more place; gives how it goes again. */
  place(place: string): () => void {
    this.places = [...this.places, place];
    return () => (this.places = this.places.filter((one) => one !== place));
  }

  drop(id: number): void {
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  #add(toast: Omit<Toast, 'id'>): void {
    const id = ++this.#last;
    // One at a time: the last thing done is the one that can be taken back.
    this.list = [{ id, ...toast }];
    setTimeout(() => this.drop(id), SHOWN_MS);
  }
}

export const toasts = new Toasts();
