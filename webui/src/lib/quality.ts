// How a call sounds, as an opinion: the mean opinion score of ITU-T P.800.1, estimated by G.107.

import type { Quality, QualityPoint } from './api/types';

export const mos = (quality: Quality): number => quality.mos_hundredths / 100;

/** G.107 Annex B, Table B.1, in the words of people. */
export function opinion(score: number): { text: string; tone: 'good' | 'fair' | 'bad' } {
  if (score >= 4.03) return { text: 'good', tone: 'good' };
  if (score >= 3.6) return { text: 'fair', tone: 'fair' };
  return { text: score >= 2.58 ? 'poor' : 'bad', tone: 'bad' };
}

export interface Curve {
  /** Of an SVG path, one pen-down for each stretch without a gap. */
  path: string;
  worst: number;
  mean: number;
}

/** The scores of one direction over a length of time, in a box of `width` by `height`. */
export function curve(points: readonly QualityPoint[], which: 'heard' | 'said', end: number, width: number, height: number): Curve | null {
  const known = points.flatMap((point) => {
    const quality = point[which];
    return quality ? [{ at: point.after_ms, score: mos(quality) }] : [];
  });
  if (known.length === 0) return null;
  const x = (at: number) => ((end === 0 ? 0 : at / end) * width).toFixed(1);
  const y = (score: number) => (height * (1 - (score - LOWEST) / (HIGHEST - LOWEST))).toFixed(1);
  const steps = known.map(({ at, score }, i) => `${i === 0 ? 'M' : 'L'}${x(at)} ${y(score)}`);
  const scores = known.map((one) => one.score);
  // One point is a dot, not a line without length.
  const path = steps.length === 1 ? `${steps[0]}h0.1` : steps.join('');
  return { path, worst: Math.min(...scores), mean: scores.reduce((sum, one) => sum + one, 0) / scores.length };
}

export const LOWEST = 1;
export const HIGHEST = 4.5;
