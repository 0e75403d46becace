// The part of the page's address that says what is shown: `#t=0.64&client=4`.

const NUMBER = /^[0-9]{1,12}(\.[0-9]{0,12})?$/;

// What an address asks for. What it does not say, or says wrongly, is left out.
export function readAddress(hash) {
  const words = new URLSearchParams(hash.replace(/^#/, ""));
  const wish = {};
  const number = (name) => (NUMBER.test(words.get(name) ?? "") ? Number(words.get(name)) : undefined);
  const t = words.get("t") ?? "";
  if (/^[0-9.]+%$/.test(t)) wish.share = Math.min(1, Number.parseFloat(t) / 100);
  else if (number("t") !== undefined) wish.time = number("t");
  if (number("event") !== undefined) wish.position = Math.floor(number("event"));
  if (number("client") !== undefined) wish.client = Math.floor(number("client"));
  if (words.has("view")) wish.view = words.get("view");
  if (words.has("projector")) wish.isProjector = words.get("projector") !== "0";
  return wish;
}

// The event is named where several happen at the same time, so that a link leads to exactly this view.
export function writeAddress({ time, position, isExact, client, view, isProjector }) {
  const words = [`t=${trim(time)}`];
  if (!isExact) words.push(`event=${position}`);
  if (client !== null) words.push(`client=${client}`);
  if (view) words.push(`view=${view}`);
  if (isProjector) words.push("projector=1");
  return `#${words.join("&")}`;
}

function trim(time) {
  return time.toFixed(6).replace(/\.?0+$/, "") || "0";
}
