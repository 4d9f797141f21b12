/** What a look at a file says, in words; and the choices that are offered for files. No page, no map. */
import { t, tn } from "../i18n.js";

/** @typedef {{datum: string, near_share: number, typical_m: number, apart_m: number}} Rank */
/** @typedef {{taken: string | null, why: string, marked: string, verdict: string, length_m: number, offset_m: [number, number] | null, ranking: Rank[]}} DatumSeen */
/** @typedef {{taken: string, name: string, why: string, old_datum: string, northing_first: boolean, elsewhere: [number, number] | null, guesses: {crs: string, name: string, why: string, exact: boolean, northing_first: boolean}[], bounds: number[]}} SystemSeen */
/** @typedef {{same: number, corner: number, moved: number, new: number, ended: number, renamed: number}} Counts */

export const FORMATS = [["gpkg", "GeoPackage"], ["zip", "Shapefile"], ["geojson", "GeoJSON"], ["kml", "KML"], ["kmz", "KMZ"], ["dxf", "DXF"]];
export const DATUMS = [["wgs84", "WGS-84 / CGCS2000"], ["gcj02", "GCJ-02"], ["bd09", "BD-09"]];
/** Python's names of the encodings, as people know them; GB18030 contains GBK and GB2312. */
const ENCODINGS = /** @type {Record<string, string>} */ ({ "utf-8": "UTF-8", gb18030: "GB18030 (GBK, GB2312)", big5hkscs: "Big5", cp1252: "Windows-1252" });
/** Formats that hold degrees only. */
const DEGREES_ONLY = new Set(["geojson", "kml", "kmz"]);

/** @param {string} encoding @returns {string} */
export function encodingName(encoding) {
  return ENCODINGS[encoding] ?? encoding.toUpperCase();
}

/** @param {string | null} datum @returns {string} */
export function datumName(datum) {
  return DATUMS.find(([value]) => value === datum)?.[1] ?? datum ?? "–";
}

/** @param {number} share @returns {string} */
function percent(share) {
  return `${Math.round(share * 100)}%`;
}

/** @param {{taken: string, why: string, declared: string}} encoding @returns {string} why this encoding was taken */
export function encodingReason({ taken, why, declared }) {
  const fields = { encoding: encodingName(taken), declared: encodingName(declared) };
  const words = {
    chosen: t("Read in {encoding}, as you chose.", fields),
    cpg: t("Read in {encoding}: the .cpg file says so.", fields),
    language_byte: t("Read in {encoding}: the table's language mark says so.", fields),
    utf8_strict: t("Read in {encoding}: every text is well-formed in it.", fields),
    gb18030_fallback: t("Read in {encoding}: the texts are no UTF-8 and fit this one.", fields),
    cpg_contradicted: t("The .cpg file says {declared}, but the texts are none: read in {encoding}.", fields),
    language_contradicted: t("The table's language mark says {declared}, but the texts are none: read in {encoding}.", fields),
    ascii: t("The texts are plain letters and digits: every encoding reads them alike."),
    none_fits: t("No encoding fits every text. Compare the samples and choose one."),
  };
  return words[/** @type {keyof typeof words} */ (why)] ?? "";
}

/** @param {SystemSeen} system @param {string} place name of the community @returns {string} what is known of the reference system */
export function systemReason({ taken, name, why, elsewhere, guesses }, place) {
  if (elsewhere) return t("Read in {name} the file lies at {lon}, {lat}, nowhere near {place}. Choose another system.", { name, lon: elsewhere[0], lat: elsewhere[1], place });
  if (!taken) return guesses.length ? t("The file names no coordinate system, and several fit. Choose the one it was made in.") : t("The file names no coordinate system, and none known here fits its numbers. Enter an EPSG code.");
  const words = {
    named: t("{name}: the file says so.", { name }),
    degrees: t("{name}: the numbers are degrees.", { name }),
    only_one: t("{name}: the only system whose numbers lead here.", { name }),
    roads: t("{name}: of the systems whose numbers lead here, the one in which the boundaries lie on the streets.", { name }),
    chosen: t("{name}, as you chose.", { name }),
  };
  return words[/** @type {keyof typeof words} */ (why)] ?? name;
}

/** @param {Pick<DatumSeen, "taken" | "verdict" | "ranking">} datum @returns {boolean} a person chose a datum that the streets contradict */
export function isAgainstStreets({ taken, verdict, ranking }) {
  return verdict === "found" && taken !== null && taken !== ranking[0].datum;
}

/** @param {DatumSeen} datum @returns {string} what the streets say about the datum */
export function datumReason({ taken, why, marked, verdict, offset_m, ranking }) {
  const best = ranking[0];
  const fit = { name: datumName(best?.datum), marked: datumName(marked), metres: best ? Math.max(1, Math.round(best.typical_m)) : 0, chosen: datumName(taken) };
  if (isAgainstStreets({ taken, verdict, ranking })) return t("You chose {chosen}, but the boundaries lie on the streets as {name}.", fit);
  if (verdict === "found" && marked && marked !== best.datum) return t("The file calls itself {marked}, but its boundaries lie on the streets as {name}.", fit);
  if (verdict === "found") return t("The boundaries lie on the streets as {name}, typically to {metres} m.", fit);
  if (taken && why === "marked") return t("The file calls itself {marked}; the streets do not contradict.", fit);
  const words = {
    shifted: t("The whole file lies {east} m east and {north} m north of the streets, which no datum explains.", { east: -(offset_m?.[0] ?? 0), north: -(offset_m?.[1] ?? 0) }),
    alike: t("The boundaries lie on the streets in no datum better than by chance."),
    too_little: t("The file has too few boundaries to compare with the streets."),
    no_roads: t("No streets are known here to compare with."),
    outside_china: t("Outside China all datums are the same."),
  };
  return words[/** @type {keyof typeof words} */ (verdict)] ?? "";
}

/** @param {string} datum @param {DatumSeen} seen @returns {string} what would be if the file were read in this datum */
export function datumDetail(datum, { ranking, taken }) {
  const rank = ranking.find((one) => one.datum === datum);
  if (!rank) return "";
  const near = percent(rank.near_share);
  const reference = taken ?? ranking[0].datum;
  if (datum === reference) return t("{near} of the boundaries within 8 m of a street", { near });
  return t("would lie {metres} m from there, {near} near a street", { metres: rank.apart_m, near });
}

/** @param {Counts} counts @returns {string} one line of what would change */
export function countWords({ moved, corner, new: fresh, ended, renamed, same }) {
  const parts = [
    moved ? tn("{count} grid moves", "{count} grids move", moved) : "",
    fresh ? t("{count} new", { count: fresh }) : "",
    ended ? t("{count} end", { count: ended }) : "",
    renamed ? t("{count} renamed", { count: renamed }) : "",
    corner ? t("{count} only get a corner", { count: corner }) : "",
    same ? t("{count} stay", { count: same }) : "",
  ].filter(Boolean);
  return parts.join(t(", "));
}

/** @param {{changed: number, cornered?: number}} set @returns {string} grids of a change set that differ from what is published */
export function changedWords({ changed, cornered }) {
  const moved = tn("{count} grid changed", "{count} grids changed", changed);
  return cornered ? `${moved}${t(", ")}${t("{count} only got a corner", { count: cornered })}` : moved;
}

/** @param {number} bytes @returns {string} */
export function sizeText(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

/**
 * Reference systems a file can be written in, around a longitude.
 * @param {string} format
 * @param {number} lon degrees
 * @returns {[string, string][]} EPSG code and name
 */
export function systemsFor(format, lon) {
  /** @type {[string, string][]} */
  const degrees = [["EPSG:4326", "WGS 84 (EPSG:4326)"], ["EPSG:4490", "CGCS2000 (EPSG:4490)"]];
  const zone = Math.round(lon / 3);
  // EPSG numbers the 3 degree zones 25 (75 E) to 45 (135 E) in a row, with and without the number in the easting.
  if (DEGREES_ONLY.has(format) || zone < 25 || zone > 45) return degrees;
  return [...degrees,
    [`EPSG:${4534 + zone - 25}`, t("CGCS2000, metres, meridian {lon}° (EPSG:{code})", { lon: zone * 3, code: 4534 + zone - 25 })],
    [`EPSG:${4513 + zone - 25}`, t("CGCS2000, metres, zone {zone} in the numbers (EPSG:{code})", { zone, code: 4513 + zone - 25 })]];
}

/**
 * Parameters of a datum shift as somebody types them.
 * @param {string} words "dx, dy, dz" or seven numbers, apart by commas or blanks
 * @returns {number[] | null} null where they are no three or seven numbers
 */
export function shiftOf(words) {
  const numbers = words.split(/[\s,，;；]+/).filter(Boolean).map(Number);
  return [3, 7].includes(numbers.length) && numbers.every(Number.isFinite) ? numbers : null;
}
