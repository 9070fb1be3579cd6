import { expect, test } from 'vitest';
import { curve, opinion } from '../src/lib/quality';

const score = (mos_hundredths: number) => ({ loss_permille: 0, jitter_micros: 0, r: 90, mos_hundredths });

test('a curve runs from the left to the right, and good is up', () => {
  const points = [{ after_ms: 0, heard: score(450) }, { after_ms: 5000, heard: score(100) }, { after_ms: 10_000, heard: score(275), said: score(400) }];
  expect(curve(points, 'heard', 10_000, 100, 70)).toEqual({ path: 'M0.0 0.0L50.0 70.0L100.0 35.0', worst: 1, mean: 2.75 });
  expect(curve(points, 'said', 10_000, 100, 70)?.path).toMatch(/^M100\.0 10\.0h/);
  expect(curve(points.slice(0, 2), 'said', 10_000, 100, 70)).toBeNull();
});

test('a score has a word', () => {
  expect([4.4, 3.7, 3.0, 1.5].map((one) => opinion(one).text)).toEqual(['good', 'fair', 'poor', 'bad']);
});
