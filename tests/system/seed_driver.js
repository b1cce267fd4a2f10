// Runs the documented client, unchanged, in a page that has only what the client expects of one:
//   node seed_driver.js '{"api": URL, "token": TOKEN, "arguments": [IMAGE, PROMPT, LOGO, THEME]}'
// Prints one JSON object: what the client returned, and everything it did on the way.
'use strict';

const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const vm = require('node:vm');

// The client waits two seconds between looks at its task; here it may look sooner.
const PAUSE_MAX_MS = 500;

const call = JSON.parse(process.argv[2]);
const seen = { answers: [], updates: [], logged: [], errors: [] };

const page = {
  fetch: async (path, options) => {
    const response = await fetch(new URL(path, call.api), options);
    seen.answers.push({ method: options.method ?? 'GET', path, status: response.status });
    return response;
  },
  getAuthToken: () => call.token,
  updateRefinementStatus: (status, message) => seen.updates.push({ status, message }),
  setTimeout: (resolve, interval) => setTimeout(resolve, Math.min(interval, PAUSE_MAX_MS)),
  console: {
    log: (...words) => seen.logged.push(words),
    error: (...words) => seen.errors.push(words.map(String)),
  },
};

vm.createContext(page);
vm.runInContext(readFileSync(join(__dirname, 'seed_client.js'), 'utf8'), page);
page.refineConceptWithPrompt(...call.arguments).then((returned) => {
  process.stdout.write(JSON.stringify({ ...seen, returned }));
});
