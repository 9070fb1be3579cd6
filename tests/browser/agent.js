// A browser as a telephone, for tests that run elsewhere: commands come as lines of JSON, what happens
// leaves as lines of JSON.
//
//     node agent.js https://box:8443 microphone.wav

import { createInterface } from 'node:readline';
import { writeFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { EXECUTABLE } from './browser.js';
import { jssip } from './softphone.js';

const [url, microphone] = process.argv.slice(2);
const tell = (event, more = {}) => process.stdout.write(`${JSON.stringify({ event, ...more })}\n`);

/** What runs in the page: one JsSIP and the call it has. */
function phone(tell) {
  const it = { ua: null, call: null, calls: [], heard: [], rate: 0, pictures: null };
  const media = (video) => ({
    mediaConstraints: { audio: { echoCancellation: false, noiseSuppression: false, autoGainControl: false }, video },
    pcConfig: { iceServers: [] },
  });
  const listen = (stream) => {
    const player = new Audio();
    player.srcObject = stream;
    player.play();
    const context = new AudioContext();
    it.rate = context.sampleRate;
    const tap = context.createScriptProcessor(4096, 1, 1);
    tap.onaudioprocess = ({ inputBuffer }) => it.heard.push(inputBuffer.getChannelData(0).slice());
    context.createMediaStreamSource(stream).connect(tap);
    tap.connect(context.destination);
  };
  const follow = (call) => {
    it.call = call;
    it.calls.push(call);
    it.heard = [];
    const connected = (connection) => {
      connection.addEventListener('connectionstatechange', () => tell('connection', { state: connection.connectionState }));
      connection.addEventListener('track', ({ track }) => {
        const stream = new MediaStream([track]);
        if (track.kind === 'audio') return listen(stream);
        it.pictures = document.createElement('video');
        Object.assign(it.pictures, { srcObject: stream, muted: true, autoplay: true });
        document.body.append(it.pictures);
      });
    };
    if (call.connection) connected(call.connection);
    call.on('peerconnection', ({ peerconnection }) => connected(peerconnection));
    for (const name of ['progress', 'accepted', 'confirmed']) call.on(name, () => tell(name));
    for (const name of ['hold', 'unhold']) call.on(name, ({ originator }) => tell(name, { originator }));
    for (const name of ['ended', 'failed']) {
      call.on(name, ({ originator, cause, message }) => tell(name, { originator, cause, status: message?.status_code }));
    }
    call.on('newDTMF', ({ originator, dtmf }) => tell('key', { originator, key: dtmf.tone }));
  };
  it.register = ({ user, secret, sockets }) => {
    it.ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(sockets)],
      uri: `sip:${user}@${location.host}`,
      password: secret,
      register_expires: 120,
      connection_recovery_min_interval: 1,
      session_timers: false,
      user_agent: 'browser under test',
    });
    for (const name of ['connected', 'disconnected', 'registered', 'unregistered']) it.ua.on(name, () => tell(name));
    it.ua.on('registrationFailed', ({ cause }) => tell('registrationFailed', { cause }));
    it.ua.on('newRTCSession', ({ originator, session, request }) => {
      follow(session);
      if (originator === 'remote') tell('incoming', { from: request.from.uri.user, video: /^m=video [1-9]/m.test(request.body ?? '') });
    });
    it.ua.start();
  };
  it.dial = ({ number, video = false }) => void it.ua.call(`sip:${number}@${location.host}`, media(video));
  it.answer = ({ video = false }) => it.call.answer(media(video));
  it.hangUp = () => it.call.terminate();
  it.press = ({ keys }) => it.call.sendDTMF(keys, { transportType: 'RFC2833' });
  it.hold = () => it.call.hold();
  it.resume = () => it.call.unhold();
  /** Offers again what is set up now, by another network if `iceRestart` says so. */
  const again = (options = {}) =>
    new Promise((done, fail) => it.call.renegotiate(options, done) || fail(new Error('no new offer is possible now')));
  it.restart = () => again({ rtcOfferConstraints: { iceRestart: true } });
  /** Turns the camera on or off in the middle of a call. */
  it.film = async ({ video }) => {
    const { connection } = it.call;
    const line = connection.getTransceivers().find(({ receiver }) => receiver.track.kind === 'video');
    const [track = null] = video ? (await navigator.mediaDevices.getUserMedia({ video })).getTracks() : [];
    if (!line) connection.addTrack(track, new MediaStream([track]));
    else {
      line.sender.track?.stop();
      await line.sender.replaceTrack(track);
      const hears = ['sendrecv', 'recvonly'].includes(line.direction);
      if (track) line.direction = hears ? 'sendrecv' : 'sendonly';
      else line.direction = hears ? 'recvonly' : 'inactive';
    }
    await again();
  };
  /** Connects whom the first call was with to whom the second is with (RFC 5589 section 7). */
  it.transfer = () => {
    const [first, second] = it.calls.slice(-2);
    const asked = first.refer(second.remote_identity.uri, { replaces: second });
    for (const name of ['requestFailed', 'accepted', 'failed']) asked.on(name, () => tell('transfer', { name }));
  };
  // The network's doing: JsSIP finds out and comes back by itself.
  it.drop = () => it.ua.transport.socket._ws.close();
  /** What a page does when it is told of another network: a closing handshake would wait for an answer. */
  it.reconnect = () => {
    it.ua._transport.disconnect();
    it.ua._transport.connect();
  };
  it.stop = () => it.ua.stop();
  it.recording = () => {
    const samples = it.heard.flatMap((part) => Array.from(part, (value) => Math.max(-1, Math.min(1, value))));
    const octets = new Uint8Array(Int16Array.from(samples, (value) => Math.round(value * 32767)).buffer);
    let text = '';
    for (let at = 0; at < octets.length; at += 32768) text += String.fromCharCode(...octets.subarray(at, at + 32768));
    return { rate: it.rate, octets: btoa(text) };
  };
  it.statistics = async () => {
    const found = { pairs: [] };
    for (const [, one] of await it.call.connection.getStats()) {
      if (['inbound-rtp', 'outbound-rtp', 'remote-inbound-rtp', 'transport'].includes(one.type)) found[`${one.type}-${one.kind ?? 'all'}`] = one;
      if (one.type === 'codec') (found.codecs ??= []).push(one.mimeType);
    }
    return found;
  };
  window.phone = it;
}

/** A WAV of one channel. */
function wav({ rate, octets }) {
  const body = Buffer.from(octets, 'base64');
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + body.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate * 2, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36);
  head.writeUInt32LE(body.length, 40);
  return Buffer.concat([head, body]);
}

const browser = await chromium.launch({
  executablePath: EXECUTABLE,
  args: [
    '--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update',
    '--disable-sync', '--ignore-certificate-errors', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
    `--use-file-for-fake-audio-capture=${microphone}`, '--autoplay-policy=no-user-gesture-required', '--allow-loopback-in-peer-connection',
  ],
});
const context = await browser.newContext({ ignoreHTTPSErrors: true, bypassCSP: true, permissions: ['microphone', 'camera'] });
const page = await context.newPage();
page.on('pageerror', (error) => tell('error', { text: error.message }));
page.on('console', (message) => message.type() === 'error' && tell('complaint', { text: message.text() }));
// What is said goes to the log.
page.on('websocket', (socket) => {
  socket.on('framesent', ({ payload }) => console.error(`> ${payload}`));
  socket.on('framereceived', ({ payload }) => console.error(`< ${payload}`));
});
// A page of the box's own, so that the box takes its WebSocket, and one with nothing in it.
await page.goto(`${url}/api/v1/health`);
await page.addScriptTag({ content: await jssip() });
await page.exposeFunction('tell', tell);
await page.evaluate(`(${phone})(window.tell)`);
tell('ready');

for await (const line of createInterface({ input: process.stdin })) {
  const { do: what, ...more } = JSON.parse(line);
  if (what === 'close') break;
  try {
    if (what === 'record') {
      await writeFile(more.path, wav(await page.evaluate(() => window.phone.recording())));
      tell('recorded');
    } else {
      const given = await page.evaluate(([what, more]) => window.phone[what](more), [what, more]);
      tell('done', { what, given });
    }
  } catch (failure) {
    tell('error', { text: failure.message });
  }
}
await browser.close();
