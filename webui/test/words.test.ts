import { describe, expect, test } from 'vitest';
import { Exchange, hungUp } from '../dev/exchange';
import type { CallRecord, End } from '../src/lib/api/types';
import { ago, dayName, duration, endOfDay, startOfDay } from '../src/lib/time';
import { advice, codec, outcome, phoneName, stateOf } from '../src/lib/words';

const call = (more: Partial<CallRecord>): CallRecord => ({ ...new Exchange(false).cdrs[0]!, ...more });
const ended = (why: End['why'], answered = false): CallRecord =>
  call({ state: 'ended', answered: answered ? 1 : null, end: { cause: 16, status: null, by: 'exchange', why, text: 'As the box says' } });

describe('why a call ended', () => {
  test('is told in the words of the box', () => {
    expect(stateOf(ended('hung_up'))).toBe('As the box says');
    expect(stateOf(call({ state: 'ended', end: null }))).toBe('Ended');
  });

  test('comes with advice where something can be mended', () => {
    expect(advice({ cause: 20, status: null, by: 'exchange', why: 'not_registered', text: '' })).toContain('password');
    expect(advice(hungUp('callee'))).toBeNull();
  });

  test('is a good end only when the two have talked and nothing broke', () => {
    expect(outcome(ended('hung_up', true))).toEqual({ text: 'Answered', tone: 'good' });
    expect(outcome(ended('crash', true)).tone).toBe('bad');
    expect(outcome(ended({ no_media: { seconds: 60 } }, true))).toEqual({ text: 'No sound', tone: 'bad' });
    expect(outcome(ended('cancelled'))).toEqual({ text: 'Given up', tone: 'quiet' });
    expect(outcome(ended('carrier_failed')).tone).toBe('bad');
    expect(outcome(call({ state: 'ringing', end: null })).text).toBe('Ringing');
  });
});

describe('small words', () => {
  test('for phones and codecs', () => {
    expect(phoneName('Snom D785/10.1.175.16')).toBe('Snom D785');
    expect(phoneName('Yealink SIP-T46U 108.86.0.90')).toBe('Yealink SIP-T46U');
    expect(phoneName('baresip v1.1.0 (x86_64/Linux)')).toBe('baresip');
    expect(phoneName('')).toBe('Phone');
    expect([codec(8), codec(111), codec(null)]).toEqual(['G.711 A-law', 'dynamic (111)', '—']);
  });

  test('for times', () => {
    expect([0, 42_000, 725_000, 3_729_000].map(duration)).toEqual(['0:00', '0:42', '12:05', '1:02:09']);
    expect([ago(0, 10_000), ago(0, 180_000), ago(0, 7_200_000), ago(0, 432_000_000)]).toEqual(['just now', '3 min', '2 h', '5 days']);
    const noon = new Date(2026, 10, 21, 12).getTime();
    expect([dayName(noon, noon), dayName(noon - 86_400_000, noon)]).toEqual(['Today', 'Yesterday']);
    expect(endOfDay('2026-11-21')! - startOfDay('2026-11-21')!).toBe(86_400_000);
    expect(startOfDay('')).toBeUndefined();
  });
});
