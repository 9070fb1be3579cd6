// JsSIP in a page of the box's own: the telephone that most web sites use.

import { createRequire } from 'node:module';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';

/** JsSIP and what it needs as one script that makes a global `JsSIP`: it comes as CommonJS only. */
export async function jssip() {
  const entry = createRequire(import.meta.url).resolve('jssip');
  const modules = new Map();
  const add = async (file) => {
    if (modules.has(file)) return;
    modules.set(file, null);
    let text = await readFile(file, 'utf8');
    if (file.endsWith('.json')) text = `module.exports = ${text};`;
    const near = createRequire(pathToFileURL(file));
    const names = {};
    for (const [, name] of text.matchAll(/\brequire\(\s*['"]([^'"]+)['"]\s*\)/g)) {
      // In a browser, `events` is the package of that name and not a part of Node.
      const found = near.resolve(name === 'events' ? 'events/' : name);
      // `debug` says itself which of its files is for browsers.
      names[name] = found.replace(/debug\/src\/index\.js$/, 'debug/src/browser.js');
      if (dirname(names[name]) !== '.') await add(names[name]);
    }
    modules.set(file, `function (module, exports, require) {${text}\n}, ${JSON.stringify(names)}`);
  };
  await add(entry);
  const list = [...modules].map(([file, body]) => `${JSON.stringify(file)}: [${body}]`).join(',\n');
  return `(() => {
    window.process = { env: {} };
    const modules = {${list}};
    const made = {};
    const load = (file) => {
      if (made[file]) return made[file].exports;
      const module = (made[file] = { exports: {} });
      const [body, names] = modules[file];
      body.call(module.exports, module, module.exports, (name) => load(names[name]));
      return module.exports;
    };
    window.JsSIP = load(${JSON.stringify(entry)});
  })();`;
}
