/** The line above a printed map: what is shown, and of which day. */

/**
 * @param {string} title
 * @param {string} note of which day it is, and whether it is in force
 */
export function setPrintHead(title, note) {
  for (const [place, words] of [["[data-print-title]", title], ["[data-print-note]", note]]) {
    const element = document.querySelector(place);
    if (element) element.textContent = words;
  }
}
