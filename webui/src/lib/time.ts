// Times as people read them, in the browser's own zone.

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const seconds = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'short', day: 'numeric', month: 'short' });
const dated = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });

/** `0:42`, `12:05`, `1:02:09` */
export function duration(ms: number): string {
  const whole = Math.max(0, Math.floor(ms / 1000));
  const h = Math.floor(whole / 3600);
  const m = Math.floor((whole % 3600) / 60);
  const s = String(whole % 60).padStart(2, '0');
  return h > 0 ? `${h}:${String(m).padStart(2, '0')}:${s}` : `${m}:${s}`;
}

/** `just now`, `3 min`, `2 h`, `5 days` */
export function ago(then: number, now: number): string {
  const s = Math.max(0, (now - then) / 1000);
  if (s < 45) return 'just now';
  if (s < 3600) return `${Math.max(1, Math.round(s / 60))} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}

export const time = (at: number): string => clock.format(at);
export const timeWithSeconds = (at: number): string => seconds.format(at);
export const date = (at: number): string => dated.format(at);

/** `Today`, `Yesterday`, `Tue 4 Nov` */
export function dayName(at: number, now: number): string {
  const days = Math.round((midnight(now) - midnight(at)) / 86_400_000);
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return day.format(at);
}

export function midnight(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** `2026-11-04` of a date input as the first instant of that day; `undefined` for nothing. */
export function startOfDay(input: string): number | undefined {
  const at = new Date(`${input}T00:00:00`).getTime();
  return Number.isNaN(at) ? undefined : at;
}

/** And the first instant of the day after it, which may be 23 or 25 hours later. */
export function endOfDay(input: string): number | undefined {
  const start = startOfDay(input);
  return start === undefined ? undefined : new Date(start).setHours(24, 0, 0, 0);
}
