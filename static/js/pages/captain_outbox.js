/**
 * Visits on their way to the server. A visit is written down in this browser before it is sent and leaves it when
 * the server has stored it: a lost connection, a closed tab or a signed-out session takes nothing away.
 *
 * Each account has a store of its own, so another person at the same phone neither sees nor erases it.
 */

/**
 * @typedef {object} Entry
 * @property {string} ref names the visit: sending it twice stores it once
 * @property {number} dwelling_id
 * @property {string} label the door, as words
 * @property {string} outcome
 * @property {string} note
 * @property {number} at_ms when it was noted, by this browser's clock
 * @property {string} [why] why the server cannot take it: it is kept to be read, and not sent again
 */

/** @typedef {{read: (key: string) => string | null, write: (key: string, text: string | null) => void}} Store */

/**
 * The browser's store; where it is switched off or full, what is written lasts as long as the page.
 * @returns {Store}
 */
export function browserStore() {
  /** @type {Map<string, string>} */
  const here = new Map();
  return {
    read: (key) => {
      try {
        return localStorage.getItem(key) ?? here.get(key) ?? null;
      } catch {
        return here.get(key) ?? null;
      }
    },
    write: (key, text) => {
      if (text === null) here.delete(key);
      else here.set(key, text);
      try {
        if (text === null) localStorage.removeItem(key);
        else localStorage.setItem(key, text);
      } catch {
        // The page's own copy above holds it.
      }
    },
  };
}

/** @param {(bytes: Uint8Array) => Uint8Array} fill @returns {string} 32 hexadecimal digits */
export function newRef(fill = (bytes) => crypto.getRandomValues(bytes)) {
  // Not crypto.randomUUID: browsers offer it over HTTPS only, and an office may serve plain HTTP.
  return [...fill(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * @param {string} account
 * @param {Store} store
 */
export function makeOutbox(account, store) {
  const key = `gridpatrol.outbox.${account}`;
  /** @returns {Entry[]} oldest first */
  const entries = () => readEntries(store.read(key));
  /** @param {Entry[]} next */
  const write = (next) => store.write(key, next.length ? JSON.stringify(next) : null);
  return {
    entries,
    /** @returns {Entry[]} what is still to be sent, oldest first */
    unsent: () => entries().filter((one) => !one.why),
    /** @returns {Entry[]} what no card can show any more, oldest first */
    held: () => entries().filter((one) => one.why),
    /** @param {string} ref @param {string} why */
    hold: (ref, why) => write(entries().map((one) => (one.ref === ref ? { ...one, why } : one))),
    /** @param {Entry} entry */
    add: (entry) => write([...entries().filter((one) => one.ref !== entry.ref), entry]),
    /** @param {string} ref */
    remove: (ref) => write(entries().filter((one) => one.ref !== ref)),
    /** @param {number} dwelling_id @returns {Entry[]} */
    of: (dwelling_id) => entries().filter((one) => one.dwelling_id === dwelling_id && !one.why),
  };
}

/** @typedef {ReturnType<typeof makeOutbox>} Outbox */

/**
 * Notes not yet part of a visit, one for each dwelling.
 * @param {string} account
 * @param {Store} store
 */
export function makeNotes(account, store) {
  const key = (/** @type {number} */ dwelling_id) => `gridpatrol.note.${account}.${dwelling_id}`;
  return {
    /** @param {number} dwelling_id */
    read: (dwelling_id) => store.read(key(dwelling_id)) ?? "",
    /** @param {number} dwelling_id @param {string} text */
    keep: (dwelling_id, text) => store.write(key(dwelling_id), text.trim() ? text : null),
  };
}

/** @typedef {ReturnType<typeof makeNotes>} Notes */

/**
 * Whether sending again may help: no answer, a signed-out session, a busy or failing server.
 * @param {{status: number}} problem
 * @returns {boolean}
 */
export function mayPass({ status }) {
  return status === 0 || status === 401 || status === 408 || status === 429 || status >= 500;
}

/**
 * Whether the dwelling is out of reach: its card cannot be opened, so words given back to it would be lost.
 * @param {{status: number, code: string}} problem
 * @returns {boolean}
 */
export function isGone({ status, code }) {
  return status === 404 || code === "dwelling_gone";
}

/**
 * @param {Entry} entry
 * @param {number} now_ms
 * @returns {{outcome: string, note: string, client_ref: string, age_s: number}} what is sent; an age, because
 *   clocks of phones go wrong
 */
export function asSent({ outcome, note, ref, at_ms }, now_ms) {
  return { outcome, note, client_ref: ref, age_s: Math.max(0, Math.round((now_ms - at_ms) / 1000)) };
}

/**
 * @param {string | null} text
 * @returns {Entry[]} none for anything that is not a list of visits
 */
function readEntries(text) {
  try {
    const list = JSON.parse(text ?? "[]");
    return Array.isArray(list) ? list.filter((one) => one && typeof one.ref === "string" && Number.isInteger(one.dwelling_id)) : [];
  } catch {
    return [];
  }
}
