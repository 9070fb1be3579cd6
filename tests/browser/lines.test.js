// Digital lines without a card: the box is its own carrier, by both ends of a simulated line.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { box as startBox, claimCode } from './box.js';
import { Browser } from './browser.js';
import { Phones } from './phone.js';

const PASSWORD = 'correct horse battery';

let box, browser, page, phones;
const secrets = {};

before(async () => {
  box = await startBox({ board: 'sim' });
  phones = new Phones(box);
  browser = new Browser();
  page = await browser.open(`${box.url}/`);
  await page.getByRole('heading', { name: 'This box is new' }).waitFor();
  await page.getByLabel('Claim code', { exact: true }).fill(await claimCode(box.data));
  await page.getByLabel('Administrator’s name').fill('admin');
  await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
  await page.getByRole('button', { name: 'Claim this box' }).click();
  await page.getByRole('heading', { name: 'Where does this box stand?' }).waitFor();
  await ask('PUT', 'settings', { ...(await ask('GET', 'settings')), wizard_done: true });
  for (const number of ['201', '202']) secrets[number] = (await ask('POST', 'extensions', { number })).secret;
});

after(async () => {
  await phones?.stop();
  await browser?.close();
  await box?.stop();
});

/** Where one stretch of the way fails, those behind it would only say so again. */
let lost = false;
function step(name, walk) {
  test(name, async (context) => {
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

/** Past the page. */
const ask = (method, path, body) =>
  page.evaluate(async ([method, path, body]) => {
    const { csrf } = await (await fetch('/api/v1/session')).json();
    const headers = { 'content-type': 'application/json', 'x-csrf-token': csrf };
    const answer = await fetch(`/api/v1/${path}`, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
    return answer.status === 204 ? null : answer.json();
  }, [method, path, body ?? null]);
const button = (name) => page.getByRole('button', { name, exact: true });
const sheet = () => page.getByRole('dialog');
const card = (span) => page.locator(`[data-line="${span}"]`);
const tile = (span, slot) => card(span).locator(`[data-slot="${slot}"]`);
const spans = {};

step('the lines of the board are shown as they are, and one that no trunk uses leads to a new trunk', async () => {
  await page.goto(`${box.url}/#/lines`);
  await page.reload();
  await page.getByRole('heading', { name: 'Line 1', exact: true }).waitFor();
  for (const line of (await ask('GET', 'lines')).items) spans[line.name] = line.span;
  await card(spans['line 1']).getByText('Good, not used', { exact: true }).waitFor();
  await ask('POST', `lines/${spans['line 1']}/fault`, { fault: 'cut', on: true });
  await card(spans['line 1']).getByText('No signal, not used', { exact: true }).waitFor();
  await ask('POST', `lines/${spans['line 1']}/fault`, { fault: 'cut', on: false });
  await card(spans['line 1']).getByText('Good, not used', { exact: true }).waitFor();
  await card(spans['line 1']).getByRole('link', { name: 'Make one for it' }).click();
  const european = sheet().getByRole('button', { name: 'European carrier' });
  assert.equal(await european.getAttribute('aria-pressed'), 'true');
  assert.equal(await sheet().getByLabel('Line', { exact: true }).inputValue(), 'line 1');
  await button('Create trunk').click();
  await sheet().getByText('This must not be empty.').waitFor();
  await sheet().getByLabel('Name').fill('Carrier');
  await sheet().getByText('Advanced').click();
  const slots = sheet().getByLabel('Timeslots');
  await slots.fill('1-40');
  await button('Create trunk').click();
  await sheet().getByText('Write timeslots from 1 to 31', { exact: false }).waitFor();
  await slots.fill('');
  await button('Create trunk').click();
  await page.getByText('Trunk Carrier saved.').waitFor();
  await page.getByText('EuroISDN (DSS1) on line 1').waitFor();
});

step('the far end is an exchange of the house with one click, and both D channels come up', async () => {
  await page.goto(`${box.url}/#/lines`);
  const far = spans['line 1 far end'];
  await card(far).getByRole('link', { name: 'Make one for it' }).click();
  await sheet().getByLabel('Name').fill('House');
  await sheet().getByRole('button', { name: 'Exchange of the house' }).click();
  assert.equal(await sheet().getByLabel('The box is').inputValue(), 'network');
  await button('Create trunk').click();
  await page.getByText('Trunk House saved.').waitFor();
  await page.goto(`${box.url}/#/lines`);
  for (const span of [spans['line 1'], far]) {
    await card(span).getByText('up, carries the calls').waitFor();
    await card(span).getByText('30 free').waitFor();
  }
});

step('a call shows on its channel, and what is said for it is traced in words and stays in its story', async () => {
  await ask('POST', 'routes/inbound', { name: 'in', did: '!', destination: '202' });
  const { items } = await ask('GET', 'trunks');
  const carrier = items.find((trunk) => trunk.name === 'Carrier');
  await ask('POST', 'routes/outbound', { name: 'out', pattern: '0.', trunks: [carrier.id] });
  await phones.register('201', secrets['201']);
  await phones.register('202', secrets['202']);
  await card(spans['line 1']).getByRole('button', { name: 'Trace', exact: true }).click();
  await card(spans['line 1']).getByText('Nothing was said yet').waitFor();
  await phones.call('201', '02079460123');
  await tile(spans['line 1'], 1).and(page.locator('[data-look="busy"]')).waitFor();
  const trace = page.getByRole('log', { name: 'Trace of line 1' });
  await trace.getByText('SETUP', { exact: false }).first().waitFor();
  await trace.getByText('CONNECT ACKNOWLEDGE', { exact: false }).waitFor();
  await browser.picture('lines', { height: 1300 });
  await trace.getByRole('link', { name: 'its call' }).first().click();
  await sheet().getByText('Channel 1 of line 1 carries it.').waitFor();
  await sheet().getByText('SETUP', { exact: false }).first().waitFor();
  await page.keyboard.press('Escape');
});

step('a route keeps timeslots for its calls and marks their numbers, and the router says how they would leave', async () => {
  await page.goto(`${box.url}/#/routes`);
  await page.getByRole('link', { name: 'New outbound route' }).first().click();
  await sheet().getByLabel('Name', { exact: true }).fill('Doors');
  await sheet().getByLabel('Dialled number', { exact: true }).fill('8XX');
  const slots = sheet().getByLabel('Only on timeslots', { exact: false });
  // They are of digital lines: a route without one does not show them.
  await sheet().getByRole('button', { name: 'Take Carrier out' }).click();
  await slots.waitFor({ state: 'detached' });
  await sheet().getByRole('button', { name: 'Carrier', exact: true }).click();
  await slots.fill('16');
  await sheet().getByLabel('Number marked').selectOption('abbreviated');
  await button('Create route').click();
  await sheet().getByText('Trunk Carrier carries calls in none of these timeslots', { exact: false }).waitFor();
  assert.equal(await slots.getAttribute('aria-invalid'), 'true');
  await slots.fill('20-21');
  await button('Create route').click();
  await page.getByRole('row', { name: /Doors.*timeslots 20-21/ }).waitFor();
  const asked = page.getByLabel('Somebody dials');
  const answer = page.locator('.answer');
  await asked.fill('812');
  await answer.getByText('On Carrier its number is 812, abbreviated; it may take timeslots 20-21 of line 1.').waitFor();
  await ask('POST', 'routes/inbound', { name: 'one slot', order: 1, did: '1000', channels: '3', number_type: 'subscriber', destination: '201' });
  await page.getByLabel('from', { exact: true }).selectOption({ label: 'Carrier' });
  await page.getByLabel('caller’s number').fill('02079460700');
  await asked.fill('1000');
  await answer.getByText('By the route “in”.').waitFor();
  await page.getByLabel('on timeslot').fill('3');
  await page.getByLabel('number marked', { exact: true }).selectOption('subscriber');
  await answer.getByText('By the route “one slot”.').waitFor();
  await page.getByLabel('on timeslot').fill('40');
  await page.getByText('A timeslot from 1 to 31', { exact: false }).waitFor();
});

step('a channel goes out of service after its call, by the keyboard, and comes back', async () => {
  await page.goto(`${box.url}/#/lines`);
  await tile(spans['line 1'], 1).focus();
  await page.keyboard.press('Enter');
  await sheet().getByRole('heading', { name: 'Line 1, channel 1' }).waitFor();
  assert.equal(await sheet().getByRole('button', { name: 'Loop', exact: true }).isDisabled(), true);
  await button('Out of service after the call').click();
  await sheet().getByText('out of service after the call').first().waitFor();
  await phones.hangUp('201');
  await sheet().getByText('Out of service, by this box').waitFor();
  await button('Put in service').click();
  await sheet().getByText('Free', { exact: true }).waitFor();
  await button('Loop').click();
  await sheet().getByText('Looped', { exact: false }).first().waitFor();
  await button('Take the loop off').click();
  await sheet().getByText('Free', { exact: true }).waitFor();
  await page.keyboard.press('Escape');
});

step('bit errors of a channel are tested against a loop at the far end, by the keyboard: none, one that is inserted, and those of a bad line', async () => {
  const [near, far] = [spans['line 1'], spans['line 1 far end']];
  await ask('POST', `lines/${far}/channels/3/loop`, { on: true });
  await page.goto(`${box.url}/#/lines/${near}/3`);
  const panel = sheet().getByRole('region', { name: 'Bit error test' });
  await panel.getByLabel('Pattern').waitFor();
  await panel.getByRole('button', { name: 'Start the test' }).focus();
  await page.keyboard.press('Enter');
  await panel.getByText('In step, no bit errors', { exact: true }).waitFor();
  assert.equal(await sheet().getByRole('button', { name: 'Loop', exact: true }).isDisabled(), true);
  const bert = () => ask('GET', `lines/${near}/channels/3/bert`);
  const until = async (fits) => {
    for (const end = Date.now() + 30_000; Date.now() < end; await page.waitForTimeout(250)) {
      const now = await bert();
      if (fits(now)) return now;
    }
    assert.fail(JSON.stringify(await bert()));
  };
  const clean = await until((it) => it.seconds >= 3);
  assert.deepEqual([clean.sync, clean.errors, clean.losses, clean.errored_seconds], ['found', 0, 0, 0]);
  await panel.getByRole('button', { name: 'Insert an error' }).focus();
  await page.keyboard.press('Enter');
  await panel.getByText('In step, 1 bit error', { exact: true }).waitFor();
  const before = await until((it) => it.inserted === 1 && it.errors === 1);
  await browser.picture('lines-bert', { height: 1300 });
  await ask('POST', `lines/${near}/fault`, { fault: 'bit_errors', per_million: 1000 });
  const after = await until((it) => it.bits > before.bits + 256_000);
  const ratio = (after.errors - before.errors) / (after.bits - before.bits);
  assert.ok(ratio > 0.0005 && ratio < 0.0015, `${ratio}`);
  await ask('POST', `lines/${near}/fault`, { fault: 'bit_errors', per_million: 0 });
  await panel.getByRole('button', { name: 'Stop the test' }).focus();
  await page.keyboard.press('Enter');
  await panel.getByText('Stopped:', { exact: false }).waitFor();
  await panel.getByRole('button', { name: 'Start again' }).waitFor();
  const refused = await ask('POST', `lines/${far}/channels/3/bert`, { pattern: 'bits2047' });
  assert.deepEqual([refused.status, refused.detail], [409, 'This channel is looped: take the loop off first.']);
  await ask('POST', `lines/${far}/channels/3/loop`, { on: false });
  await page.keyboard.press('Escape');
  await card(near).getByText('30 free').waitFor();
});

step('a cut cable is said to be one on the end that sees it, and mended it carries calls again, on a screen of any width', async () => {
  const span = spans['line 1'];
  await card(span).getByRole('link', { name: 'Tests and service of line 1' }).click();
  await button('Cut the cable').click();
  await page.getByText('The cable is cut.').waitFor();
  await page.keyboard.press('Escape');
  await card(span).getByText('No signal.').waitFor();
  await tile(span, 5).and(page.locator('[data-look="alarm"]')).waitFor();
  await card(spans['line 1 far end']).getByText('Yellow alarm (RAI).').waitFor();
  await browser.picture('lines-alarm', { height: 1300 });
  await card(span).getByRole('link', { name: 'Tests and service of line 1' }).click();
  await button('Mend it').click();
  await page.keyboard.press('Escape');
  await card(span).getByText('up, carries the calls').waitFor({ timeout: 40_000 });
  await card(span).getByText('30 free').waitFor({ timeout: 40_000 });
  for (const width of [390, 820, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(over, 0, `at ${width}`);
  }
  assert.deepEqual([browser.strays, browser.complaints], [[], []]);
});
