// @ts-check
/** Begin a launch: remember it in this tab, and go to the authorization server. */
import { memory, post, show } from './calls.js';

const app = /** @type {HTMLElement} */ (document.getElementById('app'));

async function begin() {
  const kept = memory();
  if (!kept) {
    const link = document.createElement('a');
    link.href = location.href;
    link.target = '_blank';
    link.setAttribute('role', 'button');
    link.textContent = 'Open in a window of its own';
    const words = document.createElement('p');
    words.textContent = 'This frame may keep nothing, not even for a moment, so the app cannot log in here.';
    app.replaceChildren(words, link);
    return;
  }
  const answer = await post(app.dataset.begin ?? '', { iss: app.dataset.iss, launch: app.dataset.launch });
  if (!answer.ok || !answer.url || !answer.pending || !answer.state) {
    show(app, answer.html);
    return;
  }
  kept.setItem(`launch.${answer.state}`, answer.pending);
  location.replace(answer.url);
}

void begin();
