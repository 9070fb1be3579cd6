// "Who would this reach?": the router's report as sentences.

import type { RouteReport } from './api/types';

/** A number as a phone sends it: spaces, dots, dashes and brackets are only for the eye. */
export function dialled(typed: string): string {
  return typed.replace(/[\s.\-()/]/g, '');
}

export interface Answer {
  tone: 'good' | 'bad';
  headline: string;
  detail: string | null;
  steps: string[];
}

/** `nameOf` gives the name of an extension by its number, when it has one. */
export function answer(report: RouteReport, nameOf: (number: string) => string | undefined): Answer {
  const steps = report.steps.map((step) => step.text);
  if (report.verdict === 'refused') {
    return { tone: 'bad', headline: 'Nobody: the call would be refused', detail: steps.at(-1) ?? null, steps };
  }
  const names = report.places.map((place) => {
    if ('trunk' in place) return place.trunk;
    if ('number' in place) return place.number;
    const name = nameOf(place.extension);
    return name ? `${name} (${place.extension})` : place.extension;
  });
  if (report.verdict === 'number') {
    return { tone: 'good', headline: `The box itself, under ${names[0] ?? 'a number of its own'}`, detail: via(report.route), steps };
  }
  if (report.verdict === 'extension') {
    const [first = 'An extension', ...others] = names;
    return { tone: 'good', headline: first, detail: others.length > 0 ? `Then ${others.join(', then ')}` : via(report.route), steps };
  }
  const number = report.number ? `${report.number} ` : '';
  const [first = 'a trunk', ...others] = names;
  const next = others.length > 0 ? `If it fails, ${others.join(', then ')}. ` : '';
  return { tone: 'good', headline: `${number}through ${first}`, detail: `${next}${via(report.route) ?? ''}`.trim() || null, steps };
}

function via(route: string | null): string | null {
  return route ? `By the route “${route}”.` : null;
}
