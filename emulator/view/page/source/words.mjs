// Small pieces of text that all views share.

// A duration for a person: `0.0123 s`, `12.3 s`.
export function seconds(duration) {
  if (!Number.isFinite(duration)) return "–";
  const size = Math.abs(duration);
  const digits = size < 0.1 ? 4 : size < 1 ? 3 : size < 10 ? 2 : 1;
  return `${duration.toFixed(digits)} s`;
}

// The same without ambiguity between two events that are microseconds apart.
export function exactSeconds(time) {
  return `${time.toFixed(6)} s`;
}

export function count(number) {
  return Math.round(number).toLocaleString("en-US");
}

export function plural(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}

// Neither nothing nor everything where it is not quite that.
export function percent(share) {
  if (share > 0 && share < 0.01) return "less than 1 %";
  return `${share < 1 ? Math.min(99, Math.round(100 * share)) : Math.round(100 * share)} %`;
}

export function who(rank) {
  return rank === 0 ? "the tracker" : `client ${rank}`;
}

export function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

// Outside text with everything that would change how the text around it is shown made visible.
export function printable(text) {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0);
    return code < 256 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
  });
}

// Ranges instead of long lists: `1–4, 7`.
export function ranges(numbers) {
  const parts = [];
  const sorted = [...numbers].sort((one, other) => one - other);
  for (let at = 0; at < sorted.length; at++) {
    const first = sorted[at];
    while (sorted[at + 1] === sorted[at] + 1) at++;
    parts.push(first === sorted[at] ? `${first}` : `${first}–${sorted[at]}`);
  }
  return parts.length > 12 ? `${parts.slice(0, 11).join(", ")}, … (${sorted.length} in all)` : parts.join(", ");
}
