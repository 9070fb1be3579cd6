import { expect, test } from 'vitest';
import type { LegPath } from '../src/lib/api/types';
import { codecName, codecOf, wayOf } from '../src/lib/path';

const leg = (name: string, more: Partial<LegPath> = {}): LegPath => ({ leg: name, kind: 'audio', codec: 'PCMA', path: 'anchored', translated: false, ...more });

test('a call is said to go the way that is most worth knowing', () => {
  expect(wayOf(undefined)).toBeNull();
  expect(wayOf([leg('201', { kind: 'video' })])).toBeNull();
  expect(wayOf([leg('201'), leg('202')])).toBe('anchored');
  expect(wayOf([leg('201', { translated: true }), leg('202', { codec: 'G722' })])).toBe('translated');
  expect(wayOf([leg('201', { translated: true }), leg('mirror', { path: 'loopback' })])).toBe('loopback');
  expect(wayOf([leg('201', { path: 'direct' }), leg('202', { path: 'direct' })])).toBe('direct');
});

test('a call of which only one side was sent past the box yet goes by the box', () => {
  expect(wayOf([leg('201', { path: 'direct' }), leg('202')])).toBe('anchored');
});

test('a codec has the name that people use, and keeps its own where they have none', () => {
  expect(['PCMA', 'opus', 'G726-32', 'AAL2-G726-16', 'VP8'].map(codecName)).toEqual(['G.711 A-law', 'Opus', 'G.726, 32 kbit/s', 'G.726, 16 kbit/s', 'VP8']);
  expect(codecOf([leg('201'), leg('202', { codec: 'G722' })], '202')).toBe('G.722');
  expect(codecOf([leg('201', { codec: null })], '201')).toBeNull();
});
