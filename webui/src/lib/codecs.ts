// Which codecs a side may speak: the policy of the API, and how the form shows it.

import type { CodecName, CodecPolicy } from './api/types';

/** Every codec that the box knows, with what one should know to choose it. */
export const CODECS: Record<CodecName, { name: string; about: string }> = {
  opus: { name: 'Opus', about: 'full band; browsers and softphones' },
  g722: { name: 'G.722', about: 'wide band; most desk phones' },
  amr_wb: { name: 'AMR-WB', about: 'wide band; mobile networks' },
  pcma: { name: 'G.711 A-law', about: 'telephone band; every phone and carrier' },
  pcmu: { name: 'G.711 µ-law', about: 'telephone band; North America and Japan' },
  g729: { name: 'G.729', about: '8 kbit/s; thin lines' },
  g726: { name: 'G.726', about: '16 to 40 kbit/s; DECT, older systems' },
  g723: { name: 'G.723.1', about: '6 kbit/s; very thin lines' },
  gsm: { name: 'GSM', about: '13 kbit/s; older gateways' },
  l16: { name: 'Linear', about: 'uncompressed; studios, paging' },
};

const ALL = Object.keys(CODECS) as CodecName[];

/** What a side has that nobody set anything for. */
export const OPEN: CodecPolicy = { allow: [], deny: [], order: 'theirs', translate: true, packet_millis: null };

/** All, all but some, or some in an order. */
export type Choice = 'all' | 'but' | 'only';

export function choiceOf(policy: CodecPolicy): Choice {
  if (policy.allow.length > 0) return 'only';
  return policy.deny.length > 0 ? 'but' : 'all';
}

/** The policy after another way to choose was taken; what was ticked stays ticked where that makes sense. */
export function chosen(policy: CodecPolicy, choice: Choice): CodecPolicy {
  switch (choice) {
    case 'all': return { ...policy, allow: [], deny: [], order: 'theirs' };
    case 'but': return { ...policy, allow: [], deny: ALL.filter((codec) => !ticked(policy, codec)), order: 'theirs' };
    case 'only': return { ...policy, allow: ALL.filter((codec) => ticked(policy, codec)), deny: [], order: 'allowed' };
  }
}

export function ticked(policy: CodecPolicy, codec: CodecName): boolean {
  return (policy.allow.length === 0 || policy.allow.includes(codec)) && !policy.deny.includes(codec);
}

/** The lines of the form: those that count in their order, then the others. */
export function lines(policy: CodecPolicy): CodecName[] {
  const first = policy.allow.filter((codec) => !policy.deny.includes(codec));
  return [...first, ...ALL.filter((codec) => !first.includes(codec))];
}

export function tick(policy: CodecPolicy, choice: Choice, codec: CodecName, on: boolean): CodecPolicy {
  const without = (list: CodecName[]) => list.filter((one) => one !== codec);
  if (choice === 'but') return { ...policy, deny: on ? without(policy.deny) : [...without(policy.deny), codec] };
  return { ...policy, allow: on ? [...without(policy.allow), codec] : without(policy.allow), deny: [] };
}

/** Moves one that is allowed by one place. */
export function shifted(policy: CodecPolicy, codec: CodecName, by: -1 | 1): CodecPolicy {
  const allow = [...policy.allow];
  const at = allow.indexOf(codec);
  const other = allow[at + by];
  if (at < 0 || other === undefined) return policy;
  allow[at] = other;
  allow[at + by] = codec;
  return { ...policy, allow };
}

/** A policy in a sentence, for where it is not being changed. */
export function summary(policy: CodecPolicy): string {
  const names = (list: CodecName[]) => list.map((codec) => CODECS[codec].name).join(', ');
  const which = { all: 'All codecs', but: `All but ${names(policy.deny)}`, only: names(lines(policy).filter((codec) => ticked(policy, codec))) }[choiceOf(policy)];
  return `${which}; ${policy.translate ? 'translated if need be' : 'never translated'}`;
}
