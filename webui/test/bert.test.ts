import { describe, expect, test } from 'vitest';
import type { Bert, Channel } from '../src/lib/api/types';
import { ratio, stateOfBert } from '../src/lib/bert';
import { stateOfChannel } from '../src/lib/lines';

const bert = (more: Partial<Bert> = {}): Bert => ({
  pattern: 'bits2047', begun: 0, ended: null, since: 0, sync: 'found', bits: 640_000, errors: 0, uncompared: 0, losses: 0, slips: 0,
  seconds: 10, errored_seconds: 0, severely_errored_seconds: 0, inserted: 0, late: 0, ...more,
});

describe('a test of bit errors', () => {
  test('says in one line how it does', () => {
    expect(stateOfBert(bert())).toEqual({ tone: 'on', text: 'In step, no bit errors', advice: null });
    expect(stateOfBert(bert({ errors: 1 }))).toEqual({ tone: 'warn', text: 'In step, 1 bit error', advice: null });
    expect(stateOfBert(bert({ slips: 2, losses: 1 })).text).toBe('In step, no bit errors, 1 loss of the pattern, 2 slips');
    expect(stateOfBert(bert({ sync: 'searching', bits: 0 })).text).toBe('Looking for the pattern');
    expect(stateOfBert(bert({ sync: 'searching', losses: 1 })).text).toBe('The pattern is lost');
    expect(stateOfBert(bert({ sync: 'inverted' })).advice).toContain('inverted');
    expect(stateOfBert(bert({ ended: 5, errors: 12 }))).toEqual({ tone: 'off', text: 'Stopped: 12 bit errors', advice: null });
    expect(stateOfBert(bert({ ended: 5, bits: 0 })).text).toBe('Stopped: the pattern never came');
  });

  test('has a ratio as test sets write it', () => {
    expect(ratio(bert({ bits: 0 }))).toBeNull();
    expect(ratio(bert())).toBe('0');
    expect(ratio(bert({ errors: 640 }))).toBe('1.0 × 10⁻³');
    expect(ratio(bert({ bits: 12_800_000_000, errors: 16 }))).toBe('1.3 × 10⁻⁹');
    expect(ratio(bert({ bits: 64_000, errors: 64_000 }))).toBe('1.0 × 10⁰');
  });

  test('shows on its channel while it runs', () => {
    const channel = (test: Bert): Channel => ({ slot: 3, usage: 'idle', ours: 'maintenance', theirs: 'in', closing: null, call: null, looped: false, bert: test, sound: null });
    expect(stateOfChannel(channel(bert()))).toEqual({ look: 'tested', short: 'BERT', text: 'Bit error test. In step, no bit errors' });
    expect(stateOfChannel(channel(bert({ ended: 9 }))).look).toBe('maintenance');
  });
});
