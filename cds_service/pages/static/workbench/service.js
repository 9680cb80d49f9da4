// What the page asks of the service: the same HTTP an EHR uses, and the page's own helpers.

/**
 * @typedef {object} Changed
 * @property {string} request the request after the change
 * @property {string} call the call to make of it; empty: the request, as it is
 * @property {string} hook which that is
 * @property {string} note for the reader of a request of his own
 * @property {string} orders HTML
 * @property {string} record HTML
 */

/**
 * @typedef {object} Fired
 * @property {number} status HTTP status
 * @property {string} text body as it came
 * @property {number} took milliseconds
 */

/**
 * @typedef {object} Read
 * @property {string} cards HTML
 * @property {string} [orders] HTML, with what the answer wrote on them
 * @property {string} response the answer, indented
 * @property {string} [why] HTML
 * @property {unknown} [memory] to be sent with the next call
 * @property {string} [said] one sentence for the status line
 */

/** The service did not take what it was sent; the text says what to do. */
export class Refused extends Error {}

/** Nobody answers at that address. */
export class Down extends Error {}

/**
 * @param {string} url
 * @param {RequestInit} options
 * @returns {Promise<Response>}
 */
async function reach(url, options) {
  try {
    return await fetch(url, { ...options, cache: "no-store", credentials: "omit" });
  } catch {
    throw new Down();
  }
}

/** @param {number} bytes */
const mebibytes = (bytes) => `${(bytes / 1024 / 1024).toFixed(1)} MiB`;

/**
 * Refuse what is too large for the page, before it is sent or opened.
 * @param {number} bytes
 * @param {number} largest
 */
export function bound(bytes, largest) {
  if (bytes <= largest) return;
  throw new Refused(
    `that is ${mebibytes(bytes)}, and this page takes up to ${mebibytes(largest)} at once; ` +
      "leave entries out, or send it to the service itself, as the tab curl shows",
  );
}

/**
 * Ask one of the page's own helpers.
 * @template T
 * @param {string} url
 * @param {unknown} asked
 * @param {number} largest bytes it takes
 * @returns {Promise<T>}
 */
async function ask(url, asked, largest) {
  const body = new TextEncoder().encode(JSON.stringify(asked));
  bound(body.length, largest);
  const response = await reach(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body,
  });
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    throw new Refused(answer.issue?.[0]?.details?.text ?? `the service answered ${response.status}`);
  }
  return answer;
}

/**
 * @param {string} url
 * @param {object} asked
 * @param {number} largest
 * @returns {Promise<Changed>}
 */
export function change(url, asked, largest) {
  return ask(url, asked, largest);
}

/**
 * @param {string} url
 * @param {object} asked
 * @param {number} largest
 * @returns {Promise<Read>}
 */
export function read(url, asked, largest) {
  return ask(url, asked, largest);
}

/**
 * Fire the hook as an EHR does.
 * @param {string} url address of the service
 * @param {string} call body, as it is
 * @param {string} token empty: none
 * @returns {Promise<Fired>}
 */
export async function fire(url, call, token) {
  const began = performance.now();
  const response = await post(url, call, token);
  const text = await response.text();
  return { status: response.status, text, took: performance.now() - began };
}

/**
 * Say what became of a card (CDS Hooks, Feedback).
 * @param {string} url address of the service
 * @param {object} item one entry of `feedback`
 * @param {string} token empty: none
 * @returns {Promise<number>} HTTP status
 */
export async function feedback(url, item, token) {
  const body = JSON.stringify({ feedback: [item] });
  return (await post(`${url}/feedback`, body, token)).status;
}

/**
 * @param {string} url
 * @param {string} body
 * @param {string} token
 * @returns {Promise<Response>}
 */
function post(url, body, token) {
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json", Accept: "application/json" };
  if (token) headers.Authorization = `Bearer ${token}`;
  return reach(url, { method: "POST", headers, body });
}
