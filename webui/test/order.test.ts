import { describe, expect, test } from 'vitest';
import { moved, nextOrder } from '../src/lib/order';

const routes = (...orders: number[]) => orders.map((order, i) => ({ name: 'abcdef'[i], order }));

describe('the order of routes', () => {
  test('changes two routes when one is moved by one place', () => {
    expect(moved(routes(10, 20, 90), 2, -1)).toEqual([{ name: 'c', order: 20 }, { name: 'b', order: 90 }]);
  });

  test('gives twins numbers of their own', () => {
    const list = routes(100, 100, 100);
    const after = list.map((route) => moved(list, 0, 1).find((changed) => changed.name === route.name) ?? route);
    expect(after.sort((a, b) => a.order - b.order).map((route) => route.name)).toEqual(['b', 'a', 'c']);
  });

  test('puts a new route behind all others', () => {
    expect(nextOrder(routes(10, 90, 20))).toBe(100);
    expect(nextOrder([])).toBe(10);
  });
});
