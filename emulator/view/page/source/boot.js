
// Reads what the document holds as text: the page's code, which it starts, and its data, which the code asks for.
(() => {
  const GROUP = 13; // bytes, in 16 characters
  const codes = new Uint8Array(128);
  for (let code = 0x21, number = 0; code < 0x7f; code++) if (!"<>&".includes(String.fromCharCode(code))) codes[code] = number++;

  function bytesOf(text) {
    const bytes = new Uint8Array(((text.length - 1) / 16) * GROUP);
    for (let at = 0, to = 0, bits = 0, held = 0; at < text.length - 1; at += 2) {
      held |= (codes[text.charCodeAt(at)] + 91 * codes[text.charCodeAt(at + 1)]) << bits;
      for (bits += 13; bits >= 8; bits -= 8, held >>>= 8) bytes[to++] = held;
    }
    return bytes.subarray(0, bytes.length - Number.parseInt(text.at(-1), 16));
  }

  function inflate(id) {
    const stream = new Blob([bytesOf(document.getElementById(id).textContent)]).stream();
    return new Response(stream.pipeThrough(new DecompressionStream("deflate-raw")));
  }

  async function start() {
    const code = await inflate("code").json();
    const add = (tag, textContent) => document.head.append(Object.assign(document.createElement(tag), { textContent }));
    add("style", code.style);
    document.getElementById("plain").outerHTML = code.markup;
    window.pageData = inflate("data").arrayBuffer();
    add("script", code.script);
  }

  start().catch((error) => document.getElementById("plain")?.append(`This page needs a browser from 2023 or newer (${error}).`));
})();
