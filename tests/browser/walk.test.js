// An installer's first day: claim, wizard, two phones, calls, routes, history. In one order, as it happens.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { box as startBox, claimCode } from './box.js';
import { Browser } from './browser.js';
import { Phones } from './phone.js';

const PASSWORD = 'correct horse battery';
const SECONDS = 1000;

let box, browser, page, phones;
const secrets = {};

before(async () => {
  box = await startBox();
  phones = new Phones(box);
  browser = new Browser();
  page = await browser.open(`${box.url}/`);
});

after(async () => {
  await phones?.stop();
  await browser?.close();
  await box?.stop();
});

/** One stretch of the way. Where one fails, those behind it would only say so again. */
let lost = false;
function step(name, walk, options = {}) {
  test(name, options, async (context) => {
    if (lost) return context.skip('an earlier step failed');
    try {
      await walk();
    } catch (failure) {
      lost = true;
      await browser?.picture('failed').catch(() => {});
      console.error(`${phones?.said()}\n--- strowgerd\n${box?.log?.slice(-3000)}`);
      throw failure;
    }
  });
}

const button = (name) => page.getByRole('button', { name, exact: true });
const field = (name) => page.getByLabel(name, { exact: true });
const heading = (name) => page.getByRole('heading', { name });
const go = (name) => page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
/** An extension, made past the page; gives its password. */
const make = (number, name) =>
  page.evaluate(async (entry) => {
    const { csrf } = await (await fetch('/api/v1/session')).json();
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf };
    const made = await fetch('/api/v1/extensions', { method: 'POST', headers, body: JSON.stringify(entry) });
    return (await made.json()).secret;
  }, { number, name });
/** The next answer to this request tells of everything in it what was true a moment before. */
const late = (request, before) =>
  page.route(`**/api/v1/${request}`, async (route) => {
    const response = await route.fetch();
    const { items, next } = await response.json();
    await route.fulfill({ response, json: { items: items.map((one) => ({ ...one, ...before })), next } });
  }, { times: 1 });
/** A WAV file of so many seconds: 8 kHz, 16 bits, a tone. */
const wav = (seconds) => {
  const pcm = Buffer.alloc(16_000 * seconds);
  for (let n = 0; n < 8000 * seconds; n += 1) pcm.writeInt16LE(Math.round(8000 * Math.sin(n / 3)), 2 * n);
  const head = Buffer.alloc(44);
  head.write('RIFF');
  head.writeUInt32LE(36 + pcm.length, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  [1, 1].forEach((word, at) => head.writeUInt16LE(word, 20 + 2 * at));
  head.writeUInt32LE(8000, 24);
  head.writeUInt32LE(16_000, 28);
  [2, 16].forEach((word, at) => head.writeUInt16LE(word, 32 + 2 * at));
  head.write('data', 36);
  head.writeUInt32LE(pcm.length, 40);
  return Buffer.concat([head, pcm]);
};
/** What the page says beside a field. */
const errorOf = async (input) => {
  const ids = (await input.getAttribute('aria-describedby')) ?? '';
  const id = ids.split(' ').find((one) => one.endsWith('-error'));
  return id ? page.locator(`[id="${id}"]`).innerText() : '';
};

step('a wrong claim code is refused at its field and costs nothing that was typed', async () => {
  await heading('This box is new').waitFor();
  await field('Claim code').fill('0000-0000-0000');
  await field('Administrator’s name').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button('Claim this box').click();
  await page.locator('[aria-invalid="true"]').waitFor();
  assert.match(await errorOf(field('Claim code')), /claim code/);
  assert.equal(await field('Administrator’s name').inputValue(), 'admin');
});

step('the right claim code opens the wizard', async () => {
  await field('Claim code').fill(await claimCode(box.data));
  await button('Claim this box').click();
  await heading('Where does this box stand?').waitFor();
});

step('the country and the name of the box are set', async () => {
  await page.getByLabel('Country').selectOption('GB');
  await page.getByText('Emergency calls: 999, 112').waitFor();
  await field('Name of the box').fill('Hartley & Sons');
  await button('Continue').click();
  await heading('The first two phones').waitFor();
});

step('two extensions are made, and a number that cannot be is refused at its field', async () => {
  const numbers = page.getByLabel('Number', { exact: true });
  const names = page.getByLabel('Whose is it?');
  await names.nth(0).fill('Reception');
  await names.nth(1).fill('Workshop');
  await numbers.nth(1).fill('999');
  await button('Make both extensions').click();
  await page.locator('[aria-invalid="true"]').waitFor();
  assert.match(await errorOf(numbers.nth(1)), /help/);
  assert.equal(await names.nth(1).inputValue(), 'Workshop');
  await numbers.nth(1).fill('202');
  await button('Make both extensions').click();
  await heading('Connect the phones').waitFor();
  for (const number of ['201', '202']) {
    const card = page.locator(`[data-phone="${number}"]`);
    assert.equal(await card.getAttribute('data-registered'), 'false');
    await card.getByRole('img', { name: /QR code/ }).waitFor();
    secrets[number] = await card.locator('dd.secret').getAttribute('data-value');
    assert.match(secrets[number], /^[\w-]{20,}$/);
  }
});

step('the cards of the two phones turn green when these register', async () => {
  await phones.register('201', secrets['201']);
  await page.locator('[data-phone="201"][data-registered="true"]').waitFor();
  await phones.register('202', secrets['202']);
  await page.locator('[data-phone="202"][data-registered="true"]').waitFor();
  await page.getByText('Now call 202 from 201').waitFor();
  await browser.picture('wizard', { height: 1000 });
});

step('the test call is seen to go through', async () => {
  await phones.call('201', '202');
  await page.locator('[data-test="passed"]').waitFor();
  await page.getByText('and they are talking').waitFor();
  await phones.hangUp('201');
  await page.getByText('The caller hung up').waitFor();
  await button('Continue').click();
  await heading('Ready.').waitFor();
  await button('Go to the calls').click();
  await heading('Calls').waitFor();
});

step('a call appears on the page and ends there by itself', async () => {
  await page.getByText('Nobody is on the phone').waitFor();
  await phones.call('201', '202');
  const call = page.locator('[data-state="up"][data-call]');
  await call.waitFor();
  assert.match(await call.innerText(), /201[\s\S]*202[\s\S]*Talking/);
  assert.equal(await page.locator('[data-number="202"]').getAttribute('data-state'), 'talking');
  await page.waitForTimeout(2 * SECONDS);
  await phones.hangUp('202');
  await page.locator('[data-state="ended"][data-call]').waitFor();
  await page.getByText('The called side hung up').waitFor();
  await page.getByText('Nobody is on the phone').waitFor();
});

step('the page ends a call', async () => {
  await phones.call('202', '201');
  const call = page.locator('[data-state="up"][data-call]');
  await call.waitFor();
  // These phones know no keys: each end says so.
  await call.locator('[data-keys="none"]').nth(1).waitFor();
  await page.getByRole('button', { name: /Hang up the call from 202/ }).click();
  await page.getByText('Ended by an administrator').waitFor();
});

step('the history tells each call, why it ended and how it sounded', async () => {
  await go('History');
  const rows = page.locator('tr[data-call]');
  await rows.first().waitFor();
  assert.equal(await rows.count(), 3);
  await rows.nth(1).getByRole('link').click();
  const sheet = page.getByRole('dialog');
  await sheet.getByText('The called side hung up').first().waitFor();
  const sound = sheet.locator('table tbody tr');
  assert.ok((await sound.count()) >= 1, 'no stream in the record');
  assert.match(await sound.first().innerText(), /G\.711 A-law/);
  await browser.picture('history');
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
});

step('a call is recorded, its page plays the middle of it, and says when it was deleted', async () => {
  await go('Calls');
  await phones.call('201', '202');
  await page.locator('[data-state="up"][data-call]').waitFor();
  await page.getByRole('button', { name: /^Record the call from 201/ }).click();
  const stop = page.getByRole('button', { name: /^Stop recording the call from 201/ });
  await stop.waitFor();
  await page.waitForTimeout(3 * SECONDS);
  await stop.click();
  await phones.hangUp('201');
  await page.locator('[data-state="ended"][data-call]').waitFor();
  // A slow disk: the call has ended before its record is written and its file is closed.
  await late('cdrs?*', { state: 'up', ended: null, end: null, recordings: [] });
  await late('recordings?call=*', { ended: null });
  await go('History');
  await page.locator('tr[data-call]').first().getByRole('link').click();
  const sheet = page.getByRole('dialog');
  await sheet.getByText('being recorded').waitFor();
  const recording = sheet.locator('[data-recording]');
  await recording.waitFor();
  const seconds = await recording.locator('audio').evaluate((audio) => new Promise((done, fail) => {
    audio.addEventListener('seeked', () => done(audio.duration));
    audio.addEventListener('loadedmetadata', () => { audio.currentTime = audio.duration / 2; });
    audio.addEventListener('error', () => fail(new Error(audio.error.message)));
    audio.preload = 'auto';
    audio.load();
  }));
  assert.ok(seconds > 2 && seconds < 10, `a recording of ${seconds} s`);
  await browser.picture('recorded-call');
  // It can be taken back while the sheet is open.
  await recording.getByRole('button', { name: /^Delete the recording/ }).click();
  await sheet.getByRole('button', { name: 'Undo', exact: true }).click();
  await recording.getByRole('button', { name: /^Delete the recording/ }).click();
  await sheet.locator('[data-lost="1"]').getByText('was deleted').waitFor();
  await page.keyboard.press('Escape');
  await sheet.waitFor({ state: 'detached' });
  await go('Settings');
  await page.getByLabel('Keep recordings for (days)', { exact: true }).fill('90');
  await button('Save settings').click();
  await page.getByText('Settings saved.').waitFor();
});

step('an extension is made, changed, taken back and deleted', async () => {
  await go('Extensions');
  await page.getByRole('link', { name: 'New extension' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Name', { exact: true }).fill('Accounts');
  await sheet.getByLabel('Number', { exact: true }).fill('201');
  await sheet.getByRole('button', { name: 'Create extension' }).click();
  await page.locator('[aria-invalid="true"]').waitFor();
  assert.match(await errorOf(sheet.getByLabel('Number', { exact: true })), /taken/);
  assert.equal(await sheet.getByLabel('Name', { exact: true }).inputValue(), 'Accounts');

  // Closing by mistake costs nothing.
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: 'New extension' }).click();
  assert.equal(await sheet.getByLabel('Name', { exact: true }).inputValue(), 'Accounts');
  await sheet.getByText('You left this form without saving').waitFor();
  await sheet.getByLabel('Number', { exact: true }).fill('203');
  await sheet.getByRole('button', { name: 'Create extension' }).click();
  await sheet.getByText('The password is shown this once').waitFor();
  await sheet.getByRole('button', { name: 'Done' }).click();

  await page.getByRole('link', { name: '203', exact: true }).click();
  await sheet.getByLabel('Do not disturb').check();
  await sheet.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('row', { name: /203.*Do not disturb/ }).waitFor();
  await button('Undo').click();
  await page.getByText('Taken back').waitFor();
  assert.equal(await page.getByRole('row', { name: /203.*Do not disturb/ }).count(), 0);

  // The key / finds, Esc forgets.
  await page.keyboard.press('/');
  await page.keyboard.type('acc');
  assert.equal(await page.locator('tbody tr').count(), 1);
  await page.keyboard.press('Escape');
  await page.getByRole('link', { name: '203', exact: true }).click();
  await sheet.getByRole('button', { name: 'Delete extension' }).click();
  await page.getByRole('alertdialog').getByRole('button', { name: 'Delete' }).click();
  await page.getByText('Extension 203 deleted').waitFor();
});

step('a trunk and routes are made, and the router says who a number would reach', async () => {
  await go('Trunks');
  await page.getByRole('link', { name: 'New trunk' }).first().click();
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Name', { exact: true }).fill('Kestrel Telecom');
  await sheet.getByText('By its address').click();
  await sheet.getByLabel('Server', { exact: true }).fill('not a host');
  await sheet.getByRole('button', { name: 'Create trunk' }).click();
  await page.locator('[aria-invalid="true"]').waitFor();
  assert.match(await errorOf(sheet.getByLabel('Server', { exact: true })), /host name/);
  await sheet.getByLabel('Server', { exact: true }).fill('127.0.0.9');
  await sheet.getByRole('button', { name: 'Create trunk' }).click();
  await page.getByRole('link', { name: 'Kestrel Telecom' }).waitFor();

  await go('Routes');
  await page.getByRole('link', { name: 'New outbound route' }).first().click();
  await sheet.getByLabel('Name', { exact: true }).fill('Everything outside');
  await sheet.getByLabel('Dialled number', { exact: true }).fill('0.');
  await sheet.getByRole('button', { name: 'Create route' }).click();
  await page.getByRole('row', { name: /Everything outside/ }).waitFor();
  await page.getByRole('link', { name: 'New outbound route' }).click();
  await sheet.getByLabel('Name', { exact: true }).fill('Premium numbers');
  await sheet.getByLabel('Dialled number', { exact: true }).fill('09.');
  await sheet.getByLabel('Bar these numbers').check();
  await sheet.getByRole('button', { name: 'Create route' }).click();
  await page.getByRole('row', { name: /Premium numbers/ }).waitFor();
  await page.getByRole('link', { name: 'New inbound route' }).first().click();
  await sheet.getByLabel('Name', { exact: true }).fill('Main number');
  await sheet.getByLabel('Called number', { exact: true }).fill('+442079460958');
  await sheet.getByRole('button', { name: 'Create route' }).click();
  await page.getByRole('row', { name: /Main number/ }).waitFor();

  const asked = page.getByLabel('Somebody dials');
  const answer = page.locator('.answer');
  await asked.fill('202');
  await answer.getByText('Workshop (202)').waitFor();
  // The first route that fits decides: the bar stands behind it until it is moved up.
  await asked.fill('0900 123456');
  await answer.getByText(/through Kestrel Telecom/).waitFor();
  await button('Try Premium numbers earlier').click();
  await answer.getByText('the call would be refused').waitFor();
  await asked.fill('999');
  await answer.getByText(/999/).first().waitFor();
  await asked.fill('020 7946 0312');
  await answer.getByText('+442079460312 through Kestrel Telecom').waitFor();
  await browser.picture('routes', { height: 1000 });
});

step('a trunk gets codecs in an order that the keyboard makes, and sound in a packet', async () => {
  await go('Trunks');
  await page.getByRole('link', { name: 'Kestrel Telecom' }).click();
  const sheet = page.getByRole('dialog');
  await sheet.getByText('Sound', { exact: true }).click();
  await sheet.getByLabel('Codecs', { exact: true }).selectOption('Only some, in an order');
  for (const codec of ['Opus', 'AMR-WB', 'G.726', 'G.723.1', 'GSM', 'Linear']) await sheet.getByLabel(codec, { exact: true }).uncheck();
  // Up from the fourth place to the first: the focus goes with it, and ends where it can go on.
  await sheet.getByRole('button', { name: 'Prefer G.729 more' }).focus();
  for (const place of [3, 2, 1]) {
    await page.keyboard.press('Enter');
    await sheet.getByText(`G.729 is now number ${place} of 4.`).waitFor();
  }
  assert.equal(await page.evaluate(() => document.activeElement?.getAttribute('aria-label')), 'Prefer G.729 less');
  await sheet.getByLabel('Sound in a packet').selectOption('30 ms');
  await sheet.getByLabel('Encrypted sound').selectOption('Always');
  await sheet.getByRole('button', { name: 'Save' }).click();
  await sheet.waitFor({ state: 'detached' });
  const [trunk] = (await page.evaluate(() => fetch('/api/v1/trunks').then((answer) => answer.json()))).items;
  assert.deepEqual(trunk.codecs, { allow: ['g729', 'g722', 'pcma', 'pcmu'], deny: [], order: 'allowed', translate: true, packet_millis: 30 });
  assert.equal(trunk.encryption, 'required');
});

step('the sound of the whole box is changed and taken back', async () => {
  await go('Settings');
  await page.getByLabel('Encrypted sound').selectOption('Never');
  await page.getByLabel('Codecs', { exact: true }).selectOption('All but some');
  await field('GSM').uncheck();
  await button('Save sound').click();
  const tenant = () => page.evaluate(() => fetch('/api/v1/tenants/1').then((answer) => answer.json()));
  await page.getByText('Sound saved.').waitFor();
  assert.deepEqual((await tenant()).codecs.deny, ['gsm']);
  await button('Undo').click();
  await page.getByText('Taken back').waitFor();
  const { codecs, encryption } = await tenant();
  assert.deepEqual([codecs.deny, encryption], [[], 'opportunistic']);
});

step('a sound is uploaded, refused where it cannot be played, and becomes the music on hold and an announcement', async () => {
  await go('Numbers');
  await page.getByRole('link', { name: 'Sounds' }).click();
  await page.getByText('No sound was uploaded').waitFor();
  const file = page.locator('input[type=file]');
  await file.setInputFiles([{ name: 'Notes.mp3', mimeType: 'audio/mpeg', buffer: Buffer.from('ID3') }]);
  await page.getByText('The box plays WAV and Ogg Opus.', { exact: false }).waitFor();
  await button('Dismiss Notes.mp3').click();
  await file.setInputFiles([{ name: 'Broken.wav', mimeType: 'audio/wav', buffer: Buffer.from('RIFF') }]);
  await page.getByRole('alert').getByText('The file is neither WAV nor Ogg Opus.').waitFor();
  await button('Dismiss Broken.wav').click();
  // By drag and drop, as by the button.
  const transfer = await page.evaluateHandle((octets) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(octets)], 'Waltz.wav', { type: 'audio/wav' }));
    return data;
  }, [...wav(3)]);
  await page.locator('label.area').dispatchEvent('drop', { dataTransfer: transfer });
  const row = page.locator('tr[data-sound]');
  await row.getByRole('link', { name: 'Waltz' }).waitFor();
  assert.match(await row.innerText(), /0:03[^]*WAV, 8 kHz, 49 kB[^]*Not used/);
  await button('Listen to Waltz').click();
  await button('Stop Waltz').click();
  await page.getByLabel('Music on hold').selectOption('Waltz');
  await button('Save').click();
  await page.getByText('Saved. The next call hears it.').waitFor();
  await row.getByText('music on hold').waitFor();
  // Renamed by the keyboard alone.
  await row.getByRole('link', { name: 'Waltz' }).focus();
  await page.keyboard.press('Enter');
  const sheet = page.getByRole('dialog');
  await sheet.getByLabel('Name').fill('Polka');
  await page.keyboard.press('Enter');
  await row.getByRole('link', { name: 'Polka' }).waitFor();
  await row.getByRole('link', { name: 'Polka' }).click();
  await button('Delete Polka').click();
  const asked = page.getByRole('alertdialog');
  await asked.getByRole('button', { name: 'Delete' }).click();
  await asked.getByText('It is still played by the music on hold of Default: change that first.').waitFor();
  await asked.getByRole('button', { name: 'Keep it' }).click();
  await sheet.getByRole('button', { name: 'Cancel' }).click();
  await browser.picture('sounds', { height: 1200 });
  await go('Numbers');
  await page.getByRole('link', { name: 'New number' }).click();
  await sheet.getByLabel('Number', { exact: true }).fill('500');
  await sheet.getByLabel('Who dials it gets').selectOption('An announcement');
  await sheet.getByRole('button', { name: 'Create number' }).click();
  await sheet.getByText('This must not be empty.').waitFor();
  await sheet.getByLabel('Sound').selectOption('Polka');
  await sheet.getByLabel('Then call').fill('201');
  await sheet.getByRole('button', { name: 'Create number' }).click();
  await page.getByText('An announcement, then 201').waitFor();
});

step('an office of eight is on the phone', async () => {
  await go('Calls');
  const people = { 203: 'Owen Hartley', 204: 'Dispatch', 205: 'Margaret Hartley', 206: 'Stores', 207: 'Accounts', 208: 'Showroom' };
  for (const [number, name] of Object.entries(people)) secrets[number] = await make(number, name);
  await Promise.all(['203', '204', '205'].map((number) => phones.register(number, secrets[number])));
  await page.locator('[data-number="205"][data-state="free"]').waitFor();
  await phones.call('201', '202');
  await phones.call('204', '203');
  await page.locator('[data-state="up"][data-call]').nth(1).waitFor();
  await page.waitForTimeout(3 * SECONDS);
  await browser.picture('calls');
  await browser.picture('calls-dark', { colorScheme: 'dark' });
  await browser.picture('calls-phone', { width: 390, height: 844 });
  await phones.hangUp('201');
  await phones.hangUp('203');
  await page.getByText('Nobody is on the phone').waitFor();
});

step('every page fits a phone, a tablet and a desk', async () => {
  for (const name of ['Calls', 'Extensions', 'Trunks', 'Routes', 'History', 'Settings']) {
    await go(name);
    for (const width of [390, 820, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${name} is ${wide} wide on ${width}`);
    }
  }
});

step('a page that lost the box says so and comes back by itself', async () => {
  await go('Calls');
  await box.halt();
  await page.getByText('Connection lost, retrying').waitFor();
  await box.run();
  await page.getByText('Connection lost, retrying').waitFor({ state: 'detached' });
  // The registrations came back from the disk, and the calls still move.
  await page.locator('[data-number="202"][data-state="free"]').waitFor();
  await phones.call('201', '202');
  await page.locator('[data-state="up"][data-call]').waitFor();
  await phones.hangUp('201');
}, { skip: !!process.env.STROWGER_URL && 'this box is not ours to stop' });

step('whoever logs out comes back with the password only', async () => {
  await go('Settings');
  await browser.picture('settings');
  await button('Log out').click();
  await heading('Log in').waitFor();
  await field('Name').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill('not the password');
  await button('Log in').click();
  await page.getByRole('alert').waitFor();
  assert.equal(await field('Name').inputValue(), 'admin');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await button('Log in').click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
});

step('nothing left the box, and the browser had nothing to complain about', () => {
  assert.deepEqual(browser.strays, []);
  assert.deepEqual(browser.complaints, []);
});

step('the client was generated from the API that the box has', async () => {
  const kept = JSON.parse(await readFile(new URL('../../webui/openapi.json', import.meta.url), 'utf8'));
  const served = await page.evaluate(() => fetch('/api/v1/openapi.json').then((answer) => answer.json()));
  assert.ok(isDeepStrictEqual(served, kept), 'webui/openapi.json is old: `npm run generate` in webui makes it anew');
});
