// The order in which routes are tried.

interface Ordered {
  order: number;
}

const STEP = 10;

/** After all others, with room between. */
export function nextOrder(routes: readonly Ordered[]): number {
  return Math.max(0, ...routes.map((route) => route.order)) + STEP;
}

/** Moves one route by one place and numbers them anew: those that have another number now. */
export function moved<T extends Ordered>(routes: readonly T[], index: number, by: -1 | 1): T[] {
  const list = [...routes];
  const [route] = list.splice(index, 1);
  if (route === undefined) return [];
  list.splice(index + by, 0, route);
  const orders = routes.map((other) => other.order);
  // Their own numbers, in the new order, are the smallest change; twins need new ones.
  const distinct = new Set(orders).size === orders.length;
  return list
    .map((other, i) => ({ ...other, order: distinct ? (orders[i] ?? STEP) : (i + 1) * STEP }))
    .filter((other, i) => other.order !== list[i]?.order);
}
