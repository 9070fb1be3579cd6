// What a phone has to know to log in at the box.

export interface Account {
  /** The log-in name: the extension's number or the device's name. */
  user: string;
  /** What the phone shows as its own name. */
  label: string;
  secret: string;
}

export interface PhoneSetting {
  label: string;
  /** Other names that phones have for it. */
  also: string;
  value: string;
}

/** SIP over UDP and TCP (RFC 3261 §19.1.2), as long as the box says nothing else. */
export const SIP_PORT = 5060;

export function settings(account: Account, host: string, port: number): PhoneSetting[] {
  return [
    { label: 'Server address', also: 'Registrar, SIP server, Domain, Host', value: host },
    { label: 'Port', also: 'SIP port', value: String(port) },
    { label: 'Transport', also: 'Protocol', value: 'UDP' },
    { label: 'User', also: 'User name, Authentication name, Account, Extension', value: account.user },
    { label: 'Password', also: 'Secret, Authentication password', value: account.secret },
  ];
}

/** The account as a SIP URI with user and password (RFC 3261 §19.1.1), which is what the QR code carries. */
export function accountUri(account: Account, host: string, port: number): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return `sip:${account.user}:${account.secret}@${name}:${port};transport=udp`;
}

/** A password that nobody guesses and everybody can type: 26 characters out of 31 are 128 bits. */
export function makeSecret(): string {
  const secret: string[] = [];
  while (secret.length < 26) {
    for (const byte of crypto.getRandomValues(new Uint8Array(32))) {
      // Bytes beyond the last whole round would make the first letters likelier.
      if (byte < 248 && secret.length < 26) secret.push(ALPHABET.charAt(byte % ALPHABET.length));
    }
  }
  return secret.join('');
}

/** In groups of four or so, for the eye that copies it. */
export function grouped(secret: string): string[] {
  const size = secret.length % 4 === 0 || secret.length % 5 !== 0 ? 4 : 5;
  return secret.match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
}

/** Without 0, o, 1, i and l. */
const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789';
