// How a call sounds, as an opinion: the mean opinion score of ITU-T P.800.1, estimated by G.107 or, for sound of
// more than telephone bandwidth, by G.107.1. The two are scales of their own; the words for a score are the same.

import type { Quality, QualityPoint, QualitySummary } from './api/types';

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

/** What was made up in place of sound, as columns from the ground up: a tenth of the sound is the whole height. */
export function columns(points: readonly QualityPoint[], end: number, width: number, height: number): string {
  let before = 0;
  return points
    .map((point) => {
      const from = before;
      before = point.after_ms;
      const share = Math.min(1, (point.heard.played?.concealed_permille ?? 0) / 100);
      if (share === 0 || end === 0) return '';
      const [left, right] = [from, point.after_ms].map((at) => ((at / end) * width).toFixed(1));
      return `M${left} ${height}V${(height * (1 - share)).toFixed(1)}H${right}V${height}z`;
    })
    .join('');
}

/** What the box's jitter buffer made of a stream, in sentences; none where the box did not listen. */
export function made(points: readonly QualityPoint[]): string[] {
  const played = points.flatMap(({ heard }) => (heard.played ? [{ ...heard.played, discarded: heard.discarded_permille ?? 0 }] : []));
  if (played.length === 0) return [];
  const of = (which: keyof (typeof played)[number]) => {
    const all = played.map((one) => one[which] / 10);
    return { mean: all.reduce((sum, one) => sum + one, 0) / all.length, most: Math.max(...all) };
  };
  const share = ({ mean, most }: { mean: number; most: number }) => `${percent(mean)}${percent(most) === percent(mean) ? '' : `, at most ${percent(most)}`}`;
  const told: string[] = [];
  const unheard = of('unheard_permille');
  if (unheard.mean > 0) told.push(`Not listened to, as others had the floor: ${percent(unheard.mean)} of the packets`);
  if (unheard.mean >= 99) return told;
  const [concealed, late, noise] = [of('concealed_permille'), of('discarded'), of('noise_permille')];
  told.push(concealed.most > 0 ? `Made up in place of what was missing: ${share(concealed)} of the sound` : 'Nothing had to be made up');
  if (late.most > 0) told.push(`Came too late to be played: ${share(late)} of the packets`);
  const [slower, faster] = [of('stretched_permille'), of('compressed_permille')];
  if (slower.most > 0 || faster.most > 0) told.push(`Played slower by ${percent(slower.mean)} and faster by ${percent(faster.mean)}, to wait for packets and no longer`);
  if (noise.most > 0) told.push(`Noise in pauses: ${percent(noise.mean)} of the sound`);
  told.push(`Waited for ${Math.round(Math.max(...played.map((one) => one.delay_micros)) / 1000)} ms at most`);
  return told;
}

/** "3.9 on average, 3.1 at 0:35." and what spoiled it. */
export function inAll(summary: QualitySummary, time: (ms: number) => string): string {
  const [mean, worst] = [summary.mean_mos_hundredths / 100, summary.worst_mos_hundredths / 100].map((score) => score.toFixed(1));
  const least = worst === mean ? '' : `, ${worst} at ${time(summary.worst_after_ms)}`;
  return `${mean} on average${least}${summary.scale === 'wide' ? ' (wideband scale)' : ''}.${summary.cause ? ` ${summary.cause}` : ''}`;
}

function percent(value: number): string {
  return value === 0 ? '0 %' : value < 0.1 ? '< 0.1 %' : `${value.toFixed(1)} %`;
}

export const LOWEST = 1;
export const HIGHEST = 4.5;
