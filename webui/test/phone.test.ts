import { describe, expect, test } from 'vitest';
import { accountUri, grouped, makeSecret, settings } from '../src/lib/phone';

const account = { user: '201', label: 'Reception', secret: 'abcd2345' };

describe('the settings of a phone', () => {
  test('are server, port, transport, user and password', () => {
    expect(settings(account, '192.168.1.2', 5070).map((setting) => setting.value)).toEqual(['192.168.1.2', '5070', 'UDP', '201', 'abcd2345']);
  });

  test('fit into a SIP address, also with an IPv6 address', () => {
    expect(accountUri(account, 'box.local', 5060)).toBe('sip:201:abcd2345@box.local:5060;transport=udp');
    expect(accountUri(account, 'fd00::2', 5060)).toContain('@[fd00::2]:5060');
    expect(accountUri(account, '[fd00::2]', 5060)).toContain('@[fd00::2]:5060');
  });
});

describe('a password made here', () => {
  test('has 128 bits and no character that is taken for another', () => {
    const secret = makeSecret();
    expect(secret).toMatch(/^[a-hjkmnp-z2-9]{26}$/);
    expect(makeSecret()).not.toBe(secret);
  });

  test('is shown in groups that make up the whole', () => {
    for (const length of [8, 20, 25, 26]) {
      const secret = 'x'.repeat(length);
      expect(grouped(secret).join('')).toBe(secret);
    }
  });
});
