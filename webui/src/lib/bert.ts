// A test of the bit errors of a channel, in words.

import type { Bert } from './api/types';
import type { Said } from './lines';
import { count } from './words';

export const PATTERN: Record<Bert['pattern'], string> = {
  bits2047: '2¹¹−1 bits (O.152), for one channel',
  bits32767: '2¹⁵−1 bits, inverted (O.151)',
};

/** `0`, `1.6 × 10⁻⁵`; nothing where no bit was compared yet. */
export function ratio(bert: Bert): string | null {
  if (bert.bits === 0) return null;
  if (bert.errors === 0) return '0';
  const [digits = '', power = ''] = (bert.errors / bert.bits).toExponential(1).split('e');
  const raised = [...power.replace('+', '')].map((digit) => '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'['-0123456789'.indexOf(digit)]).join('');
  return `${digits} × 10${raised}`;
}

/** How a test does, or how it ended. */
export function stateOfBert(bert: Bert): Said {
  const errors = bert.errors === 0 ? 'no bit errors' : count(bert.errors, 'bit error', 'bit errors');
  const more = [bert.losses > 0 && count(bert.losses, 'loss of the pattern', 'losses of the pattern'), bert.slips > 0 && count(bert.slips, 'slip', 'slips')];
  const found = [errors, ...more.filter(Boolean)].join(', ');
  const clean = bert.errors + bert.losses + bert.slips === 0;
  if (bert.ended !== null) {
    if (bert.bits === 0) return { tone: 'off', text: 'Stopped: the pattern never came', advice: null };
    return { tone: 'off', text: `Stopped: ${found}`, advice: null };
  }
  if (bert.sync === 'searching') {
    const advice = 'What comes is not the pattern. Is the channel looped at the far end, or does it send the same pattern? A line with an alarm brings nothing.';
    return { tone: 'bad', text: bert.bits === 0 ? 'Looking for the pattern' : 'The pattern is lost', advice };
  }
  if (bert.sync === 'inverted') {
    return { tone: 'warn', text: `In step, ${found}`, advice: 'Every bit comes inverted: the other tester, or a device between, does that.' };
  }
  return { tone: clean ? 'on' : 'warn', text: `In step, ${found}`, advice: null };
}

/** In the order in which one looks at them. */
export const FIGURES: { text: string; means: string; value: (bert: Bert) => number; rare?: true }[] = [
  { text: 'Bits compared', means: 'Since the pattern was found for the first time, while it was there.', value: (bert) => bert.bits },
  { text: 'Seconds', means: 'Since the pattern was found for the first time.', value: (bert) => bert.seconds },
  { text: 'Errored seconds', means: 'Seconds with a bit error, with a slip, or without the pattern (G.821).', value: (bert) => bert.errored_seconds },
  { text: 'Bad seconds', means: 'Seconds with one error in 1000 bits or more, or without the pattern (G.821).', value: (bert) => bert.severely_errored_seconds },
  { text: 'Pattern lost', means: 'How often more than a fifth of the bits were wrong.', value: (bert) => bert.losses },
  { text: 'Slips', means: 'How often octets were lost or doubled on the way.', value: (bert) => bert.slips },
  { text: 'Inserted', means: 'Errors that were put into what the box sends.', value: (bert) => bert.inserted },
  { text: 'Box too late', means: 'How often the box itself did not keep up with the line. Such a slip is its own, and not the line’s.', value: (bert) => bert.late, rare: true },
];
