// @ts-check
/** SMART Web Messaging: to the one page that launched us, at the one origin the server names. */

const PATIENCE = 5000;

/** The EHR's page: around this frame, or the one that opened this window. */
function partner() {
  if (window.parent !== window) return window.parent;
  return /** @type {Window | null} */ (window.opener ?? null);
}

/**
 * @param {string} origin
 * @param {string | undefined} handle
 */
export function channel(origin, handle) {
  const page = partner();
  if (!page) return null;

  /**
   * Send one message and wait for its answer; null: there was none in time.
   * @param {string} messageType
   * @param {unknown} payload
   * @returns {Promise<unknown>}
   */
  function send(messageType, payload) {
    const messageId = crypto.randomUUID();
    return new Promise((done) => {
      /** @param {MessageEvent} event */
      function hear(event) {
        if (event.origin !== origin || event.source !== page) return;
        if (event.data?.responseToMessageId !== messageId) return;
        finish(event.data.payload ?? {});
      }
      /** @param {unknown} answer */
      function finish(answer) {
        window.removeEventListener('message', hear);
        clearTimeout(timer);
        done(answer);
      }
      const timer = setTimeout(() => finish(null), PATIENCE);
      window.addEventListener('message', hear);
      page?.postMessage({ messageId, messagingHandle: handle ?? '', messageType, payload }, origin);
    });
  }
  return { send };
}

/**
 * Whether the answer to a scratchpad message says that it was done.
 * @param {unknown} answer
 */
export function taken(answer) {
  if (typeof answer !== 'object' || answer === null) return false;
  const status = 'status' in answer ? String(answer.status) : '';
  return /^2\d\d/.test(status);
}
