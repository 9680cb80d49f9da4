// @ts-check
/** Questions, and what is said with each answer. What is asked and said comes from the server. */
import { post, show, waiting } from './calls.js';
import { channel, taken } from './messaging.js';

const app = /** @type {HTMLElement} */ (document.getElementById('app'));
/** The visit, sealed by the server; it lives as long as this page. */
let visit = '';
/** The last view that was asked for: an answer to an earlier one comes too late. */
let latest = 0;

async function open() {
  const query = new URLSearchParams(location.search);
  const state = query.get('state') ?? '';
  const pending = waiting.take(state);
  // The code is of use once; it need not stay in the address.
  history.replaceState(null, '', location.pathname);
  const answer = await post(app.dataset.open ?? '', { code: query.get('code'), state, pending });
  visit = answer.visit ?? '';
  show(app, answer.html);
}

/** What stands in the form: value and unit by question. */
function entered() {
  /** @type {Record<string, {value: string, unit: string}>} */
  const found = {};
  for (const set of app.querySelectorAll('fieldset[data-link]')) {
    const link = /** @type {HTMLElement} */ (set).dataset.link ?? '';
    const field = /** @type {HTMLInputElement | null} */ (
      set.querySelector('input[type=radio]:checked, input[type=text]')
    );
    const unit = /** @type {HTMLSelectElement | null} */ (set.querySelector('select'));
    if (field?.value) found[link] = { value: field.value, unit: unit?.value ?? '' };
  }
  return found;
}

function study() {
  return /** @type {HTMLSelectElement | null} */ (document.getElementById('study'))?.value;
}

async function refresh() {
  const mine = ++latest;
  const answer = await post(app.dataset.view ?? '', { visit, answers: entered(), study: study() });
  if (mine !== latest) return;
  const focused = document.activeElement?.id;
  visit = answer.visit ?? visit;
  show(app, answer.html);
  if (focused) document.getElementById(focused)?.focus();
}

async function use() {
  const button = /** @type {HTMLButtonElement} */ (document.getElementById('use'));
  button.disabled = true;
  button.setAttribute('aria-busy', 'true');
  latest++;
  const answer = await post(app.dataset.use ?? '', { visit, answers: entered() });
  show(app, answer.html);
  if (!answer.ok) {
    if (answer.html === undefined) {
      button.disabled = false;
      button.removeAttribute('aria-busy');
    }
    return;
  }
  visit = '';
  /** @type {HTMLElement | null} */ (app.querySelector('.done'))?.focus();
  await tell(answer);
}

/** @param {import('./calls.js').Answer} answer */
async function tell(answer) {
  const ehr = answer.origin ? channel(answer.origin, answer.handle) : null;
  if (!ehr) {
    reveal('alone');
    return;
  }
  if (!answer.send) {
    reveal('kept');
    await ehr.send('ui.done', {});
    return;
  }
  reveal('sending');
  const done = taken(await ehr.send('scratchpad.update', { resource: answer.send }));
  reveal(done ? 'sent' : 'unsure');
  if (done) await ehr.send('ui.done', {});
}

/** @param {string} id */
function reveal(id) {
  for (const each of ['alone', 'kept', 'sending', 'sent', 'unsure']) {
    const element = document.getElementById(each);
    if (element) element.hidden = each !== id;
  }
}

app.addEventListener('change', () => void refresh());
app.addEventListener('submit', (event) => event.preventDefault());
app.addEventListener('click', (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.id === 'use') void use();
  if (target.id === 'again') void refresh();
  const name = target.dataset.take;
  if (name === undefined) return;
  const { value = '', unit = '' } = target.dataset;
  const radio = /** @type {HTMLInputElement | null} */ (document.getElementById(`${name}-${value}`));
  if (radio) radio.checked = true;
  const text = /** @type {HTMLInputElement | null} */ (document.getElementById(name));
  if (text) text.value = value;
  const select = /** @type {HTMLSelectElement | null} */ (document.getElementById(`${name}-unit`));
  if (select && unit) select.value = unit;
  void refresh();
});

void open();
