import { expect, test } from 'vitest';
import { kinds, percent, taken } from '../src/lib/capacity';
import { chosen, lines, OPEN, shifted, tick } from '../src/lib/codecs';

const capacity = {
  measured: 0, core_nanos: 20_000_000, packet_nanos: 5000,
  codecs: [{ codec: 'pcma' as const, decode_nanos: 10, encode_nanos: 20 }, { codec: { g729: { annex_b: true } }, decode_nanos: 4000, encode_nanos: 19_000 }],
};

test('a call is priced by its packets and by what is translated both ways', () => {
  const [relayed, g729] = kinds(capacity, 14_000_000);
  expect(relayed).toMatchObject({ name: 'Passed on as it is', share: 0.0005, most: 1400 });
  expect(g729).toMatchObject({ name: 'G.729 with G.711', most: Math.floor(14_000_000 / 33_030) });
  // What was not measured is not promised.
  expect(kinds(capacity, null).map((kind) => kind.most)).toEqual([null, null]);
});

test('the share in use is of what calls may take', () => {
  const load = { capacity, budget_nanos: 10_000, used_nanos: 2500, relayed_calls_left: 0, refused: 0 };
  expect(taken(load)).toBe(0.25);
  expect(taken({ ...load, budget_nanos: null })).toBeNull();
  expect([0, 0.0005, 0.004, 0.12].map(percent)).toEqual(['0 %', '0.05 %', '0.4 %', '12 %']);
});

test('codecs keep their order while one is moved, and a tick puts the next one last', () => {
  let policy = chosen(OPEN, 'only');
  expect(policy.allow).toHaveLength(10);
  for (const codec of policy.allow.slice(2)) policy = tick(policy, 'only', codec, false);
  expect(policy.allow).toEqual(['opus', 'g722']);
  expect(shifted(policy, 'g722', -1).allow).toEqual(['g722', 'opus']);
  expect(shifted(policy, 'opus', -1).allow).toEqual(['opus', 'g722']);
  policy = tick(policy, 'only', 'gsm', true);
  expect(lines(policy).slice(0, 3)).toEqual(['opus', 'g722', 'gsm']);
  expect(chosen(policy, 'but').deny).toHaveLength(7);
  expect(chosen(policy, 'all')).toMatchObject({ allow: [], deny: [] });
});
