/** Building elements. Text goes in as text: nothing here ever parses markup. */

const SVG = "http://www.w3.org/2000/svg";

/** @typedef {Node | string | number | null | undefined | false} Child */
/** @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes */

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Attributes} [attributes] `onX` adds a listener; true writes an empty attribute; false, null and
 *   undefined write none
 * @param {...(Child | Child[])} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  setAttributes(element, attributes);
  append(element, children.flat());
  return element;
}

/**
 * Make an SVG element.
 * @param {string} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  setAttributes(element, attributes);
  append(element, children);
  return element;
}

/**
 * An icon of the sprite static/img/icons.svg.
 * @param {string} name
 * @returns {SVGElement}
 */
export function icon(name) {
  return svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `${spriteAddress()}#${name}` }));
}

/**
 * The one part of the page that a selector names.
 * @param {string} selector
 * @returns {HTMLElement}
 * @throws {Error} when the page lacks it
 */
export function part(selector) {
  const found = /** @type {HTMLElement | null} */ (document.querySelector(selector));
  if (!found) throw new Error(`the page lacks ${selector}`);
  return found;
}

/**
 * A sentence with elements in its places.
 * @param {string} sentence already translated, with `{name}` places
 * @param {Record<string, Node>} nodes
 * @returns {(Node | string)[]}
 */
export function withNodes(sentence, nodes) {
  return sentence.split(/(\{\w+\})/).map((piece) => (piece.startsWith("{") ? nodes[piece.slice(1, -1)] ?? piece : piece));
}

/**
 * Replace everything inside an element.
 * @param {Element} element
 * @param {...(Child | Child[])} children
 */
export function fillWith(element, ...children) {
  element.replaceChildren();
  append(element, children.flat());
}

/**
 * Listen until the answer is called.
 * @param {EventTarget} target
 * @param {string} type
 * @param {(event: any) => void} listener
 * @param {AddEventListenerOptions} [options]
 * @returns {() => void}
 */
export function listen(target, type, listener, options) {
  target.addEventListener(type, listener, options);
  return () => target.removeEventListener(type, listener, options);
}

/**
 * @param {Element} element
 * @param {Attributes} attributes
 */
function setAttributes(element, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, String(value));
  }
}

/**
 * @param {Element} element
 * @param {Child[]} children
 */
function append(element, children) {
  for (const child of children) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** @returns {string} */
function spriteAddress() {
  return document.documentElement.dataset.icons ?? "/static/img/icons.svg";
}
