/** What a person has drawn and not yet sent, kept in this browser under his own name until it is. */

/**
 * @param {string} key
 * @returns {{read: () => any, write: (value: any) => void, forget: () => void}} nothing happens where storage is
 *   switched off or full: work goes on without being kept
 */
export function storeFor(key) {
  const attempt = (/** @type {() => any} */ run) => {
    try {
      return run();
    } catch {
      return null;
    }
  };
  return {
    read: () => attempt(() => JSON.parse(localStorage.getItem(key) ?? "null")),
    write: (value) => void attempt(() => localStorage.setItem(key, JSON.stringify(value))),
    forget: () => void attempt(() => localStorage.removeItem(key)),
  };
}
