// The daemon under test: one of its own on free ports, or the one at STROWGER_URL with its data in STROWGER_DATA.

import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** Wide, so that whatever else runs on this machine leaves enough of it. */
const MEDIA = '14000-18999';
/** Below the range that the kernel takes ports from for anybody, and each given once. */
const FIRST = 5100;
const LAST = 8900;
const GIVEN = new Set();

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** `board` is that of the lines; a box that runs already has its own. */
export async function box({ board } = {}) {
  const url = process.env.STROWGER_URL;
  if (!url || board) return new Box(board).start();
  const { hostname } = new URL(url);
  return { url: url.replace(/\/$/, ''), data: process.env.STROWGER_DATA, host: hostname, sip: Number(process.env.STROWGER_SIP_PORT ?? 5060), own: false, stop() {} };
}

class Box {
  own = true;
  host = '127.0.0.1';
  #process = null;
  log = '';

  constructor(board) {
    this.board = board;
  }

  async start() {
    this.folder = await mkdtemp(join(tmpdir(), 'strowger-browser-'));
    this.data = join(this.folder, 'data');
    const [http, sips] = [await freePort(), await freePort()];
    this.sip = await freePort();
    this.url = `https://${this.host}:${http}`;
    this.words = [
      'run', '--data', this.data, '--http', `${this.host}:${http}`, '--sip', `${this.host}:${this.sip}`, '--sips', `${this.host}:${sips}`,
      '--media-ip', this.host, '--media-ports', MEDIA,
      ...(this.board ? ['--board', this.board] : []),
    ];
    await this.run();
    return this;
  }

  async run() {
    const daemon = process.env.STROWGERD ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, 'target'), 'debug', 'strowgerd');
    this.#process = spawn(daemon, this.words, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on('data', (text) => (this.log += text));
    let failed = null;
    this.#process.on('error', (why) => (failed = `${daemon}: ${why.message}`));
    this.#process.on('exit', (code) => (failed ??= `strowgerd ended with ${code}`));
    for (let left = 300; left > 0; left -= 1) {
      if (failed) throw new Error(`${failed}: ${this.log.slice(-2000)}`);
      if (await this.healthy()) return;
      await wait(100);
    }
    throw new Error(`strowgerd was not healthy within 30 s: ${this.log.slice(-2000)}`);
  }

  healthy() {
    return new Promise((tell) => {
      const asked = request(`${this.url}/api/v1/health`, { rejectUnauthorized: false, timeout: 2000 }, (answer) => {
        answer.resume();
        tell(answer.statusCode === 200);
      });
      asked.on('error', () => tell(false));
      asked.end();
    });
  }

  /** Ends it, politely, and waits for that. */
  async halt() {
    if (this.#process?.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = new Promise((tell) => this.#process.once('exit', tell));
    this.#process.kill('SIGTERM');
    await Promise.race([ended, wait(10_000).then(() => this.#process.kill('SIGKILL'))]);
  }

  async stop() {
    await this.halt();
    await rm(this.folder, { recursive: true, force: true });
  }
}

export async function claimCode(data) {
  return (await readFile(join(data, 'claim-code'), 'utf8')).trim();
}

/** A port that nobody has, neither for TCP nor for UDP; with `pair`, the next one is free as well. */
export async function freePort(pair = false) {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    const wanted = pair ? [port, port + 1] : [port];
    if (wanted.some((one) => GIVEN.has(one))) continue;
    wanted.forEach((one) => GIVEN.add(one));
    const free = await Promise.all(wanted.flatMap((one) => [tcpFree(one), udpFree(one)]));
    if (free.every(Boolean)) return port;
  }
}

function tcpFree(port) {
  return new Promise((tell) => {
    const server = createServer();
    server.once('error', () => tell(false));
    server.listen(port, '127.0.0.1', () => server.close(() => tell(true)));
  });
}

function udpFree(port) {
  return new Promise((tell) => {
    const socket = createSocket('udp4');
    socket.once('error', () => tell(false));
    socket.bind(port, '127.0.0.1', () => socket.close(() => tell(true)));
  });
}
