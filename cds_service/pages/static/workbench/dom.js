// Small helpers around the document.

/**
 * The element with this id; its absence is a defect of the page.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

/**
 * What a template of the page holds.
 * @param {string} id
 */
export function copyOf(id) {
  return /** @type {HTMLTemplateElement} */ (byId(id)).content.cloneNode(true);
}

/**
 * Put HTML that the server rendered into an element, and leave the reader where he was: what was
 * open stays open, and what had the focus gets it back, or else `fallback` does.
 * @param {HTMLElement} element
 * @param {string} html
 * @param {HTMLElement} [fallback]
 */
export function refill(element, html, fallback) {
  const active = document.activeElement;
  const inside = active instanceof HTMLElement && element.contains(active);
  const focused = inside ? (active.id || active.closest("details")?.id) : "";
  const open = new Set([...element.querySelectorAll("details[open]")].map((each) => each.id));
  element.innerHTML = html;
  for (const each of element.querySelectorAll("details")) {
    if (each.id && open.has(each.id)) each.open = true;
  }
  if (!inside) return;
  const again = focused ? document.getElementById(focused) : null;
  const target = again instanceof HTMLDetailsElement ? again.querySelector("summary") : again;
  (target ?? fallback)?.focus({ preventScroll: true });
}

/**
 * The same, drawn anew: what the reader chose meanwhile and has not sent yet stays chosen.
 * @param {HTMLElement} element
 * @param {string} html
 * @param {HTMLElement} [fallback]
 */
export function redraw(element, html, fallback) {
  const chosen = [...element.querySelectorAll("select")].filter(
    (each) => each.id && each.selectedOptions[0]?.defaultSelected === false,
  );
  refill(element, html, fallback);
  for (const { id, value } of chosen) {
    const select = document.getElementById(id);
    if (select instanceof HTMLSelectElement && [...select.options].some((each) => each.value === value)) {
      select.value = value;
    }
  }
}

/**
 * Bring what has the focus back into view, where what grew above it has pushed it below `bar` or out of
 * the window.
 * @param {HTMLElement} within
 * @param {HTMLElement} bar stays at the top of the window
 */
export function uncover(within, bar) {
  const active = document.activeElement;
  if (!(active instanceof HTMLElement) || active.tabIndex < 0 || !within.contains(active)) return;
  const { top, bottom } = active.getBoundingClientRect();
  const upper = bar.getBoundingClientRect().bottom + 8;
  if (top < upper) window.scrollBy(0, top - upper);
  else if (bottom > window.innerHeight) window.scrollBy(0, bottom - window.innerHeight + 8);
}

/**
 * A short text in a box, or nothing.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function tell(element, text) {
  element.replaceChildren();
  if (!text) return;
  const box = document.createElement("p");
  box.className = "notice critical";
  // The name of a member stays as it has to be written: `hook: …`.
  const member = /^[\w.[\]-]+:/.test(text);
  box.textContent = `${member ? text : text.charAt(0).toUpperCase() + text.slice(1)}.`;
  element.append(box);
}

/**
 * Fields of a form by name.
 * @param {HTMLFormElement} form
 * @returns {Record<string, string>}
 */
export function fields(form) {
  /** @type {Record<string, string>} */
  const found = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") found[name] = value;
  }
  return found;
}
