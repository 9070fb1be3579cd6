import { expect, test } from 'vitest';
import { columns, curve, inAll, made, opinion } from '../src/lib/quality';

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

const played = (concealed_permille: number, unheard_permille = 0) => ({ concealed_permille, stretched_permille: 10, compressed_permille: 0, noise_permille: 0, unheard_permille, delay_micros: 41_000 });

test('what was made up stands on the ground as high as there was much of it', () => {
  const points = [{ after_ms: 5000, heard: { ...score(440), played: played(50) } }, { after_ms: 10_000, heard: score(440) }, { after_ms: 20_000, heard: { ...score(300), played: played(400) } }];
  expect(columns(points, 20_000, 100, 60)).toBe('M0.0 60V30.0H25.0V60zM50.0 60V0.0H100.0V60z');
  expect(columns([{ after_ms: 5000, heard: score(440) }], 5000, 100, 60)).toBe('');
});

test('what the jitter buffer made is told in words', () => {
  expect(made([{ after_ms: 5000, heard: score(440) }])).toEqual([]);
  const lossy = made([{ after_ms: 5000, heard: { ...score(440), discarded_permille: 4, played: played(50) } }, { after_ms: 10_000, heard: { ...score(440), discarded_permille: 0, played: played(0) } }]);
  expect(lossy).toEqual(['Made up in place of what was missing: 2.5 %, at most 5.0 % of the sound', 'Came too late to be played: 0.2 %, at most 0.4 % of the packets', 'Played slower by 1.0 % and faster by 0 %, to wait for packets and no longer', 'Waited for 41 ms at most']);
  expect(made([{ after_ms: 5000, heard: { ...score(440), played: played(0, 1000) } }])).toEqual(['Not listened to, as others had the floor: 100.0 % of the packets']);
});

test('a call in all is its mean, its worst five seconds and what spoiled them', () => {
  const summary = { mean_mos_hundredths: 394, worst_mos_hundredths: 312, worst_after_ms: 35_000, cause: "Lost 4 % on the way from 201's phone." };
  expect(inAll(summary, (ms) => `${ms / 1000} s`)).toBe("3.9 on average, 3.1 at 35 s. Lost 4 % on the way from 201's phone.");
  expect(inAll({ ...summary, worst_mos_hundredths: 394, scale: 'wide', cause: null }, String)).toBe('3.9 on average (wideband scale).');
});
