// A few countries, enough to choose from.

import type { Country } from '../src/lib/api/types';

const country = (code: string, name: string, calling_code: string, trunk_prefix: string, international_prefix: string, ...emergency: string[]): Country =>
  ({ code, name, calling_code, trunk_prefix, international_prefix, emergency });

export const COUNTRIES: Country[] = [
  country('AT', 'Austria', '43', '0', '00', '112', '122', '133', '144'),
  country('CH', 'Switzerland', '41', '0', '00', '112', '117', '118', '144'),
  country('DE', 'Germany', '49', '0', '00', '112', '110'),
  country('FR', 'France', '33', '0', '00', '112', '15', '17', '18'),
  country('GB', 'United Kingdom', '44', '0', '00', '999', '112'),
  country('IT', 'Italy', '39', '', '00', '112', '113', '115', '118'),
  country('US', 'United States', '1', '1', '011', '911', '112'),
];
