/**
 * The one way to the server: CSRF header, ETag/If-Match, problem+json and a time-out on every wait.
 */
import { t } from "./i18n.js";

/** What the server (or the missing network) said went wrong. `code` is stable; `title` is for people. */
export class ProblemError extends Error {
  /**
   * @param {{status?: number, code?: string, title?: string, detail?: string, fields?: Record<string, any>}} problem
   */
  constructor({ status = 0, code = "unknown", title = "", detail = "", fields = {} }) {
    super(title || code);
    this.name = "ProblemError";
    this.status = status;
    this.code = code;
    this.title = title || t("Something went wrong.");
    this.detail = detail;
    this.fields = fields;
  }

  /** @returns {string} one text for a toast or a notice */
  get text() {
    return this.detail ? `${this.title} ${this.detail}` : this.title;
  }
}

/**
 * @typedef {object} Options
 * @property {string} [method]
 * @property {any} [body] sent as JSON; a FormData is sent as it is
 * @property {string | null} [etag] the version this change was made from; a newer one answers 409 or 412
 * @property {AbortSignal} [signal]
 * @property {number} [timeoutMs] 20 s by default
 */

/**
 * Ask the server.
 * @param {string} address path on this server
 * @param {Options} [options]
 * @returns {Promise<{body: any, etag: string | null, status: number}>}
 * @throws {ProblemError} for every answer that is not 2xx and for no answer at all
 */
export async function request(address, options = {}) {
  let answer = await send(address, options);
  let body = await readBody(answer);
  // Whoever signs in again in another tab has a new token: this page takes it up and goes on.
  if (body?.code === "form_expired" && (await renewToken())) {
    answer = await send(address, options);
    body = await readBody(answer);
  }
  if (!answer.ok) throw problemOf(answer.status, body);
  tellSignedIn();
  return { body, etag: answer.headers.get("ETag"), status: answer.status };
}

/**
 * @param {string} address
 * @param {Options} [options]
 * @returns {Promise<any>} the body alone
 */
export async function get(address, options = {}) {
  return (await request(address, options)).body;
}

/**
 * @param {string} address
 * @param {any} [body]
 * @param {Options} [options]
 * @returns {Promise<any>} the body alone
 */
export async function post(address, body = {}, options = {}) {
  return (await request(address, { ...options, method: "POST", body })).body;
}

/**
 * @param {string} address
 * @param {Options} options
 * @returns {Promise<Response>}
 */
async function send(address, { method = "GET", body, etag, signal, timeoutMs = 20_000 }) {
  const wait = waitFor(timeoutMs, signal);
  const init = {
    method,
    headers: headersFor({ method, body, etag }),
    body: body === undefined || body instanceof FormData ? body : JSON.stringify(body),
    credentials: /** @type {const} */ ("same-origin"),
    redirect: /** @type {const} */ ("manual"),
    signal: wait.signal,
  };
  try {
    return await fetch(address, init);
  } catch (error) {
    if (signal?.aborted) throw error;
    throw noAnswer(wait.isLate());
  } finally {
    wait.done();
  }
}

/**
 * A signal that ends the wait after a time or with the caller's signal. AbortSignal.any would do the same, but
 * phones of 2022 do not know it.
 * @param {number} timeoutMs
 * @param {AbortSignal} [signal]
 */
function waitFor(timeoutMs, signal) {
  const controller = new AbortController();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    controller.abort();
  }, timeoutMs);
  const stop = () => controller.abort(signal?.reason);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  const done = () => (clearTimeout(timer), signal?.removeEventListener("abort", stop));
  return { signal: controller.signal, isLate: () => late, done };
}

/**
 * @param {{method: string, body: any, etag?: string | null}} request
 * @returns {Record<string, string>}
 */
function headersFor({ method, body, etag }) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json, application/problem+json" };
  if (body !== undefined && !(body instanceof FormData)) headers["Content-Type"] = "application/json";
  if (method !== "GET" && method !== "HEAD") headers["X-CSRFToken"] = csrfToken();
  if (etag) headers["If-Match"] = etag;
  return headers;
}

/** @returns {string} */
function csrfToken() {
  const meta = document.querySelector('meta[name="csrf-token"]');
  return meta?.getAttribute("content") ?? "";
}

/**
 * Take up the token of the present session, if it is still the person's for whom this page was made.
 * @returns {Promise<boolean>} whether there is a token to try again with
 * @throws {ProblemError} signed_out, other_account
 */
async function renewToken() {
  const answer = await send("/api/account/form-token", {});
  const body = await readBody(answer);
  if (!answer.ok) throw problemOf(answer.status, body);
  const meta = /** @type {HTMLElement | null} */ (document.querySelector('meta[name="csrf-token"]'));
  if (String(body.account) !== meta?.dataset.account) {
    throw new ProblemError({
      status: 409, code: "other_account", title: t("Somebody else is signed in in this browser now."),
      detail: t("What you typed is kept for you here. Sign in as yourself, then repeat this step."),
    });
  }
  const renewed = meta.getAttribute("content") !== body.token;
  meta.setAttribute("content", body.token);
  return renewed;
}

/**
 * @param {Response} answer
 * @returns {Promise<any>}
 */
async function readBody(answer) {
  if (answer.status === 204 || answer.type === "opaqueredirect") return null;
  const kind = answer.headers.get("Content-Type") ?? "";
  try {
    return /[/+]json\b/.test(kind) ? await answer.json() : await answer.text();
  } catch {
    return null;
  }
}

/**
 * @param {number} status 0 stands for a redirect that was not followed: the sign-in page
 * @param {any} body
 * @returns {ProblemError}
 */
function problemOf(status, body) {
  if (status === 0 || status === 401) return signedOut(status);
  if (body && typeof body === "object") return new ProblemError({ ...body, status });
  return new ProblemError({ status, code: `http_${status}`, title: t("The server could not answer. Try again.") });
}

let isOut = false;

/** After a sign-out something was answered again: what spoke of it can go. */
function tellSignedIn() {
  if (!isOut) return;
  isOut = false;
  document.dispatchEvent(new CustomEvent("signed-in"));
}

/**
 * The work on the page is kept: nothing is reloaded, the person is told to sign in in another tab.
 * @param {number} status
 * @returns {ProblemError}
 */
function signedOut(status) {
  isOut = true;
  document.dispatchEvent(new CustomEvent("signed-out"));
  return new ProblemError({
    status: status || 401,
    code: "signed_out",
    title: t("You are signed out."),
    detail: t("Sign in again, come back to this page and repeat the step. What you typed is kept here."),
  });
}

/**
 * @param {boolean} late
 * @returns {ProblemError}
 */
function noAnswer(late) {
  return new ProblemError({
    code: late ? "timeout" : "offline",
    title: late ? t("The server took too long to answer.") : t("The server cannot be reached."),
    detail: t("What you typed is kept. Try again."),
  });
}
