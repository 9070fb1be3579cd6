import { describe, expect, test } from 'vitest';
import { asProblem, byField, Problem, sentence } from '../src/lib/problem';

const refused = (errors: { field: string; message: string }[]) => Problem.from(422, { detail: 'Some fields are not right.', errors });

describe('what the box says against a form', () => {
  test('stands at its field, as a sentence', () => {
    const { at, above } = byField(refused([{ field: 'number', message: 'this is taken already, by Alice' }]), ['number', 'name']);
    expect(at).toEqual({ number: 'This is taken already, by Alice.' });
    expect(above).toBeNull();
  });

  test('about one of several entries stands at the input that holds them all', () => {
    const { at } = byField(refused([{ field: 'peers.1', message: 'not an address' }, { field: 'network.external.fixed', message: 'no address' }, { field: 'trunks[0]', message: 'no such trunk' }]), ['peers', 'network.external', 'trunks']);
    expect(Object.keys(at)).toEqual(['peers', 'network.external', 'trunks']);
  });

  test('about a field that the form does not show stands above it and is not lost', () => {
    const { at, above } = byField(refused([{ field: 'tenant', message: 'tenant 9 does not exist' }]), ['number']);
    expect(at).toEqual({});
    expect(above).toBe('Tenant 9 does not exist.');
  });

  test('without fields stands above the form in the words of the box', () => {
    expect(byField(Problem.from(507, { detail: 'The disk is full' }), ['number']).above).toBe('The disk is full.');
  });

  test('keeps its first word where two concern one field', () => {
    expect(byField(refused([{ field: 'did', message: 'first' }, { field: 'did', message: 'second' }]), ['did']).at).toEqual({ did: 'First.' });
  });

  test('has words even when the box found none', () => {
    expect(Problem.from(507, null).message).toContain('disk');
    expect(Problem.from(599, null).message).toContain('599');
    expect(asProblem(new TypeError('x')).message).not.toContain('x is');
    expect(sentence('  ')).toBe('');
  });

  test('says how long to wait', () => {
    expect(Problem.from(429, null, '12').retryAfter).toBe(12);
    expect(Problem.from(429, null, 'soon').retryAfter).toBeNull();
    expect(Problem.from(429, null).retryAfter).toBeNull();
  });
});
