// The tabs with what went over the wire: shown as far as a page can, copied whole.

import { byId } from "./dom.js";

/** Characters of a text that are shown. */
const SHOWN = 200_000;

/** @type {Map<string, string>} */
const whole = new Map();

/**
 * @param {"request" | "response" | "curl"} name
 * @param {string} text
 */
export function put(name, text) {
  const id = `raw-${name}`;
  whole.set(id, text);
  const left = text.length - SHOWN;
  byId(id).textContent =
    left > 0 ? `${text.slice(0, SHOWN)}\n… ${left} more characters: Copy takes them all.` : text;
}

/**
 * The whole text of a tab.
 * @param {string} id
 */
export function text(id) {
  return whole.get(id) ?? "";
}

/**
 * A line for a shell that makes the same call. No line of JSON is END.
 * @param {string} address
 * @param {string} body
 * @param {boolean} token whether the service asks for one
 */
export function curl(address, body, token) {
  const who = token ? ` -H "Authorization: Bearer $TOKEN"` : "";
  const head = `curl -sS '${address}' -H 'Content-Type: application/json'${who}`;
  return `${head} --data-binary @- <<'END'\n${body}\nEND`;
}
