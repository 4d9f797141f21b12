/** The administrator's page: what the tabs' buttons do. The lists themselves come from the server. */
import { ProblemError, get, post, request } from "../api.js";
import { el, fillWith, icon } from "../dom.js";
import { sheet } from "../frame.js";
import { t } from "../i18n.js";
import { toast, toastProblem } from "../toast.js";
import { followJob, isLive, jobCard } from "../tray.js";

/** A second press within this time means it. */
const MEANT_WITHIN_MS = 6000;
const CHOICES = 30;

const root = /** @type {HTMLElement} */ (document.querySelector("[data-admin]"));
// Tables come first here, the map second: on a phone the sheet opens wide.
sheet?.setHeight("full");

/** @param {string} selector @returns {HTMLElement | null} */
const part = (selector) => root.querySelector(selector);

part('.tab[aria-current="page"]')?.scrollIntoView({ block: "nearest", inline: "center" });

// ---- filters answer at once; the button is for those without a mouse

for (const form of root.querySelectorAll("[data-filter]")) {
  for (const field of form.querySelectorAll("select, input[type=date]")) {
    field.addEventListener("change", () => /** @type {HTMLFormElement} */ (form).requestSubmit());
  }
}

// ---- what cameras see

async function startSight() {
  const button = /** @type {HTMLButtonElement} */ (part("[data-sight-start]"));
  button.disabled = true;
  try {
    const job = await post("/api/admin/sight-runs");
    document.dispatchEvent(new CustomEvent("job-requested"));
    await followSight(job.id);
  } catch (error) {
    toastProblem(error);
  } finally {
    button.disabled = false;
  }
}

/** @param {string} id */
async function followSight(id) {
  const box = part("[data-sight-job]");
  if (!box) return;
  const ended = await followJob(id, (job) => fillWith(box, jobCard(job)));
  if (ended.state === "done") location.reload();
}

part("[data-sight-start]")?.addEventListener("click", () => void startSight());
const sightRun = part("[data-sight]")?.dataset.workingRun;
if (sightRun) void followSight(sightRun).catch(toastProblem);

// ---- jobs that are under way

/** @param {HTMLElement} row */
async function followRow(row) {
  const id = row.dataset.run ?? "";
  const progress = row.querySelector("progress");
  const message = row.querySelector("[data-run-message]");
  const ended = await followJob(id, (job) => {
    if (progress) progress.value = Math.round((job.progress ?? 0) * 100);
    if (message) message.textContent = job.message ?? "";
    const cancel = /** @type {HTMLButtonElement | null} */ (row.querySelector("[data-cancel]"));
    if (cancel && job.cancel_requested) stopping(cancel);
  });
  if (!isLive(ended)) location.reload();
}

/** @param {HTMLButtonElement} button */
function stopping(button) {
  button.disabled = true;
  button.textContent = t("Stopping");
}

for (const row of root.querySelectorAll('[data-run][data-state="queued"], [data-run][data-state="running"]')) {
  void followRow(/** @type {HTMLElement} */ (row)).catch(toastProblem);
}

for (const button of root.querySelectorAll("[data-cancel]")) {
  button.addEventListener("click", async () => {
    const id = /** @type {HTMLElement} */ (button.closest("[data-run]")).dataset.run;
    stopping(/** @type {HTMLButtonElement} */ (button));
    await post(`/api/jobs/${id}/cancel`).catch(toastProblem);
  });
}

// ---- accounts

const addForm = /** @type {HTMLFormElement | null} */ (part("[data-add-account]"));

/** @param {SubmitEvent} event */
async function addAccount(event) {
  event.preventDefault();
  if (!addForm) return;
  const error = part("[data-add-error]");
  const button = /** @type {HTMLButtonElement} */ (addForm.querySelector("button"));
  const form = new FormData(addForm);
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    const made = await post("/api/admin/accounts", Object.fromEntries(["login", "name", "role", "area"].map((name) => [name, form.get(name)])));
    if (error) error.hidden = true;
    showPassword(made, t("The account {login} stands.", { login: made.login }));
    addForm.reset();
  } catch (failure) {
    if (!error) return;
    error.hidden = false;
    fillWith(error, icon("attend"), " ", failure instanceof ProblemError ? failure.text : t("Something went wrong."));
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

/**
 * @param {{login: string, password: string}} account
 * @param {string} title
 */
function showPassword(account, title) {
  const box = part("[data-password-box]");
  if (!box) return;
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(account.password);
      toast(t("Copied."));
    } catch {
      toast(t("Copying is not possible here: mark the password and copy it."), { kind: "alarm" });
    }
  };
  fillWith(box, el("div", { class: "notice notice--done" }, icon("check"),
    el("div", { class: "stack-s" },
      el("strong", {}, title),
      el("p", {}, t("Password, shown only now:")),
      el("p", { class: "password", "data-password": account.login }, account.password),
      el("div", { class: "row" },
        el("button", { class: "btn", type: "button", onClick: copy }, t("Copy the password")),
        el("a", { class: "btn", href: "?view=accounts" }, t("Done, show the list"))))));
  box.scrollIntoView({ block: "nearest" });
}

/**
 * Act on the second press, so that a slip ends nobody's session.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<void>} act
 */
function onSecondPress(button, act) {
  const word = button.textContent ?? "";
  let armed = 0;
  button.addEventListener("click", async () => {
    if (!armed) {
      button.textContent = t("Press again: ends their sessions");
      button.classList.add("btn--danger");
      armed = setTimeout(disarm, MEANT_WITHIN_MS);
      return;
    }
    disarm();
    button.disabled = true;
    await act().catch(toastProblem);
    button.disabled = false;
  });
  const disarm = () => {
    clearTimeout(armed);
    armed = 0;
    button.textContent = word;
    button.classList.remove("btn--danger");
  };
}

for (const button of root.querySelectorAll("[data-actions]")) {
  const more = /** @type {HTMLElement} */ (document.getElementById(button.getAttribute("aria-controls") ?? ""));
  button.addEventListener("click", () => {
    more.hidden = !more.hidden;
    button.setAttribute("aria-expanded", String(!more.hidden));
    if (!more.hidden) more.scrollIntoView({ block: "nearest" });
  });
}

for (const row of root.querySelectorAll("[data-account]")) {
  const id = /** @type {HTMLElement} */ (row).dataset.account;
  const renew = /** @type {HTMLButtonElement | null} */ (row.querySelector("[data-new-password]"));
  if (renew) {
    onSecondPress(renew, async () => {
      const account = await post(`/api/admin/accounts/${id}/password`);
      showPassword(account, t("{login} has a new password.", { login: account.login }));
    });
  }
  const leave = /** @type {HTMLButtonElement | null} */ (row.querySelector("[data-end-sessions]"));
  if (leave) {
    onSecondPress(leave, async () => {
      const account = await post(`/api/admin/accounts/${id}/sign-out`);
      toast(t("{login} is signed out everywhere.", { login: account.login }));
    });
  }
  const confirm = /** @type {HTMLButtonElement | null} */ (row.querySelector("[data-confirm-account]"));
  confirm?.addEventListener("click", async () => {
    confirm.disabled = true;
    try {
      await post(`/api/admin/accounts/${id}/confirm`);
      location.reload();
    } catch (error) {
      confirm.disabled = false;
      toastProblem(error);
    }
  });
  const change = /** @type {HTMLButtonElement | null} */ (row.querySelector("[data-set-active]"));
  change?.addEventListener("click", async () => {
    change.disabled = true;
    try {
      await request(`/api/admin/accounts/${id}/active`, { method: "PUT", body: { active: change.dataset.setActive === "yes" } });
      location.reload();
    } catch (error) {
      change.disabled = false;
      toastProblem(error);
    }
  });
}

// ---- the areas an account can be given

/** @param {HTMLInputElement} field @param {HTMLElement} choices */
async function offerAreas(field, choices) {
  const { areas } = await get("/api/areas/tree");
  const own = areas.filter((/** @type {{own: boolean}} */ area) => area.own);
  const names = new Map(areas.map((/** @type {{id: number, name: string}} */ area) => [area.id, area.name]));
  const show = () => {
    const words = field.value.trim().toLowerCase();
    const found = own.filter((/** @type {any} */ area) => `${area.code} ${names.get(area.parent_id) ?? ""}${area.name}`.toLowerCase().includes(words));
    fillWith(choices, found.slice(0, CHOICES).map((/** @type {any} */ area) =>
      el("option", { value: `${area.code} ${area.name}` }, names.get(area.parent_id) ?? "")));
  };
  field.addEventListener("input", show);
  field.addEventListener("focus", () => field.select());
  show();
}

if (addForm) {
  addForm.addEventListener("submit", (event) => void addAccount(event));
  const field = /** @type {HTMLInputElement} */ (addForm.elements.namedItem("area"));
  const choices = part("[data-area-choices]");
  if (choices) void offerAreas(field, choices).catch(toastProblem);
}
