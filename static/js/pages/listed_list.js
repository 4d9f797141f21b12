/** The list of listed areas: a press on one on the map opens it. */
import { listen } from "../dom.js";
import { mapReady } from "../map/registry.js";

await mapReady;
listen(document, "place-picked", (event) => {
  const hit = event.detail.features.find((/** @type {any} */ feature) => feature.kind === "listed");
  if (hit) location.assign(`/leader/listed/${hit.id}`);
});
document.documentElement.dataset.listedReady = "true";
