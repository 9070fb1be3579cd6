// "Who would this reach?": the router's report as sentences.

import type { EncryptionPolicy, RouteReport } from './api/types';

/** A number as a phone sends it: spaces, dots, dashes and brackets are only for the eye. */
export function dialled(typed: string): string {
  return typed.replace(/[\s.\-()/]/g, '');
}

export interface Answer {
  tone: 'good' | 'bad';
  headline: string;
  detail: string | null;
  /** Whether each side would be encrypted. */
  sound: string | null;
  steps: string[];
}

const ENCRYPTED: Record<EncryptionPolicy, string> = {
  off: 'in the clear',
  opportunistic: 'encrypted if it can',
  opportunistic_dtls: 'encrypted if it can',
  required: 'always encrypted',
  required_dtls: 'always encrypted',
  browser: 'always encrypted',
};

/** `nameOf` gives the name of an extension by its number, when it has one. */
export function answer(report: RouteReport, nameOf: (number: string) => string | undefined): Answer {
  const steps = report.steps.map((step) => step.text);
  const sound = protection(report);
  if (report.verdict === 'refused') {
    return { tone: 'bad', headline: 'Nobody: the call would be refused', detail: steps.at(-1) ?? null, sound, steps };
  }
  const names = report.places.map((place) => {
    if ('trunk' in place) return place.trunk;
    if ('number' in place) return place.number;
    const name = nameOf(place.extension);
    return name ? `${name} (${place.extension})` : place.extension;
  });
  if (report.verdict === 'number') {
    return { tone: 'good', headline: `The box itself, under ${names[0] ?? 'a number of its own'}`, detail: via(report.route), sound, steps };
  }
  if (report.verdict === 'extension') {
    const [first = 'An extension', ...others] = names;
    return { tone: 'good', headline: first, detail: others.length > 0 ? `Then ${others.join(', then ')}` : via(report.route), sound, steps };
  }
  const number = report.number ? `${report.number} ` : '';
  const [first = 'a trunk', ...others] = names;
  const next = others.length > 0 ? `If it fails, ${others.join(', then ')}. ` : '';
  return { tone: 'good', headline: `${number}through ${first}`, detail: `${next}${via(report.route) ?? ''}`.trim() || null, sound, steps };
}

/** `Sound: 201 encrypted if it can, Kestrel always encrypted.` */
function protection(report: RouteReport): string | null {
  const legs = new Map<string, Set<string>>();
  for (const { leg, policy } of report.encryption) legs.set(leg, (legs.get(leg) ?? new Set()).add(ENCRYPTED[policy]));
  if (legs.size === 0) return null;
  return `Sound: ${[...legs].map(([leg, how]) => `${leg} ${[...how].join(' or ')}`).join(', ')}.`;
}

function via(route: string | null): string | null {
  return route ? `By the route “${route}”.` : null;
}
