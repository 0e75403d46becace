// The data of the page: frames of JSON and bytes, as encoder.py writes them.

// Frames one after the other: two lengths, JSON, and the bytes that belong to it.
export function* frames(bytes) {
  const lengths = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  while (at < bytes.length) {
    const head = at + 8;
    const body = head + lengths.getUint32(at, true);
    const end = body + lengths.getUint32(at + 4, true);
    yield { facts: JSON.parse(new TextDecoder().decode(bytes.subarray(head, body))), body: bytes.subarray(body, end) };
    at = end;
  }
}

// Reads the columns of one block, in the order in which block.py has added them.
export class BlockReader {
  constructor({ facts, body }) {
    this.widths = facts.widths;
    this.body = body;
    this.at = 0;
    this.next = 0;
  }

  // A width of 0: all are 0. Below 0: numbers may be negative.
  column(length, isDelta = true) {
    const signed = this.widths[this.next++];
    const width = Math.abs(signed);
    const values = new Float64Array(length);
    for (let byte = 0, weight = 1; byte < width; byte++, weight *= 256) {
      for (let index = 0; index < length; index++) values[index] += this.body[this.at++] * weight;
    }
    const modulus = 256 ** width;
    if (isDelta) sumUp(values, modulus);
    if (signed < 0) {
      for (let index = 0; index < length; index++) if (values[index] >= modulus / 2) values[index] -= modulus;
    }
    return values;
  }

  lists(count) {
    const lengths = this.column(count, false);
    const total = lengths.reduce((sum, length) => sum + length, 0);
    const items = this.column(total, false);
    const lists = [];
    let at = 0;
    for (const length of lengths) {
      const list = items.subarray(at, (at += length));
      for (let index = 1; index < length; index++) list[index] += list[index - 1];
      lists.push(list);
    }
    return lists;
  }
}

function sumUp(values, modulus) {
  let sum = 0;
  for (let index = 0; index < values.length; index++) {
    sum += values[index];
    if (sum >= modulus) sum -= modulus;
    values[index] = sum;
  }
}
