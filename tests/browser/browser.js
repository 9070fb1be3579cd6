// Debian's chromium, which talks to nobody but the box, and a note of whatever it complains about.

import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { chromium } from 'playwright-core';

export const EXECUTABLE = process.env.CHROMIUM ?? ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

export class Browser {
  /** Requests that would have left the box. */
  strays = [];
  /** What the console said that is worse than a remark. */
  complaints = [];

  async open(url, { width = 1440, height = 900, colorScheme = 'light' } = {}) {
    if (!EXECUTABLE) throw new Error('there is no chromium: apt-get install chromium');
    this.#browser = await chromium.launch({
      executablePath: EXECUTABLE,
      args: ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
    });
    this.context = await this.#browser.newContext({ viewport: { width, height }, colorScheme, locale: 'en-GB', ignoreHTTPSErrors: true, reducedMotion: 'reduce' });
    this.page = await this.context.newPage();
    this.page.setDefaultTimeout(15_000);
    const { host } = new URL(url);
    this.page.on('request', (request) => {
      const asked = new URL(request.url());
      if (!['data:', 'blob:'].includes(asked.protocol) && asked.host !== host) this.strays.push(request.url());
    });
    this.page.on('pageerror', (error) => this.complaints.push(error.message));
    // A refused request is noted by the browser as an error too; what the page makes of it is tested where it happens.
    this.page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource|WebSocket connection/.test(message.text())) this.complaints.push(message.text());
    });
    await this.page.goto(url);
    return this.page;
  }

  /** Takes a picture for the README, or for a look at it when the test fails. */
  async picture(name, { width, height, colorScheme } = {}) {
    const folder = (name !== 'failed' && process.env.STROWGER_IMAGES) || 'shots';
    await mkdir(folder, { recursive: true });
    // A notice of the step before would stand in the way.
    const notice = this.page.getByRole('button', { name: 'Dismiss' });
    if (await notice.isVisible()) await notice.click();
    const before = this.page.viewportSize();
    if (width) await this.page.setViewportSize({ width, height: height ?? before.height });
    if (colorScheme) await this.page.emulateMedia({ colorScheme });
    await this.page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled' });
    if (colorScheme) await this.page.emulateMedia({ colorScheme: 'light' });
    if (width) await this.page.setViewportSize(before);
  }

  async close() {
    await this.#browser?.close();
  }

  #browser = null;
}
