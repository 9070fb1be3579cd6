// What the box measured of itself, as calls that people know.

import type { Capacity, CodecPrice, Load } from './api/types';

export interface Kind {
  name: string;
  /** Of one core, 0 to 1. */
  share: number;
  /** So many at a time, if there were no others; nothing where nothing limits them. */
  most: number | null;
}

const PAIRS: [string, string, string][] = [
  ['A-law with µ-law', 'pcma', 'pcmu'],
  ['G.722 with G.711', 'g722', 'pcma'],
  ['G.729 with G.711', 'g729', 'pcma'],
  ['AMR-WB with G.711', 'amr_wb', 'pcma'],
  ['Opus with G.711', 'opus', 'pcma'],
];

/** The cheapest first: a call that is passed on, then those that are translated. */
export function kinds(capacity: Capacity, budget: number | null): Kind[] {
  const relayed = 2 * capacity.packet_nanos;
  const price = (name: string) => capacity.codecs.find((one) => nameOf(one) === name);
  const kind = (name: string, nanos: number): Kind => ({ name, share: nanos / TICK, most: budget === null || nanos === 0 ? null : Math.floor(budget / nanos) });
  const translated = PAIRS.flatMap(([name, one, other]) => {
    const [a, b] = [price(one), price(other)];
    if (!a || !b) return [];
    return [kind(name, relayed + a.decode_nanos + a.encode_nanos + b.decode_nanos + b.encode_nanos)];
  });
  return [kind('Passed on as it is', relayed), ...translated];
}

/** How much of what calls may take is taken, 0 to 1; nothing where nothing limits them. */
export function taken(load: Load): number | null {
  return load.budget_nanos ? Math.min(1, load.used_nanos / load.budget_nanos) : null;
}

/** `0.4 %`, `12 %` */
export function percent(share: number): string {
  const value = share * 100;
  return `${value === 0 || value >= 9.95 ? value.toFixed(0) : value >= 0.095 ? value.toFixed(1) : value.toFixed(2)} %`;
}

function nameOf({ codec }: CodecPrice): string {
  return typeof codec === 'string' ? codec : (Object.keys(codec)[0] ?? '');
}

/** 20 ms of one core. */
const TICK = 20_000_000;
