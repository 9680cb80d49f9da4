// @ts-check
/** Begin a launch: remember it here, and go to the authorization server. */
import { post, show, waiting } from './calls.js';

const app = /** @type {HTMLElement} */ (document.getElementById('app'));

async function begin() {
  const { iss, launch, client } = app.dataset;
  const answer = await post(app.dataset.begin ?? '', { iss, launch, client });
  if (!answer.ok || !answer.url || !answer.pending || !answer.state) {
    show(app, answer.html);
    return;
  }
  if (waiting.keep(answer.state, answer.pending)) {
    location.replace(answer.url);
    return;
  }
  const words = document.createElement('p');
  words.className = 'lead';
  words.textContent = 'This browser lets the page keep nothing, not even while you log in. Allow it storage for this address, then open the app again.';
  app.replaceChildren(words);
}

void begin();
