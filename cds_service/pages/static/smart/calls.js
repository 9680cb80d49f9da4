// @ts-check
/** Calls to the service the page came from. */

/** @typedef {{html?: string, visit?: string, url?: string, state?: string, pending?: string,
 *   send?: unknown, origin?: string, handle?: string}} Answer */

/**
 * POST JSON; the answer, whose `html` also says what went wrong.
 * @param {string} url
 * @param {unknown} body
 * @returns {Promise<Answer & {ok: boolean}>}
 */
export async function post(url, body) {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', Accept: 'application/json' },
      body: JSON.stringify(body),
      credentials: 'omit',
    });
    const answer = await response.json();
    if (typeof answer.html !== 'string' && !response.ok) return { ok: false };
    return { ...answer, ok: response.ok };
  } catch {
    return { ok: false };
  }
}

/**
 * Put a part that the server has written into the page.
 * @param {HTMLElement} app
 * @param {string | undefined} html
 */
export function show(app, html) {
  if (html !== undefined) {
    app.innerHTML = html;
    return;
  }
  const words = document.createElement('p');
  words.className = 'lead';
  words.setAttribute('role', 'alert');
  words.textContent =
    'The service does not answer. Nothing you entered was kept. Try again in a moment; the order can be placed as usual without it.';
  app.prepend(words);
}

/** The tab's own memory, where it has one: a frame may be denied it. */
export function memory() {
  try {
    const probe = 'probe';
    sessionStorage.setItem(probe, probe);
    sessionStorage.removeItem(probe);
    return sessionStorage;
  } catch {
    return null;
  }
}
