/**
 * Colours of the map. Canvas cannot read CSS variables cheaply, so the map has its own table per theme.
 *
 * Category colours are Okabe and Ito (2008), "Color Universal Design": they can be told apart with every
 * common colour vision; data classes differ in shape as well.
 */

export const OKABE_ITO = Object.freeze([
  "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a5c00", "#5b4b8a",
]);

const LIGHT = Object.freeze({
  name: "light",
  land: "#f3f1ec", water: "#bfd0da", waterEdge: "#a6bbc8", green: "#dfe8d6", farmland: "#ece9d8",
  building: "#e0dcd4", buildingEdge: "#cbc6bc",
  road: "#ffffff", roadMajor: "#fffdf6", roadCasing: "#c9c8c3", roadMajorCasing: "#b3b0a8", path: "#b9b5ab",
  label: "#51565a", labelWater: "#557083", halo: "#ffffff",
  gridLine: "#2c3a4a", gridFaint: "#8d969e", gridGap: "#ffffff", gridLabel: "#23303d", veil: "rgba(243,241,236,0.62)",
  fresh: "#2b8b8a", due: "#e69200", overdue: "#c8281e", vacant: "#6f7a79", pointEdge: "#ffffff",
  cell: ["#d7efee", "#a5d6d3", "#66b5b2", "#2b8b8a", "#0b5a5c"],
  cameraOn: "#274b8f", cameraOff: "#c8281e", cameraOther: "#6f7a79", cameraView: "rgba(39,75,143,0.16)",
  place: "#4b3a70", hotspot: "#a02a00", hotspotFill: "rgba(213,94,0,0.10)",
  draft: "#b3127a", draftFill: "rgba(179,18,122,0.14)", finding: "#a8201a", chosen: "#b3127a",
  district: "rgba(96,128,0,0.42)", districtLabel: "#4a6400",
  forecast: ["rgba(74,28,140,0.68)", "rgba(74,28,140,0.46)", "rgba(74,28,140,0.28)", "rgba(74,28,140,0.15)"], forecastLine: "#4a1c8c",
  listed: "#00666b", listedFill: "rgba(0,102,107,0.13)",
});

const DARK = Object.freeze({
  ...LIGHT,
  name: "dark",
  land: "#141b1d", water: "#22343f", waterEdge: "#2d4552", green: "#1b2720", farmland: "#1d231c",
  building: "#212a2c", buildingEdge: "#2f3a3c",
  road: "#39464a", roadMajor: "#4a585c", roadCasing: "#0d1314", roadMajorCasing: "#0d1314", path: "#3a474a",
  label: "#b4bfbf", labelWater: "#86a6b8", halo: "#0f1616",
  gridLine: "#c6d4da", gridFaint: "#5f6d73", gridGap: "#10191a", gridLabel: "#dfe8ea", veil: "rgba(15,22,22,0.62)",
  fresh: "#4fb8b5", due: "#f0ab3d", overdue: "#f0665c", vacant: "#98a5a4", pointEdge: "#0f1616",
  cell: ["#174b4b", "#1f6968", "#2b8b8a", "#66b5b2", "#c4e8e6"],
  cameraOn: "#86aaf0", cameraOff: "#f0665c", cameraOther: "#98a5a4", cameraView: "rgba(134,170,240,0.20)",
  place: "#c3b1ea", hotspot: "#ff9a5c", hotspotFill: "rgba(255,154,92,0.14)",
  draft: "#ff6fc4", draftFill: "rgba(255,111,196,0.18)", finding: "#ff8a80", chosen: "#ff6fc4",
  district: "rgba(173,204,51,0.42)", districtLabel: "#b9d14a",
  forecast: ["rgba(190,160,255,0.72)", "rgba(190,160,255,0.48)", "rgba(190,160,255,0.30)", "rgba(190,160,255,0.17)"], forecastLine: "#cdb8ff",
  listed: "#5fd0cf", listedFill: "rgba(95,208,207,0.16)",
});

const PRINT = Object.freeze({
  ...LIGHT,
  name: "print",
  land: "#ffffff", water: "#d4e0e6", green: "#eef2ea", farmland: "#f6f5ee", building: "#e4e4e4",
  buildingEdge: "#bdbdbd", roadCasing: "#8f8f8f", roadMajorCasing: "#6f6f6f", label: "#222222",
  gridLine: "#000000", gridFaint: "#777777", gridLabel: "#000000", veil: "rgba(255,255,255,0.5)",
});

/** @typedef {{[K in keyof typeof LIGHT]: K extends "cell" | "forecast" ? readonly string[] : string}} Palette */

/** @type {Record<string, Palette>} */
const TABLE = { light: LIGHT, dark: DARK, print: PRINT };

/**
 * @param {string} name light, dark or print
 * @returns {Palette} light for an unknown name
 */
export function paletteOf(name) {
  return TABLE[name] ?? LIGHT;
}

/**
 * The colour of a team: the same number always has the same colour.
 * @param {number} ordinal from 0
 * @returns {string}
 */
export function teamColour(ordinal) {
  return OKABE_ITO[((ordinal % OKABE_ITO.length) + OKABE_ITO.length) % OKABE_ITO.length];
}

/**
 * Whether dark text reads better than white on a colour (relative luminance, WCAG 2.2).
 * @param {string} hex #rrggbb
 * @returns {boolean}
 */
export function wantsDarkText(hex) {
  return contrast(luminance(hex), luminance("#16201f")) > contrast(luminance(hex), 1);
}

/**
 * @param {string} hex
 * @returns {number}
 */
function luminance(hex) {
  const part = (/** @type {number} */ at) => {
    const value = parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5);
}

/**
 * @param {number} a
 * @param {number} b
 * @returns {number}
 */
export function contrast(a, b) {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
