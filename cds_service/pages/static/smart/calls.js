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
 * Put a part that the server has written into the page; without one, say that it does not answer. A form
 * stays, with all that stands in it.
 * @param {HTMLElement} app
 * @param {string | undefined} html
 */
export function show(app, html) {
  if (html !== undefined) {
    app.innerHTML = html;
    return;
  }
  const form = document.getElementById('answers');
  const words = document.createElement('p');
  words.id = 'silence';
  words.className = 'silence';
  words.setAttribute('role', 'alert');
  words.textContent = form
    ? 'The service does not answer. Your answers still stand here and are not kept yet. The order can be placed as usual without them. '
    : 'The service does not answer. Open the app again from the card in a moment; the order can be placed as usual without it.';
  if (form) {
    const again = document.createElement('button');
    again.type = 'button';
    again.id = 'again';
    again.className = 'secondary outline';
    again.textContent = 'Try again';
    words.append(again);
  }
  document.getElementById('silence')?.remove();
  if (form) app.prepend(words);
  else app.replaceChildren(words);
}

/**
 * Where a launch waits while the browser is at the authorization server: sealed, so that it says
 * nothing to whoever reads it, and in this very tab or frame, so that no other can end the launch.
 *
 * A frame that is denied storage has its name left. Its name can be chosen by the page around it, which
 * frame-ancestors holds to the EHR's own; a window's could be chosen by anybody who opens it.
 */
export const waiting = {
  /**
   * @param {string} state
   * @param {string} pending
   * @returns {boolean} whether it could be kept
   */
  keep(state, pending) {
    try {
      sessionStorage.setItem(`launch.${state}`, pending);
      return true;
    } catch {
      if (window.parent === window) return false;
      window.name = `launch.${state} ${pending}`;
      return true;
    }
  },
  /**
   * Once only.
   * @param {string} state
   */
  take(state) {
    try {
      const kept = sessionStorage.getItem(`launch.${state}`) ?? '';
      sessionStorage.removeItem(`launch.${state}`);
      return kept;
    } catch {
      const [name, kept] = window.name.split(' ');
      if (window.parent === window || name !== `launch.${state}`) return '';
      window.name = '';
      return kept ?? '';
    }
  },
};
