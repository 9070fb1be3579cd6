import { readFileSync } from 'node:fs';
import openapiTS, { astToString } from 'openapi-typescript';
import { expect, test } from 'vitest';

const root = new URL('..', import.meta.url);

test('the types of the client are those of openapi.json', async () => {
  const document = readFileSync(new URL('openapi.json', root), 'utf8');
  const generated = astToString(await openapiTS(document)).trim();
  const kept = readFileSync(new URL('src/lib/api/schema.d.ts', root), 'utf8');
  // The file begins with a banner of its generator.
  expect(kept.trim().endsWith(generated), 'run `npm run generate`').toBe(true);
});
