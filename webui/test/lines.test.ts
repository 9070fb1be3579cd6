import { describe, expect, test } from 'vitest';
import { Exchange } from '../dev/exchange';
import { Lines } from '../dev/lines';
import type { Channel, Line } from '../src/lib/api/types';
import { clockOf, dChannel, erle, FAR_ENDS, freshIsdn, freshSpan, isFor, onLines, said, setFor, stateOfChannel, stateOfLine, summary } from '../src/lib/lines';
import { byField, Problem } from '../src/lib/problem';
import { traces } from '../src/lib/traces.svelte';

const line = (more: Partial<Line> = {}): Line => ({ ...structuredClone(new Exchange(false).lines.list[0]!), ...more });
const alarmed = (...names: (keyof Line['alarms'])[]): Line => {
  const one = line();
  names.forEach((name) => (one.alarms[name] = true));
  return one;
};
const channel = (more: Partial<Channel>): Channel => ({ ...line().channels[0]!, ...more });

describe('a line', () => {
  test('says what is wrong at its root and what to do about it', () => {
    expect(stateOfLine(line())).toEqual({ tone: 'on', text: 'Up', advice: null });
    expect(stateOfLine(alarmed('red', 'no_signal', 'no_frames')).text).toBe('No signal');
    expect(stateOfLine(alarmed('red', 'no_signal')).advice).toContain('cable');
    expect(stateOfLine(alarmed('red', 'blue', 'no_frames')).text).toBe('All ones (AIS)');
    expect(stateOfLine(alarmed('red', 'no_multiframes')).advice).toContain('CRC-4');
    expect(stateOfLine(alarmed('yellow')).text).toBe('Yellow alarm (RAI)');
    expect(stateOfLine(alarmed('recovering')).tone).toBe('warn');
    expect(stateOfLine(line({ present: false })).text).toBe('No card');
    expect(stateOfLine(line({ loop_back: 'remote' })).text).toBe('Looped to the far end');
    expect(stateOfLine(line({ d_channel: { up: false, carries: true } })).text).toBe('D channel down');
    expect(stateOfLine(line({ trunk: null, d_channel: null })).tone).toBe('off');
    expect(stateOfLine(line({ trunk: null, d_channel: null })).text).toBe('Good, not used');
    expect(stateOfLine(line({ trunk: null, d_channel: null, watched: false })).text).toBe('Not used yet');
    expect(stateOfLine({ ...alarmed('no_signal'), trunk: null })).toEqual({ tone: 'off', text: 'No signal, not used', advice: null });
  });

  test('says where its clock comes from and whether its D channel carries calls', () => {
    expect(clockOf(line(), 1)).toBe('the box follows this line');
    expect(clockOf(line({ is_clock: false }), 0)).toBe('the box gives it');
    expect(clockOf(line({ is_clock: false }), 2)).toBe('stands by, as source 2');
    expect(dChannel(line())).toBe('up, carries the calls');
    expect(dChannel(line({ d_channel: { up: true, carries: false } }))).toBe('up, stands by');
    expect(dChannel(line({ d_channel: null }))).toContain('another line');
  });

  test('counts its channels by what they do', () => {
    const one = line();
    one.channels[0]!.usage = 'busy';
    one.channels[1]!.ours = 'out';
    expect(summary(one)).toBe('1 in use, 28 free, 1 out of service');
  });
});

describe('a channel', () => {
  test('says first what hinders it', () => {
    expect(stateOfChannel(channel({})).look).toBe('idle');
    expect(stateOfChannel(channel({ usage: 'busy', closing: 'out' })).short).toBe('last');
    expect(stateOfChannel(channel({ usage: 'alarm', ours: 'out' })).look).toBe('alarm');
    expect(stateOfChannel(channel({ theirs: 'out' })).text).toContain('far end');
    expect(stateOfChannel(channel({ ours: 'maintenance' })).look).toBe('maintenance');
    expect(stateOfChannel(channel({ looped: true })).look).toBe('looped');
    expect(stateOfChannel(channel({ usage: 'reserved' })).short).toBe('set up');
    expect(erle(2640)).toBe('26.4 dB');
  });
});

describe('a trunk of digital lines', () => {
  test('is ready for a European carrier when it is new, and for another far end with one click', () => {
    const fresh = freshIsdn('line 1');
    expect(FAR_ENDS.map((far) => isFor(fresh, far))).toEqual([true, false, false]);
    for (const far of FAR_ENDS) expect(isFor(setFor(fresh, far), far)).toBe(true);
    expect(setFor(fresh, FAR_ENDS[1]!).spans[0]).toMatchObject({ line: 'line 1', framing: 't1_esf', clock: 1 });
    expect(setFor(fresh, FAR_ENDS[2]!)).toMatchObject({ side: 'network', spans: [{ clock: 0 }] });
    expect(isFor(freshIsdn('line 2', 't1'), FAR_ENDS[1]!)).toBe(true);
    expect(isFor({ ...fresh, dialect: 'qsig' }, FAR_ENDS[0]!)).toBe(false);
  });

  test('gives its second line the framing of the first and the next place as a clock', () => {
    const first = { ...freshSpan('line 1'), framing: 'e1' as const };
    expect(freshSpan('line 2', first)).toMatchObject({ framing: 'e1', clock: 2 });
    expect(freshSpan('line 2', { ...first, clock: 0 }).clock).toBe(0);
    expect(onLines({ ...freshIsdn('line 1'), spans: [first, freshSpan('line 2'), freshSpan('line 3')] })).toBe('EuroISDN (DSS1) on line 1, line 2 and line 3');
  });

  test('shows a mistake of any of its lines at the field', () => {
    const problem = new Problem(422, '', [{ field: 'isdn.spans[1].channels', message: 'write timeslots from 1 to 31' }]);
    expect(byField(problem, ['isdn.spans', 'isdn.spans.channels']).at).toEqual({ 'isdn.spans.channels': 'Write timeslots from 1 to 31.' });
    expect(byField(problem, ['isdn.spans']).at).toHaveProperty('isdn.spans');
  });
});

describe('what is said on a D channel', () => {
  test('is taken apart into the way, the message and what is in it', () => {
    expect(said('span 0 > SETUP, call 1 from the caller; speech, A-law; channel 1 preferred')).toEqual({
      sent: true, what: 'SETUP, call 1 from the caller', parts: ['speech, A-law', 'channel 1 preferred'],
    });
    expect(said('span 0 < ALERTING, call 1 to the caller').sent).toBe(false);
    expect(said('One phone is registered and rings.')).toEqual({ sent: null, what: 'One phone is registered and rings.', parts: [] });
  });

  test('is kept by line, with frames or without, and not for ever', () => {
    const heard: { type: string; data: unknown }[] = [];
    const lines = new Lines((event) => heard.push(event));
    lines.furnish();
    lines.use(new Exchange(false).trunks);
    lines.answer('/lines/0/trace', { on: true });
    lines.carry(0, 1, 'c1');
    for (const { type, data } of heard) if (type === 'trace') traces.hear(data as never);
    expect(traces.of('line 1', false)).toHaveLength(5);
    expect(traces.of('line 1', true)).toHaveLength(10);
    expect(traces.of('line 2', true)).toHaveLength(0);
    for (let i = 0; i < 1200; i += 1) traces.hear({ ...traces.list[0]! });
    expect(traces.list).toHaveLength(1000);
    traces.forget('line 1');
    expect(traces.list).toHaveLength(0);
  });
});
