// Phones that nobody here wrote: baresip processes that register, dial, answer by themselves and hang up.

import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort } from './box.js';

/** Two phones as the web admin describes them, and calls between them. */
export class Phones {
  #phones = new Map();
  #box;

  constructor(box) {
    this.#box = box;
  }

  async register(user, secret) {
    const phone = await new Phone(this.#box, user, secret).start();
    this.#phones.set(user, phone);
  }

  call(from, to) {
    return this.#phones.get(from).command('dial', `sip:${to}@${this.#box.host}:${this.#box.sip}`);
  }

  hangUp(user) {
    return this.#phones.get(user).command('hangup');
  }

  /** What they said last, for whoever has to find out why a test failed. */
  said() {
    return [...this.#phones].map(([user, phone]) => `--- phone ${user}\n${phone.output.slice(-1500)}`).join('\n');
  }

  async stop() {
    await Promise.all([...this.#phones.values()].map((phone) => phone.stop()));
  }
}

class Phone {
  #process = null;
  #control = null;
  output = '';

  constructor(box, user, secret) {
    Object.assign(this, { box, user, secret });
  }

  async start() {
    this.folder = await mkdtemp(join(tmpdir(), `strowger-phone-${this.user}-`));
    const sip = await freePort(true);
    const control = await freePort();
    const media = 3000 + 20 * Math.floor(Math.random() * 100);
    const tone = join(this.folder, 'tone.wav');
    await writeFile(tone, wav());
    await writeFile(join(this.folder, 'config'), `sip_listen ${this.box.host}:${sip}
call_local_timeout 120
call_max_calls 4
audio_player aufile,${this.folder}/heard.wav
audio_source aufile,${tone}
audio_alert aufile,${this.folder}/alert.wav
ausrc_srate 8000
auplay_srate 8000
audio_buffer 40-160
rtp_ports ${media}-${media + 19}
rtcp_mux no
jitter_buffer_delay 1-5
net_interface ${this.box.host}
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
module uuid.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path ${this.folder}
ctrl_tcp_listen ${this.box.host}:${control}
`);
    const account = `<sip:${this.user}@${this.box.host}:${this.box.sip};transport=udp>;auth_user=${this.user};auth_pass=${this.secret};regint=60;answermode=auto;audio_codecs=pcma\n`;
    await writeFile(join(this.folder, 'accounts'), account);
    await writeFile(join(this.folder, 'contacts'), '');
    this.#process = spawn('baresip', ['-f', this.folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on('data', (text) => (this.output += text));
    let failed = null;
    this.#process.on('error', (why) => (failed = why.message));
    this.#process.on('exit', (code) => (failed ??= `ended with ${code}`));
    for (let left = 100; left > 0; left -= 1) {
      if (failed) throw new Error(`baresip ${failed}: ${this.output.slice(-1500)}`);
      this.#control = await dial(this.box.host, control);
      if (this.#control) {
        this.#control.resume();
        return this;
      }
      await wait(100);
    }
    throw new Error(`baresip opened no control port: ${this.output.slice(-1500)}`);
  }

  command(command, params = '') {
    const message = JSON.stringify({ command, params });
    this.#control.write(`${Buffer.byteLength(message)}:${message},`);
  }

  async stop() {
    this.#control?.destroy();
    if (this.#process && this.#process.exitCode === null) {
      const ended = new Promise((tell) => this.#process.once('exit', tell));
      this.#process.kill('SIGTERM');
      await Promise.race([ended, wait(5000).then(() => this.#process.kill('SIGKILL'))]);
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

function dial(host, port) {
  return new Promise((tell) => {
    const socket = connect(port, host, () => tell(socket));
    socket.on('error', () => tell(null));
  });
}

/** A minute of a quiet tone of 400 Hz: 8 kHz, 16 bit, mono. */
function wav() {
  const samples = 60 * 8000;
  const file = Buffer.alloc(44 + 2 * samples);
  file.write('RIFF', 0);
  file.writeUInt32LE(36 + 2 * samples, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(8000, 24);
  file.writeUInt32LE(16000, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36);
  file.writeUInt32LE(2 * samples, 40);
  for (let i = 0; i < samples; i += 1) file.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 400 * i) / 8000)), 44 + 2 * i);
  return file;
}
