// The workbench: every change becomes a real call, every answer is shown as an EHR would.
// Nothing is decided here: requests are changed, cards drawn and reasons told by the server.

import { byId, copyOf, fields, redraw, refill, tell, uncover } from "./dom.js";
import { markUsed, show } from "./evidence.js";
import { bound, change, Down, feedback, fire, read, Refused } from "./service.js";
import { tabs } from "./tabs.js";
import * as wire from "./wire.js";

const bench = byId("bench");
const address = {
  change: bench.dataset.change ?? "",
  read: bench.dataset.read ?? "",
  service: bench.dataset.service ?? "",
  full: bench.dataset.address ?? "",
};
const largest = Number(bench.dataset.largest);

/** What the page holds: the request, the last answer, and what it is held against. */
const state = {
  request: "",
  /** The answer, until the request holds what it did and what was accepted of it. */
  answered: "",
  /** @type {unknown} */
  memory: null,
  /** @type {string[]} */
  before: [],
  /** Whether a call is on its way; the next one waits for it. */
  busy: /** @type {Promise<unknown>} */ (Promise.resolve()),
};

const problem = byId("problem");
const status = byId("status");
const cards = byId("answer-cards");
const undo = /** @type {HTMLButtonElement} */ (byId("undo"));

function token() {
  const field = document.getElementById("token");
  return field instanceof HTMLInputElement ? field.value.trim() : "";
}

/** Prefetch keys the reader has taken away. */
function withheld() {
  const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (
    document.querySelectorAll('#supplies input[name="sent"]')
  );
  return [...boxes].filter((box) => !box.checked && !box.disabled).map((box) => box.value);
}

/**
 * One thing after another, so that answers arrive in the order of the changes.
 * @param {() => Promise<void>} work
 * @param {HTMLElement} [where] place for a refusal
 * @returns {Promise<void>}
 */
function inTurn(work, where = problem) {
  const turn = state.busy.then(async () => {
    tell(problem, "");
    try {
      await work();
    } catch (why) {
      if (why instanceof Refused) tell(where, why.message);
      else if (why instanceof Down) down();
      else throw why;
    } finally {
      cards.setAttribute("aria-busy", "false");
      for (const part of ["order", "add", "chart"]) uncover(byId(part), byId("verdict"));
    }
  });
  state.busy = turn.catch(() => undefined);
  return turn;
}

function down() {
  cards.replaceChildren(copyOf("down"));
  byId("reasons").replaceChildren(copyOf("unanswered"));
  status.textContent = "The service does not answer.";
  byId("timing").textContent = "";
}

/**
 * Change the request, show its chart, and fire the hook.
 * @param {{edit?: object, request?: string, sample?: string, text?: string, written?: string}} asked
 * what is changed, for the server
 * @param {string} [hook] empty: as a request of one's own says, else order-select
 * @param {{fresh?: boolean}} [how] fresh: another patient, nothing to undo or to compare
 */
async function apply(asked, hook = "", how = {}) {
  cards.setAttribute("aria-busy", "true");
  const kept = withheld();
  const { request, answered } = state;
  const whole = { request, answered, hook, withheld: kept, ...asked };
  const done = await change(address.change, whole, largest);
  if (how.fresh) {
    state.before = [];
    state.memory = null;
  } else if (asked.edit) {
    state.before.push(state.request);
  }
  state.request = done.request;
  state.answered = "";
  undo.disabled = state.before.length === 0;
  refill(byId("orders"), done.orders, byId("fire-select"));
  refill(byId("chart"), done.record, byId("fire-select"));
  for (const key of kept) {
    const box = document.getElementById(`sent-${key}`);
    if (box instanceof HTMLInputElement) box.checked = false;
  }
  if (how.fresh && asked.text) byId("story").textContent = done.note;
  await call(done.call || done.request, done.hook);
}

/**
 * @param {string} body
 * @param {string} hook
 */
async function call(body, hook) {
  wire.put("request", body);
  wire.put("curl", wire.curl(address.full, body, "token" in bench.dataset));
  const fired = await fire(address.service, body, token());
  wire.put("response", fired.text || "(an empty body)");
  byId("timing").textContent = `${hook}, ${fired.status}, ${Math.round(fired.took)} ms`;
  const asked = { call: body, status: fired.status, response: fired.text, before: state.memory };
  const shown = await read(address.read, asked, largest);
  if (fired.text) wire.put("response", shown.response);
  refill(cards, shown.cards, byId("cards"));
  byId("cards").scrollTop = 0;
  if (shown.why === undefined) {
    byId("reasons").replaceChildren(copyOf("unanswered"));
    status.textContent = `The service answered ${fired.status}. What to do stands in the place of the cards.`;
    return;
  }
  state.answered = fired.text;
  if (shown.orders) redraw(byId("orders"), shown.orders, byId("fire-select"));
  refill(byId("reasons"), shown.why, byId("why"));
  state.memory = shown.memory;
  status.textContent = shown.said ?? "";
  markUsed();
}

/**
 * Tell the service what became of a card, and the reader what it said.
 * @param {HTMLElement} card
 * @param {object} outcome
 * @param {string} words
 */
async function report(card, outcome, words) {
  if (!card.dataset.uuid) return;
  const answered = await feedback(
    address.service,
    { card: card.dataset.uuid, outcomeTimestamp: new Date().toISOString(), ...outcome },
    token(),
  );
  const kept = answered === 204;
  status.textContent = `${words} ${kept ? "Feedback was stored (204)." : `Feedback was not stored (${answered}).`}`;
}

/** @param {HTMLElement} button */
async function accept(button) {
  const card = /** @type {HTMLElement} */ (button.closest("[data-card]"));
  const uuid = button.dataset.suggestionUuid;
  const suggestion = Number(button.dataset.accept);
  const edit = { kind: "accept", card: Number(card.dataset.card), suggestion };
  const label = button.textContent ?? "";
  if (uuid) {
    await report(card, { outcome: "accepted", acceptedSuggestions: [{ id: uuid }] }, "Accepted.");
  }
  const told = status.textContent;
  await apply({ edit });
  status.textContent = `“${label}” applied. ${told ? `${told} ` : ""}${status.textContent}`;
}

/** @param {HTMLFormElement} form */
async function dismiss(form) {
  const card = /** @type {HTMLElement} */ (form.closest("[data-card]"));
  const chosen = form.querySelector('input[name="reason"]:checked');
  /** @type {Record<string, unknown>} */
  const outcome = { outcome: "overridden" };
  const comment = (fields(form).comment ?? "").trim();
  if (chosen instanceof HTMLInputElement || comment) {
    outcome.overrideReason = {
      ...(chosen instanceof HTMLInputElement && {
        reason: { code: chosen.value, system: chosen.dataset.system },
      }),
      ...(comment && { userComment: comment }),
    };
  }
  await report(card, outcome, "Dismissed.");
  card.classList.add("gone");
  const note = document.createElement("p");
  note.className = "gone-note";
  note.textContent = "Dismissed. It comes back with the next call, as in an EHR.";
  card.append(note);
  byId("cards").focus({ preventScroll: true });
}

/** @param {Event} event */
function submitted(event) {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.method === "get" && form.hasAttribute("action")) return;
  event.preventDefault();
  if (form.id === "paste") {
    void inTurn(useOwn, byId("text-problem"));
  } else if (form.dataset.edit) {
    const edit = { kind: form.dataset.edit, ...fields(form) };
    void inTurn(() => apply({ edit }));
  } else if ("dismiss" in form.dataset) {
    void inTurn(() => dismiss(form));
  }
}

async function useOwn() {
  tell(byId("text-problem"), "");
  const text = /** @type {HTMLTextAreaElement} */ (byId("text"));
  const written = /** @type {HTMLInputElement} */ (byId("written"));
  if (!text.value.trim()) throw new Refused("open a file, or paste the JSON of a call, first");
  await apply({ request: "", text: text.value, written: written.value }, "", { fresh: true });
  /** @type {HTMLSelectElement} */ (byId("patient")).selectedIndex = -1;
  byId("order").focus();
}

/** @param {File} file */
async function openFile(file) {
  tell(byId("text-problem"), "");
  bound(file.size, largest);
  const text = await file.text().catch(() => {
    throw new Refused("the browser cannot read this file; choose it again, or paste its text");
  });
  /** @type {HTMLTextAreaElement} */ (byId("text")).value = text;
}

/** @param {Event} event */
function clicked(event) {
  const target = event.target instanceof Element ? event.target.closest("button, a") : null;
  if (!(target instanceof HTMLElement)) return;
  if (target.dataset.accept) {
    void inTurn(() => accept(target));
  } else if (target.dataset.copy) {
    void navigator.clipboard.writeText(wire.text(target.dataset.copy)).then(
      () => { status.textContent = "Copied."; },
      () => { status.textContent = "The browser does not allow copying; select the text instead."; },
    );
  } else if (target.dataset.show) {
    event.preventDefault();
    show(target.dataset.show);
  }
}

document.addEventListener("submit", submitted);
document.addEventListener("click", clicked);
document.addEventListener("change", (event) => {
  const target = event.target;
  if (!(target instanceof HTMLInputElement)) return;
  if (target.name === "sent") void inTurn(() => apply({}));
  const file = target.id === "file" && target.files?.[0];
  if (file) void inTurn(() => openFile(file), byId("text-problem"));
});
byId("fire-select").addEventListener("click", () => void inTurn(() => apply({})));
byId("fire-sign").addEventListener("click", () => void inTurn(() => apply({}, "order-sign")));
undo.addEventListener("click", () => {
  void inTurn(async () => {
    const request = state.before.pop();
    if (request === undefined) return;
    const { request: later, answered } = state;
    Object.assign(state, { request, answered: "" });
    try {
      await apply({});
    } catch (why) {
      // Nobody answered the change itself: it is still to be undone.
      if (state.request === request) {
        Object.assign(state, { request: later, answered });
        state.before.push(request);
      }
      throw why;
    }
  });
});
for (const list of document.querySelectorAll('[role="tablist"]')) {
  tabs(/** @type {HTMLElement} */ (list));
}
void inTurn(() => apply({ request: "", sample: bench.dataset.sample }, "", { fresh: true }));
