/** Numbers, sizes and times as a person reads them. */

const whole = new Intl.NumberFormat("en");
const threeDigits = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const timeOfDay = new Intl.DateTimeFormat("en", { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false });
const UNITS = ["B", "kB", "MB", "GB", "TB"];

/** 12345 -> "12,345" */
export function count(value) {
  return whole.format(value);
}

/** 1 -> "1 task", 2 -> "2 tasks" */
export function plural(value, noun) {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** 148_200 -> "148 kB" (decimal units) */
export function bytes(value) {
  const power = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(value) / 3 + 1e-9));
  const scaled = value / 1000 ** power;
  return `${power === 0 ? whole.format(scaled) : threeDigits.format(scaled)} ${UNITS[power]}`;
}

/** 212.4 -> "212×", 7.31 -> "7.3×" */
export function times(ratio) {
  return `${ratio < 10 ? ratio.toFixed(1) : whole.format(Math.round(ratio))}×`;
}

/** Milliseconds -> "3 ms", "1.2 s", "4 min 05 s" */
export function duration(milliseconds) {
  if (milliseconds < 1000) return `${Math.max(0, Math.round(milliseconds))} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const full = Math.round(seconds);
  return `${Math.floor(full / 60)} min ${String(full % 60).padStart(2, "0")} s`;
}

/** Milliseconds -> "3 s", "4 min 05 s": for what is counted second by second. */
export function seconds(milliseconds) {
  return milliseconds < 10_000 ? `${Math.max(0, Math.floor(milliseconds / 1000))} s` : duration(milliseconds);
}

/** ISO 8601 text -> "14:03:59" in the reader's time zone; "" for anything else. */
export function clock(timestamp) {
  const milliseconds = instant(timestamp);
  return milliseconds === null ? "" : timeOfDay.format(milliseconds);
}

/** ISO 8601 text -> milliseconds since 1970, or null. */
export function instant(timestamp) {
  const milliseconds = typeof timestamp === "string" ? Date.parse(timestamp) : NaN;
  return Number.isNaN(milliseconds) ? null : milliseconds;
}

/** Any JSON value in one line, cut at `most` characters. */
export function inline(value, most = 200) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

/** "wall_ms" -> "wall ms" */
export function words(name) {
  return name.replaceAll("_", " ");
}
