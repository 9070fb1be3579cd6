// Uploaded sounds: which can be chosen, who plays them, and which files are not worth sending.

import type { BoxNumber, Prompts, Sound, Tenant } from './api/types';

/** What the box takes: `Upload` in the OpenAPI document. */
export const LARGEST = 116 * 2 ** 20;
export const LONGEST_NAME = 80;

/** What a sound can be chosen from. One that is not there any more stays to be seen until another is chosen. */
export function choices(sounds: Sound[], chosen: number | null, none: string): { value: number | null; text: string }[] {
  const known = sounds.map(({ id, name, lost }) => ({ value: id, text: lost ? `${name} (missing)` : name }));
  const gone = chosen !== null && !sounds.some(({ id }) => id === chosen) ? [{ value: chosen, text: `Sound ${chosen} (missing)` }] : [];
  return [{ value: null, text: none }, ...known, ...gone];
}

export const PROMPT: Record<keyof Prompts, { label: string; none: string; use: string }> = {
  ask_pin: { label: 'A conference asks for its PIN', none: 'Two short beeps', use: 'asks for a PIN' },
  wrong_pin: { label: 'The PIN was wrong', none: 'A long low tone', use: 'after a wrong PIN' },
  refused: { label: 'The third wrong PIN', none: 'Nothing: the call ends', use: 'after the third wrong PIN' },
  welcome: { label: 'Somebody comes into a conference', none: 'Nothing', use: 'welcomes to conferences' },
};

/** Who plays each sound, in words. */
export function uses(tenants: Tenant[], numbers: BoxNumber[]): Map<number, string[]> {
  const found = new Map<number, string[]>();
  const add = (sound: number | null, use: string) => sound !== null && found.set(sound, [...(found.get(sound) ?? []), use]);
  for (const tenant of tenants) {
    const whose = tenants.length > 1 ? ` of ${tenant.name}` : '';
    add(tenant.music, `music on hold${whose}`);
    for (const key of Object.keys(PROMPT) as (keyof Prompts)[]) add(tenant.prompts[key], `${PROMPT[key].use}${whose}`);
  }
  for (const number of numbers) add(number.sound, `number ${number.number}`);
  return found;
}

/** `Closed on Sundays.wav` is called `Closed on Sundays`. */
export function nameOf(file: string): string {
  const bare = file.replace(/\.[a-z0-9]{1,5}$/i, '').replace(/[\u0000-\u001f]/g, ' ').trim();
  return [...(bare || 'Sound')].slice(0, LONGEST_NAME).join('');
}

/** Why a file cannot be taken, if that shows before it is sent. */
export function unfit(file: { name: string; size: number; type: string }): string | null {
  if (file.size === 0) return 'The file is empty.';
  if (file.size > LARGEST) return `The file has ${Math.ceil(file.size / 2 ** 20)} MB, and ${LARGEST / 2 ** 20} MB are the most.`;
  if (/\.(mp3|m4a|aac|wma|flac|aif+|mp4)$/i.test(file.name)) return 'The box plays WAV and Ogg Opus. Save it as one of these.';
  return null;
}
