import { describe, expect, test } from 'vitest';
import { Exchange } from '../dev/exchange';
import type { RouteReport } from '../src/lib/api/types';
import { answer, dialled } from '../src/lib/route-check';

const names: Record<string, string> = { '201': 'Reception', '202': 'Workshop' };
const tell = (report: Partial<RouteReport>) =>
  answer({ verdict: 'refused', places: [], number: null, route: null, steps: [], encryption: [], lines: [], ...report }, (number) => names[number]);
const steps = (...texts: string[]) => texts.map((text) => ({ after_ms: 0, text }));

describe('who would this reach', () => {
  test('names the extension and whose it is', () => {
    expect(tell({ verdict: 'extension', places: [{ extension: '201' }] })).toMatchObject({ tone: 'good', headline: 'Reception (201)', detail: null });
    expect(tell({ verdict: 'extension', places: [{ extension: '299' }] }).headline).toBe('299');
  });

  test('is asked with the number as a phone sends it', () => {
    expect(dialled(' +44 (20) 7946-0958 ')).toBe('+442079460958');
    expect(dialled('*97#')).toBe('*97#');
  });

  test('says when the box itself answers', () => {
    expect(tell({ verdict: 'number', places: [{ number: '*43' }] })).toMatchObject({ tone: 'good', headline: 'The box itself, under *43' });
  });

  test('names whoever is tried next', () => {
    const { detail } = tell({ verdict: 'extension', places: [{ extension: '201' }, { extension: '202' }, { trunk: 'Kestrel' }] });
    expect(detail).toBe('Then Workshop (202), then Kestrel');
  });

  test('shows the number as it leaves, its trunk, the next trunk and the route', () => {
    const { headline, detail } = tell({ verdict: 'trunk', number: '+442079460312', places: [{ trunk: 'Kestrel' }, { trunk: 'Northline' }], route: 'Outside' });
    expect(headline).toBe('+442079460312 through Kestrel');
    expect(detail).toBe('If it fails, Northline. By the route “Outside”.');
  });

  test('says why a call would be refused: the last step is the reason', () => {
    const told = tell({ steps: steps('09… is no extension.', 'The route “Premium” bars 09.') });
    expect(told).toMatchObject({ tone: 'bad', headline: 'Nobody: the call would be refused', detail: 'The route “Premium” bars 09.' });
    expect(told.steps).toHaveLength(2);
    expect(tell({}).detail).toBeNull();
  });

  test('says of each side whether its sound is encrypted, and once if its phones differ', () => {
    const encryption = [
      { leg: '201', policy: 'opportunistic' as const },
      { leg: '201', policy: 'browser' as const },
      { leg: 'Kestrel', policy: 'off' as const },
    ];
    expect(tell({ verdict: 'trunk', encryption }).sound).toBe('Sound: 201 encrypted if it can or always encrypted, Kestrel in the clear.');
    expect(tell({ verdict: 'number' }).sound).toBeNull();
  });

  test('reads what the pretended box answers', () => {
    const box = new Exchange(false);
    const ask = (to: string) => box.routeCheck({ from: '201', to, at: null, trunk: null, slot: null, number_type: null }) as RouteReport;
    expect(answer(ask('202'), () => 'Margaret').headline).toBe('Margaret (202)');
    expect(answer(ask('202'), () => 'Margaret').sound).toBe('Sound: 201 encrypted if it can, 202 encrypted if it can.');
    expect(answer(ask('0900 123'), () => undefined).tone).toBe('bad');
    expect(answer(ask('112'), () => undefined).headline).toBe('112 through Kestrel Telecom');
  });
});
